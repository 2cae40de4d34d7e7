"""Made-up events about notices of simulated cases, most of them possible."""

from collections.abc import Collection, Sequence
from typing import TypedDict

from serving.cases.calendar_days import days_after, local_date
from serving.cases.case import Case, NoticeInPreparation, NoticeStep
from serving.cases.chance import Chance
from serving.cases.decisions import WITH_REASONS
from serving.cases.events import Event, Recipient
from serving.cases.expected import STEPS_BEFORE
from serving.cases.notice_events import (
    AnsweredWarning,
    Channel,
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
)
from serving.cases.owed import draftable, to_draft
from serving.cases.simulated_decisions import digest_of

OTHERS = ("p-2", "p-3")
"""The consumer ids of whoever takes part beside the primary applicant."""


class _Same(TypedDict):
    """The fields that name a notice and its content."""

    notice_id: str
    digest: str


class NoticeMaker:
    """Makes events about the notices of a case."""

    def __init__(self, chance: Chance) -> None:
        """Takes what draws."""
        self._chance = chance

    def recipient(self, among: Sequence[Recipient]) -> Recipient:
        """Returns one of those; a careless event is about anybody."""
        careful = among and self._chance.is_careful()
        return self._chance.random.choice(list(among) if careful else [None, *OTHERS])

    def drafted(self, case: Case) -> Event:
        """Returns a draft of something that somebody is owed."""
        chance = self._chance
        recipient = self.recipient(to_draft(case))
        purposes = draftable(case, recipient) if chance.is_careful() else tuple(NoticePurpose)
        purpose = chance.random.choice(purposes or tuple(NoticePurpose))
        asks = purpose is NoticePurpose.INCOMPLETENESS
        adverse = case.decision is not None and case.decision.outcome in WITH_REASONS
        defers = adverse and purpose not in {
            NoticePurpose.COUNTEROFFER,
            NoticePurpose.REASONS_STATEMENT,
        }
        today = local_date(chance.now, time_zone=case.time_zone)
        return NoticeDrafted(
            **chance.when(chance.person()),
            notice_id=chance.new_id("n"),
            purpose=purpose,
            digest=digest_of(chance.new_id("notice")),
            template_digest=digest_of("template"),
            consumer_id=recipient,
            decision_id=case.decision.decision_id if case.decision else None,
            reasons_on_request=defers and chance.random.random() < 1 / 2,
            missing_items=("pay_stub",) if asks else (),
            respond_by=days_after(today, 5 + chance.random.randrange(30)) if asks else None,
        )

    def checked(self, case: Case) -> Event:
        """Returns a check that a notice passes, with one warning answered."""
        warning = AnsweredWarning(check_id="C6", cause=self._chance.cause())
        blocking = () if self._chance.is_careful() else ("C2",)
        return NoticeChecked(
            **self._chance.when(),
            **self._same(case, NoticeChecked),
            blocking=blocking,
            warnings=(warning,),
        )

    def released(self, case: Case) -> Event:
        """Returns a release by somebody who neither decided nor drafted."""
        same = self._same(case, NoticeReleased)
        before = {case.decision.decided_by} if case.decision else set()
        found = case.notice(same["notice_id"])
        if found is not None:
            before.add(found.draft.actor.actor_id)
        actor = self._chance.person(but=before if self._chance.is_careful() else ())
        return NoticeReleased(**self._chance.when(actor), **same)

    def sent(self, case: Case) -> Event:
        """Returns that a released notice was given, with a consent where it needs one."""
        chance = self._chance
        careful = (Channel.MAILED, Channel.DELIVERED, Channel.ELECTRONIC)
        channel = chance.random.choice(careful if chance.is_careful() else tuple(Channel))
        consent = "consent-1" if channel is Channel.ELECTRONIC and chance.is_careful() else None
        same, when = self._same(case, NoticeSent), chance.when()
        found = case.notice(same["notice_id"])
        if found is not None and case.overtaken_at(same["notice_id"]) and chance.is_careful():
            when["occurred_at"] = found.stepped_at
        return NoticeSent(**when, **same, channel=channel, consent_id=consent)

    def discarded(self, case: Case) -> Event:
        """Returns that a notice is given up, with a cause."""
        return NoticeDiscarded(
            **self._chance.when(),
            notice_id=self._same(case, NoticeDiscarded)["notice_id"],
            cause=self._chance.cause(),
        )

    def _notice(self, case: Case, steps: Collection[NoticeStep]) -> NoticeInPreparation | None:
        """Returns a notice at one of these steps; a careless event is about any, or none."""
        fits = [notice for notice in case.unsent if notice.step in steps]
        if fits and self._chance.is_careful():
            return self._chance.random.choice(fits)
        return self._chance.random.choice([None, *case.unsent])

    def _same(self, case: Case, kind: type[Event]) -> _Same:
        found = self._notice(case, STEPS_BEFORE[kind])
        if found is None or not self._chance.is_careful():
            return _Same(notice_id="n-none", digest=digest_of("none"))
        return _Same(notice_id=found.draft.notice_id, digest=found.draft.digest)
