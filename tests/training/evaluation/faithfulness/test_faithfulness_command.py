"""`wherefore evaluate --faithfulness` from the command line to the files it leaves."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from data_pipeline.corpus.narratives import corpus_path, load_corpus
from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.artifact import save_artifact
from model_store.calibration import Calibration, CategoryCalibration
from training.config import DataConfig, TrainingConfig
from training.data_config import SimulatorData
from training.errors import EvaluationError
from training.evaluation.faithfulness.figures import FAITHFULNESS_FIGURES
from training.evaluation.faithfulness.journal import JOURNAL
from training.evaluation.faithfulness.measuring import measure_faithfulness
from training.evaluation.faithfulness.samples import (
    FaithfulnessRequest,
    SampleSizes,
    notes,
    sampled_texts,
)
from training.promotion.records import FaithfulnessRecord, read_record

DATA = Path(__file__).parents[3] / "data"
NOTES = DATA / "narratives_notes.jsonl"
SIZES = (
    *("--faithfulness-texts", 2, "--faithfulness-orderings", 1),
    *("--faithfulness-slow", 1, "--faithfulness-simulated", 2),
)
MIN_WORDS = 30  # a note of one clause has no order of clauses to be judged


@pytest.fixture(scope="module")
def stating_models(new_artifact, tmp_path_factory):
    """Two tiny models of different seeds that state every category."""
    folder = tmp_path_factory.mktemp("stating")
    calibration = Calibration(
        categories=(CategoryCalibration(state=1e-6, review=1e-6),) * len(CATEGORIES)
    )
    for seed in range(2):
        artifact = new_artifact(seed=seed, calibration=calibration)
        save_artifact(artifact, folder / str(seed), storage="fp32")
    return folder / "0", folder / "1"


@pytest.fixture(scope="module")
def short_texts(tmp_path_factory):
    """The shortest denied narratives of several clauses and one that is not denied."""
    several = [n for n in load_corpus() if len(n.text.split()) >= MIN_WORDS]
    by_length = sorted(several, key=lambda narrative: len(narrative.text))
    chosen = [n for n in by_length if n.denied and n.contrast_of is None][:3]
    chosen += [n for n in by_length if not n.denied and n.contrast_of is None][:1]
    ids = {narrative.id for narrative in chosen}
    lines = corpus_path().read_text().splitlines()
    path = tmp_path_factory.mktemp("texts") / "short.jsonl"
    path.write_text("\n".join(line for line in lines if json.loads(line)["id"] in ids) + "\n")
    return path


@pytest.fixture
def measure(run, stating_models, short_texts):
    def measured(output, *more):
        return run(
            *("evaluate", "--faithfulness", "--model", stating_models[0], "--data", short_texts),
            *("--swap-texts", 0, "--output", output, *SIZES, *more),
        )

    return measured


@pytest.mark.slow
def test_a_model_is_measured_and_reports_record_and_table_are_written(
    measure, stating_models, tmp_path
):
    code, printed, told = measure(tmp_path / "out", "--other-seed", stating_models[1])
    assert code == 0, told
    assert "Flipped without the quotes of “exact”" in printed
    assert "figures are not what is asked for" in printed
    content = json.loads((tmp_path / "out" / "faithfulness_report.json").read_text())
    assert list(content["figures"]) == [figure.name for figure in FAITHFULNESS_FIGURES]
    missing = {n for n, found in content["figures"].items() if found["estimate"]["value"] is None}
    # A tiny network may have no target that moves by half a logit.
    assert missing <= {"gradients_gap_p95", "shap_gap_p95"}
    assert content["figures"]["replay_identical"]["estimate"]["value"] == 1.0
    assert content["texts"]["labelled"]["num_texts"] == 2
    page = (tmp_path / "out" / "faithfulness_report.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == 2
    assert str(tmp_path) not in page
    assert "| Flipped" in (tmp_path / "out" / "faithfulness_report.md").read_text()
    record = read_record(
        FaithfulnessRecord,
        (tmp_path / "out" / "faithfulness_record.json").read_bytes(),
        origin="faithfulness_record.json",
    )
    assert record.data_sets["labelled"].metrics["flip_rate_exact"].scores is not None
    assert record.data_sets["simulated"].num_examples == 2
    assert not (tmp_path / "out" / JOURNAL).exists()


@pytest.mark.slow
def test_a_run_that_ended_early_goes_on_where_it_stopped(stating_models, short_texts, tmp_path):
    said = io.StringIO()

    def measured():
        return measure_faithfulness(
            FaithfulnessRequest(
                model=stating_models[0],
                data=short_texts,
                other_seed=None,
                sizes=SampleSizes(texts=2, orderings=1, slow=0, simulated=1),
                output=tmp_path,
                seed=1,
                command="evaluate",
            ),
            console=Console(file=said, width=200),
        )

    before, _ = measured()
    kept = (tmp_path / JOURNAL).read_text().splitlines()
    # The last but one line, cut in the middle, is what a killed run leaves.
    (tmp_path / JOURNAL).write_text("\n".join(kept[:-2]) + "\n" + kept[-2][:20])
    again, _ = measured()
    assert f"going on after {len(kept) - 3} measurements of an earlier run" in said.getvalue()
    assert again.figures == before.figures
    assert (tmp_path / JOURNAL).read_text().splitlines() == kept


def requested(**given):
    values = {"model": None, "data": None, "other_seed": None, "sizes": SampleSizes(texts=0)}
    return FaithfulnessRequest(**{**values, "output": None, "seed": 1, "command": "c", **given})


def configured(data):
    return TrainingConfig(name="tiny", encoder="none", seed=1, data=data)


def test_of_a_run_the_denied_texts_that_it_held_out_are_explained(new_artifact):
    run = configured(DataConfig(corpus=NOTES, num_folds=3, held_out_authors=("rk8", "dw8")))
    found = sampled_texts(requested(run=run), new_artifact().manifest)
    assert {text.author for text in found.facts} == {"rk8", "dw8"}
    assert (found.truth.denied_N == 1).all()


def test_a_run_whose_texts_have_no_labelled_quotes_is_refused(new_artifact):
    run = configured(DataConfig(simulator=SimulatorData(num_applications=60)))
    with pytest.raises(EvaluationError, match="a run on the corpus in --config"):
        sampled_texts(requested(run=run), new_artifact().manifest)


def test_a_reader_is_told_whose_texts_the_model_may_have_learned_from(new_artifact):
    artifact = new_artifact()
    config = {"held_out_authors": ["rk8"]}
    learned = artifact.manifest.model_copy(
        update={"config": config, "data_digests": {"corpus": "0" * 64}}
    )
    artifact = replace(artifact, manifest=learned)
    request = requested(data=NOTES)
    labelled = sampled_texts(request, artifact.manifest)
    authors = {text.author for text in labelled.facts}
    said = [note for note in notes(request, artifact, labelled) if "trained on texts by" in note]
    assert len(said) == 1
    assert all((f" {author}" in said[0]) == (author != "rk8") for author in authors)
    left_out_N = np.array([text.author == "rk8" for text in labelled.facts])
    alone = labelled.at(np.flatnonzero(left_out_N))
    assert not any("trained on" in note for note in notes(request, artifact, alone))


def test_texts_without_labelled_quotes_are_refused_before_anything_is_measured(
    run, stating_models, tmp_path
):
    code, _, told = run(
        *("evaluate", "--faithfulness", "--model", stating_models[0]),
        *("--data", DATA / "hmda_sample.csv", "--output", tmp_path / "out"),
    )
    assert code == 2
    assert "hmda_sample.csv holds no labelled quotes" in told
    assert not (tmp_path / "out").exists()


def test_a_model_that_names_no_author_it_left_out_needs_texts(run, stating_models):
    code, _, told = run("evaluate", "--faithfulness", "--model", stating_models[0])
    assert code == 2
    assert "names no author that it left out: give labelled texts" in told
