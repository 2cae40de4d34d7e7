"""A case: where an application stands, as its recorded events left it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from serving.cases.decisions import (
    WITH_NOTICE,
    Assessment,
    DecisionRecord,
    Outcome,
)
from serving.cases.events import (
    AccountReviewOpened,
    ApplicantKind,
    ApplicationCompleted,
    ApplicationReceived,
    AssessmentRecorded,
    CaseKind,
    CasePurged,
    CaseRetained,
    Channel,
    CounterofferAccepted,
    CounterofferDeclined,
    DecisionRecorded,
    DecisionReopened,
    Event,
    LegalHoldLifted,
    LegalHoldPlaced,
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
    ReasonsRequested,
    RetentionRequested,
)


class Stage(StrEnum):
    """How far a case is.

    A notice has steps of its own beside them (`NoticeStep`), because a case may be completed or
    decided while a notice of incompleteness is being prepared.
    """

    RECEIVED = "received"
    AWAITING_INFORMATION = "awaiting_information"
    COMPLETE = "complete"
    ASSESSED = "assessed"
    DECIDED = "decided"
    NOTIFIED = "notified"
    RETAINED = "retained"
    PURGED = "purged"


class NoticeStep(StrEnum):
    """How far the notice in preparation is; sent, it is a `SentNotice`."""

    DRAFTED = "drafted"
    CHECKED = "checked"
    RELEASED = "released"


class OfferState(StrEnum):
    """What became of a counteroffer of which the applicant was notified."""

    OPEN = "open"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    DENIED = "denied"


OFFERS = frozenset({NoticePurpose.COUNTEROFFER, NoticePurpose.COMBINED_COUNTEROFFER})
"""The notices that make a counteroffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeInPreparation:
    """A notice that has not been sent.

    Attributes:
        draft: its draft.
        step: how far it is.
        stepped_at: when that step happened, UTC.
    """

    draft: NoticeDrafted
    step: NoticeStep
    stepped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNotice:
    """A notice that the applicant was given.

    Attributes:
        draft: its draft.
        channel: how it was given.
        notified_at: when it was mailed or delivered, UTC.
    """

    draft: NoticeDrafted
    channel: Channel
    notified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An application, or an existing account under review, and what has been done about it.

    Attributes:
        case_id: id of the case.
        kind: application or existing account.
        applicant_kind: which rules hold.
        time_zone: the creditor's, an IANA name.
        opened_at: when it was received or opened, UTC.
        last_recorded_at: when the latest event was written down, UTC.
        stage: how far it is.
        completed_at: when the application was complete, UTC; None while it is not.
        assessment: the latest; None before.
        decision: the one in force; None before, or after it was reopened.
        notice: the one in preparation; None without one.
        sent: the notices given, in the order of recording.
        offer: what became of the counteroffer; None without one.
        reasons_requested_at: when reasons were asked for in time, UTC; None while nobody has.
        retention_requested_at: when retention was asked for in time, UTC; None while nobody has.
        holds: ids of the legal holds in force.
    """

    case_id: str
    kind: CaseKind
    applicant_kind: ApplicantKind
    time_zone: str
    opened_at: datetime
    last_recorded_at: datetime
    stage: Stage
    completed_at: datetime | None = None
    assessment: Assessment | None = None
    decision: DecisionRecord | None = None
    notice: NoticeInPreparation | None = None
    sent: tuple[SentNotice, ...] = ()
    offer: OfferState | None = None
    reasons_requested_at: datetime | None = None
    retention_requested_at: datetime | None = None
    holds: frozenset[str] = frozenset()

    @property
    def state(self) -> str:
        """Stage, notice step and offer in words, for messages and worklists."""
        words = [self.stage.replace("_", " ")]
        if self.notice is not None:
            purpose = self.notice.draft.purpose.replace("_", " ")
            words.append(f"notice ({purpose}) {self.notice.step}")
        if self.offer is not None:
            words.append(f"counteroffer {self.offer}")
        return ", ".join(words)

    @property
    def is_complete(self) -> bool:
        """Whether everything needed to decide was obtained; an existing account always is."""
        return self.kind is CaseKind.EXISTING_ACCOUNT or self.completed_at is not None

    @property
    def notice_on_request(self) -> SentNotice | None:
        """The notice given that offers the reasons instead of stating them, if any."""
        return next((n for n in reversed(self.sent) if n.draft.reasons_on_request), None)

    @property
    def offer_notice(self) -> SentNotice | None:
        """The counteroffer given, combined with reasons or not, if any."""
        return next((n for n in self.sent if n.draft.purpose in OFFERS), None)

    @property
    def reasons_were_stated(self) -> bool:
        """Whether a request for reasons was answered."""
        return any(n.draft.purpose is NoticePurpose.REASONS_STATEMENT for n in self.sent)

    @property
    def respond_by(self) -> date | None:
        """Last day of the latest notice of incompleteness given; None without one."""
        days = [n.draft.respond_by for n in self.sent if n.draft.respond_by is not None]
        return days[-1] if days else None


def purposes_now(case: Case) -> tuple[NoticePurpose, ...]:
    """Returns the notices that may be drafted now, none while one is in preparation."""
    if case.notice is not None:
        return ()
    if case.stage in {Stage.RECEIVED, Stage.AWAITING_INFORMATION}:
        return (NoticePurpose.INCOMPLETENESS,)
    if case.stage is Stage.DECIDED and case.decision is not None:
        return _of_decision(case.decision.outcome)
    if owes_denial(case):
        return (NoticePurpose.COUNTEROFFER_NOT_ACCEPTED,)
    asked = case.reasons_requested_at is not None and not case.reasons_were_stated
    return (NoticePurpose.REASONS_STATEMENT,) if asked else ()


def _of_decision(outcome: Outcome) -> tuple[NoticePurpose, ...]:
    if outcome is Outcome.COUNTEROFFER:
        return (NoticePurpose.COUNTEROFFER, NoticePurpose.COMBINED_COUNTEROFFER)
    return (NoticePurpose.ACTION_TAKEN,) if outcome in WITH_NOTICE else ()


def owes_denial(case: Case) -> bool:
    """Returns whether a counteroffer given without reasons is neither accepted nor denied.

    Source: 12 CFR 1002.9(a)(1)(iv), comment 9(a)(1)-6.
    """
    if case.offer_notice is None or case.offer not in {OfferState.OPEN, OfferState.DECLINED}:
        return False
    return case.offer_notice.draft.purpose is NoticePurpose.COUNTEROFFER


def is_finished(case: Case) -> bool:
    """Returns whether nothing more is owed to the applicant."""
    if case.notice is not None or owes_denial(case):
        return False
    if case.stage is Stage.DECIDED:
        return case.decision is not None and case.decision.outcome not in WITH_NOTICE
    asked = case.reasons_requested_at is not None and not case.reasons_were_stated
    return case.stage is Stage.NOTIFIED and not asked


def _may_request_reasons(case: Case) -> bool:
    notified = case.stage in {Stage.NOTIFIED, Stage.RETAINED}
    return notified and bool(case.notice_on_request) and case.reasons_requested_at is None


def _may_request_retention(case: Case) -> bool:
    if case.applicant_kind is not ApplicantKind.LARGE_BUSINESS or case.retention_requested_at:
        return False
    return bool(case.sent) and case.stage is not Stage.PURGED


def _at(*stages: Stage) -> Callable[[Case], bool]:
    return lambda case: case.stage in stages


def _notice_at(*steps: NoticeStep) -> Callable[[Case], bool]:
    return lambda case: case.notice is not None and case.notice.step in steps


_UNDECIDED = (Stage.RECEIVED, Stage.AWAITING_INFORMATION, Stage.COMPLETE, Stage.ASSESSED)
_LEGAL: dict[type[Event], Callable[[Case], bool]] = {
    ApplicationReceived: lambda _: False,
    AccountReviewOpened: lambda _: False,
    ApplicationCompleted: _at(Stage.RECEIVED, Stage.AWAITING_INFORMATION),
    AssessmentRecorded: _at(*_UNDECIDED),
    DecisionRecorded: _at(*_UNDECIDED),
    DecisionReopened: _at(Stage.DECIDED),
    NoticeDrafted: lambda case: bool(purposes_now(case)),
    NoticeChecked: _notice_at(NoticeStep.DRAFTED),
    NoticeReleased: _notice_at(NoticeStep.CHECKED),
    NoticeSent: _notice_at(NoticeStep.RELEASED),
    NoticeDiscarded: _notice_at(*NoticeStep),
    CounterofferAccepted: lambda case: (
        case.offer in {OfferState.OPEN, OfferState.DECLINED} and case.stage is not Stage.PURGED
    ),
    CounterofferDeclined: lambda case: (
        case.offer is OfferState.OPEN and case.stage is not Stage.PURGED
    ),
    ReasonsRequested: _may_request_reasons,
    RetentionRequested: _may_request_retention,
    LegalHoldPlaced: lambda case: case.stage is not Stage.PURGED,
    LegalHoldLifted: lambda case: bool(case.holds) and case.stage is not Stage.PURGED,
    CaseRetained: is_finished,
    CasePurged: lambda case: (
        case.stage is Stage.RETAINED and case.notice is None and not purposes_now(case)
    ),
}


def expected_events(case: Case) -> tuple[type[Event], ...]:
    """Returns the kinds of event that the case allows now; empty once it is purged.

    Whether one event of such a kind is accepted also depends on what it says.
    """
    return tuple(kind for kind, is_legal in _LEGAL.items() if is_legal(case))
