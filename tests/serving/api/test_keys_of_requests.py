import pytest
from pydantic import SecretStr

KEYED = [
    ("POST", "/api/v1/predict"),
    ("POST", "/api/v1/batch-predict"),
    ("GET", "/api/v1/metrics"),
    ("GET", "/metrics"),
    ("GET", "/no/such/address"),
]
OPEN = ["/health", "/ready", "/api/v1/categories", "/docs", "/openapi.json"]
SCRAPE = "a-token-for-prometheus-in-tests"


@pytest.mark.parametrize(("method", "address"), KEYED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": ""},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    ],
)
def test_without_a_valid_key_there_is_no_answer(make_client, method, address, headers):
    client = make_client(with_key=False)
    response = client.request(method, address, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_bearer_token_is_as_good_as_the_header(make_client, client):
    key = client.headers["X-API-Key"]
    response = make_client(with_key=False).post(
        "/api/v1/predict", json={"text": "a"}, headers={"Authorization": f"Bearer {key}"}
    )
    assert response.status_code == 200


@pytest.mark.parametrize("address", OPEN)
def test_what_tells_nothing_of_applicants_is_open(make_client, address):
    assert make_client(with_key=False).get(address).status_code == 200


def test_the_scrape_token_reads_the_metrics_and_nothing_else(make_client):
    client = make_client(with_key=False, metrics_token=SecretStr(SCRAPE))
    headers = {"Authorization": f"Bearer {SCRAPE}"}
    assert "wherefore_ready" in client.get("/metrics", headers=headers).text
    for method, address in (("GET", "api/v1/metrics"), ("POST", "api/v1/predict"), ("GET", "none")):
        refused = client.request(method, f"/{address}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized"), address
    assert client.get("/ready", headers=headers).json()["model_version"] is None
    wrong = client.get("/metrics", headers={"Authorization": f"Bearer {SCRAPE}."})
    assert wrong.status_code == 401


def test_a_body_is_not_read_before_the_key_is_known(make_client):
    client = make_client(with_key=False, max_body_bytes=2000)
    response = client.post("/api/v1/predict", content=b"{" * 9000)
    assert response.status_code == 401
