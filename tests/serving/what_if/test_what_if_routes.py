"""What-if over HTTP, with a fake model that states reasons by phrases."""

import json
from pathlib import Path

import pytest

from data_pipeline.domain.taxonomy import DenialReason
from serving.adapters.memory_cases import MemoryStorage
from serving.what_if.table import table

WHAT_IF, RECOURSE = "/api/v1/what-if", "/api/v1/what-if/recourse"
CANARY = "xkcanaryqz"
APPLICATION = {
    "text": f"Asks for $24,000. Her debts are heavy; nothing else is known. {CANARY}.",
    "product": "personal",
    "loan_amount_usd": 24000,
    "state": "TX",
}


def post(client, address, body, *, status=200):
    answer = client.post(address, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_change_gives_the_answer_before_and_after(client):
    body = {"application": APPLICATION, "changes": {"loan_amount_usd": 18000}}
    answer = post(client, WHAT_IF, body)
    [change] = answer["changes"]
    assert (change["field"], change["before"], change["after"]) == ("loan_amount_usd", 24000, 18000)
    assert change["mentions"] == 1
    assert answer["risk_score_change"] == pytest.approx(
        answer["after"]["risk_score"] - answer["before"]["risk_score"], abs=1e-3
    )
    assert answer["reasons_removed"] == answer["reasons_added"] == []
    assert answer["table_version"] == table().version


def test_a_struck_clause_takes_its_reason_away(client):
    text = APPLICATION["text"]
    start = text.index("Her debts")
    strike = [{"start": start, "end": text.index(" nothing")}]
    answer = post(client, WHAT_IF, {"application": APPLICATION, "strike": strike})
    assert answer["reasons_removed"] == ["excessive_obligations_to_income"]
    assert answer["struck"][0]["quote"] == "Her debts are heavy;"


def test_recourse_gives_the_smallest_change_as_re_scored(client):
    body = {"application": APPLICATION, "reason": "excessive_obligations_to_income"}
    answer = post(client, RECOURSE, body)
    [suggestion] = answer["suggestions"]
    assert suggestion["struck"][0]["quote"] == "Her debts are heavy;"
    assert suggestion["after"]["principal_reasons"] == []
    assert "never part of a notice" in answer["note"]
    assert answer["tried"] >= 1


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({"changes": {"marital_status": 1}}, "prohibited_basis", "marital_status: "),
        ({"changes": {"Date of Birth": "x"}}, "prohibited_basis", "12 CFR 1002.2(z)"),
        ({"changes": {"state": "CA"}}, "not_actionable", "12 CFR 1002.4(a)"),
        ({"changes": {"credit_score": 800}}, "not_actionable", "15 USC 1681g"),
        ({"changes": {"liquid_assets_usd": 1}}, "not_actionable", "does not give it"),
        ({"changes": {"loan_amount_usd": 1}}, "out_of_bounds", "from 6,000 to 48,000"),
        ({"changes": {CANARY: 1}}, "not_askable", "no field of an application"),
        ({"strike": [{"start": 9, "end": 5}]}, "invalid_strike", "strike: "),
        ({"strike": [{"start": 5, "end": 99999}]}, "invalid_strike", "strike: "),
        ({"case_id": "c-1"}, "invalid_request", "either `application` or `case_id`"),
        ({"colour": 1}, "invalid_request", "not known"),
    ],
)
def test_what_may_not_be_asked_is_refused_by_name_and_never_repeated(client, body, code, says):
    problem = post(client, WHAT_IF, {"application": APPLICATION} | body, status=422)
    assert problem["code"] == code
    assert says in problem["detail"]
    assert CANARY not in json.dumps(problem)


def test_a_reason_that_is_not_stated_has_no_recourse(client):
    body = {"application": APPLICATION, "reason": DenialReason.BANKRUPTCY}
    assert post(client, RECOURSE, body, status=422)["code"] == "not_askable"


RECEIVE = {
    "application": APPLICATION,
    **json.loads((Path(__file__).parents[2] / "data" / "received_case.json").read_text("utf-8")),
}


class KeptStorage:
    """One store for all openings, so that a test can read its audit log."""

    def __init__(self):
        self.stores = MemoryStorage()

    def __call__(self):
        return self

    def __enter__(self):
        return self.stores

    def __exit__(self, *_):
        return None


def test_what_was_tried_on_a_case_is_in_its_audit_log_without_any_words(make_client):
    storage = KeptStorage()
    client = make_client(storage=storage)
    case_id = post(client, "/api/v1/applications", RECEIVE, status=201)["case_id"]
    post(client, WHAT_IF, {"case_id": case_id, "changes": {"loan_amount_usd": 18000}})
    reason = "excessive_obligations_to_income"
    post(client, RECOURSE, {"case_id": case_id, "reason": reason})
    lines = [json.loads(line) for line in storage.stores.audit.lines()]
    tried = {line["action"]: line for line in lines if line["object_id"] == case_id}
    assert {"what_if_tried", "recourse_sought", "what_if_read"} <= set(tried)
    entry = tried["what_if_tried"]
    assert set(entry["digests"]) == {"before", "after_1"}
    assert entry["digests"]["before"] != entry["digests"]["after_1"]
    assert entry["versions"] == {"model": "fake", "what_if": table().version}
    assert CANARY not in json.dumps(lines)


def test_an_unknown_case_is_not_found(client):
    body = {"case_id": "case-none", "changes": {"loan_amount_usd": 18000}}
    assert client.post(WHAT_IF, json=body).status_code == 404
