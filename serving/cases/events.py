"""What can happen to a case: the recorded events it is the fold of.

Every event has two moments. `occurred_at` is when the thing itself happened (the letter was mailed,
the form arrived) and is what clocks count from; `recorded_at` is when it was written down. Both are
UTC. What a notice was rendered at is neither: only `NoticeSent` notifies (comment 9-3).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from serving.cases.decisions import Assessment, DecisionRecord
from serving.cases.errors import EventValueError


class ActorKind(StrEnum):
    """Who acts: a person, or the software itself."""

    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something.

    Attributes:
        actor_id: an id, never a name.
        role: what the actor acts as, such as underwriter or compliance.
        kind: person or system.
    """

    actor_id: str
    role: str
    kind: ActorKind = ActorKind.PERSON


class CaseKind(StrEnum):
    """What a case is about."""

    APPLICATION = "application"
    EXISTING_ACCOUNT = "existing_account"


class ApplicantKind(StrEnum):
    """Which notification and retention rules hold for the applicant.

    LARGE_BUSINESS had gross revenues above $1 million in its preceding fiscal year, or asks for
    trade credit or credit incident to factoring; BUSINESS is any other business credit.
    Source: 12 CFR 1002.9(a)(3), 1002.12(b)(1) and (b)(5).
    """

    CONSUMER = "consumer"
    BUSINESS = "business"
    LARGE_BUSINESS = "large_business"


class NoticePurpose(StrEnum):
    """What a notice tells.

    INCOMPLETENESS asks for missing items (form C-6). ACTION_TAKEN tells an approval or adverse
    action. COUNTEROFFER offers other terms only; COMBINED_COUNTEROFFER also states the reasons
    (form C-4), so that nothing more is owed. COUNTEROFFER_NOT_ACCEPTED is the adverse action notice
    after the former. REASONS_STATEMENT answers a request for reasons (form C-5).
    """

    INCOMPLETENESS = "incompleteness"
    ACTION_TAKEN = "action_taken"
    COUNTEROFFER = "counteroffer"
    COMBINED_COUNTEROFFER = "combined_counteroffer"
    COUNTEROFFER_NOT_ACCEPTED = "counteroffer_not_accepted"
    REASONS_STATEMENT = "reasons_statement"


class Channel(StrEnum):
    """How a notice reached the applicant. CREDIT_EXTENDED is approval by implication."""

    MAILED = "mailed"
    DELIVERED = "delivered"
    ELECTRONIC = "electronic"
    ORAL = "oral"
    CREDIT_EXTENDED = "credit_extended"


Recipient = str | None
"""To whom a notice goes: a consumer id; None is the primary applicant, whom the file names."""
PRIMARY_APPLICANT: Recipient = None
"""Whom Regulation B has notified where several apply (12 CFR 1002.9(f))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a case.

    Attributes:
        occurred_at: when it happened, UTC; what clocks count from.
        recorded_at: when it was written down, UTC, not before it happened.
        actor: who did it, or recorded it for the applicant.

    Raises:
        EventValueError: a moment is not in UTC, or the event was recorded before it happened.
    """

    occurred_at: datetime
    recorded_at: datetime
    actor: Actor

    def __post_init__(self) -> None:
        for field in ("occurred_at", "recorded_at"):
            if getattr(self, field).utcoffset() != timedelta(0):
                raise EventValueError(
                    field=field, found="a time that is not in UTC", expected="a time in UTC"
                )
        if self.recorded_at < self.occurred_at:
            raise EventValueError(
                field="occurred_at",
                found="a time after recorded_at",
                expected="one that is past when it is recorded",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReceived(Event):
    """An application came in; opens a case.

    Attributes:
        case_id: id of the case.
        applicant_kind: which rules hold.
        time_zone: the creditor's, an IANA name; days are counted in it.
    """

    case_id: str
    applicant_kind: ApplicantKind
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReviewOpened(Event):
    """An existing account is looked at by the creditor; opens a case. Attributes as above."""

    case_id: str
    applicant_kind: ApplicantKind
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCompleted(Event):
    """The last piece of information the creditor normally considers was obtained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRecorded(Event):
    """The application was assessed.

    Attributes:
        assessment: what was found.
    """

    assessment: Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded(Event):
    """A person decided.

    Attributes:
        decision: the record; its person and moment are the event's.
    """

    decision: DecisionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReopened(Event):
    """A decision of which nobody was notified yet is taken back.

    Attributes:
        cause: why, written.
    """

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDrafted(Event):
    """A notice to one recipient was drafted.

    Attributes:
        notice_id: id of the notice.
        consumer_id: the recipient; None for the primary applicant.
        purpose: what it tells.
        digest: sha256 of its content, hexadecimal.
        template_digest: sha256 of its template, hexadecimal.
        decision_id: the decision it tells; None for a notice of incompleteness only.
        reasons_on_request: whether it discloses the right to reasons instead of the reasons.
        missing_items: what a notice of incompleteness asks for.
        respond_by: last day to supply it, in the creditor's time zone; None for other notices.
    """

    notice_id: str
    purpose: NoticePurpose
    digest: str
    template_digest: str
    consumer_id: Recipient = PRIMARY_APPLICANT
    decision_id: str | None = None
    reasons_on_request: bool = False
    missing_items: tuple[str, ...] = ()
    respond_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredWarning:
    """A warning of a check, and why the notice may go out all the same.

    Attributes:
        check_id: id of the check.
        cause: why, written.
    """

    check_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeChecked(Event):
    """A notice went through the checks.

    Attributes:
        notice_id: id of the notice.
        digest: what was checked, as in its draft.
        blocking: ids of the blocking checks that failed; while there is one, it stays a draft.
        warnings: the checks that warned, each with a written cause.
    """

    notice_id: str
    digest: str
    blocking: tuple[str, ...] = ()
    warnings: tuple[AnsweredWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReleased(Event):
    """A second person released a notice.

    Attributes:
        notice_id: id of the notice.
        digest: what was released, as in its draft.
    """

    notice_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent(Event):
    """A notice was mailed, delivered or sent: its recipient is notified at `occurred_at`.

    Attributes:
        notice_id: id of the notice.
        digest: what was sent, as in its draft.
        channel: how.
        consent_id: id of the applicant's consent to electronic records; None on other channels.
    """

    notice_id: str
    digest: str
    channel: Channel
    consent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDiscarded(Event):
    """A notice that was not sent is given up.

    Attributes:
        notice_id: id of the notice.
        cause: why, written.
    """

    notice_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterofferAccepted(Event):
    """The applicant expressly accepted, or used, the credit offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterofferDeclined(Event):
    """The applicant refused the counteroffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonsRequested(Event):
    """An applicant asked for the reasons that their notice did not state.

    Attributes:
        consumer_id: who asked; None for the primary applicant.
    """

    consumer_id: Recipient = PRIMARY_APPLICANT


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRequested(Event):
    """A business with revenues above $1 million asked that records be retained (12(b)(5))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldPlaced(Event):
    """An investigation, enforcement proceeding or suit is known: nothing may be purged.

    Attributes:
        hold_id: id of the hold.
    """

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldLifted(Event):
    """The matter behind a legal hold has its final disposition.

    Attributes:
        hold_id: id of the hold.
    """

    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRetained(Event):
    """Nothing more is owed: the record is only kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePurged(Event):
    """The record was destroyed; ids and digests remain."""


OPENING: tuple[type[Event], ...] = (ApplicationReceived, AccountReviewOpened)
"""The events that open a case."""
EVENTS: tuple[type[Event], ...] = (
    *OPENING,
    ApplicationCompleted,
    AssessmentRecorded,
    DecisionRecorded,
    DecisionReopened,
    NoticeDrafted,
    NoticeChecked,
    NoticeReleased,
    NoticeSent,
    NoticeDiscarded,
    CounterofferAccepted,
    CounterofferDeclined,
    ReasonsRequested,
    RetentionRequested,
    LegalHoldPlaced,
    LegalHoldLifted,
    CaseRetained,
    CasePurged,
)
"""Every kind of event."""
