"""A case: where an application stands, as its recorded events left it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from serving.cases.decisions import WITH_NOTICE, Assessment, DecisionRecord
from serving.cases.events import PRIMARY_APPLICANT, ApplicantKind, CaseKind, Recipient
from serving.cases.notice_events import Channel, NoticeDrafted, NoticePurpose


class Stage(StrEnum):
    """How far a case is.

    Each recipient's notice has steps of its own beside them (`NoticeStep`), because a case may be
    completed or decided while a notice of incompleteness is being prepared. A decided case is
    NOTIFIED once everybody who is owed a notice of the decision was given theirs.
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
    """How far a notice in preparation is; sent, it is a `SentNotice`."""

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
    """A notice to one recipient that has not been sent.

    Attributes:
        draft: its draft.
        step: how far it is.
        stepped_at: when that step happened, UTC.
    """

    draft: NoticeDrafted
    step: NoticeStep
    stepped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OvertakenNotice:
    """A released notice that was not recorded as sent in time.

    It may have gone out before it was overtaken; afterwards it asks for what nobody needs any more,
    or denies what was accepted.

    Attributes:
        notice: the notice.
        overtaken_at: when the application was completed or decided, or the offer accepted, UTC.
    """

    notice: NoticeInPreparation
    overtaken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNotice:
    """A notice that its recipient was given.

    Attributes:
        draft: its draft.
        channel: how it was given.
        notified_at: when it was mailed or delivered, UTC.
    """

    draft: NoticeDrafted
    channel: Channel
    notified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReasons:
    """A request for reasons that came in time.

    Attributes:
        consumer_id: who asked; None for the primary applicant.
        asked_at: when, UTC.
    """

    consumer_id: Recipient
    asked_at: datetime


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
        preparing: the notices in preparation, one per recipient at most, in the order of drafting.
        overtaken: the released notices that completion, decision or acceptance overtook.
        sent: the notices given, in the order of recording.
        offer: what became of the counteroffer; None without one.
        asked: who asked for reasons in time, in the order of recording.
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
    preparing: tuple[NoticeInPreparation, ...] = ()
    overtaken: tuple[OvertakenNotice, ...] = ()
    sent: tuple[SentNotice, ...] = ()
    offer: OfferState | None = None
    asked: tuple[AskedReasons, ...] = ()
    retention_requested_at: datetime | None = None
    holds: frozenset[str] = frozenset()

    @property
    def state(self) -> str:
        """Stage, notices and offer in words, for messages and worklists; no recipient is named."""
        words = [self.stage.replace("_", " ")]
        told, everybody = len(self.told), len(self.recipients)
        if 0 < told < everybody:
            words.append(f"{told} of {everybody} notified")
        for notice in self.preparing:
            purpose = notice.draft.purpose.replace("_", " ")
            words.append(f"notice ({purpose}) {notice.step}")
        if self.offer is not None:
            words.append(f"counteroffer {self.offer}")
        return ", ".join(words)

    @property
    def is_complete(self) -> bool:
        """Whether everything needed to decide was obtained; an existing account always is."""
        return self.kind is CaseKind.EXISTING_ACCOUNT or self.completed_at is not None

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Who is to be told of the decision in force, the primary applicant first; or nobody."""
        if self.decision is None or self.decision.outcome not in WITH_NOTICE:
            return ()
        return (PRIMARY_APPLICANT, *self.decision.other_recipients)

    @property
    def told(self) -> tuple[Recipient, ...]:
        """Who was given a notice of the decision in force, the first of them first."""
        if self.decision is None:
            return ()
        of_it = (n.draft for n in self.sent if n.draft.decision_id == self.decision.decision_id)
        return tuple(dict.fromkeys(draft.consumer_id for draft in of_it))

    @property
    def unsent(self) -> tuple[NoticeInPreparation, ...]:
        """The notices that may still be recorded as sent, or given up: overtaken ones last."""
        return (*self.preparing, *(overtaken.notice for overtaken in self.overtaken))

    def notice(self, notice_id: str) -> NoticeInPreparation | None:
        """Returns a notice in preparation, or overtaken; None where it is neither any more."""
        return next((n for n in self.unsent if n.draft.notice_id == notice_id), None)

    def overtaken_at(self, notice_id: str) -> datetime | None:
        """Returns when a notice was overtaken, UTC; None where it was not."""
        found = (o for o in self.overtaken if o.notice.draft.notice_id == notice_id)
        return next((overtaken.overtaken_at for overtaken in found), None)

    def notice_to(self, recipient: Recipient) -> NoticeInPreparation | None:
        """Returns the notice in preparation to somebody; None without one."""
        return next((n for n in self.preparing if n.draft.consumer_id == recipient), None)

    def sent_to(self, recipient: Recipient) -> tuple[SentNotice, ...]:
        """Returns the notices that somebody was given, in the order of recording."""
        return tuple(n for n in self.sent if n.draft.consumer_id == recipient)

    def notice_on_request(self, recipient: Recipient) -> SentNotice | None:
        """Returns the latest notice that offered somebody the reasons instead of stating them."""
        found = [n for n in self.sent_to(recipient) if n.draft.reasons_on_request]
        return found[-1] if found else None

    def asked_at(self, recipient: Recipient) -> datetime | None:
        """Returns when somebody asked for reasons in time, UTC; None while they have not."""
        return next((a.asked_at for a in self.asked if a.consumer_id == recipient), None)

    @property
    def offer_notice(self) -> SentNotice | None:
        """The counteroffer given to the primary applicant, combined with reasons or not, if any."""
        given = self.sent_to(PRIMARY_APPLICANT)
        return next((n for n in given if n.draft.purpose in OFFERS), None)

    @property
    def respond_by(self) -> date | None:
        """Last day of the latest notice of incompleteness given; None without one."""
        days = [n.draft.respond_by for n in self.sent if n.draft.respond_by is not None]
        return days[-1] if days else None
