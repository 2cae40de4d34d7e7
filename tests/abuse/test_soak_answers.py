"""The comparison with references, the records of cases, and the schedule of a soak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak_answers import MAX_DIFFERENCE, Judge, reference_of
from soak_clients import outcome_of
from soak_events import Outcome
from soak_records import CaseRecord, compared, holds, missing
from soak_schedule import RESTART, Arrivals, planned

TEXT = "Debts take 61% of her income."
THRESHOLDS = {"income": 0.45, "debts": 0.45, "other": 0.45}
JUDGE = Judge(THRESHOLDS)
NAMES = ("cache-killed", "database-killed", RESTART, "disk-full")


def answer(*, row_id="row-1", quote="Debts", debts=0.9, other=0.1, stated=("debts",), **changes):
    span = {"start": 0, "end": 5, "quote": quote}
    given_ = {
        "id": row_id,
        "risk_score": 40.0,
        "tokens": 9,
        "windows": 1,
        "model_version": "m-1",
        "categories": [
            {"category": name, "probability": probability}
            for name, probability in (("income", 0.01), ("debts", debts), ("other", other))
        ],
        "principal_reasons": [
            {"reason": f"{name}_reason", "category": name, "evidence": [span]} for name in stated
        ],
        "review_reasons": [],
        "error": None,
    }
    return given_ | changes


REFERENCE = reference_of(TEXT, answer())


def wrong(**changes):
    return JUDGE.wrong(answer(**changes), REFERENCE, row_id="row-1")


def test_the_same_answer_is_right_and_so_is_one_in_other_company():
    assert wrong() is None
    assert wrong(debts=0.9 - MAX_DIFFERENCE + 0.001, risk_score=44.0) is None


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"row_id": "row-2"}, "id is another"),
        ({"tokens": 10}, "tokens is another"),
        ({"windows": 2}, "windows is another"),
        ({"model_version": "m-2"}, "model_version is another"),
        ({"risk_score": 46.0}, "risk_score is another"),
        ({"risk_score": float("nan")}, "risk_score is another"),
        ({"debts": 0.8}, "probability of debts is another"),
        ({"debts": float("nan")}, "probability of debts is another"),
        ({"stated": ()}, "debts is stated in one answer only"),
        ({"stated": ("debts", "other")}, "other is stated in one answer only"),
        ({"quote": "debts"}, "a quote of debts_reason does not stand there"),
        ({"error": {"code": "internal_error"}}, "a row failed with internal_error"),
    ],
)
def test_every_difference_that_company_does_not_explain_is_a_wrong_answer(changes, note):
    assert wrong(**changes) == note


def test_at_a_threshold_a_category_may_be_stated_or_not():
    near = reference_of(TEXT, answer(other=0.44))
    assert JUDGE.wrong(answer(other=0.46, stated=("debts", "other")), near, row_id="row-1") is None
    assert not JUDGE.is_clear(near)
    assert JUDGE.is_clear(REFERENCE)


def test_a_reference_that_quotes_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="does not stand there"):
        reference_of(TEXT, answer(quote="Wages"))


@pytest.mark.parametrize(
    ("assessment", "note"),
    [
        ({"model_version": "m-1", "risk_score": 41.0}, None),
        ({"model_version": "m-1", "risk_score": 60.0}, "risk_score is another"),
        ({"model_version": "m-1", "risk_score": None}, "risk_score is another"),
        ({"model_version": "m-2", "risk_score": 40.0}, "model_version is another"),
        (None, "no assessment"),
    ],
)
def test_the_assessment_of_a_case_is_compared_too(assessment, note):
    assert JUDGE.wrong_assessment({"assessment": assessment}, REFERENCE) == note


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (201, {}, Outcome.ANSWERED),
        (200, {}, Outcome.UNEXPECTED),
        (503, {"Retry-After": "5"}, Outcome.REFUSED),
        (429, {"Retry-After": "1"}, Outcome.REFUSED),
        (503, {}, Outcome.FAILED),
        (500, {"Retry-After": "5"}, Outcome.FAILED),
        (401, {}, Outcome.UNEXPECTED),
    ],
)
def test_only_who_is_told_when_to_come_back_is_refused(status, headers, outcome):
    assert outcome_of(status, headers, expected=201) is outcome


def test_an_acknowledged_step_that_is_not_in_the_case_is_found():
    cases = {
        "c-1": CaseRecord(owner="u", steps=["received", "checked"], refused=["decided"]),
        "c-2": CaseRecord(owner="u", refused=["received"]),
        "c-3": CaseRecord(owner="u", steps=["received"]),
        "c-4": CaseRecord(owner="u", steps=["received"]),
    }
    found = compared(
        cases, {"c-1": ["received", "decided"], "c-2": [], "c-3": None, "c-4": ["received"]}
    )
    assert found == {
        "steps": 4,
        "lost_steps": ["c-1 checked"],
        "told_otherwise": 1,
        "unread_cases": ["c-3"],
    }


def test_a_case_that_was_acknowledged_and_is_not_there_is_lost():
    found = compared({"c-1": CaseRecord(owner="u", steps=["received"])}, {"c-1": []})
    assert found["lost_steps"] == ["c-1 received"]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_what_is_missing_and_what_is_there_make_up_what_was_expected(expected, found):
    gone = missing(expected, found)
    assert sorted(gone + missing(expected, gone)) == sorted(expected)
    assert missing(expected, found + gone) == []


def test_a_case_is_read_rightly_only_with_every_acknowledged_step():
    check = holds(CaseRecord(owner="u", steps=["received", "decided"]))
    assert check({"timeline": [{"event": "received"}, {"event": "decided"}]}) is None
    assert check({"timeline": [{"event": "received"}]}) == "decided is not in the case"


def test_the_restart_comes_first_and_once_and_the_others_again_and_again():
    slots = planned(NAMES, seconds=600, period_s=60, seed=7)
    names = [slot.name for slot in slots]
    assert names[0] == RESTART
    assert names.count(RESTART) == 1
    others = set(NAMES) - {RESTART}
    assert [set(names[n : n + 3]) for n in (1, 4, 7)] == [others] * 3
    assert [slot.start_s for slot in slots] == pytest.approx([20 + 60 * n for n in range(10)])


@given(st.integers(0, 40), st.integers(0, 2**32), st.sets(st.sampled_from(NAMES)))
def test_the_schedule_follows_from_the_seed_and_never_has_more_than_a_fault_a_period(
    minutes, seed, names
):
    slots = planned(sorted(names), seconds=minutes * 60, period_s=60, seed=seed)
    assert slots == planned(sorted(names), seconds=minutes * 60, period_s=60, seed=seed)
    assert len(slots) <= minutes
    assert all(slot.start_s < minutes * 60 for slot in slots)


def test_arrivals_have_their_rate_in_the_mean_and_a_burst_is_so_many_times_as_dense():
    arrivals = Arrivals(20.0, seed=3)
    assert sum(arrivals.gap_s() for _ in range(4000)) == pytest.approx(200, rel=0.1)
    arrivals.multiplier = 5.0
    assert sum(arrivals.gap_s() for _ in range(4000)) == pytest.approx(40, rel=0.1)
