import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from training.errors import ReportError
from training.promotion.comparison import against_baselines, best_baseline
from training.promotion.records import (
    DataSetRecord,
    EvaluationRecord,
    FairnessRecord,
    MetricRecord,
    RankScores,
    RatioScores,
    order_digest,
    read_record,
)

DIGEST = "0" * 64


def accuracy(hits, *, value=None):
    scores = RatioScores(numerators=hits, denominators=[1] * len(hits))
    return MetricRecord(value=np.mean(hits) if value is None else value, scores=scores)


def data_set(metrics, *, baselines=None, groups=None, num_examples=None):
    return DataSetRecord(
        digest=DIGEST,
        order_digest=DIGEST,
        num_examples=num_examples or next(iter(metrics.values())).scores.num_examples,
        groups=groups,
        metrics=metrics,
        baselines=baselines or {},
    )


def differences(ours, theirs, **options):
    found = data_set(
        {"primary_accuracy": accuracy(ours)},
        baselines={"other": {"primary_accuracy": accuracy(theirs)}},
        **options,
    )
    (difference,) = against_baselines(found)
    return difference


def test_a_ratio_is_the_sum_above_over_the_sum_below():
    scores = RatioScores(numerators=[2, 0, 4], denominators=[3, 2, 5])
    assert scores.figure(np.ones((1, 3))) == pytest.approx([0.6])
    assert scores.figure(np.array([[0.0, 0.0, 2.0]])) == pytest.approx([0.8])


def test_a_rank_figure_is_the_area_under_the_curve_and_skips_what_is_not_known():
    scores = RankScores(scores=[0.9, 0.4, 0.6, 0.1], outcomes=[1, 0, None, 1])
    assert scores.figure(np.ones((1, 4))) == pytest.approx([0.5])


def test_a_value_that_its_scores_do_not_give_is_refused():
    with pytest.raises(ValidationError, match=r"give 0\.500000, not 0\.600000"):
        accuracy([1, 0], value=0.6)


@pytest.mark.parametrize(
    "scores",
    [
        {"kind": "ratio", "numerators": [1], "denominators": [1, 1]},
        {"kind": "ratio", "numerators": [], "denominators": []},
        {"kind": "ratio", "numerators": [1], "denominators": [-1]},
        {"kind": "ratio", "numerators": [0], "denominators": [0]},
        {"kind": "rank", "scores": [1, 2], "outcomes": [1]},
        {"kind": "rank", "scores": [1, 2], "outcomes": [1, 2]},
        {"kind": "mean", "values": [1]},
    ],
)
def test_scores_that_make_no_figure_are_refused(scores):
    with pytest.raises(ValidationError):
        MetricRecord.model_validate({"value": 1.0, "scores": scores})


@pytest.mark.parametrize("change", [{"num_examples": 3}, {"groups": [0]}])
def test_scores_and_groups_must_cover_every_example(change):
    with pytest.raises(ValidationError, match="expected scores and groups of"):
        data_set({"primary_accuracy": accuracy([1, 0])}, **change)


def test_the_same_answers_differ_by_nothing():
    difference = differences([1, 0, 1, 1], [1, 0, 1, 1])
    assert (difference.gain.low, difference.gain.value, difference.gain.high) == (0, 0, 0)
    assert not difference.is_better
    assert not difference.is_worse


def test_a_gain_on_every_other_example_is_better_beyond_chance():
    difference = differences([1] * 60, [1, 0] * 30)
    assert difference.gain.value == pytest.approx(0.5)
    assert difference.is_better
    assert differences([1, 0] * 30, [1] * 60).is_worse


def test_a_gain_on_one_example_of_many_is_within_chance():
    difference = differences([1] * 59 + [0], [1] * 58 + [0, 0])
    assert difference.gain.value > 0
    assert not difference.is_better
    assert not differences([1] * 58 + [0, 0], [1] * 59 + [0]).is_worse


def test_a_gain_by_one_group_alone_is_within_chance():
    ours, theirs = [1] * 60, [0] * 20 + [1] * 40
    assert differences(ours, theirs).is_better
    assert not differences(ours, theirs, groups=[0] * 20 + [1] * 20 + [2] * 20).is_better


def test_lower_is_better_for_an_omission_rate():
    low, high = accuracy([0] * 40), accuracy([1, 0] * 20)
    found = data_set({"omission_rate": low}, baselines={"other": {"omission_rate": high}})
    (difference,) = against_baselines(found)
    assert difference.is_better
    assert difference.gain.value == pytest.approx(0.5)


def test_the_best_baseline_is_chosen_figure_by_figure():
    found = data_set(
        {"primary_accuracy": accuracy([1, 1])},
        baselines={
            "a": {"primary_accuracy": accuracy([1, 0]), "omission_rate": accuracy([1, 0])},
            "b": {"primary_accuracy": accuracy([0, 0]), "omission_rate": accuracy([0, 0])},
        },
    )
    assert best_baseline(found, "primary_accuracy")[0] == "a"
    assert best_baseline(found, "omission_rate")[0] == "b"
    assert best_baseline(found, "micro_f1") is None


def test_who_is_best_at_one_figure_for_being_useless_is_no_rival():
    useless = {"primary_accuracy": accuracy([0] * 40), "omission_rate": accuracy([0] * 40)}
    strong = {"primary_accuracy": accuracy([1, 0] * 20), "omission_rate": accuracy([1, 1] * 20)}
    ours = {"primary_accuracy": accuracy([1] * 40), "omission_rate": accuracy([0, 1] * 20)}
    found = data_set(ours, baselines={"useless": useless, "strong": strong})
    assert {d.metric: d.other for d in against_baselines(found)} == {
        "primary_accuracy": "strong",
        "omission_rate": "strong",
    }
    assert not any(difference.is_worse for difference in against_baselines(found))


@given(hits=st.lists(st.sampled_from([0, 1]), min_size=2, max_size=20))
def test_a_record_comes_back_from_its_json_as_it_was(hits):
    record = EvaluationRecord(
        model_digest=DIGEST,
        model_version="tiny",
        created="2026-11-20",
        headline="texts",
        data_sets={"texts": data_set({"primary_accuracy": accuracy(hits)})},
    )
    content = record.model_dump_json().encode()
    assert read_record(EvaluationRecord, content, origin="it") == record


def test_a_headline_must_be_one_of_the_data_sets():
    with pytest.raises(ValidationError, match="'other' is none of the data sets"):
        EvaluationRecord(
            model_digest=DIGEST,
            model_version="tiny",
            created="2026-11-20",
            headline="other",
            data_sets={"texts": data_set({"primary_accuracy": accuracy([1, 0])})},
        )


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"no JSON", "the whole"),
        (b"[]", "the whole"),
        (json.dumps({"schema_version": 2}).encode(), "schema_version"),
        (json.dumps({"model_digest": "abc"}).encode(), "model_digest"),
    ],
)
def test_a_file_that_is_no_report_is_refused_in_one_sentence(content, place):
    with pytest.raises(ReportError, match=rf"e\.json is no EvaluationRecord .*\({place}") as caught:
        read_record(EvaluationRecord, content, origin="e.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "attributes", [{}, {"sex": {"female": {"num_examples": 3, "metrics": {}}}}]
)
def test_a_fairness_report_of_fewer_than_two_groups_is_none(attributes):
    content = {
        "model_digest": DIGEST,
        "model_version": "tiny",
        "created": "2026-11-20",
        "data_digest": DIGEST,
        "order_digest": DIGEST,
        "num_examples": 3,
        "attributes": attributes,
    }
    with pytest.raises(ReportError, match=r"\(attributes"):
        read_record(FairnessRecord, json.dumps(content).encode(), origin="f.json")


def test_the_order_of_examples_has_a_digest_that_depends_on_order_and_ends():
    digests = {order_digest(ids) for ids in (["a", "b"], ["b", "a"], ["ab"], ["a", "b", ""], [])}
    assert len(digests) == 5
    assert order_digest(["a", "b"]) == order_digest(iter(["a", "b"]))
