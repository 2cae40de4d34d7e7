"""Stores of cases: in memory, in SQLite and in PostgreSQL; and files and cases to put in."""

import hashlib
import uuid
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.domain.taxonomy import DenialReason
from serving.adapters.memory_cases import MemoryStorage
from serving.adapters.sql.contents import tables_of
from serving.adapters.sql.engine import writing
from serving.adapters.sql.storage import open_databases, open_monitoring, open_storage
from serving.cases import events as ev
from serving.cases import keeping_events as keeping_ev
from serving.cases import notice_events as notice_ev
from serving.cases.application_file import (
    Applicant,
    ApplicantRole,
    Document,
    ProductTerms,
    TermsKind,
    file_of,
)
from serving.cases.decisions import (
    AssessedReason,
    Assessment,
    DecisionPath,
    DecisionRecord,
    Evidence,
    Outcome,
    Provenance,
    RecordedReason,
)
from serving.cases.store import NoticeContent
from serving.monitoring.record import Answer, AskedUnder, MonitoringRecord, Origin, Sex, TakenBy
from serving.settings import Settings

CANARY = "Canary Featherstonehaugh"
UNDERWRITER = ev.Actor(actor_id="u-decides", role="underwriter")
COMPLIANCE = ev.Actor(actor_id="u-releases", role="compliance")
PROGRAM = ev.Actor(actor_id="program", role="system", kind=ev.ActorKind.SYSTEM)
NOTICE = f'{{"to": "{CANARY}"}}'.encode()
START = datetime(2026, 1, 5, 15, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """The URL of an empty database as a setting; None for the SQLite file of the state folder."""
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("make_database")()


@pytest.fixture
def settings(tmp_path, database_url):
    """Settings with a state folder of their own and one of the two databases."""
    return Settings(state_dir=tmp_path / "state", database_url=database_url)


@pytest.fixture
def open_again(settings):
    """Opens the stores; each call gives new connections to the same database."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(
            open_storage(settings.model_copy(update=changes))
        )


@pytest.fixture
def storage(open_again):
    """The stores in one of the two databases."""
    return open_again()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def any_storage(request, tmp_path):
    """The stores in memory and in both databases."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("make_database")()
    with open_storage(Settings(state_dir=tmp_path / "state", database_url=url)) as found:
        yield found


class Desk:
    """Works on one case of a store, each step an hour after the one before."""

    def __init__(self, cases, *, case_id=None, now=START):
        self.cases = cases
        self.case_id = case_id or f"c-{uuid.uuid4().hex[:12]}"
        self.now = now
        self.seen = 0
        self.notice = None

    def when(self, actor=PROGRAM):
        self.now += timedelta(hours=1)
        return {"occurred_at": self.now, "recorded_at": self.now, "actor": actor}

    def opening(self, **fields):
        fields = {
            "case_id": self.case_id,
            "applicant_kind": ev.ApplicantKind.CONSUMER,
            "time_zone": "America/New_York",
        } | fields
        return ev.ApplicationReceived(**self.when(), **fields)

    def open(self, file=None, **fields):
        stored = self.cases.open_case(self.opening(**fields), file or a_file())
        self.seen = stored.num_events
        return self

    def add(self, *events, notices=(), **options):
        stored = self.cases.append(
            self.case_id, events, expected_events=self.seen, notices=notices, **options
        )
        self.seen = stored.num_events
        return self

    def complete(self):
        return self.add(ev.ApplicationCompleted(**self.when()))

    def assess(self, **fields):
        found = AssessedReason(
            reason=DenialReason.LENGTH_OF_EMPLOYMENT,
            probability=0.875,
            evidence=(Evidence(start=0, end=len(CANARY), quote=CANARY),),
        )
        assessment = Assessment(
            **{
                "assessment_id": f"a-{uuid.uuid4().hex[:12]}",
                "text_digest": "d" * 64,
                "principal_reasons": (found,),
                "review_reasons": (),
                "model_version": "starter-0.1.0+dca774d66ffa",
                "taxonomy_version": "t-1",
                "policy_version": "p-1",
                "risk_score": 41.25,
            }
            | fields
        )
        return self.add(ev.AssessmentRecorded(**self.when(), assessment=assessment))

    def decision(self, *, by=UNDERWRITER, **fields):
        found = self.cases.load(self.case_id).case.assessment
        when = self.when(by)
        decision = DecisionRecord(
            **{
                "decision_id": f"d-{uuid.uuid4().hex[:12]}",
                "outcome": Outcome.DENY,
                "decided_by": by.actor_id,
                "decided_at": when["occurred_at"],
                "path": DecisionPath.JUDGMENTAL,
                "taxonomy_version": "t-1",
                "policy_version": "p-1",
                "reasons": (
                    RecordedReason(
                        reason=DenialReason.LENGTH_OF_EMPLOYMENT,
                        provenance=Provenance.PERSON,
                        basis=f"letter about {CANARY}",
                    ),
                ),
                "assessment_id": found and found.assessment_id,
                "model_version": found and found.model_version,
            }
            | fields
        )
        return ev.DecisionRecorded(**when, decision=decision)

    def decide(self, **fields):
        return self.add(self.decision(**fields))

    def withdraw(self):
        fields = {"path": None, "reasons": (), "assessment_id": None, "model_version": None}
        return self.decide(outcome=Outcome.WITHDRAWN, **fields)

    def drafted(self, content, *, digest=None, **fields):
        return notice_ev.NoticeDrafted(
            **self.when(UNDERWRITER),
            **{
                "notice_id": f"n-{uuid.uuid4().hex[:12]}",
                "purpose": notice_ev.NoticePurpose.ACTION_TAKEN,
                "digest": digest or hashlib.sha256(content).hexdigest(),
                "template_digest": "e" * 64,
                "decision_id": self.cases.load(self.case_id).case.decision.decision_id,
            }
            | fields,
        )

    def draft(self, content=NOTICE, *, renderings=None, **fields):
        event = self.drafted(content, **fields)
        self.notice = NoticeContent(
            notice_id=event.notice_id, content=content, renderings=renderings or {}
        )
        return self.add(event, notices=[self.notice])

    def same(self):
        digest = hashlib.sha256(self.notice.content).hexdigest()
        return {"notice_id": self.notice.notice_id, "digest": digest}

    def release(self, *, renderings=None):
        self.add(notice_ev.NoticeChecked(**self.when(), **self.same()))
        event = notice_ev.NoticeReleased(**self.when(COMPLIANCE), **self.same())
        printed = [replace(self.notice, renderings=renderings)] if renderings else []
        return self.add(event, notices=printed)

    def send(self):
        event = notice_ev.NoticeSent(**self.when(), **self.same(), channel=notice_ev.Channel.MAILED)
        return self.add(event)

    def deny_and_tell(self):
        self.open().complete().assess().decide()
        self.draft(renderings={"application/pdf": b"%PDF " + CANARY.encode()})
        return self.release().send()

    def retain(self):
        return self.add(keeping_ev.CaseRetained(**self.when()))

    def purge(self, *, years=3):
        self.now += timedelta(days=366 * years)
        return self.add(keeping_ev.CasePurged(**self.when()))

    def load(self):
        return self.cases.load(self.case_id)


def a_file(**fields):
    application = LoanApplication(
        **{
            "text": f"{CANARY} asks for a car loan.",
            "product": LoanProduct.AUTO,
            "loan_amount_usd": 24_000.1,
            "loan_term_months": 60,
            "interest_rate_percent": 7.125,
            "annual_income_usd": 55_000.0,
            "property_value_usd": 26_500.55,
            "state": "OH",
        }
        | fields.pop("application", {})
    )
    applicants = (
        Applicant(
            consumer_id=fields.pop("consumer_id", "p-1"),
            role=ApplicantRole.PRIMARY,
            name=CANARY,
            address_lines=(f"1 {CANARY} Road", "Dayton, OH 45402"),
            email="canary@example.org",
        ),
        Applicant(
            consumer_id="p-2", role=ApplicantRole.JOINT, name="J. Doe", address_lines=("2 Road",)
        ),
    )
    file = file_of(application, applicants=applicants)
    offered = ProductTerms(
        kind=TermsKind.OFFERED, product=LoanProduct.AUTO, amount_usd=Decimal("12000.00")
    )
    return replace(file, terms=(*file.terms, offered), documents=(a_document(),), **fields)


def a_document(**fields):
    return Document(
        **{
            "document_id": f"doc-{uuid.uuid4().hex[:12]}",
            "kind": "pay_stub",
            "media_type": "application/pdf",
            "received_at": START,
            "content": b"\x00%PDF " + CANARY.encode(),
        }
        | fields
    )


def a_row(connection, table):
    """Returns some row of a table, whatever its columns are."""
    values = {
        sa.LargeBinary: b"\x00 \\ \t\n\xff",
        sa.Boolean: True,
        sa.DateTime: START,
        sa.Date: date(2026, 1, 5),
        sa.Integer: 1,
        sa.Float: 0.1,
        sa.Numeric: Decimal(1),
    }
    row = {}
    for column in table.columns:
        if column.foreign_keys:
            [key] = column.foreign_keys
            row[column.name] = connection.scalar(sa.select(key.column))
        elif isinstance(column.type, sa.String):
            row[column.name] = f"{column.name} é\\n\n\t"[: column.type.length]
        else:
            row[column.name] = next(v for k, v in values.items() if isinstance(column.type, k))
    return row


def fill_empty_tables(engine):
    """Puts a row into every table that has none; the tables need not be known."""
    with writing(engine) as connection:
        for table in tables_of(connection):
            if connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0:
                connection.execute(table.insert(), a_row(connection, table))


def fill_everything(settings):
    """Makes the databases of the settings, with rows in every table of both; returns two desks."""
    with open_storage(settings) as storage:
        told = Desk(storage.cases).deny_and_tell()
        open_ = Desk(storage.cases).open().complete().assess().decide(other_recipients=("p-2",))
        Desk(storage.cases).deny_and_tell().retain().purge()
    record = MonitoringRecord(
        consumer_id="p-1",
        asked_under=AskedUnder.REGULATION_B,
        taken_by=TakenBy.IN_PERSON,
        sex=Answer(origin=Origin.SELF_REPORTED, values=(Sex.FEMALE,)),
    )
    with open_monitoring(settings) as monitoring:
        monitoring.put(told.case_id, (record,))
    with open_databases(settings) as found:
        for each in found:
            fill_empty_tables(each.engine)
    return told, open_


@pytest.fixture
def made():
    """What tests make: desks, files, documents; and the words that must not be found in clear."""
    return SimpleNamespace(
        desk=Desk,
        file=a_file,
        fill_empty_tables=fill_empty_tables,
        fill_everything=fill_everything,
        document=a_document,
        canary=CANARY,
        underwriter=UNDERWRITER,
        compliance=COMPLIANCE,
        program=PROGRAM,
        start=START,
    )
