"""Cases over HTTP: people with a key each, both databases, and a time that tests set."""

import json
import shutil
import threading
import uuid
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from captured_logs import captured_logs
from denials import denial_of
from fastapi.testclient import TestClient

from serving.adapters.fake import FakePredictor
from serving.adapters.memory_cases import MemoryStorage
from serving.adapters.memory_monitoring import MemoryMonitoringStore
from serving.adapters.sql.storage import open_monitoring, open_storage
from serving.app import create_app
from serving.identity.person import Person
from serving.identity.scopes import Scope
from serving.keys import add_key, open_api_keys
from serving.settings import Settings

START = datetime(2026, 11, 20, 15, tzinfo=UTC)
PEOPLE = (
    Person(person_id="underwriter-1", role="underwriter"),
    Person(person_id="compliance-2", role="compliance"),
    Person(
        person_id="intake-3",
        role="batch",
        permissions=frozenset({Scope.ENTER_MONITORING}),
        only=frozenset({Scope.ENTER_MONITORING}),
    ),
)
RECEIVE = {
    "application": {
        "id": "ref-1",
        "text": "Asks for $24,000. Debts take 61% of her income, after a Chapter 7.",
        "product": "personal",
        "loan_amount_usd": 24000,
    },
    **json.loads((Path(__file__).parents[2] / "data" / "received_case.json").read_text("utf-8")),
}


class Bench:
    """The API as three people use it: an underwriter, a compliance officer, somebody at intake."""

    def __init__(self, clients, clock):
        self.underwriter, self.compliance, self.intake = clients
        self.clock = clock

    def go_to(self, day):
        self.clock[0] = datetime.fromisoformat(day).replace(hour=17, tzinfo=UTC)

    def post(self, path, body=None, *, by=None, status=200):
        answer = (by or self.underwriter).post(f"/api/v1/{path}", json=body or {})
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path, *, status=200):
        answer = self.underwriter.get(f"/api/v1/{path}")
        assert answer.status_code == status, answer.text
        return answer.json()

    def receive(self, **changes):
        return self.post("applications", RECEIVE | changes, status=201)["case_id"]

    def assessed(self, **changes):
        case_id = self.receive(**changes)
        self.post(f"applications/{case_id}/complete")
        self.post(f"applications/{case_id}/assess")
        return case_id

    def denied(self, **changes):
        case_id = self.assessed(**changes)
        return case_id, self.post("decisions", self.denial(case_id), status=201)

    def denial(self, case_id):
        return denial_of(case_id, self.get(f"applications/{case_id}")["assessment"])

    def drafted(self, **fields):
        case_id, _ = self.denied()
        drafted = self.post("notices", {"case_id": case_id} | fields, status=201)
        return case_id, drafted["notice_id"]

    def released(self):
        case_id, notice_id = self.drafted()
        self.post(f"notices/{notice_id}/check")
        self.post(f"notices/{notice_id}/release", by=self.compliance)
        return case_id, notice_id


@pytest.fixture
def logged(capsys):
    """Everything logged or printed so far."""
    with captured_logs() as stream:

        def read():
            printed = capsys.readouterr()
            return stream.getvalue() + printed.out + printed.err

        yield read


@pytest.fixture
def receive_body():
    """A request that opens a case."""
    return RECEIVE


def _upgrade(settings):
    with open_storage(settings), open_monitoring(settings):
        pass


@pytest.fixture(scope="session")
def sqlite_to_copy(tmp_path_factory):
    """A state folder with both databases, upgraded and empty: to make them takes a while."""
    state = tmp_path_factory.mktemp("sqlite") / "state"
    _upgrade(Settings(state_dir=state))
    return state


@pytest.fixture(scope="session")
def postgres_to_copy(tmp_path_factory, postgres):
    """The same with both databases on PostgreSQL, and their URLs."""
    state = tmp_path_factory.mktemp("postgres") / "state"
    names = [f"template_{uuid.uuid4().hex}" for _ in ("cases", "monitoring")]
    for name in names:
        postgres.execute(f'CREATE DATABASE "{name}"')
    urls = [postgres.url(name) for name in names]
    _upgrade(Settings(state_dir=state, database_url=urls[0], monitoring_database_url=urls[1]))
    return state, urls


@pytest.fixture
def stored_on_postgres(tmp_path, postgres_to_copy, make_database):
    """Settings that name a state folder and databases on PostgreSQL of their own, both empty."""
    template, urls = postgres_to_copy
    cases, monitoring = (make_database(copy_of=url) for url in urls)
    state = Path(shutil.copytree(template, tmp_path / "state"))
    return Settings(state_dir=state, database_url=cases, monitoring_database_url=monitoring)


@pytest.fixture(params=["sqlite", "postgresql"])
def stored(request, tmp_path):
    """Settings that name a state folder and databases of their own, of either kind, both empty."""
    if request.param == "postgresql":
        return request.getfixturevalue("stored_on_postgres")
    template = request.getfixturevalue("sqlite_to_copy")
    return Settings(state_dir=Path(shutil.copytree(template, tmp_path / "state")))


@pytest.fixture
def open_bench():
    """Opens the API for three people: over the databases of settings, or in memory."""
    with ExitStack() as stack:
        yield partial(_open_bench, stack)


def _open_bench(stack, settings, *, in_memory=False, predictor=None, clock=None):
    keys = [add_key(settings.state_dir, person).get_secret_value() for person in PEOPLE]
    clock, turn = clock or [START], threading.Lock()

    def now():
        with turn:  # commands run on several threads
            clock[0] += timedelta(seconds=1)
            return clock[0]

    storage, monitoring = partial(open_storage, settings), partial(open_monitoring, settings)
    if in_memory:
        storage, monitoring = partial(nullcontext, MemoryStorage()), _in_memory
    app = create_app(
        settings,
        predictor=predictor or FakePredictor(),
        keys=open_api_keys(settings.state_dir),
        storage=storage,
        monitoring=monitoring,
        now=now,
    )
    clients = [
        TestClient(app, raise_server_exceptions=False, headers={"X-API-Key": key}) for key in keys
    ]
    stack.enter_context(clients[0])
    return Bench(clients, clock)


def _in_memory():
    return nullcontext(MemoryMonitoringStore())


@pytest.fixture
def bench(stored, open_bench):
    """The API over cases in one of the two databases, which are there until it has ended."""
    return open_bench(stored)
