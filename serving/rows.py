"""The output row: what is said about one application, over HTTP and in files alike.

A scored row has every field and `error` null; a failed row has `id`, `model_version` and `error`,
and null everywhere else, so that nothing in it can be taken for an answer. Offsets are Unicode
code points of the text that was scored: `text` as submitted, followed, where further fields were
given, by a blank line and one "Label: value" line per field. `start` and `end` below the length
of `text` are therefore positions in `text` itself.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.domain.taxonomy import DenialCategory, DenialReason
from serving.policy import Policy, RiskBand

if TYPE_CHECKING:
    from model_store.predictor import Evidence, Prediction, ReasonPrediction

PROBABILITY_DECIMALS = 6
RISK_SCORE_DECIMALS = 4

Probability = Annotated[float, Field(ge=0, le=1, examples=[0.913482])]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class EvidenceSpan(_Row):
    """A stretch of the scored text that carries a reason."""

    start: int = Field(ge=0, description="First code point of the quote.", examples=[24])
    end: int = Field(ge=1, description="Code point after the last of the quote.", examples=[47])
    quote: str = Field(
        description="The scored text from `start` to `end`, verbatim.",
        examples=["Chapter 7 filed in 2022"],
    )


class StatedReason(_Row):
    """A reason of the taxonomy with its probability and the words that carry it."""

    reason: DenialReason = Field(examples=["bankruptcy"])
    category: DenialCategory = Field(examples=["public_record"])
    probability: Probability = Field(description="Probability of the reason, 0 to 1.")
    evidence: list[EvidenceSpan] = Field(description="May be empty: no passage stands out.")


class CategoryProbability(_Row):
    """How likely a category is among the reasons of a denial."""

    category: DenialCategory = Field(examples=["public_record"])
    probability: Probability = Field(description="Probability of the category, 0 to 1.")


class RowFailure(_Row):
    """Why a row was not scored. Never contains any of the applicant's text."""

    code: str = Field(description="Stable and machine-readable.", examples=["text_too_long"])
    message: str = Field(description="What was found, what was expected, what to do.")


_ID = Field(description="As given, or the number of the row; null where neither exists.")
_MODEL_VERSION = Field(description="The model that answered.", examples=["starter-0123456789ab"])


class Assessment(_Row):
    """What the model says about one application. It advises; a person decides."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    id: str | None = _ID
    risk_score: float = Field(
        ge=0,
        le=100,
        description="Chance of default within 12 months, percent.",
        examples=[41.2037],
    )
    risk_band: RiskBand = Field(description="The policy's name for the risk score.")
    primary_category: DenialCategory | None = Field(
        description="Category of the first principal reason; null when none is stated.",
        examples=["public_record"],
    )
    categories: list[CategoryProbability] = Field(
        min_length=len(DenialCategory),
        max_length=len(DenialCategory),
        description="All 12, in the order of GET /api/v1/categories.",
    )
    principal_reasons: list[StatedReason] = Field(
        description="Reasons a denial would rest on, the weightiest first; empty means none is "
        "stated."
    )
    review_reasons: list[StatedReason] = Field(
        description="Reasons that a person must accept or dismiss before deciding."
    )
    tokens: int = Field(ge=0, description="Tokens read by the model.", examples=[57])
    windows: int = Field(ge=1, description="Overlapping windows they were read in.", examples=[1])
    model_version: str = _MODEL_VERSION


class ScoredRow(Assessment):
    """The output row of an application that was scored."""

    error: None = Field(default=None, description="Null: the application was scored.")


class FailedRow(_Row):
    """The output row of an application that was not scored."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    id: str | None = _ID
    risk_score: None = None
    risk_band: None = None
    primary_category: None = None
    categories: None = None
    principal_reasons: None = None
    review_reasons: None = None
    tokens: None = None
    windows: None = None
    model_version: str = _MODEL_VERSION
    error: RowFailure


OutputRow = ScoredRow | FailedRow

ROW_FIELDS: tuple[str, ...] = tuple(ScoredRow.model_fields)
"""The columns of an output file, in order."""


def scored_row(
    prediction: "Prediction", *, row_id: str | None, policy: Policy, num_text_characters: int
) -> ScoredRow:
    """Returns the row of a prediction; probabilities are rounded to 6 decimals.

    Args:
        prediction: what the model said of the rendered application.
        row_id: the row's id.
        policy: the creditor's policy.
        num_text_characters: length of the free text in the rendering, code points; 0 where there
            is none. A quote never runs over its end into the fields.
    """
    risk_score = round(float(prediction.risk_score), RISK_SCORE_DECIMALS)
    return ScoredRow(
        id=row_id,
        risk_score=risk_score,
        risk_band=policy.band_of(risk_score),
        primary_category=prediction.primary_category,
        categories=[
            CategoryProbability(
                category=category, probability=_rounded(prediction.categories[category])
            )
            for category in DenialCategory
        ],
        principal_reasons=[
            _stated(reason, num_text_characters) for reason in prediction.principal_reasons
        ],
        review_reasons=[
            _stated(reason, num_text_characters) for reason in prediction.review_reasons
        ],
        tokens=prediction.num_tokens,
        windows=prediction.num_windows,
        model_version=prediction.model_version,
    )


def failed_row(*, row_id: str | None, code: str, message: str, model_version: str) -> FailedRow:
    """Returns the row of an application that was not scored."""
    return FailedRow(
        id=row_id, model_version=model_version, error=RowFailure(code=code, message=message)
    )


def _stated(reason: "ReasonPrediction", num_text_characters: int) -> StatedReason:
    return StatedReason(
        reason=reason.reason,
        category=reason.category,
        probability=_rounded(reason.probability),
        evidence=[_on_one_side(span, num_text_characters) for span in reason.evidence],
    )


def _on_one_side(span: "Evidence", boundary: int) -> EvidenceSpan:
    """Cuts a quote that runs from the text into the fields; the text's part is kept."""
    if not span.start < boundary < span.end:
        return EvidenceSpan(start=span.start, end=span.end, quote=span.quote)
    of_text = span.quote[: boundary - span.start].rstrip()
    if of_text:
        return EvidenceSpan(start=span.start, end=span.start + len(of_text), quote=of_text)
    of_fields = span.quote[boundary - span.start :].lstrip()
    return EvidenceSpan(start=span.end - len(of_fields), end=span.end, quote=of_fields)


def _rounded(probability: float) -> float:
    return round(float(probability), PROBABILITY_DECIMALS)
