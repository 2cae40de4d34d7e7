"""Made-up cases for tests and trials: random events, most of them possible, some not.

Nothing here is a real person or file. The same random generator gives the same events.
"""

from collections.abc import Callable
from datetime import datetime
from random import Random

from data_pipeline.domain.taxonomy import TAXONOMY_VERSION
from serving.cases.case import Case
from serving.cases.chance import Chance
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
    PRIMARY_APPLICANT,
    AccountReviewOpened,
    ApplicantKind,
    ApplicationReceived,
    AssessmentRecorded,
    DecisionRecorded,
    DecisionReopened,
    Event,
    ReasonsRequested,
)
from serving.cases.every_event import EVENTS, OPENING
from serving.cases.expected import UNDECIDED, expected_events
from serving.cases.file_events import FilePart, FileRevised
from serving.cases.keeping_events import CasePurged, LegalHoldLifted, LegalHoldPlaced
from serving.cases.notice_events import (
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticeReleased,
    NoticeSent,
)
from serving.cases.owed import may_ask
from serving.cases.retention import keep_until
from serving.cases.simulated_decisions import (
    POLICY_VERSION,
    an_assessment,
    likely_outcomes,
    reasons_of,
)
from serving.cases.simulated_notices import OTHERS, NoticeMaker

TIME_ZONES = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Guam", "UTC")
_WEIGHTS: dict[type[Event], float] = {
    LegalHoldPlaced: 0.03,
    FileRevised: 0.1,
    DecisionReopened: 0.1,
    NoticeDiscarded: 0.1,
    NoticeChecked: 4.0,
    NoticeReleased: 4.0,
    NoticeSent: 4.0,
}


class Simulator:
    """Makes events for a case, in a time that only goes forward.

    Attributes:
        chance: what draws everything; holds the time, and how careless the events are.
    """

    def __init__(self, random: Random, *, carelessness: float = 0.0) -> None:
        """Takes where everything random comes from, and the share of details that are wrong."""
        self.chance = Chance(random, carelessness=carelessness)
        self._notices = NoticeMaker(self.chance)

    def opening(self) -> Event:
        """Returns an event that opens a case; one in eight is about an existing account."""
        kind = AccountReviewOpened if self.chance.random.random() < 1 / 8 else ApplicationReceived
        return kind(
            **self.chance.when(),
            case_id=self.chance.new_id("c"),
            applicant_kind=self.chance.random.choice(list(ApplicantKind)),
            time_zone=self.chance.random.choice(TIME_ZONES),
        )

    def next_event(self, case: Case) -> Event:
        """Returns an event after some time: a possible one, or a careless one of any kind."""
        self.chance.pass_time(days=self.chance.random.expovariate(1 / 6))
        possible = expected_events(case)
        if not possible or not self.chance.is_careful():
            return self.event(self.chance.random.choice(EVENTS), case)
        decides = 1.0 if case.assessment or case.respond_by else 0.1
        likely = _WEIGHTS | {DecisionRecorded: decides}
        weights = [likely.get(kind, 1.0) for kind in possible]
        return self.event(self.chance.random.choices(possible, weights)[0], case)

    def event(self, kind: type[Event], case: Case) -> Event:
        """Returns an event of a kind that the case accepts, if it is possible at this time."""
        if kind in OPENING:
            return self.opening()
        if kind is CasePurged and self.chance.is_careful():
            self.chance.wait_for(keep_until(case), case)
        make = self._makers().get(kind)
        return make(case) if make else kind(**self.chance.when())

    def _makers(self) -> dict[type[Event], Callable[[Case], Event]]:
        return {
            AssessmentRecorded: lambda _: AssessmentRecorded(
                **self.chance.when(),
                assessment=an_assessment(
                    self.chance.random,
                    assessment_id=self.chance.new_id("a"),
                    text_id=self.chance.new_id("text"),
                ),
            ),
            DecisionRecorded: self._decided,
            DecisionReopened: lambda _: DecisionReopened(
                **self.chance.when(), cause=self.chance.cause()
            ),
            FileRevised: self._revised,
            NoticeDrafted: self._notices.drafted,
            NoticeChecked: self._notices.checked,
            NoticeReleased: self._notices.released,
            NoticeSent: self._notices.sent,
            NoticeDiscarded: self._notices.discarded,
            ReasonsRequested: lambda case: ReasonsRequested(
                **self.chance.when(), consumer_id=self._notices.recipient(may_ask(case))
            ),
            LegalHoldPlaced: lambda _: LegalHoldPlaced(
                **self.chance.when(), hold_id=self.chance.new_id("h")
            ),
            LegalHoldLifted: lambda case: LegalHoldLifted(
                **self.chance.when(), hold_id=next(iter(sorted(case.holds)), "h-none")
            ),
        }

    def _revised(self, case: Case) -> Event:
        """Somebody who has no letter in preparation moves, or anything else changes in time."""
        parts = tuple(FilePart) if case.stage in UNDECIDED and not case.preparing else ()
        moved = [r for r in (PRIMARY_APPLICANT, *OTHERS) if case.notice_to(r) is None]
        chosen = self.chance.random.choice((FilePart.APPLICANTS, *parts))
        if not self.chance.is_careful():
            chosen, moved = self.chance.random.choice(tuple(FilePart)), [PRIMARY_APPLICANT]
        return FileRevised(
            **self.chance.when(),
            parts=(chosen,),
            cause=self.chance.cause(),
            recipients=tuple(moved[:1]) if chosen is FilePart.APPLICANTS else (),
        )

    def _decided(self, case: Case) -> Event:
        careful = self.chance.is_careful()
        possible = likely_outcomes(case, self.chance.random) if careful else list(Outcome)
        outcome = self.chance.random.choice(possible)
        if outcome is Outcome.CLOSED_INCOMPLETE and self.chance.is_careful():
            self.chance.wait_for(case.respond_by, case)
        when = self.chance.when(self.chance.person())
        by, at = when["actor"].actor_id, when["occurred_at"]
        decision = self._decision(case, outcome, by=by, at=at)
        return DecisionRecorded(**when, decision=decision)

    def _decision(self, case: Case, outcome: Outcome, *, by: str, at: datetime) -> DecisionRecord:
        found = case.assessment
        weighs = outcome in ON_THE_MERITS
        review = found.review_reasons if found and weighs else ()
        answers = tuple(
            ReviewAnswer(reason=r.reason, accepted=self.chance.random.random() < 1 / 2)
            for r in review
            if self.chance.is_careful()
        )
        reasons: tuple[RecordedReason, ...] = ()
        if outcome in WITH_REASONS:
            reasons = reasons_of(found, answers, is_careful=self.chance.is_careful())
        by_model = {reason.provenance for reason in reasons} == {Provenance.MODEL}
        path = DecisionPath.SCORE if by_model else DecisionPath.JUDGMENTAL
        return DecisionRecord(
            decision_id=self.chance.new_id("d"),
            outcome=outcome,
            decided_by=by,
            decided_at=at,
            path=path if weighs else None,
            taxonomy_version=TAXONOMY_VERSION,
            policy_version=POLICY_VERSION,
            reasons=reasons,
            review_answers=answers,
            override_cause=self.chance.cause(),
            assessment_id=found.assessment_id if found and weighs else None,
            model_version=found.model_version if found and weighs else None,
            other_recipients=self._others(outcome),
        )

    def _others(self, outcome: Outcome) -> tuple[str, ...]:
        """Half of all requests were made by one person alone."""
        if outcome not in WITH_REASONS and self.chance.is_careful():
            return ()
        return tuple(OTHERS[: self.chance.random.choice((0, 0, 1, 2))])
