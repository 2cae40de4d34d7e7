import json
import multiprocessing

import numpy as np
import pytest

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.splits import SplitError
from training import fold_processes
from training.config import (
    ArtifactConfig,
    AugmentationConfig,
    DataConfig,
    OptimisationConfig,
    TrainingConfig,
)
from training.cross_validation import Watch, cross_validate
from training.errors import ResumeError
from training.evaluation.page import write_report
from training.evaluation.record import DATA_SET
from training.fold import NETWORK, inner_split
from training.forms import Form
from training.identity import RECIPE_VERSION

NUM_AUTHORS, TEXTS_OF_AUTHOR = 6, 7


@pytest.fixture(scope="module")
def corpus(write_short_texts, tmp_path_factory):
    """42 short texts of six authors of the bundled corpus, twins left out."""
    path = tmp_path_factory.mktemp("corpus") / "narratives.jsonl"
    write_short_texts(path, num_authors=NUM_AUTHORS, texts_of_author=TEXTS_OF_AUTHOR)
    return path


def configured(corpus, encoder, **optimisation):
    values = {"num_epochs": 1, "texts_per_step": 8, "microbatch_tokens": 2048, **optimisation}
    return TrainingConfig(
        name="tiny",
        encoder=encoder,
        seed=1,
        precision="fp32",
        num_threads=1,
        checkpoint_every_steps=1,
        data=DataConfig(corpus=corpus, num_folds=3),
        optimisation=OptimisationConfig(**values),
        augmentation=AugmentationConfig(head_dropout=0.1),
        artifact=ArtifactConfig(storage="fp32"),
    )


@pytest.fixture
def config(corpus, tiny_encoder):
    return configured(corpus, tiny_encoder)


@pytest.fixture(scope="module")
def finished(corpus, tiny_encoder, tmp_path_factory):
    """A finished cross-validation in two folds: its folder, its report and what it told."""
    output, stages, steps = tmp_path_factory.mktemp("finished"), [], []
    report = cross_validate(
        configured(corpus, tiny_encoder),
        num_folds=2,
        output=output,
        watch=Watch(on_stage=stages.append, on_step=lambda _, step: steps.append(step)),
    )
    write_report(report, output)
    return output, report, stages, steps


def test_every_text_is_answered_once_by_every_subject(finished):
    _, report, _, _ = finished
    assert report.num_texts == NUM_AUTHORS * TEXTS_OF_AUTHOR
    assert report.subjects[0] == report.detailed == NETWORK
    assert len(report.baselines) == 5
    for by_name in report.figures.values():
        assert by_name["micro_f1"].value is not None
    assert {d.figure for d in report.differences} >= {"primary_accuracy", "micro_f1", "denied_auc"}


def test_authors_of_a_fold_are_held_out_whole_and_once(finished):
    output, report, _, _ = finished
    ids = [json.loads((output / f"fold-{k}" / "network.json").read_text())["ids"] for k in (0, 1)]
    authors = {n.id: n.author for n in load_corpus()}
    sides = [{authors[i] for i in side} for side in ids]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == NUM_AUTHORS
    assert all(author in report.conditions["authors_held_out_by_fold"] for author in sides[0])
    assert report.conditions["recipe"].startswith(f"tiny, version {RECIPE_VERSION}, fp32;")


def test_calibration_has_authors_of_its_own(config):
    corpus = [n for n in load_corpus() if n.author in {"auto", "biz", "cons", "los"}]
    inner = inner_split(config, corpus)
    assert not {n.author for n in inner.train} & {n.author for n in inner.held_out}
    assert len(inner.train) + len(inner.held_out) == len(corpus)
    assert inner_split(config, [n for n in corpus if n.author in {"auto", "biz"}]).held_out


def test_a_fold_leaves_its_model_and_no_checkpoint(finished):
    output, _, stages, steps = finished
    for fold in ("fold-0", "fold-1"):
        assert (output / fold / "model" / "manifest.json").exists()
        assert not (output / fold / "checkpoint").exists()
    assert len(stages) == 2 * 6 + 1
    assert steps[-1].step == steps[-1].num_steps


def test_other_forms_of_the_network_are_compared_with_the_stored_one(config, tmp_path):
    report = cross_validate(config, num_folds=2, output=tmp_path, forms=[Form.FP32, Form.INT8])
    assert {d.other for d in report.form_differences} == {form.subject for form in Form}
    assert not {form.subject for form in Form} & set(report.baselines)
    stored = load_network(tmp_path, "network.json")
    # The stored form has fp32 weights here, so that those before storage answer the same.
    assert load_network(tmp_path, "network_fp32.json") == stored
    int8 = load_network(tmp_path, "network_int8.json")
    assert int8 != stored
    assert np.abs(np.array(int8) - np.array(stored)).max() < 0.2
    assert not (tmp_path / "fold-0" / "checkpoint").exists()
    again = cross_validate(config, num_folds=2, output=tmp_path, forms=[Form.FP32, Form.INT8])
    assert again.figures == report.figures


def load_network(output, name):
    content = json.loads((output / "fold-0" / name).read_text())
    return content["answers"]["probability_NC"]


def test_a_finished_cross_validation_computes_nothing_again(finished, config):
    output, report, _, _ = finished
    steps = []
    watch = Watch(on_step=lambda _, step: steps.append(step))
    again = cross_validate(config, num_folds=2, output=output, watch=watch)
    assert steps == []
    assert again.figures == report.figures
    assert again.differences == report.differences


class KilledError(Exception):
    """The machine went down."""


def test_a_killed_fold_goes_on_and_gives_the_same_figures(finished, config, tmp_path):
    _, report, _, _ = finished

    def kill(_, step):
        if step.step == 2:
            raise KilledError

    with pytest.raises(KilledError):
        cross_validate(config, num_folds=2, output=tmp_path, watch=Watch(on_step=kill))
    steps = []
    resumed = cross_validate(
        config,
        num_folds=2,
        output=tmp_path,
        watch=Watch(on_step=lambda _, step: steps.append(step.step)),
    )
    assert steps[0] == 2  # the first step was kept
    assert resumed.figures[NETWORK] == report.figures[NETWORK]


def test_folds_trained_at_once_give_what_one_after_the_other_gives(finished, config, tmp_path):
    _, report, _, _ = finished
    steps = []
    watch = Watch(on_step=lambda fold, step: steps.append((fold, step.step)))
    at_once = cross_validate(config, num_folds=2, output=tmp_path, at_once=2, watch=watch)
    assert at_once.figures == report.figures
    assert {fold for fold, _ in steps} == {0, 1}
    assert len(steps) == len(set(steps))


def test_folds_trained_at_once_stop_with_the_command(config, tmp_path):
    def kill(_, step):
        raise KilledError

    long = config.model_copy(
        update={"optimisation": config.optimisation.model_copy(update={"num_epochs": 500})}
    )
    with pytest.raises(KilledError):
        cross_validate(long, num_folds=2, output=tmp_path, at_once=2, watch=Watch(on_step=kill))
    assert not multiprocessing.active_children()
    assert not list(tmp_path.rglob("network.json"))
    assert list(tmp_path.rglob("state.pt"))


def test_a_process_that_nobody_waits_for_answers_in_no_other_form(config, monkeypatch):
    stopping = multiprocessing.get_context("spawn").Event()
    monkeypatch.setattr(fold_processes, "_stopping", stopping, raising=False)
    monkeypatch.setattr(fold_processes, "network_answers", lambda *_, **__: stopping.set())
    monkeypatch.setattr(fold_processes, "form_answers", lambda *_: pytest.fail("went on"))
    with pytest.raises(fold_processes._StoppedError):
        fold_processes._train_fold(config, None, [Form.FP32])


def test_an_error_in_a_process_is_the_commands(finished, corpus, tiny_encoder):
    output, _, _, _ = finished
    other = configured(corpus, tiny_encoder, encoder_learning_rate=1e-5)
    with pytest.raises(ResumeError, match="another configuration"):
        cross_validate(other, num_folds=2, output=output, at_once=2)


def test_only_the_network_is_bound_to_its_configuration(finished, corpus, tiny_encoder):
    output, _, _, _ = finished
    other = configured(corpus, tiny_encoder, encoder_learning_rate=1e-5)
    report = cross_validate(other, num_folds=2, output=output, only_baselines=True)
    assert NETWORK not in report.subjects
    assert report.differences == ()
    with pytest.raises(ResumeError, match="another configuration"):
        cross_validate(other, num_folds=2, output=output)


def test_the_networks_part_of_a_record_is_written(finished, config):
    output, _, _, _ = finished
    content = json.loads((output / DATA_SET).read_text())
    assert content["config"]["name"] == config.name
    assert content["data_set"]["num_examples"] == NUM_AUTHORS * TEXTS_OF_AUTHOR


def test_a_fold_that_leaves_one_author_is_refused_before_anything_is_trained(
    write_short_texts, tiny_encoder, tmp_path
):
    path, stages = tmp_path / "two.jsonl", []
    write_short_texts(path, num_authors=2, texts_of_author=TEXTS_OF_AUTHOR)
    with pytest.raises(SplitError, match="found 1 author left in a fold: expected 2"):
        cross_validate(
            configured(path, tiny_encoder),
            num_folds=2,
            output=tmp_path / "out",
            watch=Watch(on_stage=stages.append),
        )
    assert stages == []


def test_more_folds_than_authors_are_refused(config, tmp_path):
    with pytest.raises(SplitError, match="expected 2 to 6"):
        cross_validate(config, num_folds=9, output=tmp_path)
