"""Counteroffers over HTTP, from the decision to the last clock."""

import pytest

from serving.settings import Settings

TERMS = [{"label": "Amount", "value": "$12,000.00"}, {"label": "Term", "value": "48 months"}]


@pytest.fixture
def memory_bench(tmp_path, open_bench):
    """The API over cases in memory."""
    return open_bench(Settings(state_dir=tmp_path / "state"), in_memory=True)


@pytest.fixture
def countered(memory_bench):
    """The id of a case that was decided as a counteroffer."""
    case_id = memory_bench.assessed()
    offer = memory_bench.denial(case_id) | {"outcome": "counteroffer"}
    memory_bench.post("decisions", offer, status=201)
    return case_id


def to_the_post(bench, notice_id):
    path = f"notices/{notice_id}"
    assert bench.post(f"{path}/check")["blocked_by"] == []
    bench.post(f"{path}/release", by=bench.compliance)
    return bench.post(f"{path}/sent", {"channel": "mailed"}, by=bench.compliance)


def clock(case, kind):
    return next((c for c in case["clocks"] if c["kind"] == kind), None)


def test_offer_and_reasons_in_one_letter_stop_the_clock_for_good(memory_bench, countered):
    bench = memory_bench
    offer = {"terms": TERMS, "respond_by": "2026-12-20"}
    body = {"case_id": countered, "counteroffer": offer}
    [drafted] = bench.post("notices/all", body, status=201)["notices"]
    assert drafted["purpose"] == "combined_counteroffer"
    told = to_the_post(bench, drafted["notice_id"])
    assert (told["case_state"], told["due_on"]) == ("notified, counteroffer open", None)
    letter = bench.underwriter.get(
        f"/api/v1/notices/{drafted['notice_id']}/preview?format=text"
    ).text
    for words in ("following reason(s):", "Amount: $12,000.00", "30 days (by December 20, 2026)"):
        assert words in " ".join(letter.split())
    answered = bench.post(f"applications/{countered}/counteroffer-answer", {"accepted": False})
    assert clock(answered, "action_taken")["status"] == "met"
    assert clock(answered, "counteroffer") is None
    assert answered["open_notices"] == []
    bench.post("notices", {"case_id": countered}, status=409)
    bench.post(f"applications/{countered}/retain", by=bench.compliance)


def test_an_offer_told_without_reasons_has_90_days_and_then_a_denial(memory_bench, countered):
    bench = memory_bench
    body = {"terms": TERMS, "channel": "oral"}
    path = f"applications/{countered}/counteroffer-told"
    assert bench.post(path, body, status=409)["code"] == "second_person_needed"
    told = bench.post(path, body, by=bench.compliance)
    assert (told["due_clock"], told["due_on"]) == ("counteroffer", "2027-02-18")
    assert bench.post(path, body, by=bench.compliance, status=409)["code"] == "illegal_event"
    bench.post(f"applications/{countered}/counteroffer-answer", {"accepted": False})
    drafted = bench.post("notices", {"case_id": countered}, status=201)
    assert drafted["purpose"] == "counteroffer_not_accepted"
    told = to_the_post(bench, drafted["notice_id"])
    assert (told["case_state"], told["due_on"]) == ("notified, counteroffer denied", None)
    case = bench.get(f"applications/{countered}")
    assert clock(case, "counteroffer")["status"] == "met"


@pytest.mark.parametrize(
    ("offer", "told"),
    [
        (None, "counteroffer: found none on form C-4"),
        ({"terms": TERMS, "respond_by": "2026-11-20"}, "counteroffer.respond_by: found no day"),
    ],
)
def test_an_offer_that_cannot_be_names_field_and_clause(memory_bench, countered, offer, told):
    body = {"case_id": countered, "counteroffer": offer}
    problem = memory_bench.post("notices", body, status=422)
    assert told in problem["detail"]
    assert "form C-4" in problem["detail"]
