"""A desk over each store, with a fake model and a time that tests set."""

from datetime import UTC, datetime, timedelta

import pytest

from data_pipeline.domain.application import LoanApplication, LoanProduct
from serving.adapters.fake import FakePredictor
from serving.adapters.memory_cases import MemoryStorage
from serving.adapters.sql.storage import open_storage
from serving.cases.application_file import Applicant, ApplicantRole
from serving.cases.case import Stage
from serving.cases.decisions import DecisionPath, Outcome, ReviewAnswer
from serving.cases.events import Actor
from serving.cases.notice_events import Channel
from serving.cases.worklist import WorklistQuery
from serving.casework import assessing, deciding, drafting, intake, letters
from serving.casework.desk import Desk, ScoredApplication
from serving.casework.facts import CaseFacts, InformationUsed
from serving.notices import samples
from serving.notices.notice import CreditRequest, Transaction
from serving.scoring import ScoringService
from serving.settings import Settings

UNDERWRITER = Actor(actor_id="underwriter-1", role="underwriter")
COMPLIANCE = Actor(actor_id="compliance-2", role="compliance")
TEXT = "Asks for $24,000. Her debts take 61% of her income, after a Chapter 7 and nine inquiries."
START = datetime(2026, 11, 20, 15, tzinfo=UTC)


class Clock:
    """A time that goes on by a second each time it is read."""

    def __init__(self, start=START):
        self.at = start

    def __call__(self):
        self.at += timedelta(seconds=1)
        return self.at

    def go_to(self, day):
        self.at = datetime.fromisoformat(day).replace(hour=17, tzinfo=UTC)


def applicant(number=1, role=None):
    return Applicant(
        consumer_id=f"consumer-{number}",
        role=role or (ApplicantRole.PRIMARY if number == 1 else ApplicantRole.JOINT),
        name="Dana Whitlow",
        address_lines=("18 Alder Court, Apt. 3", "Millbrook, OH 43299"),
    )


def facts(**fields):
    return CaseFacts(
        **{
            "creditors": (samples.CREDITOR,),
            "transaction": Transaction(request=CreditRequest.LOAN, description="a personal loan"),
        }
        | fields
    )


class Office:
    """Two people at one desk, and what they do all day."""

    def __init__(self, storage):
        self.clock = Clock()
        self.desk = Desk(
            storage=storage,
            score=lambda row: ScoredApplication(
                row=ScoringService(predictor=FakePredictor()).score([row])[0]
            ),
            now=self.clock,
        )

    @property
    def cases(self):
        return self.desk.storage.cases

    def receive(self, *, text=TEXT, is_complete=True, **fields):
        command = intake.Receive(
            **{
                "application": LoanApplication(
                    text=text, product=LoanProduct.PERSONAL, loan_amount_usd=24000.0
                ),
                "applicants": (applicant(),),
                "facts": facts(),
                "time_zone": "America/New_York",
                "received_at": self.clock.at,
            }
            | fields
        )
        case_id = intake.receive(self.desk, command, by=UNDERWRITER).case.case_id
        if is_complete:
            intake.complete(self.desk, case_id, by=UNDERWRITER)
        return case_id

    def assessed(self, **fields):
        case_id = self.receive(**fields)
        used = InformationUsed(
            reports=samples.DENIAL.reports_used, scores=samples.DENIAL.scores_used
        )
        intake.add_information(self.desk, case_id, used, by=UNDERWRITER)
        assessing.assess(self.desk, case_id, by=UNDERWRITER)
        return case_id

    def denial(self, case_id, **fields):
        """A denial on the reasons that the model stated; what it left open is dismissed."""
        found = self.desk.load(case_id).case.assessment
        return deciding.Decide(
            **{
                "outcome": Outcome.DENY,
                "path": DecisionPath.SCORE,
                "reasons": deciding.confirmed(found),
                "review_answers": tuple(
                    ReviewAnswer(reason=r.reason, accepted=False) for r in found.review_reasons
                ),
            }
            | fields
        )

    def denied(self, **fields):
        case_id = self.assessed(**fields)
        deciding.decide(self.desk, case_id, self.denial(case_id), by=UNDERWRITER)
        return case_id

    def drafted(self, *, case_id=None, by=UNDERWRITER, **fields):
        case_id = case_id or self.denied()
        _, notice_id = drafting.draft(self.desk, case_id, drafting.Draft(**fields), by=by)
        return case_id, notice_id

    def checked(self, **fields):
        case_id, notice_id = self.drafted(**fields)
        found = letters.check(self.desk, notice_id, causes={}, by=UNDERWRITER)
        assert found.blocked_by == ()
        return case_id, notice_id

    def released(self, **fields):
        case_id, notice_id = self.checked(**fields)
        letters.release(self.desk, notice_id, by=COMPLIANCE)
        return case_id, notice_id

    def sent(self, **fields):
        case_id, notice_id = self.released(**fields)
        letters.mark_sent(self.desk, notice_id, channel=Channel.MAILED, by=COMPLIANCE)
        return case_id, notice_id


@pytest.fixture
def office():
    """An office whose cases are in memory."""
    return Office(MemoryStorage())


def office_over(storage):
    """Opens an office over a store; its time is late enough for a purge after all else."""
    made = Office(storage)
    listed = storage.cases.worklist(WorklistQuery()).entries
    if any(entry.stage is Stage.RETAINED for entry in listed):
        made.clock.go_to("2029-01-31")
    elif listed:
        made.clock.at = max(entry.last_recorded_at for entry in listed)
    return made


@pytest.fixture
def make_office():
    return office_over


@pytest.fixture(params=["memory", "sqlite"])
def any_office(request, tmp_path):
    """The same office over each store."""
    if request.param == "memory":
        yield Office(MemoryStorage())
        return
    with open_storage(Settings(state_dir=tmp_path / "state")) as storage:
        yield Office(storage)


@pytest.fixture
def people():
    """Who decides, and who releases."""
    return UNDERWRITER, COMPLIANCE


@pytest.fixture
def make_facts():
    return facts


@pytest.fixture
def make_applicant():
    return applicant
