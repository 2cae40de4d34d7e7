"""Cases over HTTP: from the application to the purge, and everything that is refused."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from reference_populations import references_file

from data_pipeline.domain.taxonomy import CATEGORIES
from serving.adapters.fake import FakePredictor
from serving.adapters.sql.storage import open_storage
from serving.settings import Settings


def test_a_case_in_memory_is_like_one_in_a_database(open_bench, tmp_path):
    from_application_to_purge(open_bench(Settings(state_dir=tmp_path / "state"), in_memory=True))


def test_a_case_goes_from_application_to_purge(bench):
    from_application_to_purge(bench)


def from_application_to_purge(bench):
    case_id, decided = bench.denied()
    assert decided["decision"]["decided_by"] == "underwriter-1"
    notice_id = bench.post("notices", {"case_id": case_id}, status=201)["notice_id"]
    checked = bench.post(f"notices/{notice_id}/check")
    assert (checked["step"], checked["blocked_by"]) == ("checked", [])
    assert [v["check_id"] for v in checked["verdicts"] if not v["passed"]] == ["A1"]
    refused = bench.post(f"notices/{notice_id}/release", status=403)
    assert refused["code"] == "not_permitted"
    bench.post(f"notices/{notice_id}/release", by=bench.compliance)
    bench.post(f"notices/{notice_id}/sent", {"channel": "mailed"})
    found = bench.get(f"applications/{case_id}")
    assert found["stage"] == "notified"
    assert found["keep_until"] == "2028-12-20"
    assert found["file"]["facts"]["reference"] == "ref-1"
    assert [clock["status"] for clock in found["clocks"] if clock["kind"] == "action_taken"] == [
        "met"
    ]
    bench.post(f"applications/{case_id}/retain", by=bench.compliance)
    kept = bench.post(f"applications/{case_id}/purge", by=bench.compliance, status=409)
    assert kept["code"] == "must_be_retained"
    bench.go_to("2028-12-21")
    bench.post(f"applications/{case_id}/purge", by=bench.compliance)
    assert bench.get(f"applications/{case_id}", status=410)["code"] == "case_purged"


def test_a_decision_is_read_and_taken_back(bench):
    case_id, decided = bench.denied()
    decision_id = decided["decision"]["decision_id"]
    assert bench.get(f"decisions/{decision_id}") == decided
    reopened = bench.post(f"decisions/{decision_id}/reopen", {"cause": "a pay stub came in late"})
    assert reopened["stage"] == "assessed"
    assert bench.get(f"decisions/{decision_id}", status=404)["code"] == "not_stored"
    assert reopened["case_id"] == case_id


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("applications/%00", "underwriter"),
        ("applications/c-1%00/summary", "underwriter"),
        ("applications/%00/exam-package", "compliance"),
        ("decisions/a%00b", "underwriter"),
        ("notices/%00", "underwriter"),
        ("notices/%00/file", "underwriter"),
        ("worklist?after=WyIyMDI2LTExLTIwIiwgIlx1MDAwMCJd", "underwriter"),
    ],
)
def test_an_id_with_a_nul_is_refused_by_either_database(bench, path, who):
    answer = getattr(bench, who).get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["status"]) == (422, 422)


def test_nothing_is_entered_or_purged_under_an_id_with_a_nul(bench):
    bench.post("monitoring/%00", {"records": []}, by=bench.intake, status=422)
    bench.post("applications/%00/purge", by=bench.compliance, status=422)


def test_who_moves_is_addressed_anew_and_the_former_address_stays_readable(bench):
    case_id, notice_id = bench.drafted()
    moved = {"consumer_id": "consumer-1", "address_lines": ["77 Mill Lane", "Millbrook, OH 43299"]}
    before = bench.get(f"applications/{case_id}")["file"]
    path, revision = f"applications/{case_id}/file", {"cause": "she wrote that she moved"}
    revised = bench.post(path, revision | {"applicants": [moved]})
    assert (revised["stage"], revised["notices"]) == ("decided", [])
    assert [done["event"] for done in revised["timeline"][-2:]] == [
        "notice_discarded", "file_revised",
    ]  # fmt: skip
    file = bench.get(f"applications/{case_id}")["file"]
    assert file["applicants"] == [before["applicants"][0] | moved]
    [kept] = file["revisions"]
    assert (kept["person_id"], kept["cause"], kept["parts"]) == (
        "underwriter-1", revision["cause"], ["applicants"],
    )  # fmt: skip
    assert kept["before"]["applicants"] == before["applicants"]
    assert kept["before"]["application"] == before["application"]
    notice_id = bench.post("notices", {"case_id": case_id}, status=201)["notice_id"]
    assert "77 Mill Lane" in bench.underwriter.get(f"/api/v1/notices/{notice_id}/preview").text


def test_an_application_is_revised_before_a_decision_and_read_anew(bench):
    case_id = bench.assessed()
    text = {"text": "Asks for $20,000. Debts take 61% of her pay.", "loan_amount_usd": 20000}
    path, revision = f"applications/{case_id}/file", {"cause": "two pay stubs came in"}
    revised = bench.post(path, revision | {"application": text})
    assert (revised["stage"], revised["assessment"]) == ("complete", None)
    bench.post(f"applications/{case_id}/assess")
    assert bench.get(f"applications/{case_id}")["file"]["application"] == text
    bench.post("decisions", bench.denial(case_id), status=201)
    refused = bench.post(path, revision | {"application": text | {"text": "More."}}, status=409)
    assert refused["code"] == "illegal_event"
    assert "take the decision back first" in refused["detail"]
    same = bench.post(path, revision, status=422)
    assert same["code"] == "invalid_facts"
    invalid = bench.post(path, revision | {"application": {"text": "NUL \0"}}, status=422)
    assert invalid["code"] == "nul_byte"


def test_every_review_reason_is_answered_before_a_decision(bench):
    text = "Debts take 61% of her income; nine inquiries since May."
    case_id = bench.assessed(application={"text": text})
    denial = bench.denial(case_id)
    assert denial["review_answers"]
    refused = bench.post("decisions", denial | {"review_answers": []}, status=422)
    assert refused["code"] == "decision_refused"
    assert "number_of_recent_inquiries" in refused["detail"]
    bench.post("decisions", denial, status=201)


def test_holds_consents_and_requests_are_recorded(bench):
    case_id, notice_id = bench.released()
    hold, by = {"hold_id": "suit-7"}, bench.compliance
    held = bench.post(f"applications/{case_id}/holds", hold, by=by)
    assert held["legal_holds"] == ["suit-7"]
    assert bench.post(f"applications/{case_id}/holds/lift", hold, by=by)["legal_holds"] == []
    consent = {"consent_id": "e-1", "consumer_id": "consumer-1", "given_on": "2026-11-01"}
    bench.post(f"applications/{case_id}/consents", {"consents": [consent]})
    found = bench.get(f"applications/{case_id}")["file"]["consents"]["consents"]
    assert found == [consent | {"withdrawn_on": None}]
    assert bench.post(f"notices/{notice_id}/discard", {"cause": "wrong address on file"})


def test_who_drafted_a_notice_does_not_release_it_whatever_the_role(bench):
    case_id, _ = bench.denied()
    drafted = bench.post("notices", {"case_id": case_id}, by=bench.compliance, status=201)
    path = f"notices/{drafted['notice_id']}"
    bench.post(f"{path}/check")
    refused = bench.post(f"{path}/release", by=bench.compliance, status=409)
    assert refused["code"] == "second_person_needed"


def test_an_approval_is_told_by_somebody_who_did_not_decide(bench):
    case_id = bench.assessed(application={"text": "Nurse for nine years, no cards."})
    approve = bench.denial(case_id) | {"outcome": "approve", "path": "judgmental"}
    bench.post("decisions", approve, status=201)
    told = {"channel": "oral"}
    path = f"applications/{case_id}/approval-told"
    assert bench.post(path, told, status=409)["code"] == "second_person_needed"
    answer = bench.post(path, told, by=bench.compliance)
    assert answer["stage"] == "notified"
    [notice] = answer["notices"]
    shown = bench.get(f"notices/{notice['notice_id']}/preview", status=409)
    assert shown["code"] == "no_letter"


def test_an_assessment_keeps_where_the_applicant_stood_beside_the_populations(
    stored, open_bench, tmp_path
):
    path = references_file(tmp_path, model_digest=FakePredictor.digest)
    bench = open_bench(stored.model_copy(update={"references_file": path}))
    case_id = bench.assessed()
    near, everybody = bench.get(f"applications/{case_id}")["assessment"]["comparisons"]
    assert (near["population"], everybody["population"]) == (
        "slightly_above_approval",
        "all_applicants",
    )
    assert (near["version"], near["num_applicants"]) == ("2026-q4", 40)
    assert set(near["shortfall_logit"]) == set(map(str, CATEGORIES))
    assert set(near["shortfall_logit"].values()) == {1.0}  # the fake gives even odds
    assert (len(near["furthest"]), everybody["furthest"]) == (4, [])
    told = bench.get(f"applications/{case_id}/summary")["sentences"]
    beside = [
        sentence for sentence in told if sentence.startswith("Next to files that the model just")
    ]
    assert len(beside) == 1


def test_an_assessment_keeps_what_another_reading_could_have_turned(stored, open_bench):
    predictor = FakePredictor()
    predictor.engine.identity, predictor.engine.composition_bound = "varying", 6.0
    bench = open_bench(stored, predictor=predictor)
    case_id = bench.assessed()
    kept = bench.get(f"applications/{case_id}")["assessment"]["borderline"]
    assert kept == [*map(str, CATEGORIES), "risk_band"]
    told = bench.get(f"applications/{case_id}/summary")["sentences"]
    assert any(sentence.startswith("A second reading could go the other way") for sentence in told)


def test_without_populations_an_assessment_compares_with_nobody(bench):
    found = bench.get(f"applications/{bench.assessed()}")["assessment"]
    assert found["comparisons"] == []


def test_a_summary_and_advice_stand_beside_the_case(bench):
    case_id, _ = bench.denied()
    summary = bench.get(f"applications/{case_id}/summary")
    assert "The model gives advice. A person decides." in summary["sentences"]
    assert "Loan amount: $24,000" in summary["facts"]
    advice = bench.get(f"applications/{case_id}/recommendations")
    assert [entry["reason"] for entry in advice["advice"]] == [
        "Excessive obligations in relation to income",
        "Bankruptcy",
    ]
    page = bench.underwriter.get(f"/api/v1/applications/{case_id}/recommendations/page")
    assert page.headers["content-type"].startswith("text/html")
    assert "What you can do next" in page.text


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"creditors": []}, ("creditors", "12 CFR 1002.9(a)(2)")),
        ({"applicants": []}, ("applicants", "12 CFR 1002.9(f)")),
        ({"time_zone": None}, ("time_zone", "12 CFR 1002.9(a)(1)")),
    ],
)
def test_a_missing_fact_is_a_problem_that_names_field_and_clause(
    bench, receive_body, change, names
):
    problem = bench.post("applications", receive_body | change, status=422)
    assert problem["code"] == "invalid_facts"
    assert all(name in problem["detail"] for name in names)


def test_an_unknown_agency_and_a_missing_address_name_field_and_clause(bench, receive_body):
    creditor = receive_body["creditors"][0]
    for change, code, names in [
        ({"creditor_type": "bank"}, "invalid_request", ("creditor_type", "Appendix A")),
        ({"address_lines": []}, "invalid_facts", ("creditors.0.address_lines", "1002.9(a)(2)")),
        (
            {"creditor_type": "packers_and_stockyards"},
            "notice_data_missing",
            ("creditor type", "Appendix A"),
        ),
    ]:
        body = receive_body | {"creditors": [creditor | change]}
        problem = bench.post("applications", body, status=422)
        assert problem["code"] == code
        assert all(name in problem["detail"] for name in names), problem["detail"]


def test_a_score_without_its_date_names_field_and_clause(bench):
    case_id = bench.receive()
    score = {
        "consumer_id": "consumer-1",
        "score": 612,
        "range_low": 300,
        "range_high": 850,
        "key_factors": ["Too many accounts with balances"],
        "provided_by": "Northern Example Credit Bureau",
    }
    agency = {
        "name": "Northern Example Credit Bureau",
        "address_lines": ["P.O. Box 1150", "Millbrook, OH 43299"],
        "telephone": "(800) 555-0199",
        "is_nationwide": True,
    }
    path = f"applications/{case_id}/information"
    problem = bench.post(path, {"scores": [score]}, status=422)
    assert "scores.0.created_on" in problem["detail"]
    assert "15 USC 1681g(f)(1)(D)" in problem["detail"]
    dated = score | {"created_on": "2026-11-10"}
    problem = bench.post(path, {"scores": [dated]}, status=422)
    assert "15 USC 1681m(a)(3)" in problem["detail"]
    reports = [{"consumer_id": "consumer-1", "agency": agency}]
    bench.post(path, {"reports": reports, "scores": [dated]})


def test_unknown_fields_are_refused_without_repeating_them(bench, receive_body):
    problem = bench.post("applications", receive_body | {"Dana Whitlow": 1}, status=422)
    assert problem["code"] == "invalid_request"
    assert "Dana" not in str(problem)


def test_what_is_not_there_is_a_problem_too(bench):
    for path in ("applications/c-1", "decisions/d-1", "notices/n-1", "notices/n-1/preview"):
        assert bench.get(path, status=404)["code"] == "not_stored"
    assert bench.post("applications/c-1/assess", status=404)["code"] == "not_stored"


def test_a_case_id_is_taken_once(bench, receive_body):
    body = receive_body | {"case_id": "branch-7.2026-1"}
    assert bench.post("applications", body, status=201)["case_id"] == "branch-7.2026-1"
    assert bench.post("applications", body, status=409)["code"] == "case_exists"


def test_what_does_not_follow_is_refused(bench):
    case_id = bench.receive()
    problem = bench.post("notices", {"case_id": case_id}, status=422)
    assert "missing_items" in problem["detail"]
    refused = bench.post(f"applications/{case_id}/retain", by=bench.compliance, status=409)
    assert refused["code"] == "illegal_event"
    late = {"at": "2020-01-01T00:00:00Z"}
    problem = bench.post(
        f"applications/{case_id}/complete", {"completed_at": late["at"]}, status=409
    )
    assert problem["code"] == "event_out_of_time"


def test_the_worklist_is_sorted_filtered_and_paged(bench):
    cases = [bench.receive() for _ in range(5)]
    bench.go_to("2026-11-24")
    later = bench.receive(application={"text": "Debts.", "product": "auto"})
    bench.post(f"applications/{cases[0]}/assign", {"person_id": None})
    listed = [line["entry"]["case_id"] for line in bench.get("worklist")["entries"]]
    assert set(listed) == {*cases, later}
    assert listed[-1] == later
    seen, after = [], ""
    while after is not None:
        page = bench.get(f"worklist?limit=2{'&after=' + after if after else ''}")
        seen += [line["entry"]["case_id"] for line in page["entries"]]
        after = page["next"]
    assert seen == listed

    def found(query):
        return {line["entry"]["case_id"] for line in bench.get(f"worklist?{query}")["entries"]}

    assert found("product=auto") == {later}
    assert found("assigned_to=underwriter-1") == {*cases[1:], later}
    assert found("unassigned=true") == {cases[0]}
    assert found("due_before=2026-12-21") == set(cases)
    assert found("stage=decided") == set()
    assert found("overdue=true") == set()
    bench.go_to("2026-12-23")
    assert found("overdue=true") == set(cases)
    late = bench.get("worklist?overdue=true")["entries"][0]
    assert (late["is_overdue"], late["days_left"]) == (True, -3)


def test_a_case_is_overdue_once_its_day_is_over_where_its_creditor_is(bench):
    far_east = bench.receive(time_zone="Pacific/Kiritimati")
    new_york = bench.receive(time_zone="America/New_York")
    dues = [line["entry"]["due_on"] for line in bench.get("worklist")["entries"]]
    assert dues == ["2026-12-20", "2026-12-21"]

    def overdue():
        seen, after = [], ""
        while after is not None:
            page = bench.get(f"worklist?overdue=true&limit=1{after and '&after=' + after}")
            assert all(line["is_overdue"] for line in page["entries"])
            seen += [line["entry"]["case_id"] for line in page["entries"]]
            after = page["next"]
        return seen

    bench.clock[0] = datetime(2026, 12, 21, 1, tzinfo=UTC)
    assert overdue() == []
    bench.clock[0] = datetime(2026, 12, 21, 11, tzinfo=UTC)
    assert overdue() == [new_york, far_east]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "stage=nowhere", "after=xx", "due_before=soon", "who=me"]
)
def test_a_worklist_query_that_cannot_be_is_a_problem(bench, query):
    problem = bench.get(f"worklist?{query}", status=422)
    assert problem["code"] in {"invalid_request", "invalid_facts"}


def test_reading_a_case_leaves_an_entry_in_the_audit_log(bench, stored):
    with open_storage(stored) as storage:
        case_id = bench.receive()
        bench.get(f"applications/{case_id}")
        entries = storage.audit.entries(object_kind="case", object_id=case_id)
        assert [(e.action.action, e.action.actor_id) for e in entries] == [
            ("application_received", "underwriter-1"),
            ("case_read", "underwriter-1"),
        ]


def test_however_many_assessments_wait_for_the_engine_a_case_is_read(open_bench, tmp_path):
    bench = open_bench(Settings(state_dir=tmp_path / "state"), in_memory=True)
    cases = [bench.receive() for _ in range(10)]
    for case_id in cases:
        bench.post(f"applications/{case_id}/complete")
    state = bench.underwriter.app.state
    released, score = threading.Event(), state.desk.score

    def wait(row):
        released.wait(60)
        return score(row)

    state.desk = replace(state.desk, score=wait)
    with ThreadPoolExecutor(len(cases) + 1) as people:
        answers = [people.submit(bench.post, f"applications/{c}/assess") for c in cases]
        try:
            read = people.submit(bench.get, f"applications/{cases[0]}")
            assert read.result(20)["case_id"] == cases[0]
            assert not any(answer.done() for answer in answers)
        finally:
            released.set()
        assert {answer.result(60)["stage"] for answer in answers} == {"assessed"}
