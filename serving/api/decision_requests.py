"""What the routes on decisions take."""

from pydantic import Field

from data_pipeline.domain.taxonomy import DenialReason
from serving.api.case_requests import Cause, Command, Id, Moment
from serving.cases.decisions import DecisionPath, Outcome, Provenance


class PassageBody(Command):
    """Code points `start` up to `end` of the text that was assessed."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)


class ReasonBody(Command):
    """A principal reason, and where it comes from."""

    reason: DenialReason
    provenance: Provenance
    passages: list[PassageBody] = Field(default=[], max_length=50)
    basis: str | None = Field(
        None, max_length=500, description="What the person reviewed, or the rule that fired."
    )
    specific_text: str | None = Field(
        None, max_length=200, description="Beside 'other, specify': the factor in specific words."
    )


class AnswerBody(Command):
    """What a person made of a reason left to them."""

    reason: DenialReason
    accepted: bool


class DecideRequest(Command):
    """What a person decides."""

    case_id: Id
    outcome: Outcome
    path: DecisionPath | None = Field(
        None, description="The component that decided; null where the applicant was not weighed."
    )
    reasons: list[ReasonBody] = Field(
        default=[], max_length=40, description="Principal reasons, most important first."
    )
    review_answers: list[AnswerBody] = Field(
        default=[], max_length=40, description="One for each review reason of the assessment."
    )
    override_cause: Cause | None = None
    missing_items: list[str] = Field(default=[], max_length=40)
    decided_at: Moment = None


class CauseRequest(Command):
    """Why something is taken back."""

    cause: Cause
