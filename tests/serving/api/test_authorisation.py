"""Who may do what: every route against every role and every owner, as declared and no other way."""

import shutil
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from denials import denial_of
from fake_service import app_of_fakes
from fastapi.testclient import TestClient

from serving.adapters.memory_monitoring import MemoryMonitoringStore
from serving.adapters.sql.storage import open_identity
from serving.api.access import PUBLIC, SCOPES, SIGNED_IN, name_of
from serving.api.cookies import SESSION_COOKIE
from serving.api.guarded_route import GuardedRoute
from serving.cases.events import Actor
from serving.identity.accounts import Account, cross_site_token_of
from serving.identity.person import Person
from serving.identity.principal import Principal, PrincipalKind
from serving.identity.scopes import GRANTED_ALONE, OF_ROLES, Role, Scope
from serving.keys import add_key
from serving.settings import Settings

COLLEAGUE = "underwriter-2"
PROOFS = ("api_key", "session")
OWNERS = ("own", "another", "nobody")
MONITORING = {
    "asked_under": "regulation_b",
    "taken_by": "in_person",
    "applicants": [
        {"consumer_id": "consumer-1"}
        | {name: {"origin": "declined"} for name in ("ethnicity", "race", "sex")}
        | {name: {"origin": "declined"} for name in ("marital_status", "age_years")}
    ],
}
LAST = ("discard", "reopen", "retain", "purge")
"""What takes away what the other routes ask for."""


class House:
    """The API with a person of every role, and a second underwriter, each with a key and signed in.

    Whoever is there twice is one person: the same id has both.
    """

    def __init__(self, app, client, keys, sessions):
        self.app, self.client, self.keys, self.sessions = app, client, keys, sessions

    def send(self, who, route, ids, *, body=None, proof="api_key"):
        method, _, template = route.partition(" ")
        given = None if method in {"GET", "DELETE"} else body or {}
        headers = {} if who is None else self.headers(who, proof)
        return self.client.request(method, template.format(**ids), json=given, headers=headers)

    def headers(self, who, proof):
        if proof == "api_key":
            return {"X-API-Key": self.keys[who]}
        secret = self.sessions[who]
        return {
            "Cookie": f"{SESSION_COOKIE}={secret}",
            "X-CSRF-Token": cross_site_token_of(secret),
        }

    def decided(self, owner, receive):
        """A denied case with a draft, in the queue of an owner."""

        def post(path, body=None):
            return self.send(owner, f"POST /api/v1/{path}", {}, body=body)

        case_id = post("applications", receive).json()["case_id"]
        post(f"applications/{case_id}/complete")
        found = post(f"applications/{case_id}/assess").json()["assessment"]
        denial = denial_of(case_id, found)
        decided = post("decisions", denial)
        assert decided.status_code == 201, decided.text
        drafted = post("notices", {"case_id": case_id})
        assert drafted.status_code == 201, drafted.text
        return {
            "case_id": case_id,
            "decision_id": decided.json()["decision"]["decision_id"],
            "notice_id": drafted.json()["notice_id"],
        }, denial


@pytest.fixture(scope="module")
def house(tmp_path_factory, sqlite_to_copy):
    state = Path(shutil.copytree(sqlite_to_copy, tmp_path_factory.mktemp("house") / "state"))
    settings = Settings(state_dir=state)
    people = {role: Person(person_id=f"{role}-1", role=role) for role in OF_ROLES}
    people[COLLEAGUE] = Person(person_id=COLLEAGUE)
    people["clerk"] = Person(
        person_id="clerk-1",
        role="batch",
        permissions=frozenset({Scope.ENTER_MONITORING}),
        only=frozenset({Scope.ENTER_MONITORING}),
    )
    keys = {who: add_key(state, person).get_secret_value() for who, person in people.items()}
    app = app_of_fakes(
        settings,
        monitoring=lambda: nullcontext(MemoryMonitoringStore()),
        identity=partial(open_identity, settings),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        sessions = {who: signed_in(app, people[who]) for who in [*OF_ROLES, COLLEAGUE]}
        yield House(app, client, keys, sessions)


def signed_in(app, person):
    """The secret of a session of a person who was entered just now."""
    account = Account(person_id=person.person_id, role=person.role, created_at=datetime.now(UTC))
    app.state.sign_in.people.add(account, by=Actor(actor_id="operator", role="operator"))
    return app.state.sign_in.begin_session(account).secret.get_secret_value()


def routes_of(app):
    """Every route with its class, those of included routers too."""
    for route in app.routes:
        contexts = getattr(route, "effective_route_contexts", None)
        for found in contexts() if contexts else [route]:
            yield found, getattr(found, "original_route", found)


def test_every_route_declares_its_scope_or_is_public(house):
    listed = set()
    for found, original in routes_of(house.app):
        if found.path == "/docs/assets":
            continue
        for method in found.methods:
            name = name_of(method, found.path)
            assert [name in each for each in (SCOPES, PUBLIC, SIGNED_IN)].count(True) == 1, name
            assert name in PUBLIC or isinstance(original, GuardedRoute), name
            listed.add(name)
    assert listed == PUBLIC | SIGNED_IN | set(SCOPES)


def test_what_answers_anybody_is_what_was_laid_down(house):
    assert {
        "GET /health",
        "GET /ready",
        "GET /docs",
        "GET /openapi.json",
        "GET /api/v1/categories",
        "POST /api/v1/token",
        "POST /api/v1/login",
        "GET /api/v1/login/oidc",
        "GET /api/v1/login/oidc/callback",
    } == PUBLIC
    for name in {name for name in PUBLIC if "login" not in name} - {"POST /api/v1/token"}:
        assert house.send(None, name, {}).status_code == 200, name
    asked = house.send(None, "POST /api/v1/token", {})
    assert (asked.status_code, asked.json()["code"]) == (400, "invalid_token_request")
    asked = house.send(None, "POST /api/v1/login", {})
    assert (asked.status_code, asked.json()["code"]) == (422, "invalid_request")
    for name in ("GET /api/v1/login/oidc", "GET /api/v1/login/oidc/callback"):
        asked = house.send(None, name, {})
        assert (asked.status_code, asked.json()["code"]) == (404, "no_issuer")
    assert house.send(None, "GET /ready", {}).json() == {"status": "ready", "model_version": None}


@pytest.mark.parametrize(
    "route",
    [
        *SCOPES,
        *sorted(SIGNED_IN),
        "GET /",
        "GET /api/v1/nowhere",
        "GET /docs/assets/none.js",
        "POST /health",
        "GET /api/v1/predict",
        "PUT /api/v1/applications",
        "GET /.env",
        "TRACE /metrics",
    ],
)
def test_everything_else_is_401_without_credentials(house, route):
    ids = dict.fromkeys(["case_id", "decision_id", "notice_id", "backlog_id"], "x")
    answer = house.send(None, route, ids | {"explanation_id": "x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def bodies(ids, denial):
    """A body for each route that takes one, such that only what is stored can be in the way."""
    of_case = {"case_id": ids["case_id"]}
    application = {"application": {"text": "Debts."}}
    return {
        "POST /api/v1/predict": {"text": "Debts."},
        "POST /api/v1/batch-predict": {"applications": [{"text": "Debts."}]},
        "POST /api/v1/what-if": of_case | {"changes": {"loan_amount_usd": 20000}},
        "POST /api/v1/what-if/recourse": of_case | {"reason": "bankruptcy"},
        "POST /api/v1/explanations": application | {"method": "rollout", "unit": "wrong"},
        "POST /api/v1/decisions": denial,
        "POST /api/v1/decisions/{decision_id}/reopen": {"cause": "a pay stub came in late"},
        "POST /api/v1/notices": of_case,
        "POST /api/v1/notices/all": of_case,
        "POST /api/v1/notices/{notice_id}/discard": {"cause": "wrong address on file"},
        "POST /api/v1/notices/{notice_id}/sent": {"channel": "mailed"},
        "POST /api/v1/applications/{case_id}/approval-told": {"channel": "oral"},
        "POST /api/v1/applications/{case_id}/counteroffer-told": {"terms": [], "channel": "oral"},
        "POST /api/v1/applications/{case_id}/counteroffer-answer": {"accepted": True},
        "POST /api/v1/applications/{case_id}/holds": {"hold_id": "suit-7"},
        "POST /api/v1/applications/{case_id}/holds/lift": {"hold_id": "suit-7"},
        "POST /api/v1/applications/{case_id}/assign": {"person_id": None},
        "POST /api/v1/applications/{case_id}/file": {
            "cause": "they gave us an address",
            "applicants": [{"consumer_id": "consumer-1", "email": "dana@example.org"}],
        },
        "POST /api/v1/applications/{case_id}/consents": {"consents": []},
        "POST /api/v1/monitoring/{case_id}": MONITORING,
    }


OF_A_CASE = {
    name
    for name in SCOPES
    if any(part in name for part in ("{case_id}", "{decision_id}", "{notice_id}", "what-if"))
} | {"POST /api/v1/decisions", "POST /api/v1/notices", "POST /api/v1/notices/all"}


def in_order(name):
    """Readings first, and last what takes things away."""
    rank = [position for position, word in enumerate(LAST, start=2) if name.endswith(word)]
    return (rank[0] if rank else int(not name.startswith("GET")), name)


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("proof", PROOFS)
def test_each_role_gets_what_is_declared_for_each_route_and_owner(
    house, receive_body, role, owner, proof
):
    owning = Role.UNDERWRITER if owner == "own" else COLLEAGUE
    ids, denial = house.decided(owning, receive_body)
    assign = "POST /api/v1/applications/{case_id}/assign"
    if owner == "nobody":
        house.send(COLLEAGUE, assign, ids, body={"person_id": None})
    sees = Scope.SEE_ALL_CASES in OF_ROLES[role] or (
        Scope.READ_CASES in OF_ROLES[role] and owner != "another"
    )
    ids |= {"backlog_id": "b-none", "explanation_id": "e-none"}
    for name in sorted(SCOPES, key=in_order):
        if name == assign and owner == "own":
            continue  # Nobody's cases come below; giving this one away would end the ownership.
        answer = house.send(role, name, ids, body=bodies(ids, denial).get(name), proof=proof)
        found, what = answer.status_code, f"{role} {proof} {name} {owner}: {answer.text[:200]}"
        assert found < 500, what
        if SCOPES[name] not in OF_ROLES[role]:
            assert (found, answer.json()["code"]) == (403, "not_permitted"), what
        elif name in OF_A_CASE and name != "POST /api/v1/notices/check":
            assert (found == 404) == (not sees), what
            if found == 404:
                assert answer.json()["code"] == "not_stored", what
        elif "none" not in name.format(**ids):
            assert found not in {401, 403, 404}, what


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("proof", PROOFS)
def test_everybody_is_told_who_they_are_and_by_what(house, role, proof):
    told = house.send(role, "GET /api/v1/me", {}, proof=proof).json()
    assert (told["principal_id"], told["role"], told["proof"]) == (f"{role}-1", role, proof)
    assert told["scopes"] == sorted(OF_ROLES[role])
    assert (told["csrf_token"] is None) == (told["expires_at"] is None) == (proof == "api_key")


@pytest.mark.parametrize("route", ["POST /api/v1/logout", "POST /api/v1/password"])
def test_what_is_of_a_session_is_refused_to_a_key(house, route):
    body = {"password": "x", "new_password": "x"}
    answer = house.send(Role.COMPLIANCE, route, {}, body=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "no_session")


@pytest.mark.parametrize("name", [*SCOPES, *sorted(SIGNED_IN)])
def test_no_change_is_taken_from_a_page_of_somebody_else(house, name):
    """The cookie alone, as a browser would send it for whatever page asks."""
    method, _, template = name.partition(" ")
    path = template.replace("{", "").replace("}", "")
    own = house.headers(Role.COMPLIANCE, "session")
    cookie, elsewhere = {"Cookie": own["Cookie"]}, {"Origin": "https://attacker.example"}
    tried = [cookie, cookie | elsewhere, own | elsewhere, own | {"Origin": "null"}]
    tried += [own | {"Sec-Fetch-Site": "cross-site"}, own | {"Sec-Fetch-Site": "same-site"}]
    tried += [cookie | {"X-CSRF-Token": house.sessions[COLLEAGUE]}]
    for headers in tried:
        answer = house.client.request(method, path, headers=headers)
        is_refused = answer.status_code == 403 and answer.json()["code"] == "cross_site_request"
        assert is_refused == (method != "GET"), (headers, answer.text)


def test_somebody_elses_case_is_answered_as_one_that_is_not_there(house, receive_body):
    ids, _ = house.decided(COLLEAGUE, receive_body)
    nothing = {"case_id": "c-none", "decision_id": "d-none", "notice_id": "n-none"}

    def told(name, these):
        problem = house.send(Role.UNDERWRITER, name, these).json()
        return {key: value for key, value in problem.items() if key != "request_id"}

    for name in sorted(OF_A_CASE):
        if name.startswith("GET") and SCOPES[name] is Scope.READ_CASES and "}" in name:
            assert told(name, ids) == told(name, nothing)


def test_the_worklist_of_an_underwriter_is_the_own_queue_and_what_nobody_works_on(
    house, receive_body
):
    own, another, given_back = (
        house.decided(who, receive_body)[0]["case_id"]
        for who in (Role.UNDERWRITER, COLLEAGUE, COLLEAGUE)
    )
    assign = f"POST /api/v1/applications/{given_back}/assign"
    house.send(COLLEAGUE, assign, {}, body={"person_id": None})

    def listed(who, query=""):
        found = house.send(who, f"GET /api/v1/worklist?limit=500{query}", {})
        lines = found.json()["entries"]
        return {line["entry"]["case_id"] for line in lines}

    assert {own, given_back} <= listed(Role.UNDERWRITER)
    assert another not in listed(Role.UNDERWRITER)
    assert listed(Role.UNDERWRITER, f"&assigned_to={COLLEAGUE}") == set()
    assert {own, another, given_back} <= listed(Role.COMPLIANCE)
    assert {own, another, given_back} <= listed(Role.AUDITOR)


def test_a_case_that_is_handed_over_changes_queues(house, receive_body):
    ids, _ = house.decided(Role.UNDERWRITER, receive_body)
    path = "GET /api/v1/applications/{case_id}"
    assert house.send(COLLEAGUE, path, ids).status_code == 404
    assign = "POST /api/v1/applications/{case_id}/assign"
    handed = house.send(Role.COMPLIANCE, assign, ids, body={"person_id": COLLEAGUE})
    assert handed.status_code == 200
    assert house.send(COLLEAGUE, path, ids).status_code == 200
    assert house.send(Role.UNDERWRITER, path, ids).status_code == 404


def test_who_gives_a_case_away_is_told_that_it_was_given(house, receive_body):
    ids, _ = house.decided(Role.UNDERWRITER, receive_body)
    assign = "POST /api/v1/applications/{case_id}/assign"
    handed = house.send(Role.UNDERWRITER, assign, ids, body={"person_id": COLLEAGUE})
    assert (handed.status_code, handed.json().get("case_id")) == (200, ids["case_id"])
    again = house.send(Role.UNDERWRITER, assign, ids, body={"person_id": Role.UNDERWRITER})
    assert again.status_code == 404


def assigned(client, key, receive, person_id):
    """The status of handing a new case to somebody."""
    headers = {"X-API-Key": key}
    case_id = client.post("/api/v1/applications", json=receive, headers=headers).json()["case_id"]
    path, body = f"/api/v1/applications/{case_id}/assign", {"person_id": person_id}
    return client.post(path, json=body, headers=headers).status_code


def test_a_case_is_handed_to_nobody_but_who_has_a_key_or_can_sign_in(house, receive_body):
    signed_in(house.app, Person(person_id="dana"))
    hand_to = partial(assigned, house.client, house.keys[Role.COMPLIANCE], receive_body)
    assert [hand_to(who) for who in ("clerk-1", "dana", "nobody-9")] == [200, 200, 422]
    people, by = house.app.state.sign_in.people, Actor(actor_id="operator", role="operator")
    people.disable("dana", True, by=by, at=datetime.now(UTC))
    assert hand_to("dana") == 422


def test_who_will_come_from_an_issuer_can_be_handed_a_case(tmp_path, receive_body):
    settings = Settings(
        state_dir=tmp_path / "state",
        oidc_issuer="https://issuer.example",
        oidc_client_id="wherefore",
        oidc_roles="loan-officers=underwriter",
        public_url="https://wherefore.example",
    )
    key = add_key(settings.state_dir, Person(person_id="kim")).get_secret_value()
    with TestClient(app_of_fakes(settings), raise_server_exceptions=False) as client:
        assert assigned(client, key, receive_body, "not-here-yet") == 200


def test_a_refusal_says_to_programs_what_is_missing(house):
    refused = house.send(Role.ADMIN, "GET /api/v1/worklist", {})
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


def test_monitoring_data_are_entered_by_who_was_given_it_and_reads_no_case(house, receive_body):
    ids, _ = house.decided(Role.UNDERWRITER, receive_body)
    route = "POST /api/v1/monitoring/{case_id}"
    for role in Role:
        assert house.send(role, route, ids, body=MONITORING).status_code == 403
    reached = house.send("clerk", route, ids, body=MONITORING)
    assert reached.json()["code"] in {"invalid_monitoring", "monitoring_not_asked_for"}
    assert house.send("clerk", "GET /api/v1/applications/{case_id}", ids).status_code == 403


def test_what_must_stay_apart_stays_apart():
    brought = {role: OF_ROLES[role] for role in Role}
    for role, scopes in brought.items():
        assert not {Scope.DECIDE, Scope.RELEASE_NOTICES} <= scopes, role
        assert Scope.ENTER_MONITORING not in scopes, role
    assert brought[Role.ADMIN] == {Scope.READ_METRICS}
    assert brought[Role.BATCH] == {Scope.SCORE, Scope.BACKLOGS, Scope.READ_METRICS}
    changes = {Scope.WRITE_CASES, Scope.DECIDE, Scope.WRITE_NOTICES, Scope.KEEP_RECORDS}
    assert not brought[Role.AUDITOR] & (changes | {Scope.RELEASE_NOTICES})
    assert {Scope.EXPORT_CASES, Scope.ENTER_MONITORING} == GRANTED_ALONE


def test_a_program_never_decides_or_releases_whatever_it_was_given():
    program = Principal(
        principal_id="p", role="compliance", scopes=frozenset(Scope), kind=PrincipalKind.MACHINE
    )
    allowed = {scope for scope in Scope if program.may(scope)}
    assert allowed == {Scope.SCORE, Scope.BACKLOGS, Scope.READ_METRICS}
    assert not program.sees_case_of(None)
