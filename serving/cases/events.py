"""What can happen to a case: the recorded events it is the fold of.

Every event has two moments. `occurred_at` is when the thing itself happened (the letter was mailed,
the form arrived) and is what clocks count from; `recorded_at` is when it was written down. Both are
UTC. What happens to its file is told in `file_events`, to its notices in `notice_events`, to its
record in `keeping_events`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
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
