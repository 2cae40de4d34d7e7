import pytest
from prometheus_client.parser import text_string_to_metric_families

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, TAXONOMY_VERSION


def test_health_and_readiness(client):
    assert client.get("/health").json() == {"status": "alive", "version": "0.1.0"}
    assert client.get("/ready").json() == {"status": "ready", "model_version": "fake"}


def test_the_categories_are_the_taxonomy(client):
    answer = client.get("/api/v1/categories").json()
    assert answer["taxonomy_version"] == TAXONOMY_VERSION
    assert [entry["category"] for entry in answer["categories"]] == list(CATEGORIES)
    reasons = [r["reason"] for entry in answer["categories"] for r in entry["reasons"]]
    assert reasons == list(REASONS)


def test_the_metrics_tell_the_evaluation_and_what_was_served(client):
    client.post("/api/v1/predict", json={"text": "Debts."})
    client.post("/api/v1/predict", json={"text": ""})
    client.post("/api/v1/batch-predict", json={"applications": [{"text": "a"}, {}]})
    answer = client.get("/api/v1/metrics").json()
    assert answer["model"] == {"model_version": "fake", "evaluation": {"not_measured": 0.0}}
    serving = answer["serving"]
    assert sum(serving["applications_scored_by_risk_band"].values()) == 2
    assert serving["applications_failed_by_code"] == {"empty_application": 2}
    assert serving["requests_by_status"] == {"200": 2, "422": 1}
    assert serving["applications_queued"] == 0
    assert serving["uptime_seconds"] >= 0


def test_prometheus_reads_the_same_counts(client):
    client.post("/api/v1/predict", json={"text": "Debts."})
    client.get("/no/such/address")
    families = {f.name: f for f in text_string_to_metric_families(client.get("/metrics").text)}
    assert all(name.startswith("wherefore_") for name in families)
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["wherefore_http_requests"].samples
        if sample.name.endswith("_total")
    }
    assert requests == {("/api/v1/predict", "200"): 1, ("unknown", "404"): 1}
    [model] = families["wherefore_model_info"].samples
    assert model.labels == {"version": "fake"}


def test_two_applications_in_one_process_count_apart(make_client):
    first, second = make_client(), make_client()
    first.post("/api/v1/predict", json={"text": "Debts."})
    scored = second.get("/api/v1/metrics").json()["serving"]["applications_scored_by_risk_band"]
    assert scored == {}


def test_the_documentation_page_needs_no_other_host(client):
    page = client.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f"./docs/assets/{asset}" in page
        assert client.get(f"/docs/assets/{asset}").status_code == 200


def test_before_the_start_the_server_is_not_ready(make_client):
    client = make_client()
    client.app.state.batcher = client.app.state.readiness = None
    response = client.get("/ready")
    assert (response.status_code, response.json()["code"]) == (503, "not_ready")
    assert int(response.headers["retry-after"]) >= 1
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("given", ["abc-123", "a" * 64])
def test_a_request_id_comes_back(client, given):
    response = client.get("/health", headers={"X-Request-ID": given})
    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "<script>", "a" * 65])
def test_another_request_id_is_replaced(client, given):
    headers = {} if given is None else {"X-Request-ID": given}
    answered = client.get("/health", headers=headers).headers["x-request-id"]
    assert answered != given
    assert len(answered) == 32


def test_answers_are_neither_cached_nor_sniffed(client):
    headers = client.get("/health").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("given", "found"), [({}, 1024), ({"batch_tokens": 256}, 256)])
def test_a_batch_has_the_tokens_that_are_set_or_suit_the_engine(make_client, given, found):
    page = make_client(**given).get("/metrics").text
    assert f"wherefore_engine_batch_tokens {found}.0" in page
