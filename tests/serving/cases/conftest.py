"""A story: one case told event by event, each at a time that the test names."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from data_pipeline.domain.taxonomy import DenialReason
from serving.cases import events as ev
from serving.cases import notice_events as notice_ev
from serving.cases.case import Case
from serving.cases.clock import Clock, ClockKind, clock_of
from serving.cases.clocks import clocks
from serving.cases.decisions import (
    AssessedReason,
    Assessment,
    DecisionPath,
    DecisionRecord,
    Outcome,
    Provenance,
    RecordedReason,
)
from serving.cases.transitions import apply

DIGEST = "d" * 64
DECIDER = ev.Actor(actor_id="u-decides", role="underwriter")
RELEASER = ev.Actor(actor_id="u-releases", role="compliance")
PROGRAM = ev.Actor(actor_id="program", role="system", kind=ev.ActorKind.SYSTEM)
WITH_REASONS = {Outcome.DENY, Outcome.COUNTEROFFER, Outcome.ACCOUNT_ADVERSE_ACTION}
ON_THE_MERITS = {*WITH_REASONS, Outcome.APPROVE, Outcome.ACCOUNT_UNCHANGED}


def moment(text):
    """2026-01-31 is noon in New York (EST) of that day; longer texts are UTC."""
    if len(text) == len("2026-01-31"):
        return datetime.fromisoformat(text).replace(hour=17, tzinfo=UTC)
    return datetime.fromisoformat(text)


class Story:
    """A case and its events; a refused event leaves both as they were."""

    def __init__(
        self,
        opened="2026-01-05",
        *,
        applicant=ev.ApplicantKind.CONSUMER,
        zone="America/New_York",
        account=False,
    ):
        kind = ev.AccountReviewOpened if account else ev.ApplicationReceived
        self.events: list[ev.Event] = []
        self.case: Case | None = None
        self.num_notices = 0
        self.add(kind, opened, case_id="case-1", applicant_kind=applicant, time_zone=zone)

    def add(self, kind, at, *, recorded=None, actor=PROGRAM, **fields):
        at = moment(at)
        recorded = moment(recorded) if recorded else at
        if self.case is not None:
            recorded = max(recorded, self.case.last_recorded_at)
        return self.take(kind(occurred_at=at, recorded_at=recorded, actor=actor, **fields))

    def take(self, event):
        self.case = apply(self.case, event)
        self.events.append(event)
        return self

    def complete(self, at, **fields):
        return self.add(ev.ApplicationCompleted, at, **fields)

    def assess(self, at, *, principal=(), review=(), model="m-1", **fields):
        assessment = Assessment(
            assessment_id="a-1",
            text_digest=DIGEST,
            principal_reasons=tuple(AssessedReason(reason=r, probability=0.9) for r in principal),
            review_reasons=tuple(AssessedReason(reason=r, probability=0.4) for r in review),
            model_version=model,
            taxonomy_version="t-1",
            policy_version="p-1",
        )
        return self.add(ev.AssessmentRecorded, at, assessment=assessment, **fields)

    def record(self, at, outcome, **fields):
        """The record of a decision on what the case has, a denial for length of employment."""
        found = self.case.assessment if outcome in ON_THE_MERITS else None
        reason = RecordedReason(
            reason=DenialReason.LENGTH_OF_EMPLOYMENT,
            provenance=Provenance.PERSON,
            basis="employer letter",
        )
        return DecisionRecord(
            **{
                "decision_id": "d-1",
                "outcome": outcome,
                "decided_by": DECIDER.actor_id,
                "decided_at": moment(at),
                "path": DecisionPath.JUDGMENTAL if outcome in ON_THE_MERITS else None,
                "taxonomy_version": "t-1",
                "policy_version": "p-1",
                "reasons": (reason,) if outcome in WITH_REASONS else (),
                "override_cause": "the employer's letter shows it",
                "assessment_id": found.assessment_id if found else None,
                "model_version": found.model_version if found else None,
            }
            | fields
        )

    def decide(self, at, outcome, *, actor=DECIDER, recorded=None, **fields):
        decision = self.record(at, outcome, **fields)
        return self.add(ev.DecisionRecorded, at, actor=actor, recorded=recorded, decision=decision)

    def draft(self, at, purpose=notice_ev.NoticePurpose.ACTION_TAKEN, **fields):
        self.num_notices += 1
        asks = purpose is notice_ev.NoticePurpose.INCOMPLETENESS
        fields = {
            "notice_id": f"n-{self.num_notices}",
            "purpose": purpose,
            "digest": DIGEST,
            "template_digest": DIGEST,
            "decision_id": self.case.decision.decision_id if self.case.decision else None,
            "missing_items": ("pay_stub",) if asks else (),
            "respond_by": moment(at).date() + timedelta(days=20) if asks else None,
        } | fields
        return self.add(notice_ev.NoticeDrafted, at, **fields)

    def same(self):
        return {"notice_id": f"n-{self.num_notices}", "digest": DIGEST}

    def check(self, at, **fields):
        return self.add(notice_ev.NoticeChecked, at, **(self.same() | fields))

    def release(self, at, *, actor=RELEASER, **fields):
        return self.add(notice_ev.NoticeReleased, at, actor=actor, **(self.same() | fields))

    def send(self, at, *, channel=notice_ev.Channel.MAILED, **fields):
        return self.add(notice_ev.NoticeSent, at, channel=channel, **(self.same() | fields))

    def notify(self, at, purpose=notice_ev.NoticePurpose.ACTION_TAKEN, **fields):
        """Drafts, checks, releases and sends a notice, all at one moment."""
        return self.draft(at, purpose, **fields).check(at).release(at).send(at)

    def ask_for_items(self, at, *, respond_by):
        respond_by = date.fromisoformat(respond_by)
        return self.notify(at, notice_ev.NoticePurpose.INCOMPLETENESS, respond_by=respond_by)

    def clock(self, kind: ClockKind) -> Clock | None:
        return clock_of(clocks(self.events), kind)


@pytest.fixture
def story():
    """The class of stories."""
    return Story


@pytest.fixture
def denied(story):
    """Opens a story of a denial that has been decided on 12 January and not been told."""

    def tell(**fields):
        told = story(**fields).complete("2026-01-08").assess("2026-01-09")
        return told.decide("2026-01-12", Outcome.DENY)

    return tell


def pytest_collection_modifyitems(config, items):
    """Leaves the full number of random cases to `pytest tests/serving/cases -m slow -s`."""
    if config.getoption("markexpr"):
        return
    skip = pytest.mark.skip(reason="takes minutes: pytest tests/serving/cases -m slow -s")
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("slow"):
            item.add_marker(skip)
