"""Who is still owed which notice: one letter per recipient.

Regulation B has the primary applicant notified (12 CFR 1002.9(f)). Whoever else had a consumer
report or credit score of theirs used against the request is owed a disclosure of their own
(15 USC 1681m(a)), and nobody but they may read it.
"""

from dataclasses import dataclass

from serving.cases.case import OFFERS, Case, NoticeStep, OfferState, Stage
from serving.cases.decisions import WITH_NOTICE, Outcome
from serving.cases.events import PRIMARY_APPLICANT, Recipient
from serving.cases.notice_events import NoticePurpose

_INCOMPLETE = frozenset({Stage.RECEIVED, Stage.AWAITING_INFORMATION})
_UNANSWERED = frozenset({OfferState.OPEN, OfferState.DECLINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNotice:
    """A notice that one recipient is still to be given.

    Attributes:
        consumer_id: the recipient; None for the primary applicant.
        purpose: what it tells; the usual one, where several are possible and none is drafted.
        step: how far it is; None while nobody has drafted it.
    """

    consumer_id: Recipient
    purpose: NoticePurpose
    step: NoticeStep | None


def owed_to(case: Case, recipient: Recipient) -> tuple[NoticePurpose, ...]:
    """Returns what somebody is to be given next, one of these, the usual one first.

    Empty where nothing is owed to them. A notice in preparation is owed until it is sent.
    """
    if case.stage is Stage.PURGED or recipient not in case.recipients:
        return ()
    return _decision(case, recipient) or _denial(case, recipient) or _reasons(case, recipient)


def _decision(case: Case, recipient: Recipient) -> tuple[NoticePurpose, ...]:
    if case.decision is None or recipient in case.told:
        return ()
    if case.decision.outcome is not Outcome.COUNTEROFFER:
        return (NoticePurpose.ACTION_TAKEN,)
    if case.offer is OfferState.ACCEPTED:
        return ()
    way = _way_of_offer(case)
    if recipient != PRIMARY_APPLICANT:
        # Credit offered without the reasons is no adverse action until it is not accepted.
        return () if way is NoticePurpose.COUNTEROFFER else (NoticePurpose.COMBINED_COUNTEROFFER,)
    return (way,) if way else (NoticePurpose.COMBINED_COUNTEROFFER, NoticePurpose.COUNTEROFFER)


def _way_of_offer(case: Case) -> NoticePurpose | None:
    """Returns how the offer is made: with the reasons or without; None while it is open."""
    drafts = [*(sent.draft for sent in case.sent), *(p.draft for p in case.preparing)]
    return next((draft.purpose for draft in drafts if draft.purpose in OFFERS), None)


def _denial(case: Case, recipient: Recipient) -> tuple[NoticePurpose, ...]:
    denial = NoticePurpose.COUNTEROFFER_NOT_ACCEPTED
    given = any(notice.draft.purpose is denial for notice in case.sent_to(recipient))
    return (denial,) if owes_denial(case) and not given else ()


def owes_denial(case: Case) -> bool:
    """Returns whether a counteroffer was given without reasons and is not accepted.

    Source: 12 CFR 1002.9(a)(1)(iv), comment 9(a)(1)-6.
    """
    if case.offer_notice is None or case.offer not in {*_UNANSWERED, OfferState.DENIED}:
        return False
    return case.offer_notice.draft.purpose is NoticePurpose.COUNTEROFFER


def _reasons(case: Case, recipient: Recipient) -> tuple[NoticePurpose, ...]:
    statement = NoticePurpose.REASONS_STATEMENT
    stated = any(notice.draft.purpose is statement for notice in case.sent_to(recipient))
    return () if case.asked_at(recipient) is None or stated else (statement,)


def untold(case: Case) -> tuple[Recipient, ...]:
    """Returns who has not been given the first notice of the decision in force."""
    return tuple(recipient for recipient in case.recipients if _decision(case, recipient))


def undisclosed(case: Case) -> tuple[Recipient, ...]:
    """Returns who beside the primary applicant is owed the disclosure of their own report."""
    others = (r for r in case.recipients if r != PRIMARY_APPLICANT)
    return tuple(r for r in others if _decision(case, r) or _denial(case, r))


def unanswered(case: Case) -> tuple[Recipient, ...]:
    """Returns who asked for reasons and was not given them."""
    return tuple(asked.consumer_id for asked in case.asked if _reasons(case, asked.consumer_id))


def may_ask(case: Case) -> tuple[Recipient, ...]:
    """Returns who may still ask for reasons, as far as their notice goes; the day is no matter."""
    told = dict.fromkeys(n.draft.consumer_id for n in case.sent if n.draft.reasons_on_request)
    return tuple(recipient for recipient in told if case.asked_at(recipient) is None)


def draftable(case: Case, recipient: Recipient) -> tuple[NoticePurpose, ...]:
    """Returns the notices to somebody that may be drafted now, the usual one first.

    None while one to them is in preparation.
    """
    if case.notice_to(recipient) is not None:
        return ()
    if case.stage in _INCOMPLETE:
        asks = recipient == PRIMARY_APPLICANT
        return (NoticePurpose.INCOMPLETENESS,) if asks else ()
    return owed_to(case, recipient)


def to_draft(case: Case) -> tuple[Recipient, ...]:
    """Returns everybody to whom a notice may be drafted now, the primary applicant first."""
    everybody = case.recipients or (PRIMARY_APPLICANT,)
    return tuple(recipient for recipient in everybody if draftable(case, recipient))


def open_notices(case: Case) -> tuple[OpenNotice, ...]:
    """Returns what is still open per recipient: notices in preparation, and those to be drafted."""
    everybody = dict.fromkeys((*case.recipients, *(n.draft.consumer_id for n in case.preparing)))
    return tuple(found for r in everybody if (found := _open(case, r)) is not None)


def _open(case: Case, recipient: Recipient) -> OpenNotice | None:
    preparing = case.notice_to(recipient)
    if preparing is not None:
        purpose = preparing.draft.purpose
        return OpenNotice(consumer_id=recipient, purpose=purpose, step=preparing.step)
    owed = owed_to(case, recipient)
    return OpenNotice(consumer_id=recipient, purpose=owed[0], step=None) if owed else None


def is_finished(case: Case) -> bool:
    """Returns whether nothing more is owed to anybody."""
    if open_notices(case):
        return False
    if case.stage is Stage.DECIDED:
        return case.decision is not None and case.decision.outcome not in WITH_NOTICE
    return case.stage is Stage.NOTIFIED
