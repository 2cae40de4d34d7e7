"""What happens to a notice: drafted, checked, released, sent, or given up.

Only `NoticeSent` notifies (comment 9-3): what a notice was drafted or rendered at starts and stops
no clock.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from serving.cases.events import PRIMARY_APPLICANT, Event, Recipient


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
