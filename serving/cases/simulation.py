"""Made-up cases for tests and trials: random events, most of them possible, some not.

Nothing here is a real person or file. The same random generator gives the same events.
"""

import hashlib
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypedDict

from data_pipeline.domain.taxonomy import REASONS, TAXONOMY_VERSION, DenialReason
from serving.cases.calendar_days import days_after, local_date
from serving.cases.case import Case, Stage, expected_events, purposes_now
from serving.cases.decisions import (
    ACCOUNT_OUTCOMES,
    ON_THE_MERITS,
    WITH_REASONS,
    AssessedReason,
    Assessment,
    DecisionPath,
    DecisionRecord,
    Evidence,
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
    CaseKind,
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
)
from serving.cases.retention import keep_until

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
TIME_ZONES = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Guam", "UTC")
_PEOPLE = ("u-1", "u-2", "u-3")
_MODEL = "simulated-1"
_POLICY = "policy-1"
_CAUSE = "the documents on file say otherwise"
_WEIGHTS: dict[type[Event], float] = {
    LegalHoldPlaced: 0.03,
    DecisionReopened: 0.1,
    NoticeDiscarded: 0.1,
    NoticeChecked: 4.0,
    NoticeReleased: 4.0,
    NoticeSent: 4.0,
}
_WEIGHED = tuple(r for r in REASONS if r is not DenialReason.CREDIT_APPLICATION_INCOMPLETE)


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
                **self._when(), assessment=self._assessment()
            ),
            DecisionRecorded: self._decided,
            DecisionReopened: lambda _: DecisionReopened(**self._when(), cause=self._cause()),
            NoticeDrafted: self._drafted,
            NoticeChecked: self._checked,
            NoticeReleased: self._released,
            NoticeSent: self._sent,
            NoticeDiscarded: lambda case: NoticeDiscarded(
                **self._when(), notice_id=self._notice(case)["notice_id"], cause=self._cause()
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

    def _assessment(self) -> Assessment:
        drawn = self._random.sample(_WEIGHED, self._random.randrange(6))
        stated = self._random.randrange(len(drawn) + 1)
        found = tuple(
            AssessedReason(reason=r, probability=0.5, evidence=(_evidence(r),)) for r in drawn
        )
        return Assessment(
            assessment_id=self._id("a"),
            text_digest=_digest(self._id("text")),
            principal_reasons=found[:stated],
            review_reasons=found[stated:],
            model_version=self._random.choice((_MODEL, _MODEL, None)),
            taxonomy_version=TAXONOMY_VERSION,
            policy_version=_POLICY,
            risk_score=None,
        )

    def _decided(self, case: Case) -> Event:
        outcome = self._random.choice(self._outcomes(case))
        if outcome is Outcome.CLOSED_INCOMPLETE and self._is_careful():
            self._wait_for(case.respond_by, case)
        when = self._when(self._person())
        by, at = when["actor"].actor_id, when["occurred_at"]
        decision = self._decision(case, outcome, by=by, at=at)
        return DecisionRecorded(**when, decision=decision)

    def _outcomes(self, case: Case) -> list[Outcome]:
        if not self._is_careful():
            return list(Outcome)
        if case.kind is CaseKind.EXISTING_ACCOUNT:
            return sorted(ACCOUNT_OUTCOMES) if case.assessment else [Outcome.ACCOUNT_UNCHANGED]
        found = [Outcome.WITHDRAWN, Outcome.PRODUCT_NOT_OFFERED, Outcome.LAW_PROHIBITS]
        found = [self._random.choice(found)]
        if case.stage is Stage.AWAITING_INFORMATION:
            found.append(Outcome.CLOSED_INCOMPLETE)
        if case.assessment is not None:
            found += [Outcome.DENY] * 6
            if case.is_complete:
                found += [Outcome.APPROVE, Outcome.COUNTEROFFER] * 3
        return found

    def _decision(self, case: Case, outcome: Outcome, *, by: str, at: datetime) -> DecisionRecord:
        found = case.assessment
        weighs = outcome in ON_THE_MERITS
        review = found.review_reasons if found and weighs else ()
        answers = tuple(
            ReviewAnswer(reason=r.reason, accepted=self._random.random() < 1 / 2)
            for r in review
            if self._is_careful()
        )
        reasons = self._reasons(found, answers) if outcome in WITH_REASONS else ()
        by_model = {reason.provenance for reason in reasons} == {Provenance.MODEL}
        path = DecisionPath.SCORE if by_model else DecisionPath.JUDGMENTAL
        return DecisionRecord(
            decision_id=self._id("d"),
            outcome=outcome,
            decided_by=by,
            decided_at=at,
            path=path if weighs else None,
            taxonomy_version=TAXONOMY_VERSION,
            policy_version=_POLICY,
            reasons=reasons,
            review_answers=answers,
            override_cause=self._cause(),
            assessment_id=found.assessment_id if found and weighs else None,
            model_version=found.model_version if found and weighs else None,
        )

    def _reasons(
        self, found: Assessment | None, answers: tuple[ReviewAnswer, ...]
    ) -> tuple[RecordedReason, ...]:
        stated = [r.reason for r in found.principal_reasons] if found else []
        given = stated + [answer.reason for answer in answers if answer.accepted]
        if given and self._is_careful():
            return tuple(
                RecordedReason(reason=r, provenance=Provenance.MODEL, evidence=(_evidence(r),))
                for r in given
            )
        dismissed = {answer.reason for answer in answers}
        other = next(reason for reason in _WEIGHED if reason not in dismissed)
        reviewed = "the pay stubs on file"
        return (RecordedReason(reason=other, provenance=Provenance.PERSON, basis=reviewed),)

    def _drafted(self, case: Case) -> Event:
        purposes = purposes_now(case) if self._is_careful() else tuple(NoticePurpose)
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
            digest=_digest(self._id("notice")),
            template_digest=_digest("template"),
            decision_id=case.decision.decision_id if case.decision else None,
            reasons_on_request=defers and self._random.random() < 1 / 2,
            missing_items=("pay_stub",) if asks else (),
            respond_by=days_after(today, 5 + self._random.randrange(30)) if asks else None,
        )

    def _notice(self, case: Case) -> _Same:
        if case.notice is None or not self._is_careful():
            return _Same(notice_id="n-none", digest=_digest("none"))
        draft = case.notice.draft
        return _Same(notice_id=draft.notice_id, digest=draft.digest)

    def _checked(self, case: Case) -> Event:
        warning = AnsweredWarning(check_id="C6", cause=self._cause())
        blocking = () if self._is_careful() else ("C2",)
        return NoticeChecked(
            **self._when(), **self._notice(case), blocking=blocking, warnings=(warning,)
        )

    def _released(self, case: Case) -> Event:
        before = {case.decision.decided_by} if case.decision else set()
        if case.notice is not None:
            before.add(case.notice.draft.actor.actor_id)
        actor = self._person(but=before if self._is_careful() else ())
        return NoticeReleased(**self._when(actor), **self._notice(case))

    def _sent(self, case: Case) -> Event:
        careful = (Channel.MAILED, Channel.DELIVERED, Channel.ELECTRONIC)
        channel = self._random.choice(careful if self._is_careful() else tuple(Channel))
        consent = "consent-1" if channel is Channel.ELECTRONIC and self._is_careful() else None
        return NoticeSent(**self._when(), **self._notice(case), channel=channel, consent_id=consent)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _evidence(reason: DenialReason) -> Evidence:
    return Evidence(start=0, end=len(reason), quote=str(reason))
