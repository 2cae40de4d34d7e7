"""People over HTTP: they choose a password, sign in, change it, sign out; and who is kept out."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import structlog
from argon2 import PasswordHasher
from fake_service import app_of_fakes, run_command
from fastapi.testclient import TestClient

from serving.adapters.identity.passwords import Argon2Passwords
from serving.adapters.sql.storage import open_identity
from serving.api.cookies import SESSION_COOKIE
from serving.cases.store_errors import StoreUnavailableError
from serving.identity.errors import PersonCommandError
from serving.settings import Settings
from serving.user_commands import app as command

PASSWORD = "four unrelated harbour lamps"
OTHER = "seven quite other paper boats"


class Deployment:
    """A server, and the command beside it."""

    def __init__(self, client):
        self.client = client

    def run(self, *arguments):
        return run_command(command, *arguments).stdout.strip()

    def post(self, name, body=None, **headers):
        return self.client.post(f"/api/v1/{name}", json=body or {}, headers=headers)

    def login(self, password=PASSWORD, *, person_id="dana", **headers):
        return self.post("login", {"person_id": person_id, "password": password}, **headers)

    def choose(self, key, password=PASSWORD, *, person_id="dana"):
        body = {"person_id": person_id, "one_time_key": key, "new_password": password}
        return self.post("login", body)

    def me(self):
        return self.client.get("/api/v1/me")

    def change(self, token, path="logout", body=None, **headers):
        return self.post(path, body, **{"X-CSRF-Token": token} | headers)


@pytest.fixture
def deployment(tmp_path, sqlite_to_copy, monkeypatch):
    state = Path(shutil.copytree(sqlite_to_copy, tmp_path / "state"))
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(state))
    settings = Settings(lockout_failures=3)
    app = app_of_fakes(settings, identity=partial(open_identity, settings))
    # A cookie that is Secure is sent to an address with TLS only.
    client = TestClient(app, base_url="https://testserver", raise_server_exceptions=False)
    with client:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        app.state.sign_in._passwords = Argon2Passwords(quick)
        yield Deployment(client)


@pytest.fixture
def dana(deployment):
    """A person who has chosen a password, signed out."""
    answer = deployment.choose(deployment.run("add", "dana", "--role", "underwriter"))
    assert answer.status_code == 200, answer.text
    deployment.change(answer.json()["csrf_token"])
    deployment.client.cookies.clear()
    return "dana"


def test_a_person_chooses_a_password_and_signs_in(deployment, dana):
    answer = deployment.login()
    told = answer.json()
    assert (answer.status_code, told["principal_id"], told["role"]) == (200, "dana", "underwriter")
    assert "decide" in told["scopes"]
    assert deployment.me().json() == told
    assert deployment.client.get("/api/v1/worklist").status_code == 200
    assert deployment.client.get("/api/v1/nowhere").status_code == 404
    ready = deployment.client.get("/ready").json()
    assert ready["model_version"]


def test_the_cookie_is_for_this_host_over_tls_and_out_of_reach_of_scripts(deployment, dana):
    answer = deployment.login()
    [(name, cookie)] = SimpleCookie(answer.headers["set-cookie"]).items()
    assert name == SESSION_COOKIE == "__Host-wherefore-session"
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", "36000")
    assert cookie["samesite"].lower() == "strict"
    assert cookie["secure"] is cookie["httponly"] is True
    assert cookie.value not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_each_sign_in_is_a_session_of_its_own(deployment, dana):
    first = deployment.login().cookies[SESSION_COOKIE]
    assert deployment.login().cookies[SESSION_COOKIE] != first


def test_whoever_signs_out_is_out(deployment, dana):
    token = deployment.login().json()["csrf_token"]
    secret = deployment.client.cookies[SESSION_COOKIE]
    left = deployment.change(token)
    assert (left.status_code, left.content) == (204, b"")
    assert SESSION_COOKIE not in deployment.client.cookies
    again = deployment.client.get("/api/v1/me", headers={"Cookie": f"{SESSION_COOKIE}={secret}"})
    assert again.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"person_id": "dana", "password": OTHER},
        {"person_id": "nobody", "password": PASSWORD},
        {"person_id": "dana", "password": ""},
        {"person_id": "dana\0", "password": PASSWORD},
        {"person_id": "' OR 1=1 --", "password": "' OR 1=1 --"},
        {"person_id": "dana", "one_time_key": "wfo_wrong", "new_password": OTHER},
        {"person_id": "nobody", "one_time_key": "wfo_wrong", "new_password": OTHER},
    ],
)
def test_nobody_else_gets_in_and_all_are_told_the_same(deployment, dana, body):
    answer = deployment.post("login", body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (401, "sign_in_refused")
    assert "set-cookie" not in answer.headers
    assert answer.headers["www-authenticate"] == "Bearer"
    same = deployment.post("login", {"person_id": "x", "password": "x"}).json()
    assert problem | {"request_id": ""} == same | {"request_id": ""}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"person_id": "dana"},
        {"password": PASSWORD},
        {"person_id": "dana", "one_time_key": "k"},
        {"person_id": "dana", "new_password": OTHER},
        {"person_id": "dana", "password": PASSWORD, "new_password": OTHER},
        {"person_id": "dana", "password": PASSWORD, "one_time_key": "k", "new_password": OTHER},
        {"person_id": ["dana"], "password": PASSWORD},
        {"person_id": "dana", "password": {"$ne": ""}},
        {"person_id": "dana", "password": "x" * 2000},
        {"person_id": "dana", "password": PASSWORD, "role": "admin"},
    ],
)
def test_what_is_no_sign_in_is_a_problem_that_repeats_nothing(deployment, dana, body):
    answer = deployment.post("login", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert PASSWORD not in answer.text
    assert OTHER not in answer.text


def test_a_sign_in_is_json_and_nothing_a_plain_form_can_send(deployment, dana):
    form = {"person_id": "dana", "password": PASSWORD}
    assert deployment.client.post("/api/v1/login", data=form).status_code == 415
    plain = {"Content-Type": "text/plain"}
    content = f'{{"person_id": "dana", "password": "{PASSWORD}"}}'
    answer = deployment.client.post("/api/v1/login", content=content, headers=plain)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://testserver.attacker.example"},
        {"Origin": "https://testserver:8443"},
        {"Origin": "http://["},
        {"Origin": "https://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_nobody_is_signed_in_from_a_page_of_somebody_else(deployment, dana, headers):
    answer = deployment.login(**headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")


def test_the_own_page_and_programs_may(deployment, dana):
    assert deployment.login(Origin="https://testserver").status_code == 200
    assert deployment.login(**{"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_behind_a_proxy_the_own_origin_is_the_one_of_the_setting(deployment, dana):
    app = deployment.client.app
    app.state.settings = app.state.settings.model_copy(
        update={"public_url": "https://wherefore.example"}
    )
    assert deployment.login(Origin="https://wherefore.example").status_code == 200
    assert deployment.login(Origin="https://testserver").status_code == 403


def test_after_some_failures_it_is_said_when_to_come_back(deployment, dana):
    for _ in range(3):
        assert deployment.login(OTHER).status_code == 401
    locked = deployment.login()
    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_sign_ins")
    assert 0 < int(locked.headers["retry-after"]) <= 15 * 60
    for _ in range(3):
        assert deployment.login(OTHER, person_id="nobody").status_code == 401
    unknown = deployment.login(OTHER, person_id="nobody")
    assert unknown.status_code == 429
    assert set(unknown.json()) == set(locked.json())


def test_many_guesses_at_once_are_no_more_than_one_by_one(deployment, dana):
    with ThreadPoolExecutor(8) as pool:
        found = [each.status_code for each in pool.map(lambda _: deployment.login(OTHER), range(8))]
    assert found.count(401) <= 3
    assert set(found) <= {401, 429, 503}


def test_a_disabled_person_is_out_at_once_and_in_again_when_enabled(deployment, dana):
    deployment.login()
    deployment.run("disable", "dana")
    assert deployment.me().status_code == 401
    assert deployment.login().status_code == 401
    deployment.run("enable", "dana")
    assert deployment.me().status_code == 401
    assert deployment.login().status_code == 200


def test_another_role_ends_the_sessions_and_counts_at_the_next(deployment, dana):
    deployment.login()
    deployment.run("role", "dana", "auditor", "--permit", "export_cases", "--by", "lead-1")
    assert deployment.me().status_code == 401
    assert deployment.login().json()["role"] == "auditor"


def test_the_command_signs_a_person_out(deployment, dana):
    deployment.login()
    deployment.run("sign-out", "dana")
    assert deployment.me().status_code == 401


def test_another_password_is_set_by_who_knows_the_present_one(deployment, dana):
    token = deployment.login().json()["csrf_token"]
    elsewhere = deployment.client.cookies[SESSION_COOKIE]
    deployment.client.cookies.clear()
    token = deployment.login().json()["csrf_token"]
    body = {"password": PASSWORD, "new_password": OTHER}
    wrong = deployment.change(token, "password", body | {"password": OTHER})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    short = deployment.change(token, "password", body | {"new_password": "short"})
    assert (short.status_code, short.json()["code"]) == (422, "password_refused")
    assert "short" not in short.json()["detail"].replace("shorten", "")
    done = deployment.change(token, "password", body)
    assert done.status_code == 200
    assert done.json()["csrf_token"] != token
    assert deployment.me().json()["principal_id"] == "dana"
    cookie = {"Cookie": f"{SESSION_COOKIE}={elsewhere}"}
    deployment.client.cookies.clear()
    assert deployment.client.get("/api/v1/me", headers=cookie).status_code == 401
    assert deployment.login().status_code == 401
    assert deployment.login(OTHER).status_code == 200


def test_a_reset_gives_a_key_that_works_once(deployment, dana):
    key = deployment.run("reset-password", "dana", "--hours", "2")
    assert deployment.login().status_code == 200
    assert deployment.choose(key, OTHER).status_code == 200
    assert deployment.choose(key, PASSWORD).status_code == 401
    assert deployment.login(OTHER).status_code == 200


def test_a_key_that_is_sent_along_goes_before_the_cookie(deployment, dana):
    deployment.login()
    wrong = {"X-API-Key": "wf_wrong"}
    assert deployment.client.get("/api/v1/me", headers=wrong).status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43, "a" * 5000, "%00", '"; Path=/', "\x7f"])
def test_a_cookie_that_nobody_was_given_is_nobody(deployment, dana, cookie):
    deployment.login()
    deployment.client.cookies.clear()
    headers = {"Cookie": f"{SESSION_COOKIE}={cookie}"}
    assert deployment.client.get("/api/v1/me", headers=headers).status_code == 401


def test_the_command_lists_people_and_never_a_password(deployment, dana):
    key = deployment.run("add", "sam", "--role", "compliance", "--permit", "enter_monitoring")
    deployment.run("disable", "sam")
    listed = deployment.run("list")
    assert [line.split("\t") for line in listed.splitlines()] == [
        ["dana", "underwriter", "", "password"],
        ["sam", "compliance", "enter_monitoring", "one-time key", "disabled"],
    ]
    assert key not in listed


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "Dana Whitlow"),
        ("add", "dana"),
        ("add", "sam", "--permit", "release_notices"),
        ("role", "nobody", "auditor"),
        ("role", "dana", "auditor", "--permit", "decide"),
        ("disable", "nobody"),
        ("enable", "nobody"),
        ("reset-password", "nobody"),
        ("sign-out", "nobody"),
    ],
)
def test_the_command_refuses_what_cannot_be(deployment, dana, arguments):
    with pytest.raises(PersonCommandError, match="expected"):
        deployment.run(*arguments)


def test_passwords_keys_and_cookies_reach_no_log(deployment):
    with structlog.testing.capture_logs() as logs:
        key = deployment.run("add", "dana")
        deployment.choose(key)
        token = deployment.login().json()["csrf_token"]
        secret = deployment.client.cookies[SESSION_COOKIE]
        deployment.login(OTHER)
        deployment.change("wrong")
        deployment.change(token)
    assert {"signed_in", "sign_in_refused"} <= {log["event"] for log in logs}
    for word in (key, PASSWORD, OTHER, token, secret):
        assert word not in str(logs)


def test_where_nobody_can_sign_in_it_is_told(make_client):
    client = make_client(with_key=False)
    body = {"person_id": "dana", "password": PASSWORD}
    assert client.post("/api/v1/login", json=body).status_code == 503
    cookie = {"Cookie": f"{SESSION_COOKIE}=x"}
    assert client.get("/api/v1/me", headers=cookie).status_code == 401


def test_a_database_that_does_not_answer_refuses_sessions_for_now(make_client):
    client = make_client(with_key=False)
    client.app.state.sign_in = Unreachable()
    answer = client.get("/api/v1/me", headers={"Cookie": f"{SESSION_COOKIE}=x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")


class Unreachable:
    """Sessions whose database is gone."""

    def session_of(self, _secret):
        raise StoreUnavailableError(found="no answer")
