"""Quotas over HTTP: who shares one, what counts, and what a refusal says."""

import pytest
from fake_service import app_of_fakes
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from serving.api.access import PUBLIC, SCOPES, SIGNED_IN
from serving.api.limited import LIMITS, UNLIMITED
from serving.identity.person import Person
from serving.keys import add_key
from serving.settings import Settings

TEXT = {"text": "Debts take 61% of her income."}


def counted(client, name, **labels):
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [s for family in families for s in family.samples if s.name == name]
    return sum(s.value for s in samples if labels.items() <= s.labels.items())


def test_a_quota_that_is_used_up_is_a_problem_that_says_when_to_come_back(make_client):
    client = make_client(limit_predict="3/day")
    answers = [client.post("/api/v1/predict", json=TEXT) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["x-request-id"] == refused.json()["request_id"]
    assert 28_000 < int(refused.headers["retry-after"]) <= 28_800
    assert "WHEREFORE_LIMIT_PREDICT" in refused.json()["detail"]
    limited = counted(client, "wherefore_requests_limited_total", limit="predict")
    assert limited == 1


def test_every_answer_says_what_is_left(make_client):
    client = make_client(limit_predict="3/day")
    told = [client.post("/api/v1/predict", json=TEXT).headers for _ in range(4)]
    assert {headers["ratelimit-policy"] for headers in told} == {'"predict";q=3;w=86400'}
    left = [headers["ratelimit"].partition(";t=")[0] for headers in told]
    assert left == [f'"predict";r={number}' for number in (2, 1, 0, 0)]


def test_each_kind_of_route_has_a_quota_of_its_own(make_client):
    client = make_client(limit_predict="1/day", limit_batch="1/day")
    assert client.post("/api/v1/predict", json=TEXT).status_code == 200
    assert client.post("/api/v1/predict", json=TEXT).status_code == 429
    batch = {"applications": [TEXT]}
    assert client.post("/api/v1/batch-predict", json=batch).status_code == 200
    assert client.get("/api/v1/metrics").status_code == 200


def test_a_batch_counts_by_its_rows(make_client):
    client = make_client(limit_batch="10/day")
    rows = {"applications": [TEXT] * 4}
    answers = [client.post("/api/v1/batch-predict", json=rows) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert '"batch";r=2' in answers[-1].headers["ratelimit"]
    fits = {"applications": [TEXT] * 2}
    assert client.post("/api/v1/batch-predict", json=fits).status_code == 200


def test_a_long_text_counts_for_more_than_a_short_one(make_client):
    client = make_client(limit_predict="10/day")
    # 16,000 characters are about 4,000 tokens, of which 512 are a unit.
    answer = client.post("/api/v1/predict", json={"text": "debt " * 3200})
    assert (answer.status_code, answer.headers["ratelimit"].partition(";t")[0]) == (
        200,
        '"predict";r=2',
    )


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("explanations", {"method": "shap"}),
        ("what-if", {"changes": {"loan_amount_usd": 1000}}),
        ("what-if/recourse", {"reason": "excessive_obligations_to_income"}),
    ],
)
def test_a_long_text_counts_for_more_wherever_it_is_read_again_and_again(make_client, path, asked):
    client = make_client(limit_predict="10/day")
    body = {"application": {"text": "debt " * 3200, "loan_amount_usd": 2000}, **asked}
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.headers["ratelimit"].partition(";t")[0] == '"predict";r=2', answer.text


def test_a_batch_larger_than_the_quota_is_taken_once(make_client):
    client = make_client(limit_batch="2/day")
    rows = {"applications": [TEXT] * 4}
    assert client.post("/api/v1/batch-predict", json=rows).status_code == 200
    assert client.post("/api/v1/batch-predict", json=rows).status_code == 429


@pytest.fixture
def two_people(tmp_path):
    keys = [
        add_key(tmp_path, Person(person_id=name, role="batch")).get_secret_value()
        for name in ("greedy-1", "modest-2")
    ]
    app = app_of_fakes(Settings(state_dir=tmp_path, limit_predict="5/day", limit_other="20/day"))
    with TestClient(app) as client:
        yield client, *({"X-API-Key": key} for key in keys)


def test_one_client_cannot_starve_another_from_the_same_address(two_people):
    client, greedy, modest = two_people
    statuses = [
        client.post("/api/v1/predict", json=TEXT, headers=greedy).status_code for _ in range(50)
    ]
    assert statuses == [200] * 5 + [429] * 45
    # Whatever the other did, nothing of this one's quota is gone.
    for _ in range(5):
        assert client.post("/api/v1/predict", json=TEXT, headers=modest).status_code == 200


def test_who_has_no_key_uses_up_nothing_of_who_has_one(two_people):
    client, modest = two_people[0], two_people[2]
    refused = [client.post("/api/v1/predict", json=TEXT).status_code for _ in range(8)]
    assert refused == [401] * 5 + [429] * 3
    assert client.post("/api/v1/predict", json=TEXT, headers=modest).status_code == 200


def test_wrong_keys_are_not_tried_without_end(two_people):
    client = two_people[0]
    tried = [
        client.get("/api/v1/metrics", headers={"X-API-Key": f"guess-{n}"}).status_code
        for n in range(25)
    ]
    assert tried == [401] * 20 + [429] * 5


@pytest.mark.parametrize("path", ["/nowhere", "/docs", "/openapi.json", "/api/v1/categories",
                                  "/docs/assets/swagger-ui.css"])  # fmt: skip
def test_what_needs_no_key_is_limited_by_address(make_client, path):
    client = make_client(limit_other="2/day", with_key=False)
    statuses = [client.get(path).status_code for _ in range(3)]
    assert statuses[0] in {200, 401}
    assert statuses[2] == 429


def test_asking_for_tokens_is_limited_by_address(make_client):
    client = make_client(limit_sign_in="2/day", with_key=False)
    statuses = [client.post("/api/v1/token").status_code for _ in range(3)]
    assert 429 not in statuses[:2]
    assert statuses[2] == 429


def test_probes_are_never_refused(make_client):
    client = make_client(limit_other="1/day", with_key=False)
    for path in ("/health", "/ready"):
        assert [client.get(path).status_code for _ in range(5)] == [200] * 5


def test_every_quota_may_be_taken_away(make_client):
    client = make_client(limit_predict="off", limit_other="off")
    answers = [client.post("/api/v1/predict", json=TEXT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "ratelimit" not in answers[0].headers


def test_every_route_that_is_named_here_exists():
    assert set(LIMITS) <= set(SCOPES)
    assert UNLIMITED <= PUBLIC
    assert not set(LIMITS) & SIGNED_IN
