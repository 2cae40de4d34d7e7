"""What the routes on what-if and recourse take and give."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from data_pipeline.domain.taxonomy import DenialReason
from serving.api.schemas import ApplicationBody, Milliseconds
from serving.rows import Assessment, EvidenceSpan, ScoredRow
from serving.what_if.changes import ChangedApplication
from serving.what_if.recourse import Recourse, Suggestion
from serving.what_if.table import table

_EXAMPLE: dict[str, JsonValue] = {
    "text": "Asks for $24,000 over 60 months. Debts take 61% of her income.",
    "product": "personal",
    "loan_amount_usd": 24000,
    "monthly_debt_payments_usd": 2600,
    "annual_income_usd": 61800,
}


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    application: ApplicationBody | None = Field(
        None, description="The application as it is; or `case_id`."
    )
    case_id: str | None = Field(
        None, max_length=64, description="A case, whose application is taken; it is recorded there."
    )


class Strike(BaseModel):
    """A stretch of the free text to leave out, in code points."""

    model_config = ConfigDict(extra="forbid")

    start: int = Field(ge=0, description="First code point.")
    end: int = Field(ge=1, description="Code point after the last.")


class WhatIfRequest(_Asked):
    """An application, and what would be different."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"application": _EXAMPLE, "changes": {"monthly_debt_payments_usd": 1200}}]
        }
    )

    changes: dict[str, Any] = Field(
        default={}, description="New value of each field to change: see the table of fields."
    )
    strike: list[Strike] = Field(
        default=[], max_length=20, description="Stretches of `text` to leave out, in order."
    )


class RecourseRequest(_Asked):
    """An application, and the reason to remove."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"application": _EXAMPLE, "reason": "excessive_obligations_to_income"}]
        }
    )

    reason: DenialReason = Field(description="A principal reason of the answer.")


class Change(BaseModel):
    """A field before and after."""

    field: str
    before: float | None = Field(description="Null where the application does not give it.")
    after: float
    is_derived: bool = Field(description="Whether it follows from what was changed.")
    mentions: int = Field(ge=0, description="Figures of the text that were written anew.")


class WhatIfAnswer(BaseModel):
    """The answer before and after."""

    before: Assessment
    after: Assessment = Field(
        description="Offsets of its quotes count in the changed text, which is not kept."
    )
    changes: list[Change]
    struck: list[EvidenceSpan] = Field(description="What was left out of the text.")
    reasons_removed: list[DenialReason] = Field(description="Stated before, not after.")
    reasons_added: list[DenialReason] = Field(description="Stated after, not before.")
    risk_score_change: float = Field(description="After minus before, points.")
    table_version: str = Field(description="Version of the table of fields.")
    milliseconds: Milliseconds


class SuggestionAnswer(BaseModel):
    """A change that removes the reason, as scored."""

    how: list[str] = Field(description="What the applicant would do.")
    changes: list[Change]
    struck: list[EvidenceSpan] = Field(
        description="Clauses that would no longer stand in the file once the matter is settled."
    )
    cost: float = Field(
        ge=0, description="How far and how hard the change is, beside the others; the least first."
    )
    still_in_review: bool = Field(description="Whether a person must still look at the reason.")
    after: Assessment


class RecourseAnswer(BaseModel):
    """What may remove a reason: for the creditor's people, never for a notice."""

    reason: DenialReason
    before: Assessment
    suggestions: list[SuggestionAnswer] = Field(
        description="The smallest change first; empty where nothing that may be changed removes it."
    )
    tried: int = Field(ge=0, description="Applications that were scored.")
    note: str = (
        "What would change this model's answer, as re-scored. It promises no approval, and is "
        "never part of a notice."
    )
    table_version: str
    milliseconds: Milliseconds


def assessment(row: ScoredRow) -> Assessment:
    """Returns a row as an assessment."""
    return Assessment(**row.model_dump(exclude={"error"}))


def change_answers(changed: ChangedApplication) -> list[Change]:
    """Returns the fields that differ."""
    return [
        Change(
            field=change.field,
            before=change.before,
            after=change.after,
            is_derived=change.is_derived,
            mentions=change.mentions,
        )
        for change in changed.changes
    ]


def struck_answers(changed: ChangedApplication, text: str | None) -> list[EvidenceSpan]:
    """Returns what was left out of a text."""
    return [
        EvidenceSpan(start=start, end=end, quote=(text or "")[start:end])
        for start, end in changed.struck
    ]


def what_if_answer(
    before: ScoredRow,
    after: ScoredRow,
    changed: ChangedApplication,
    *,
    text: str | None,
    milliseconds: float,
) -> WhatIfAnswer:
    """Returns the answer to a what-if."""
    stated = [found.reason for found in before.principal_reasons]
    left = [found.reason for found in after.principal_reasons]
    return WhatIfAnswer(
        before=assessment(before),
        after=assessment(after),
        changes=change_answers(changed),
        struck=struck_answers(changed, text),
        reasons_removed=[reason for reason in stated if reason not in left],
        reasons_added=[reason for reason in left if reason not in stated],
        risk_score_change=round(after.risk_score - before.risk_score, 4),
        table_version=table().version,
        milliseconds=milliseconds,
    )


def recourse_answer(
    found: Recourse, before: ScoredRow, *, text: str | None, milliseconds: float
) -> RecourseAnswer:
    """Returns what a search found."""
    return RecourseAnswer(
        reason=found.reason,
        before=assessment(before),
        suggestions=[_suggestion(suggestion, text) for suggestion in found.suggestions],
        tried=found.num_tried,
        table_version=table().version,
        milliseconds=milliseconds,
    )


def _suggestion(found: Suggestion, text: str | None) -> SuggestionAnswer:
    return SuggestionAnswer(
        how=list(found.how),
        changes=change_answers(found.changed),
        struck=struck_answers(found.changed, text),
        cost=found.cost,
        still_in_review=found.still_in_review,
        after=assessment(found.row),
    )
