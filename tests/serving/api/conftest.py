"""Cases over HTTP: two people with a key each, and a time that tests set."""

import io
import logging
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from fastapi.testclient import TestClient

from serving.adapters.fake import FakePredictor
from serving.adapters.memory_cases import MemoryStorage
from serving.app import create_app
from serving.keys import Person, add_key, open_api_keys
from serving.logs import configure_logs
from serving.settings import Settings

START = datetime(2026, 11, 20, 15, tzinfo=UTC)
PEOPLE = {"underwriter-1": "underwriter", "compliance-2": "compliance"}
RECEIVE = {
    "application": {
        "id": "ref-1",
        "text": "Asks for $24,000. Debts take 61% of her income, after a Chapter 7.",
        "product": "personal",
        "loan_amount_usd": 24000,
    },
    "applicants": [
        {
            "consumer_id": "consumer-1",
            "name": "Dana Whitlow",
            "address_lines": ["18 Alder Court, Apt. 3", "Millbrook, OH 43299"],
        }
    ],
    "transaction": {"description": "a personal loan"},
    "creditors": [
        {
            "name": "Quarry Street Finance Company",
            "address_lines": ["400 Quarry Street, Suite 12", "Millbrook, OH 43299"],
            "creditor_type": "other_creditor",
            "telephone": "(614) 555-0130",
        }
    ],
    "time_zone": "America/New_York",
}


class Bench:
    """The API as two people use it."""

    def __init__(self, clients, clock):
        self.underwriter, self.compliance = clients
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
        found = self.get(f"applications/{case_id}")["assessment"]
        return {
            "case_id": case_id,
            "outcome": "deny",
            "path": "score",
            "reasons": [
                {"reason": reason["reason"], "provenance": "model"}
                for reason in found["principal_reasons"]
            ],
            "review_answers": [
                {"reason": reason["reason"], "accepted": False}
                for reason in found["review_reasons"]
            ],
        }

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
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(stream)

    def read():
        printed = capsys.readouterr()
        return stream.getvalue() + printed.out + printed.err

    yield read
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def receive_body():
    """A request that opens a case."""
    return RECEIVE


@pytest.fixture
def open_bench(tmp_path):
    """Opens the API over a store for two people."""
    opened = []

    def bench(storage=None, **options):
        state = tmp_path / "state"
        for person_id, role in PEOPLE.items():
            key = add_key(state, Person(person_id=person_id, role=role))
            opened.append((person_id, key.get_secret_value()))
        clock = [START]

        def now():
            clock[0] += timedelta(seconds=1)
            return clock[0]

        settings = Settings(state_dir=state, **options)
        app = create_app(
            settings,
            predictor=FakePredictor(),
            keys=open_api_keys(state),
            storage=storage or (lambda: nullcontext(MemoryStorage())),
            now=now,
        )
        clients = [
            TestClient(app, raise_server_exceptions=False, headers={"X-API-Key": key})
            for _, key in opened
        ]
        entered.append(clients[0].__enter__())
        return Bench(clients, clock)

    entered = []
    yield bench
    for client in entered:
        client.__exit__(None, None, None)


@pytest.fixture
def bench(open_bench):
    """The API over cases in memory."""
    return open_bench()
