import pytest

KEYED = [
    ("POST", "/api/v1/predict"),
    ("POST", "/api/v1/batch-predict"),
    ("GET", "/api/v1/metrics"),
]
OPEN = ["/health", "/ready", "/metrics", "/api/v1/categories", "/docs", "/openapi.json"]


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


def test_a_body_is_not_read_before_the_key_is_known(make_client):
    client = make_client(with_key=False, max_body_bytes=2000)
    response = client.post("/api/v1/predict", content=b"{" * 9000)
    assert response.status_code == 401
