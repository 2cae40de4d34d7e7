import json
from dataclasses import replace

import numpy as np
import pytest

from model_store.manifest import Manifest
from training.errors import EvaluationError
from training.evaluation.answers import Answers
from training.evaluation.bootstrap import Estimate
from training.evaluation.figures import FIGURE_BY_NAME
from training.evaluation.labelled import labelled_narratives
from training.evaluation.record import (
    DATA_SET,
    data_set_record,
    evaluation_record,
    read_cross_validation,
    with_swaps,
    write_cross_validation,
)
from training.evaluation.report import Subject, build_report
from training.identity import CALIBRATION_VERSION, RECIPE_VERSION
from training.promotion.comparison import BASELINE_METRICS, LISTED_METRICS, against_baselines
from training.promotion.records import CROSS_VALIDATION, EvaluationRecord, read_record
from training.swap_test import SWAP_FIGURES, SwapFigures, SwapResult

MANIFEST = Manifest(
    name="tiny",
    version="0.0.1",
    created="2026-01-01",
    config={
        **{name: {} for name in ("optimisation", "augmentation", "figures", "lexical")},
        "losses": {"risk": 0.3},
        "encoder": "small",
        "seed": 1,
        "precision": "bf16",
    },
    data_digests={"corpus": "0" * 64},
    files={"x": "y"},
)


@pytest.fixture(scope="module")
def subjects(new_answers):
    return [
        Subject(name="ours", answers=new_answers(noise=0.2)),
        Subject(name="baseline", answers=new_answers(noise=0.7, seed=1), is_baseline=True),
    ]


@pytest.fixture(scope="module")
def report(labelled, subjects):
    return build_report(labelled, subjects, title="x", seed=1, conditions={})


@pytest.fixture(scope="module")
def record(labelled, subjects, report):
    return data_set_record(labelled, subjects, report)


def test_every_figure_that_is_defined_is_recorded_with_its_interval(record, report):
    recorded = {name for name, e in report.figures["ours"].items() if e.value is not None}
    assert set(record.metrics) == recorded
    for name, metric in record.metrics.items():
        estimate = report.figures["ours"][name]
        assert (metric.value, metric.low) == (estimate.value, estimate.low), name
    assert list(record.baselines) == ["baseline"]


def test_every_figure_that_a_promotion_compares_carries_its_scores(record):
    for name in LISTED_METRICS:
        if name in record.metrics:  # the made up answers quote nothing
            assert record.metrics[name].scores is not None, name
    assert set(LISTED_METRICS) - set(record.metrics) == {"evidence_top_hit_rate"}


def test_the_scores_give_the_figure_under_any_weights(record, report, labelled, subjects):
    weight_BN = np.random.default_rng(0).integers(0, 4, size=(5, len(labelled))).astype(float)
    for name in LISTED_METRICS:
        if name in record.metrics:
            found_B = record.metrics[name].scores.figure(weight_BN)
            expected_B = FIGURE_BY_NAME[name].of(labelled.truth, subjects[0].answers, weight_BN)
            assert found_B == pytest.approx(expected_B), name


def test_a_promotion_reads_the_same_differences_from_the_record(record, report):
    found = {d.metric: d for d in against_baselines(record)}
    assert set(BASELINE_METRICS) <= set(found)
    for difference in report.differences:
        if difference.figure in found and difference.figure != "risk_mae":
            sign = -1 if difference.figure == "omission_rate" else 1
            gain = found[difference.figure].gain
            assert gain.value == pytest.approx(sign * difference.estimate.value)


def test_a_record_survives_its_file(record):
    whole = evaluation_record(MANIFEST, {"dev": record})
    again = read_record(EvaluationRecord, whole.model_dump_json().encode(), origin="x")
    assert again == whole
    assert (again.headline, again.model_digest) == ("dev", MANIFEST.digest)


def test_swap_tests_that_changed_something_are_recorded_with_their_intervals(record):
    moved = Estimate(value=0.25, low=0.1, high=0.5)
    found = SwapFigures(
        num_changed=4,
        max_risk_change=2.0,
        **{
            name: Estimate(value=None) if name == "p99_risk_change" else moved
            for name in SWAP_FIGURES
        },
    )
    nothing = replace(found, num_changed=0)
    swaps = {
        name: SwapResult(num_texts=9, num_stating=4, overall=figures, by_basis={})
        for name, figures in {"swapped": found, "removed": nothing}.items()
    }
    whole = with_swaps(evaluation_record(MANIFEST, {"dev": record}), swaps)
    assert list(whole.swaps) == ["swapped"]
    assert set(whole.swaps["swapped"]) == set(SWAP_FIGURES) - {"p99_risk_change"}
    kept = whole.swaps["swapped"]["mean_risk_change"]
    assert (kept.value, kept.low, kept.high) == (0.25, 0.1, 0.5)
    assert read_record(EvaluationRecord, whole.model_dump_json().encode(), origin="x") == whole


def test_a_cross_validation_is_the_headline(record):
    whole = evaluation_record(MANIFEST, {"dev": record, CROSS_VALIDATION: record})
    assert whole.headline == CROSS_VALIDATION


def test_no_text_and_no_author_is_in_a_record(record):
    content = record.model_dump_json()
    assert "author" not in content
    assert "asks for money" not in content


def test_a_cross_validation_of_the_same_configuration_is_read_back(record, tmp_path):
    theirs = {**MANIFEST.config, "name": "another", "encoder": "/somewhere/small"}
    theirs["precision"] = "fp32"  # on a machine without bf16
    write_cross_validation(record, tmp_path, config=theirs)
    assert read_cross_validation(tmp_path, MANIFEST) == record


@pytest.mark.parametrize(
    "other",
    [
        {"losses": {"risk": 1}},
        {"lexical": {"enabled": True}},
        {"figures": {"max_ranges": 1}},
        {"encoder": "/somewhere/large"},
        {"seed": 2},
        {"start_from_digest": "abc"},
        {"recipe_version": RECIPE_VERSION + 1},
        {"calibration_version": CALIBRATION_VERSION + 1},
    ],
)
def test_a_cross_validation_of_another_configuration_is_refused(record, tmp_path, other):
    write_cross_validation(record, tmp_path, config={**MANIFEST.config, **other})
    name = next(iter(other))
    code = {"recipe_version": "code of the recipe", "calibration_version": "code that calibrates"}
    told = code.get(name, name)
    with pytest.raises(EvaluationError, match=f"other {told} than"):
        read_cross_validation(tmp_path, MANIFEST)


def test_a_cross_validation_of_another_encoder_in_a_folder_of_the_same_name_is_refused(
    record, tmp_path
):
    config = {**MANIFEST.config, "encoder_digests": {"model.safetensors": "0" * 64}}
    write_cross_validation(record, tmp_path, config=config)
    same = MANIFEST.model_copy(update={"config": config})
    assert read_cross_validation(tmp_path, same) == record
    assert read_cross_validation(tmp_path, MANIFEST) == record  # it does not tell which
    other = {**config, "encoder_digests": {"model.safetensors": "1" * 64}}
    with pytest.raises(EvaluationError, match="other files of the encoder than"):
        read_cross_validation(tmp_path, MANIFEST.model_copy(update={"config": other}))


def test_a_cross_validation_with_another_masker_is_refused(record, tmp_path):
    write_cross_validation(record, tmp_path, config=MANIFEST.config)
    path = tmp_path / DATA_SET
    assert read_cross_validation(tmp_path, MANIFEST) == record
    content = json.loads(path.read_text())
    content["versions"]["masking_version"] = "1-before"
    path.write_text(json.dumps(content))
    with pytest.raises(EvaluationError, match="other masker or taxonomy than"):
        read_cross_validation(tmp_path, MANIFEST)


def test_a_cross_validation_on_another_corpus_is_refused(record, tmp_path):
    changed = record.model_copy(update={"digest": "1" * 64})
    write_cross_validation(changed, tmp_path, config=MANIFEST.config)
    with pytest.raises(EvaluationError, match="other corpus than"):
        read_cross_validation(tmp_path, MANIFEST)


@pytest.mark.parametrize("content", [None, "{broken", "[]", '{"config": {}, "data_set": {}}'])
def test_a_folder_without_a_cross_validation_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / DATA_SET).write_text(content)
    with pytest.raises(EvaluationError, match="no finished cross-validation"):
        read_cross_validation(tmp_path, MANIFEST)


def test_an_undefined_figure_is_left_out_of_a_record(labelled, new_answers):
    subjects = [Subject(name="ours", answers=new_answers(risk=False))]
    report = build_report(labelled, subjects, title="x", seed=1, conditions={})
    found = data_set_record(labelled, subjects, report)
    assert not [name for name in found.metrics if name.startswith("risk_")]
    json.loads(found.model_dump_json(), parse_constant=pytest.fail)


def test_texts_without_any_label_of_which_nothing_is_stated_can_be_recorded(new_narrative):
    approved = labelled_narratives(
        [new_narrative(n, categories=()) for n in range(6)], name="approved", sha256="0" * 64
    )
    low_NC = np.full(approved.truth.target_NC.shape, 0.01)
    answers = Answers(
        probability_NC=low_NC,
        stated_NC=low_NC > 1,
        listed_NC=low_NC > 1,
        default_probability_N=low_NC[:, 0],
    )
    subjects = [Subject(name="ours", answers=answers)]
    report = build_report(approved, subjects, title="x", seed=1, conditions={})
    found = data_set_record(approved, subjects, report)
    assert found.metrics["micro_f1"].value == 0
    assert found.metrics["micro_f1"].scores is None
