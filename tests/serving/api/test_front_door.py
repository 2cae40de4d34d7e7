"""What every answer carries, who may call from a browser, and which proxies are believed."""

import re

import pytest
from pydantic import ValidationError

from serving.errors import SettingsError
from serving.settings import Settings, load_settings

NEVER_A_PAGE = "default-src 'none'; frame-ancestors 'none'"
ORIGIN = "https://desk.example.org"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/docs/assets/swagger-ui.css", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/health", 405),
        ("POST", "/api/v1/predict", 415),
        ("GET", "/api/v1/decisions/none", 404),
    ],
)
def test_every_answer_carries_the_security_headers(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-security-policy"] == NEVER_A_PAGE
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers


def test_the_documentation_runs_its_own_script_and_no_other(client):
    answer = client.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    scripts = re.search(r"script-src ([^;]+)", policy)[1].split()
    assert scripts[0] == "'self'"
    assert len(scripts) == 1 + len(re.findall(r"<script>", answer.text))
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(scripts)


def test_over_tls_a_browser_is_told_to_stay_there(make_client):
    client = make_client(trusted_proxies="192.0.2.0/24")
    client._transport.client = ("192.0.2.9", 1)
    secure = {"X-Forwarded-Proto": "https"}
    assert client.get("/health", headers=secure).headers["strict-transport-security"]
    assert "strict-transport-security" not in client.get("/health").headers


def test_a_page_of_nobody_is_let_in_unless_it_is_named(client):
    answer = client.get("/health", headers={"Origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_page_that_is_named_may_call_with_a_key_but_never_with_a_cookie(make_client):
    client = make_client(cors_origins=f"https://other.example.org,{ORIGIN}")
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "X-API-Key, Content-Type",
    }
    allowed = client.options("/api/v1/predict", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in allowed.headers
    answer = client.post("/api/v1/predict", json={"text": "Debts."}, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "RateLimit" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_page_that_is_not_named_is_not_let_in(make_client):
    client = make_client(cors_origins=ORIGIN)
    for origin in ("https://evil.example.org", "null", "http://desk.example.org"):
        answer = client.get("/health", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "asked",
    [
        {"Origin": "https://evil.example.org"},
        {"Access-Control-Request-Method": "PATCH"},
        {"Access-Control-Request-Headers": "X-Other"},
    ],
)
def test_a_preflight_that_is_refused_gets_a_problem_document(make_client, asked):
    client = make_client(cors_origins=ORIGIN)
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"} | asked
    answer = client.options("/api/v1/predict", headers=headers)
    assert_problem(answer, 400, "bad_request")
    assert "Origin" in answer.headers["vary"]
    assert ("access-control-allow-origin" in answer.headers) == ("Origin" not in asked)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("bytes=999999999-", 416, "range_not_satisfiable"),
        ("bytes=5-2", 400, "bad_request"),
        ("bytes=abc", 400, "bad_request"),
        ("lines=1-2", 400, "bad_request"),
    ],
)
def test_a_range_that_a_file_does_not_have_gets_a_problem_document(client, asked, status, code):
    address = "/docs/assets/swagger-ui.css"
    answer = client.get(address, headers={"Range": asked})
    assert_problem(answer, status, code)
    size = client.get(address).headers["content-length"]
    assert answer.headers.get("content-range") == (f"bytes */{size}" if status == 416 else None)
    assert client.get(address, headers={"Range": "bytes=0-9"}).status_code == 206


def assert_problem(answer, status, code):
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert told["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("origins", ["*", "https://*", "desk.example.org", "https://a.example/b",
                                     "https://a.example,*"])  # fmt: skip
def test_origins_are_named_one_by_one(origins):
    with pytest.raises(ValidationError):
        Settings(cors_origins=origins)


def limited_address(client, **headers):
    return client.get("/api/v1/categories", headers=headers).status_code


def test_what_a_client_says_of_its_own_address_is_not_believed(make_client):
    client = make_client(limit_other="1/day", with_key=False)
    client._transport.client = ("192.0.2.9", 1)
    assert limited_address(client, **{"X-Forwarded-For": "198.51.100.1"}) == 200
    assert limited_address(client, **{"X-Forwarded-For": "198.51.100.2"}) == 429


def test_what_a_trusted_proxy_says_of_it_is(make_client):
    client = make_client(limit_other="1/day", with_key=False, trusted_proxies="192.0.2.0/24")
    client._transport.client = ("192.0.2.9", 1)
    assert limited_address(client, **{"X-Forwarded-For": "198.51.100.1"}) == 200
    assert limited_address(client, **{"X-Forwarded-For": "198.51.100.2"}) == 200
    assert limited_address(client, **{"X-Forwarded-For": "198.51.100.1"}) == 429
    # What stands before the address that the proxy added is the client's own invention.
    assert limited_address(client, **{"X-Forwarded-For": "203.0.113.5, 198.51.100.1"}) == 429


@pytest.mark.parametrize("proxies", ["*", "proxy", "192.0.2.0/99", "192.0.2.1/24"])
def test_proxies_are_named_by_address_or_network(proxies, monkeypatch):
    monkeypatch.setenv("WHEREFORE_TRUSTED_PROXIES", proxies)
    with pytest.raises(SettingsError, match="WHEREFORE_TRUSTED_PROXIES"):
        load_settings()
