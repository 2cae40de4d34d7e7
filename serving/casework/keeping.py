"""What happens after a decision was told: answers of the applicant, holds, keeping and purging."""

import hashlib
import json
from datetime import date, datetime

from serving.cases.calendar_days import local_date
from serving.cases.decisions import Outcome
from serving.cases.errors import IllegalEventError
from serving.cases.events import (
    Actor,
    CasePurged,
    CaseRetained,
    Channel,
    CounterofferAccepted,
    CounterofferDeclined,
    LegalHoldLifted,
    LegalHoldPlaced,
    NoticeChecked,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
    ReasonsRequested,
    RetentionRequested,
)
from serving.cases.store import NoticeContent, StoredCase
from serving.casework.desk import SYSTEM, Desk, When
from serving.casework.errors import FactsError
from serving.casework.printing import APPROVAL
from serving.casework.recipients import recipient_of
from serving.notices.templates_digest import templates_sha256


def answer_counteroffer(
    desk: Desk, case_id: str, *, accepted: bool, by: Actor, answered_at: datetime | None = None
) -> StoredCase:
    """Records that the applicant accepted or declined what was offered; None means now."""
    kind = CounterofferAccepted if accepted else CounterofferDeclined
    return desk.record(desk.load(case_id), [kind(**desk.when(by, answered_at))])


def request_reasons(
    desk: Desk,
    case_id: str,
    *,
    by: Actor,
    consumer_id: str | None = None,
    requested_at: datetime | None = None,
) -> StoredCase:
    """Records that an applicant asked for the reasons; None is the primary applicant, and now.

    Raises:
        IllegalEventError: no notice offered this applicant reasons to ask for, or they have asked.
    """
    who = recipient_of(desk.storage.cases.file(case_id), consumer_id)
    event = ReasonsRequested(**desk.when(by, requested_at), consumer_id=who)
    return desk.record(desk.load(case_id), [event])


def request_retention(
    desk: Desk, case_id: str, *, by: Actor, requested_at: datetime | None = None
) -> StoredCase:
    """Records that a large business asked that its record be kept; None means now."""
    event = RetentionRequested(**desk.when(by, requested_at))
    return desk.record(desk.load(case_id), [event])


def place_hold(desk: Desk, case_id: str, hold_id: str, *, by: Actor) -> StoredCase:
    """Puts a legal hold on a case: nothing is purged until it is lifted."""
    event = LegalHoldPlaced(**desk.when(by), hold_id=hold_id)
    return desk.record(desk.load(case_id), [event])


def lift_hold(desk: Desk, case_id: str, hold_id: str, *, by: Actor) -> StoredCase:
    """Lifts a legal hold whose matter has its final disposition."""
    event = LegalHoldLifted(**desk.when(by), hold_id=hold_id)
    return desk.record(desk.load(case_id), [event])


def retain(desk: Desk, case_id: str, *, by: Actor) -> StoredCase:
    """Records that nothing more is owed: the record is only kept."""
    return desk.record(desk.load(case_id), [CaseRetained(**desk.when(by))])


def purge(desk: Desk, case_id: str, *, by: Actor) -> None:
    """Destroys the record of a case whose time of keeping is over.

    Raises:
        RetentionError: the record must still be kept.
        IllegalEventError: the case is not retained, or something is still owed.
    """
    desk.record(desk.load(case_id), [CasePurged(**desk.when(by))])


def purge_due(desk: Desk, *, by: Actor, on: date | None = None, limit: int = 100) -> list[str]:
    """Purges the cases whose time is over and returns their ids.

    A case that turns out to be kept after all, by another time zone or a hold placed meanwhile, is
    left alone.

    Args:
        desk: where.
        by: who asks for it.
        on: the day; None means today, UTC.
        limit: most cases.
    """
    purged = []
    day = on or local_date(desk.now(), time_zone="UTC")
    for case_id in desk.storage.cases.purgeable(on=day, limit=limit):
        try:
            purge(desk, case_id, by=by)
        except IllegalEventError:
            continue
        purged.append(case_id)
    return purged


def tell_approval(
    desk: Desk,
    case_id: str,
    *,
    channel: Channel,
    by: Actor,
    told_at: datetime | None = None,
) -> StoredCase:
    """Records that an approval was told without a letter of ours, by somebody who did not decide.

    An approval states no reasons and may be told in whatever words, or by giving the credit: what
    is kept is that it was told. `drafting.draft` writes a letter instead.
    Source: 12 CFR 1002.9(a)(1)(i), comment 9(a)(1)-2 (express or by implication).

    Raises:
        SecondPersonError: the person who decided tells it.
        IllegalEventError: the case is not approved, or was told already.
        FactsError: the channel is electronic, which needs a letter.
    """
    stored = desk.load(case_id)
    decision = stored.case.decision
    if decision is None or decision.outcome is not Outcome.APPROVE:
        raise FactsError(
            field="case_id", found="a case that is not approved", expected="an approved one"
        )
    if channel is Channel.ELECTRONIC:
        raise FactsError(
            field="channel",
            found="electronic",
            expected="mailed, delivered, oral or credit_extended",
            clause="12 CFR 1002.4(d)(2)",
        )
    notice_id = desk.new_id("n")
    content = APPROVAL + json.dumps(decision.decision_id).encode() + b"}"
    digest = hashlib.sha256(content).hexdigest()
    when = desk.when(by, told_at)
    told = When(occurred_at=when["occurred_at"], recorded_at=when["recorded_at"], actor=SYSTEM)
    drafted = NoticeDrafted(
        **told,
        notice_id=notice_id,
        purpose=NoticePurpose.ACTION_TAKEN,
        digest=digest,
        template_digest=templates_sha256(),
        decision_id=decision.decision_id,
    )
    steps = (
        drafted,
        NoticeChecked(**told, notice_id=notice_id, digest=digest),
        NoticeReleased(**when, notice_id=notice_id, digest=digest),
        NoticeSent(**when, notice_id=notice_id, digest=digest, channel=channel),
    )
    kept = NoticeContent(notice_id=notice_id, content=content)
    return desk.record(stored, steps, notices=[kept])
