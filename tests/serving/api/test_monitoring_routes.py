"""Monitoring data over HTTP: they come in by a key of their own, and nothing gives them out."""

import copy
import io
import json
import zipfile

import pytest

from serving.adapters.fake import FakePredictor
from serving.adapters.sql.storage import open_monitoring, open_storage
from serving.monitoring.record import Answer, Origin, Race, Sex

CANARY = "xkcanaryqz"
ON_A_HOME = {
    "application": {
        "id": "ref-1",
        "text": "Refinance, owner occupied. Debts take 61% of her income, after a Chapter 7.",
        "product": "mortgage",
        "occupancy": "principal_residence",
        "loan_amount_usd": 240000,
    }
}
ANSWERS = {
    "asked_under": "regulation_b",
    "taken_by": "in_person",
    "applicants": [
        {
            "consumer_id": "consumer-1",
            "ethnicity": {"origin": "declined"},
            "race": {"origin": "self_reported", "values": ["other_pacific_islander"]},
            "sex": {"origin": "observed", "values": ["female"]},
            "marital_status": {"origin": "declined"},
            "age_years": {"origin": "self_reported", "values": [97]},
            "written_in": [{"category": "other_pacific_islander", "text": CANARY}],
            "observation_not_possible": True,
        }
    ],
}


def changed(**fields):
    found = copy.deepcopy(ANSWERS)
    found["applicants"][0] |= fields
    return found


def enter(bench, case_id, body=ANSWERS, *, by=None):
    return (by or bench.intake).post(f"/api/v1/monitoring/{case_id}", json=body)


@pytest.fixture
def on_a_home(bench):
    return bench.receive(**ON_A_HOME)


def test_what_applicants_told_is_kept_and_not_told_again(bench, on_a_home, stored):
    answer = enter(bench, on_a_home)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"case_id", "entered_at"}
    with open_monitoring(stored) as monitoring:
        [record] = monitoring.records(on_a_home)
    assert record.race == Answer(origin=Origin.SELF_REPORTED, values=(Race.OTHER_PACIFIC_ISLANDER,))
    assert record.sex == Answer(origin=Origin.OBSERVED, values=(Sex.FEMALE,))
    assert record.ethnicity == Answer(origin=Origin.DECLINED)
    assert record.written_in == (("other_pacific_islander", CANARY),)


def test_what_is_entered_again_replaces_what_was_there(bench, on_a_home, stored):
    enter(bench, on_a_home)
    told = {"origin": "self_reported", "values": ["white"]}
    assert enter(bench, on_a_home, changed(race=told, written_in=[])).status_code == 200
    with open_monitoring(stored) as monitoring:
        [record] = monitoring.records(on_a_home)
    assert (record.race.values, record.written_in) == ((Race.WHITE,), ())


def test_only_a_key_with_the_permission_enters_and_that_before_the_body_is_looked_at(
    bench, on_a_home
):
    for client in (bench.underwriter, bench.compliance):
        for body in (ANSWERS, {CANARY: CANARY}):
            refused = enter(bench, on_a_home, body, by=client)
            assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
            assert CANARY not in refused.text


@pytest.mark.parametrize(
    ("case", "body", "clause"),
    [
        ({}, ANSWERS, "12 CFR 1002.5(b)"),
        ({"application": {"text": "Debts."}}, ANSWERS, "12 CFR 1002.5(b)"),
        ({"application": {"text": "a", "product": "auto"}}, ANSWERS, "12 CFR 1002.5(b)"),
        (
            {"application": {"text": "a", "product": "mortgage", "occupancy": "investment"}},
            ANSWERS,
            "1002.13(a)(1)",
        ),
        (
            {"application": {"text": "a", "product": "mortgage", "num_units": 5}},
            ANSWERS,
            "1002.13(a)(2)",
        ),
        (ON_A_HOME, changed(consumer_id="consumer-9"), "1002.2(e)"),
        (ON_A_HOME, ANSWERS | {"applicants": ANSWERS["applicants"] * 2}, "1002.2(e)"),
    ],
)
def test_what_no_rule_has_asked_is_not_kept(bench, stored, case, body, clause):
    case_id = bench.receive(**case)
    refused = enter(bench, case_id, body)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "monitoring_not_asked_for")
    assert clause in problem["detail"]
    with open_monitoring(stored) as monitoring:
        assert list(monitoring.case_ids()) == []


def test_a_loan_on_another_dwelling_is_asked_under_regulation_c(bench):
    second = {"text": "a", "product": "mortgage", "occupancy": "second_residence"}
    case_id = bench.receive(application=second)
    assert enter(bench, case_id, ANSWERS | {"asked_under": "regulation_c"}).status_code == 200


def test_an_answer_that_cannot_be_names_question_and_clause(bench, on_a_home):
    observed = {"origin": "observed", "values": ["korean"]}
    problem = enter(bench, on_a_home, changed(race=observed)).json()
    assert problem["code"] == "invalid_monitoring"
    assert "applicants.0.race" in problem["detail"]
    assert "12 CFR 1003, Appendix B" in problem["detail"]


def scored_and_decided(bench, case_id):
    """Everything that people and programs get to see of a case, from assessment to mailing."""
    seen = [bench.post(f"applications/{case_id}/complete")]
    assessed = bench.post(f"applications/{case_id}/assess")
    seen += [assessed, bench.post("decisions", bench.denial(case_id), status=201)]
    drafted = bench.post("notices", {"case_id": case_id}, status=201)
    notice = f"notices/{drafted['notice_id']}"
    seen += [drafted, bench.post(f"{notice}/check"), bench.get(f"{notice}/file")]
    seen += [bench.post(f"{notice}/release", by=bench.compliance)]
    seen += [bench.post(f"{notice}/sent", {"channel": "mailed"})]
    case = f"applications/{case_id}"
    seen += [bench.get(path) for path in (case, f"{case}/summary", f"{case}/recommendations")]
    letter = bench.underwriter.get(f"/api/v1/{notice}/preview?format=html").text
    return assessed["assessment"], [json.dumps(each) for each in seen] + [letter]


def package_of(bench, case_id):
    content = bench.compliance.get(f"/api/v1/applications/{case_id}/exam-package").content
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return b"".join(package.read(name) for name in package.namelist()).decode("latin-1")


def test_a_scored_application_cannot_see_monitoring_data(stored, open_bench, logged):
    """M1: 12 CFR 1002.6(b)(1), 1002.5(b). The answers are the same, and nothing holds a word."""
    texts = []
    predictor = FakePredictor(before=texts.extend)
    bench = open_bench(stored, predictor=predictor)
    without = bench.receive(**ON_A_HOME)
    before, _ = scored_and_decided(bench, without)
    with_data = bench.receive(**ON_A_HOME)
    assert enter(bench, with_data).status_code == 200
    after, seen = scored_and_decided(bench, with_data)
    for assessment in (before, after):
        del assessment["assessment_id"]
    assert after == before
    words = (CANARY, "pacific_islander", "observed", "97", "self_reported")
    scored = [text for text in map(str, texts) if "Refinance" in text]
    assert scored
    assert not [text for text in scored if any(word in text for word in words)]
    with open_storage(stored) as storage:
        audit = b"".join(storage.audit.lines()).decode()
    told = [*seen, package_of(bench, with_data), audit, logged()]
    told += [json.dumps(bench.get("worklist")), bench.underwriter.get("/metrics").text]
    found = [
        word
        for word in (CANARY, "pacific_islander", "marital_status", "ethnicity", "self_reported")
        for text in told
        if word in text
    ]
    assert found == []
    assert "monitoring_entered" in audit


def test_no_refusal_and_no_log_repeats_an_answer(bench, on_a_home, logged):
    unusual = [
        changed(race={"origin": "self_reported", "values": [CANARY]}),
        changed(age_years={"origin": "self_reported", "values": [CANARY]}),
        changed(age_years={"origin": "self_reported", "values": [979_797_979_797]}),
        changed(ethnicity={"origin": CANARY}),
        changed(written_in=[{"category": CANARY, "text": CANARY}]),
        changed(written_in=[{"category": "other_asian", "text": CANARY}]),
        changed(written_in=[{"category": "other_asian", "text": CANARY * 20}]),
        changed(written_in=[{"category": "other_asian", CANARY: CANARY}]),
        changed(consumer_id=CANARY),
        changed(consumer_id=f"{CANARY} x"),
        changed(**{CANARY: 1}),
        ANSWERS | {"taken_by": CANARY},
        ANSWERS | {CANARY: CANARY},
        ANSWERS | {"applicants": CANARY},
        [CANARY],
    ]
    answers = [enter(bench, on_a_home, body) for body in unusual]
    answers += [enter(bench, CANARY), enter(bench, f"{CANARY} x")]
    assert {answer.status_code for answer in answers} == {404, 422}
    assert [a.text for a in answers if CANARY in a.text or "979797979797" in a.text] == []
    log = logged()
    assert '"route": "/api/v1/monitoring/{case_id}"' in log
    assert CANARY not in log


def test_a_case_that_is_purged_takes_its_monitoring_data_along(bench, on_a_home, stored):
    enter(bench, on_a_home)
    scored_and_decided(bench, on_a_home)
    bench.post(f"applications/{on_a_home}/retain", by=bench.compliance)
    bench.go_to("2028-12-21")
    bench.post(f"applications/{on_a_home}/purge", by=bench.compliance)
    assert enter(bench, on_a_home).json()["code"] == "case_purged"
    with open_monitoring(stored) as monitoring:
        assert list(monitoring.case_ids()) == []


def test_the_desk_has_no_key_that_opens_monitoring_data(bench, on_a_home, stored):
    enter(bench, on_a_home)
    with open_storage(stored) as storage:
        held = [getattr(storage, name) for name in vars(storage)]
        assert not [each for each in held if hasattr(each, "records")]
        assert not hasattr(bench.underwriter.app.state.desk, "monitoring")
