"""Approvals and offers that were told without a letter of ours: what is kept is that they were.

Neither is adverse action, so that whatever words will do, also spoken ones; an approval may be told
by giving the credit. What was drafted, checked and released elsewhere is recorded at once, by
somebody who did not decide.

Source: 12 CFR 1002.9(a)(1)(i) and (iv), (a)(2); comment 9(a)(1)-2.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from serving.cases.decisions import DecisionRecord, Outcome
from serving.cases.events import Actor
from serving.cases.notice_events import (
    Channel,
    NoticeChecked,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
)
from serving.cases.store import NoticeContent, StoredCase
from serving.casework.desk import SYSTEM, Desk, When
from serving.casework.errors import FactsError
from serving.casework.printing import APPROVAL, OFFER
from serving.notices.notice import Term
from serving.notices.substance import is_settled, is_written
from serving.notices.templates_digest import templates_sha256


def tell_approval(
    desk: Desk,
    case_id: str,
    *,
    channel: Channel,
    by: Actor,
    told_at: datetime | None = None,
) -> StoredCase:
    """Records that an approval was told without a letter of ours; None means now.

    `drafting.draft` writes a letter instead.

    Raises:
        SecondPersonError: the person who decided tells it.
        IllegalEventError: the case is not approved, or was told already.
        FactsError: the case is not approved, or the channel is electronic, which needs a letter.
    """
    stored = desk.load(case_id)
    decision = _decided(stored, Outcome.APPROVE)
    content = APPROVAL + json.dumps(decision.decision_id).encode() + b"}"
    told = _Told(decision=decision, purpose=NoticePurpose.ACTION_TAKEN, content=content)
    return _tell(desk, stored, told, channel=channel, by=by, told_at=told_at)


def tell_offer(
    desk: Desk,
    case_id: str,
    *,
    terms: tuple[Term, ...],
    channel: Channel,
    by: Actor,
    told_at: datetime | None = None,
) -> StoredCase:
    """Records that other terms were offered without the reasons; None means now.

    Where the offer is not accepted, the denial with its reasons is due 90 days later:
    `drafting.draft` writes it, or the offer and the reasons in one letter (form C-4) instead.

    Raises:
        SecondPersonError: the person who decided tells it.
        IllegalEventError: the offer was made already.
        FactsError: the case is not decided as a counteroffer, a term is missing or left open, or
            the channel is electronic, which needs a letter.
    """
    stored = desk.load(case_id)
    decision = _decided(stored, Outcome.COUNTEROFFER)
    if not terms or not all(is_written(term.label) and is_settled(term.value) for term in terms):
        raise FactsError(
            field="terms",
            found="none, or one that is left open",
            expected="each term that was offered, settled",
            clause="12 CFR 1002.12(b)(1)",
        )
    offered = [[term.label, term.value] for term in terms]
    content = OFFER + json.dumps(decision.decision_id).encode()
    content += b', "terms": ' + json.dumps(offered).encode() + b"}"
    told = _Told(decision=decision, purpose=NoticePurpose.COUNTEROFFER, content=content)
    return _tell(desk, stored, told, channel=channel, by=by, told_at=told_at)


def _decided(stored: StoredCase, outcome: Outcome) -> DecisionRecord:
    decision = stored.case.decision
    if decision is None or decision.outcome is not outcome:
        raise FactsError(
            field="case_id",
            found=f"a case whose outcome is not {outcome}",
            expected="one that was decided so",
        )
    return decision


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What was told: of which decision, its purpose, and the content that is kept of it."""

    decision: DecisionRecord
    purpose: NoticePurpose
    content: bytes


def _tell(
    desk: Desk,
    stored: StoredCase,
    told: _Told,
    *,
    channel: Channel,
    by: Actor,
    told_at: datetime | None,
) -> StoredCase:
    if channel is Channel.ELECTRONIC:
        raise FactsError(
            field="channel",
            found="electronic",
            expected="mailed, delivered, oral or, for an approval, credit_extended",
            clause="12 CFR 1002.4(d)(2)",
        )
    notice_id = desk.new_id("n")
    digest = hashlib.sha256(told.content).hexdigest()
    when = desk.when(by, told_at, field="told_at")
    ours = When(occurred_at=when["occurred_at"], recorded_at=when["recorded_at"], actor=SYSTEM)
    drafted = NoticeDrafted(
        **ours,
        notice_id=notice_id,
        purpose=told.purpose,
        digest=digest,
        template_digest=templates_sha256(),
        decision_id=told.decision.decision_id,
    )
    steps = (
        drafted,
        NoticeChecked(**ours, notice_id=notice_id, digest=digest),
        NoticeReleased(**when, notice_id=notice_id, digest=digest),
        NoticeSent(**when, notice_id=notice_id, digest=digest, channel=channel),
    )
    kept = NoticeContent(notice_id=notice_id, content=told.content)
    return desk.record(stored, steps, notices=[kept])
