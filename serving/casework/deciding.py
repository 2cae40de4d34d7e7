"""A person decides: the record of the decision, with the provenance of every reason.

Source: 12 CFR 1002.9(b)(2) and its comments 9(b)(2)-2, -4, -6 to -8.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import TAXONOMY_VERSION, DenialReason
from serving.cases.application_file import ApplicationFile
from serving.cases.calendar_days import local_date
from serving.cases.case import NoticeStep
from serving.cases.decisions import (
    ON_THE_MERITS,
    Assessment,
    DecisionPath,
    DecisionRecord,
    Evidence,
    Outcome,
    Provenance,
    RecordedReason,
    ReviewAnswer,
)
from serving.cases.events import Actor, DecisionRecorded, DecisionReopened
from serving.cases.refusals import refuse
from serving.cases.store import StoredCase
from serving.cases.transitions import apply
from serving.casework.decision_checks import check_decision
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.giving_up import give_up
from serving.casework.recipients import other_recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of the text that the model reads: code points from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReason:
    """A principal reason as a person gives it.

    Attributes:
        reason: the reason.
        provenance: the component it comes from.
        passages: what of the text carries it; of a reason of the model, its own evidence is taken.
        basis: what the person reviewed, or the id of the rule that fired.
        specific_text: the wording beside "other, specify", for a reason of the category other.
    """

    reason: DenialReason
    provenance: Provenance
    passages: tuple[Passage, ...] = ()
    basis: str | None = None
    specific_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """What a person decides. Attributes as in `serving.cases.decisions.DecisionRecord`.

    Attributes:
        decided_at: when; None means now.
    """

    outcome: Outcome
    path: DecisionPath | None = None
    reasons: tuple[GivenReason, ...] = ()
    review_answers: tuple[ReviewAnswer, ...] = ()
    override_cause: str | None = None
    missing_items: tuple[str, ...] = ()
    decided_at: datetime | None = None


def decide(desk: Desk, case_id: str, command: Decide, *, by: Actor) -> StoredCase:
    """Records what a person decides, on the latest assessment of the case.

    Raises:
        DecisionRefusedError: the record is not whole, or contradicts the assessment.
        FactsError: a passage is not in the text, or what a letter needs of the decision cannot be:
            see `check_decision`.
        IllegalEventError: the case cannot be decided now.
    """
    stored = desk.load(case_id)
    file = desk.storage.cases.file(case_id)
    given_up = give_up(stored.case.preparing, desk.when(by), cause="decided before its release")
    when = desk.when(by, command.decided_at, field="decided_at")
    found = stored.case.assessment if command.outcome in ON_THE_MERITS else None
    decision = DecisionRecord(
        decision_id=desk.new_id("d"),
        outcome=command.outcome,
        decided_by=by.actor_id,
        decided_at=when["occurred_at"],
        path=command.path,
        taxonomy_version=found.taxonomy_version if found else TAXONOMY_VERSION,
        policy_version=found.policy_version if found else desk.policy.version,
        reasons=tuple(
            _recorded(given, found, file, field=f"reasons.{position}")
            for position, given in enumerate(command.reasons)
        ),
        review_answers=command.review_answers,
        override_cause=command.override_cause,
        missing_items=command.missing_items,
        assessment_id=found.assessment_id if found else None,
        model_version=found.model_version if found else None,
        other_recipients=other_recipients(file, command.outcome),
    )
    decided_on = local_date(decision.decided_at, time_zone=stored.case.time_zone)
    check_decision(decision, file, decided_on=decided_on)
    return desk.record(stored, [*given_up, DecisionRecorded(**when, decision=decision)])


def reopen(desk: Desk, decision_id: str, *, cause: str, by: Actor) -> StoredCase:
    """Takes back a decision of which nobody was notified yet; drafts that tell it are given up.

    Raises:
        UnknownDecisionError: there is no such decision.
        IllegalEventError: the applicant was notified, or may be, as a letter is released; another
            decision is in force, or no cause is written.
    """
    stored = desk.load(desk.storage.cases.case_of_decision(decision_id))
    decision = stored.case.decision
    if decision is None or decision.decision_id != decision_id:
        raise FactsError(
            field="decision_id", found="a decision taken back", expected="the one in force"
        )
    when = desk.when(by)
    reopened = DecisionReopened(**when, cause=cause)
    apply(stored.case, reopened)
    # No rule of the record: those written before it hold letters that went this way.
    if any(notice.step is NoticeStep.RELEASED for notice in stored.case.preparing):
        reason = "a letter that tells it is released: record that it was sent, or discard it first"
        refuse(stored.case, reopened, f"{reason} (comment 9-3)")
    why = f"the decision that it tells was taken back: {cause}"
    return desk.record(stored, [*give_up(stored.case.preparing, when, cause=why), reopened])


def confirmed(assessment: Assessment) -> tuple[GivenReason, ...]:
    """Returns the principal reasons of an assessment as a person confirms them, in its order."""
    return tuple(
        GivenReason(reason=found.reason, provenance=Provenance.MODEL)
        for found in assessment.principal_reasons
    )


def _recorded(
    given: GivenReason, found: Assessment | None, file: ApplicationFile, *, field: str
) -> RecordedReason:
    recorded = RecordedReason(
        reason=given.reason,
        provenance=given.provenance,
        basis=given.basis,
        specific_text=given.specific_text,
        evidence=tuple(
            _evidence(passage, file, field=f"{field}.passages") for passage in given.passages
        ),
    )
    if given.provenance is not Provenance.MODEL or found is None or given.passages:
        return recorded
    known = (*found.principal_reasons, *found.review_reasons)
    evidence = next((a.evidence for a in known if a.reason is given.reason), ())
    return replace(recorded, evidence=evidence)


def _evidence(passage: Passage, file: ApplicationFile, *, field: str) -> Evidence:
    text = render_text(file.application) if file.application else ""
    if not 0 <= passage.start < passage.end <= len(text):
        raise FactsError(
            field=field,
            found="a passage outside the text",
            expected="start and end in code points of the text that was assessed",
            clause="comment 9(b)(2)-6",
        )
    quote = text[passage.start : passage.end]
    return Evidence(start=passage.start, end=passage.end, quote=quote)
