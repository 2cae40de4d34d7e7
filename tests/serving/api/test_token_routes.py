"""Tokens over HTTP: asked for by a program, used, given back, taken away."""

import base64
import re
import shutil
from functools import partial
from pathlib import Path

import pytest
import structlog
from fake_service import app_of_fakes, run_command
from fastapi.testclient import TestClient
from pydantic import SecretStr

from serving.adapters.sql.storage import open_identity
from serving.cases.store_errors import StoreUnavailableError
from serving.client_commands import app as command
from serving.identity.errors import ClientCommandError
from serving.settings import Settings

ADDRESS = "/api/v1/token"
GRANT = {"grant_type": "client_credentials"}


class Deployment:
    """A server, and the command beside it."""

    def __init__(self, client):
        self.client = client

    def run(self, *arguments):
        return run_command(command, *arguments)

    def secret(self, client_id="loan-system", *options):
        return self.run("add", client_id, *options).stdout.strip()

    def ask(self, secret, *, client_id="loan-system", **fields):
        form = GRANT | {"client_id": client_id, "client_secret": secret} | fields
        return self.client.post(ADDRESS, data=form)

    def token(self, secret, **fields):
        answer = self.ask(secret, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def predict(self, token):
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.client.post("/api/v1/predict", json={"text": "Debts."}, headers=headers)
        return answer.status_code


@pytest.fixture
def deployment(tmp_path, sqlite_to_copy, monkeypatch):
    state = Path(shutil.copytree(sqlite_to_copy, tmp_path / "state"))
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(state))
    settings = Settings()
    app = app_of_fakes(settings, identity=partial(open_identity, settings))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Deployment(client)


@pytest.fixture
def secret(deployment):
    return deployment.secret()


def test_a_program_asks_for_a_token_and_uses_it(deployment, secret):
    answer = deployment.ask(secret)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
    assert told["scope"] == "backlogs read_metrics score"
    assert answer.headers["cache-control"] == "no-store"
    assert deployment.predict(told["access_token"]) == 200


def test_id_and_secret_may_come_as_http_basic(deployment, secret):
    pair = base64.b64encode(f"loan-system:{secret}".encode()).decode()
    answer = deployment.client.post(ADDRESS, data=GRANT, headers={"Authorization": f"Basic {pair}"})
    assert deployment.predict(answer.json()["access_token"]) == 200


def test_a_token_can_be_asked_for_less_and_not_for_more(deployment, secret):
    narrow = deployment.ask(secret, scope="read_metrics")
    assert narrow.json()["scope"] == "read_metrics"
    assert deployment.predict(narrow.json()["access_token"]) == 403
    refused = deployment.ask(secret, scope="score release_notices")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert "release" not in refused.text


def test_a_program_does_nothing_that_needs_a_person(deployment, secret):
    headers = {"Authorization": f"Bearer {deployment.token(secret)}"}
    for path in ("worklist", "applications/c-1", "notices/n-1"):
        answer = deployment.client.get(f"/api/v1/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    tried = {"application": None, "case_id": "c-1", "changes": {"loan_amount_usd": 1}}
    hidden = deployment.client.post("/api/v1/what-if", json=tried, headers=headers)
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"client_secret": "wfs_wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "' OR 1=1 --"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
    ],
)
def test_what_is_refused_is_told_as_oauth_clients_read_it(
    deployment, secret, fields, status, error
):
    answer = deployment.client.post(
        ADDRESS, data=GRANT | {"client_id": "loan-system", "client_secret": secret} | fields
    )
    told = answer.json()
    assert (answer.status_code, told["error"]) == (status, error)
    assert answer.headers["content-type"] == "application/json"
    # Source: RFC 6749, section 5.2.
    assert re.fullmatch(r"[\x20\x21\x23-\x5B\x5D-\x7E]+", told["error_description"])
    assert told["request_id"] == answer.headers["x-request-id"]
    assert secret not in answer.text
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"", {}),
        (b"grant_type=client_credentials", {"Content-Type": "application/json"}),
        (b"grant_type", {}),
        (b"client_id=a&client_secret=b", {}),
        (b"grant_type=client_credentials&client_id=a&client_id=b", {}),
        (b"grant_type=client_credentials&x=\xff", {}),
        (b"grant_type=client_credentials&x=%ff", {}),
        (b"&".join(b"f%d=1" % i for i in range(50)), {}),
        (b"a=" + b"b" * 9000, {}),
        (b"grant_type=client_credentials", {"Authorization": "Digest abc"}),
        (
            b"grant_type=client_credentials&client_secret=x",
            {"Authorization": "Basic YTpi"},
        ),
    ],
)
def test_what_is_no_token_request_is_a_problem(deployment, content, headers):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = deployment.client.post(ADDRESS, content=content, headers=form | headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token_request")
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("given", ["Basic", "Basic !!!", "Basic /w==", "Basic YWJj"])
def test_http_basic_that_cannot_be_read_is_no_client(deployment, given):
    answer = deployment.client.post(ADDRESS, data=GRANT, headers={"Authorization": given})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_that_was_given_back_is_refused(deployment, secret):
    token, other = deployment.token(secret), deployment.token(secret)
    headers = {"Authorization": f"Bearer {token}"}
    assert deployment.client.delete(ADDRESS, headers=headers).status_code == 204
    assert deployment.predict(token) == 401
    assert deployment.client.delete(ADDRESS, headers=headers).status_code == 401
    assert deployment.predict(other) == 200


def test_a_secret_is_no_key_and_a_token_is_no_password(deployment, secret):
    token = deployment.token(secret)
    answer = deployment.client.get("/api/v1/metrics", headers={"X-API-Key": secret})
    assert answer.status_code == 401
    answer = deployment.client.get("/metrics", headers={"Authorization": f"Basic {token}"})
    assert answer.status_code == 401


def test_the_command_stops_a_program_at_once(deployment, secret):
    token = deployment.token(secret)
    deployment.run("disable", "loan-system")
    assert (deployment.predict(token), deployment.ask(secret).status_code) == (401, 401)
    deployment.run("enable", "loan-system")
    assert (deployment.predict(token), deployment.ask(secret).status_code) == (200, 200)
    deployment.run("revoke", "loan-system")
    assert deployment.predict(token) == 401
    assert deployment.predict(deployment.token(secret)) == 200
    renewed = deployment.run("renew", "loan-system").stdout.strip()
    assert deployment.ask(secret).status_code == 401
    assert deployment.ask(renewed).status_code == 200


def test_the_command_lists_programs_and_never_a_secret(deployment, secret):
    deployment.secret("reporting", "--only", "read_metrics", "--days", "7")
    deployment.run("disable", "reporting")
    listed = deployment.run("list").stdout
    first, second = (line.split("\t") for line in listed.splitlines())
    assert first[:3] == ["loan-system", "batch", "backlogs,read_metrics,score"]
    assert second[:3] == ["reporting", "batch", "read_metrics"]
    assert second[-1] == "disabled"
    assert secret not in listed


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "Loan System"),
        ("add", "loan-system"),
        ("add", "a", "--role", "compliance", "--only", "release_notices"),
        ("add", "a", "--only", "decide"),
        ("disable", "nobody"),
        ("renew", "nobody"),
    ],
)
def test_the_command_refuses_what_cannot_be(deployment, secret, arguments):
    with pytest.raises(ClientCommandError, match="expected"):
        deployment.run(*arguments)


def test_secrets_and_tokens_reach_no_log(deployment, secret):
    with structlog.testing.capture_logs() as logs:
        token = deployment.token(secret)
        deployment.ask("wfs_a-wrong-secret")
        deployment.predict(f"{token}x")
        deployment.predict(token)
    told = str(logs)
    assert {"token_issued", "client_refused", "token_refused"} <= {log["event"] for log in logs}
    for word in (secret, "wfs_a-wrong-secret", token, token.split(".")[2]):
        assert word not in told


def test_where_no_tokens_are_given_it_is_told_and_none_is_taken(make_client):
    client = make_client(with_key=False)
    assert client.post(ADDRESS, data=GRANT).status_code == 503
    headers = {"Authorization": "Bearer a.b.c"}
    assert client.get("/api/v1/metrics", headers=headers).status_code == 401


def test_a_configured_key_may_look_like_a_token(make_client):
    client = make_client(with_key=False, metrics_token=SecretStr("a.metrics-token.with-two-dots"))
    client.app.state.tokens = Unreachable()
    given = {"Authorization": "Bearer a.metrics-token.with-two-dots"}
    assert client.get("/metrics", headers=given).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/metrics", "/api/v1/nowhere"])
def test_a_database_that_does_not_answer_refuses_tokens_for_now(make_client, path):
    client = make_client(with_key=False)
    client.app.state.tokens = Unreachable()
    answer = client.get(path, headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")


class Unreachable:
    """Tokens whose database is gone."""

    def principal_of(self, _text):
        raise StoreUnavailableError(found="no answer")
