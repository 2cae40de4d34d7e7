"""The whole API over real stores, with a key of every role, a program, and cases to ask about."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from denials import denial_of
from fastapi import FastAPI
from fastapi.testclient import TestClient
from request_bodies import RECEIVE

from serving.adapters.fake import FakePredictor
from serving.adapters.sql.storage import open_identity, open_monitoring, open_storage
from serving.app import create_app
from serving.identity.client_rules import entered
from serving.identity.person import Person
from serving.identity.scopes import OF_ROLES, Role, Scope
from serving.identity.secret import digest_of, new_secret
from serving.keys import add_key, open_api_keys
from serving.settings import Settings

PATIENCE_S = 120
CLERK = "clerk"
COLLEAGUE = "underwriter-2"
PROGRAM = "loan-system"
ROWS = b'{"id": "r-1", "text": "Debts."}\n{"id": "r-2", "text": "a\\u0000b"}\n'
UNLIMITED = {
    f"limit_{name}": "off" for name in ("predict", "batch", "backlogs", "sign_in", "other")
}


class House:
    """The API with somebody of every role at it.

    Attributes:
        app: the application.
        client: a client of it without credentials.
        keys: the API key of everybody, by role or name.
        secret: the secret of a program.
        token: its token.
    """

    def __init__(
        self, app: FastAPI, client: TestClient, *, keys: Mapping[str, str], secret: str
    ) -> None:
        """Takes the running application and everybody's credentials."""
        self.app, self.client, self.keys, self.secret = app, client, keys, secret
        self.token = ""
        self.renew_token()

    def renew_token(self) -> None:
        """Gives the program another token."""
        asked = {"grant_type": "client_credentials", "client_id": PROGRAM}
        form = asked | {"client_secret": self.secret}
        self.token = self.client.post("/api/v1/token", data=form).json()["access_token"]

    @property
    def everybody(self) -> list[str | None]:
        """All principals; None is who has no credentials."""
        return [*self.keys, PROGRAM, None]

    def headers(self, who: str | None) -> dict[str, str]:
        """Returns the credentials of somebody."""
        if who == PROGRAM:
            return {"Authorization": f"Bearer {self.token}"}
        return {} if who is None else {"X-API-Key": self.keys[who]}

    def send(self, who: str | None, route: str, **kwargs: Any) -> Any:
        """Sends a request, `METHOD PATH`, as somebody."""
        method, _, path = route.partition(" ")
        headers = self.headers(who) | dict(kwargs.pop("headers", {}))
        return self.client.request(method, path, headers=headers, **kwargs)

    def post(self, who: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Posts to `/api/v1/` what must succeed."""
        answer = self.send(who, f"POST /api/v1/{path}", json={} if body is None else body)
        assert answer.status_code == status, f"{path}: {answer.text}"
        return answer.json()

    def denied(self, who: str = Role.UNDERWRITER, **changes: Any) -> dict[str, str]:
        """Returns the ids of a denied case with a draft."""
        case_id = self.post(who, "applications", RECEIVE | changes, status=201)["case_id"]
        self.post(who, f"applications/{case_id}/complete")
        found = self.post(who, f"applications/{case_id}/assess")["assessment"]
        denial = denial_of(case_id, found)
        decided = self.post(who, "decisions", denial, status=201)
        drafted = self.post(who, "notices", {"case_id": case_id}, status=201)
        return {
            "case_id": case_id,
            "decision_id": decided["decision"]["decision_id"],
            "notice_id": drafted["notice_id"],
        }

    def release(self, ids: Mapping[str, str], *, by: str = Role.COMPLIANCE) -> None:
        """Checks and releases the notice of a case."""
        self.post(Role.UNDERWRITER, f"notices/{ids['notice_id']}/check")
        self.post(by, f"notices/{ids['notice_id']}/release")

    def backlog(self, who: str = Role.BATCH, rows: bytes = ROWS) -> str:
        """Returns the id of a backlog that is done."""
        kind = {"Content-Type": "application/x-ndjson"}
        answer = self.send(who, "POST /api/v1/backlogs", content=rows, headers=kind)
        assert answer.status_code == 202, answer.text
        backlog_id = answer.json()["backlog_id"]
        until = time.monotonic() + PATIENCE_S
        while self.send(who, f"GET /api/v1/backlogs/{backlog_id}").json()["status"] != "completed":
            assert time.monotonic() < until, "the backlog does not end"
            time.sleep(0.02)
        return str(backlog_id)


@contextmanager
def open_house(
    state: Path, *, predictor: Any = None, tracing: Any = None, **options: Any
) -> Iterator[House]:
    """Opens the API over SQLite files in a folder; options are settings."""
    settings = Settings(state_dir=state, **UNLIMITED | options)
    keys = {str(role): _key(state, Person(person_id=f"{role}-1", role=role)) for role in OF_ROLES}
    keys[COLLEAGUE] = _key(state, Person(person_id=COLLEAGUE))
    only = frozenset({Scope.ENTER_MONITORING})
    clerk = Person(person_id="clerk-1", role="batch", permissions=only, only=only)
    keys[CLERK] = _key(state, clerk)
    secret = _enter_program(settings)
    app = create_app(
        settings,
        predictor=predictor or FakePredictor(),
        keys=open_api_keys(state),
        storage=partial(open_storage, settings),
        monitoring=partial(open_monitoring, settings),
        identity=partial(open_identity, settings),
        tracing=tracing,
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield House(app, client, keys=keys, secret=secret)


def _key(state: Path, person: Person) -> str:
    return add_key(state, person).get_secret_value()


def _enter_program(settings: Settings) -> str:
    secret = new_secret().get_secret_value()
    with open_identity(settings) as store:
        program = entered(PROGRAM, role=Role.BATCH, only=None, days=1)
        store.add_client(program, secret_sha256=digest_of(secret))
    return secret


def ids_of(house: House) -> dict[str, str]:
    """Returns ids of a released case, of its decision and notice, and of a backlog that is done."""
    ids = house.denied()
    house.release(ids)
    ids["backlog_id"] = house.backlog()
    return ids
