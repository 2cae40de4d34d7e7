"""Made-up cases for tests and trials: random events, most of them possible, some not.

Nothing here is a real person or file. The same random generator gives the same events.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypedDict

from data_pipeline.domain.taxonomy import TAXONOMY_VERSION
from serving.cases.calendar_days import days_after, local_date
from serving.cases.case import Case, NoticeInPreparation, NoticeStep
from serving.cases.decisions import (
    ON_THE_MERITS,
    WITH_REASONS,
    DecisionPath,
    DecisionRecord,
    Outcome,
    Provenance,
    RecordedReason,
    ReviewAnswer,
)
from serving.cases.events import (
    EVENTS,
    OPENING,
    AccountReviewOpened,
    Actor,
    ActorKind,
    AnsweredWarning,
    ApplicantKind,
    ApplicationReceived,
    AssessmentRecorded,
    CasePurged,
    Channel,
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
    Recipient,
)
from serving.cases.expected import STEPS_BEFORE, expected_events
from serving.cases.owed import draftable, may_ask, to_draft
from serving.cases.retention import keep_until
from serving.cases.simulated_decisions import (
    POLICY_VERSION,
    an_assessment,
    digest_of,
    likely_outcomes,
    reasons_of,
)

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
TIME_ZONES = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Guam", "UTC")
_PEOPLE = ("u-1", "u-2", "u-3")
_OTHERS = ("p-2", "p-3")
_CAUSE = "the documents on file say otherwise"
_WEIGHTS: dict[type[Event], float] = {
    LegalHoldPlaced: 0.03,
    DecisionReopened: 0.1,
    NoticeDiscarded: 0.1,
    NoticeChecked: 4.0,
    NoticeReleased: 4.0,
    NoticeSent: 4.0,
}


class _When(TypedDict):
    """The fields of every event."""

    occurred_at: datetime
    recorded_at: datetime
    actor: Actor


class _Same(TypedDict):
    """The fields that name a notice and its content."""

    notice_id: str
    digest: str


class Simulator:
    """Makes events for a case, in a time that only goes forward.

    Attributes:
        now: when the next event is recorded, UTC.
        carelessness: share of events of which one detail is wrong, 0-1.
    """

    def __init__(self, random: Random, *, carelessness: float = 0.0) -> None:
        """Starts at a random moment of the four years from 2024 on, a leap year."""
        self._random = random
        self._serial = 0
        self.now = FIRST_DAY + timedelta(minutes=random.randrange(4 * 365 * 24 * 60))
        self.carelessness = carelessness

    def pass_time(self, *, days: float) -> None:
        """Lets time go by."""
        self.now += timedelta(days=days)

    def opening(self) -> Event:
        """Returns an event that opens a case; one in eight is about an existing account."""
        kind = AccountReviewOpened if self._random.random() < 1 / 8 else ApplicationReceived
        return kind(
            **self._when(),
            case_id=self._id("c"),
            applicant_kind=self._random.choice(list(ApplicantKind)),
            time_zone=self._random.choice(TIME_ZONES),
        )

    def next_event(self, case: Case) -> Event:
        """Returns an event after some time: a possible one, or a careless one of any kind."""
        self.pass_time(days=self._random.expovariate(1 / 6))
        possible = expected_events(case)
        if not possible or not self._is_careful():
            return self.event(self._random.choice(EVENTS), case)
        decides = 1.0 if case.assessment or case.respond_by else 0.1
        likely = _WEIGHTS | {DecisionRecorded: decides}
        weights = [likely.get(kind, 1.0) for kind in possible]
        return self.event(self._random.choices(possible, weights)[0], case)

    def event(self, kind: type[Event], case: Case) -> Event:
        """Returns an event of a kind that the case accepts, if it is possible at this time."""
        if kind in OPENING:
            return self.opening()
        if kind is CasePurged and self._is_careful():
            self._wait_for(keep_until(case), case)
        make = self._makers().get(kind)
        return make(case) if make else kind(**self._when())

    def _makers(self) -> dict[type[Event], Callable[[Case], Event]]:
        return {
            AssessmentRecorded: lambda _: AssessmentRecorded(
                **self._when(),
                assessment=an_assessment(
                    self._random, assessment_id=self._id("a"), text_id=self._id("text")
                ),
            ),
            DecisionRecorded: self._decided,
            DecisionReopened: lambda _: DecisionReopened(**self._when(), cause=self._cause()),
            NoticeDrafted: self._drafted,
            NoticeChecked: self._checked,
            NoticeReleased: self._released,
            NoticeSent: self._sent,
            NoticeDiscarded: lambda case: NoticeDiscarded(
                **self._when(),
                notice_id=self._same(case, NoticeDiscarded)["notice_id"],
                cause=self._cause(),
            ),
            ReasonsRequested: lambda case: ReasonsRequested(
                **self._when(), consumer_id=self._recipient(may_ask(case))
            ),
            LegalHoldPlaced: lambda _: LegalHoldPlaced(**self._when(), hold_id=self._id("h")),
            LegalHoldLifted: lambda case: LegalHoldLifted(
                **self._when(), hold_id=next(iter(sorted(case.holds)), "h-none")
            ),
        }

    def _is_careful(self) -> bool:
        return self._random.random() >= self.carelessness

    def _id(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}-{self._serial}"

    def _cause(self) -> str:
        return _CAUSE if self._is_careful() else "ok"

    def _person(self, *, but: Collection[str] = ()) -> Actor:
        if not self._is_careful():
            return Actor(actor_id="program", role="scorer", kind=ActorKind.SYSTEM)
        people = [person for person in _PEOPLE if person not in but]
        return Actor(actor_id=self._random.choice(people), role="underwriter")

    def _when(self, actor: Actor | None = None) -> _When:
        """Returns when something happens; a careless event happened before it could."""
        early = timedelta() if self._is_careful() else timedelta(days=self._random.randrange(90))
        who = actor or Actor(actor_id="program", role="system", kind=ActorKind.SYSTEM)
        return _When(occurred_at=self.now - early, recorded_at=self.now, actor=who)

    def _wait_for(self, day: date | None, case: Case) -> None:
        """Lets time go by until a day is over in the creditor's time zone."""
        if day is None:
            return
        left = (day - local_date(self.now, time_zone=case.time_zone)).days
        if left >= 0:
            self.pass_time(days=left + 2)

    def _decided(self, case: Case) -> Event:
        careful = self._is_careful()
        possible = likely_outcomes(case, self._random) if careful else list(Outcome)
        outcome = self._random.choice(possible)
        if outcome is Outcome.CLOSED_INCOMPLETE and self._is_careful():
            self._wait_for(case.respond_by, case)
        when = self._when(self._person())
        by, at = when["actor"].actor_id, when["occurred_at"]
        decision = self._decision(case, outcome, by=by, at=at)
        return DecisionRecorded(**when, decision=decision)

    def _decision(self, case: Case, outcome: Outcome, *, by: str, at: datetime) -> DecisionRecord:
        found = case.assessment
        weighs = outcome in ON_THE_MERITS
        review = found.review_reasons if found and weighs else ()
        answers = tuple(
            ReviewAnswer(reason=r.reason, accepted=self._random.random() < 1 / 2)
            for r in review
            if self._is_careful()
        )
        reasons: tuple[RecordedReason, ...] = ()
        if outcome in WITH_REASONS:
            reasons = reasons_of(found, answers, is_careful=self._is_careful())
        by_model = {reason.provenance for reason in reasons} == {Provenance.MODEL}
        path = DecisionPath.SCORE if by_model else DecisionPath.JUDGMENTAL
        return DecisionRecord(
            decision_id=self._id("d"),
            outcome=outcome,
            decided_by=by,
            decided_at=at,
            path=path if weighs else None,
            taxonomy_version=TAXONOMY_VERSION,
            policy_version=POLICY_VERSION,
            reasons=reasons,
            review_answers=answers,
            override_cause=self._cause(),
            assessment_id=found.assessment_id if found and weighs else None,
            model_version=found.model_version if found and weighs else None,
            other_recipients=self._others(outcome),
        )

    def _others(self, outcome: Outcome) -> tuple[str, ...]:
        """Half of all requests were made by one person alone."""
        if outcome not in WITH_REASONS and self._is_careful():
            return ()
        return tuple(_OTHERS[: self._random.choice((0, 0, 1, 2))])

    def _recipient(self, among: Sequence[Recipient]) -> Recipient:
        """Returns one of those; a careless event is about anybody."""
        careful = among and self._is_careful()
        return self._random.choice(list(among) if careful else [None, *_OTHERS])

    def _drafted(self, case: Case) -> Event:
        recipient = self._recipient(to_draft(case))
        purposes = draftable(case, recipient) if self._is_careful() else tuple(NoticePurpose)
        purpose = self._random.choice(purposes or tuple(NoticePurpose))
        asks = purpose is NoticePurpose.INCOMPLETENESS
        adverse = case.decision is not None and case.decision.outcome in WITH_REASONS
        defers = adverse and purpose not in {
            NoticePurpose.COUNTEROFFER,
            NoticePurpose.REASONS_STATEMENT,
        }
        today = local_date(self.now, time_zone=case.time_zone)
        return NoticeDrafted(
            **self._when(self._person()),
            notice_id=self._id("n"),
            purpose=purpose,
            digest=digest_of(self._id("notice")),
            template_digest=digest_of("template"),
            consumer_id=recipient,
            decision_id=case.decision.decision_id if case.decision else None,
            reasons_on_request=defers and self._random.random() < 1 / 2,
            missing_items=("pay_stub",) if asks else (),
            respond_by=days_after(today, 5 + self._random.randrange(30)) if asks else None,
        )

    def _notice(self, case: Case, steps: Collection[NoticeStep]) -> NoticeInPreparation | None:
        """Returns a notice at one of these steps; a careless event is about any, or none."""
        fits = [notice for notice in case.preparing if notice.step in steps]
        if fits and self._is_careful():
            return self._random.choice(fits)
        return self._random.choice([None, *case.preparing])

    def _same(self, case: Case, kind: type[Event]) -> _Same:
        found = self._notice(case, STEPS_BEFORE[kind])
        if found is None or not self._is_careful():
            return _Same(notice_id="n-none", digest=digest_of("none"))
        return _Same(notice_id=found.draft.notice_id, digest=found.draft.digest)

    def _checked(self, case: Case) -> Event:
        warning = AnsweredWarning(check_id="C6", cause=self._cause())
        blocking = () if self._is_careful() else ("C2",)
        return NoticeChecked(
            **self._when(),
            **self._same(case, NoticeChecked),
            blocking=blocking,
            warnings=(warning,),
        )

    def _released(self, case: Case) -> Event:
        same = self._same(case, NoticeReleased)
        before = {case.decision.decided_by} if case.decision else set()
        found = case.notice(same["notice_id"])
        if found is not None:
            before.add(found.draft.actor.actor_id)
        actor = self._person(but=before if self._is_careful() else ())
        return NoticeReleased(**self._when(actor), **same)

    def _sent(self, case: Case) -> Event:
        careful = (Channel.MAILED, Channel.DELIVERED, Channel.ELECTRONIC)
        channel = self._random.choice(careful if self._is_careful() else tuple(Channel))
        consent = "consent-1" if channel is Channel.ELECTRONIC and self._is_careful() else None
        same = self._same(case, NoticeSent)
        return NoticeSent(**self._when(), **same, channel=channel, consent_id=consent)
