"""Nothing an applicant wrote gets from an explanation into a log, a metric or a problem."""

import json

import pytest

CANARY = "xkcanaryqz"
APPLICATION = {
    "text": f"Her debts are heavy; {CANARY} says so. Nothing else is known.",
    "purpose": CANARY,
    "loan_amount_usd": 24000,
}
REASON = "excessive_obligations_to_income"


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("predict?explain=fast", APPLICATION, 200),
        ("predict?explain=exact", APPLICATION, 200),
        ("predict?explain=" + CANARY, APPLICATION, 422),
        ("explanations", {"application": APPLICATION, "method": CANARY}, 422),
        ("explanations", {"application": APPLICATION, "method": "shap", "targets": [CANARY]}, 422),
        ("explanations", {"application": APPLICATION | {"state": CANARY}, "method": "shap"}, 422),
        ("explanations", {"application": APPLICATION, "method": "rollout"}, 202),
        ("what-if", {"application": APPLICATION, "changes": {"loan_amount_usd": 20000}}, 200),
        ("what-if", {"application": APPLICATION, "changes": {CANARY: CANARY}}, 422),
        ("what-if", {"application": APPLICATION, "changes": {"loan_amount_usd": CANARY}}, 422),
        ("what-if", {"application": APPLICATION, "strike": [{"start": 0, "end": CANARY}]}, 422),
        ("what-if/recourse", {"application": APPLICATION, "reason": REASON}, 200),
        ("what-if/recourse", {"application": APPLICATION, "reason": CANARY}, 422),
        ("what-if/recourse", {"case_id": CANARY, "reason": REASON}, 404),
    ],
)
def test_no_log_metric_or_refusal_repeats_the_text(client, logged, address, body, status):
    answer = client.post(f"/api/v1/{address}", json=body)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert CANARY not in answer.text
    assert CANARY not in client.get("/metrics").text
    log = logged()
    assert '"event": "request"' in log
    assert CANARY not in log


@pytest.mark.parametrize("method", ["get", "delete"])
def test_an_unknown_explanation_is_not_found_and_its_id_not_repeated(client, method):
    answer = client.request(method.upper(), f"/api/v1/explanations/{CANARY}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_explanation")
    assert CANARY not in json.dumps(answer.json())
