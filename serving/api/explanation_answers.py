"""How an explanation that comes with a prediction is written down."""

from typing import Literal

from pydantic import BaseModel, Field

from data_pipeline.domain.taxonomy import REASON_INFO, DenialCategory, DenialReason
from model_store.explain.explainer import CLAUSE_EFFECTS
from model_store.explain.references import Comparison
from serving.explanations.kept import Place, ReasonPlaces
from serving.explanations.online import ExplainedRow
from serving.rows import PROBABILITY_DECIMALS, EvidenceSpan, Probability, ScoredRow

Explain = Literal["none", "fast", "exact"]
"""How much is computed to find the quotes of an answer."""

_EFFECT_DECIMALS = 4

_Field = Field(description="The application field whose line it stands in; null in free text.")


class WeighedSpan(EvidenceSpan):
    """A quote, and what it adds to the reason."""

    field: str | None = _Field
    effect_logit: float = Field(
        description="By how much the reason's logit falls without this quote alone; with `fast` "
        "by how much this quote alone lifts it above a text of no words.",
        examples=[2.4127],
    )


class ReasonEvidence(BaseModel):
    """What a principal reason rests on, by omission."""

    reason: DenialReason = Field(examples=["bankruptcy"])
    category: DenialCategory = Field(examples=["public_record"])
    evidence: list[WeighedSpan] = Field(
        max_length=3, description="One to three quotes, the most telling first."
    )
    category_probability: Probability = Field(description="Of the category, with the whole text.")
    category_probability_without: Probability = Field(
        description="Of the category, when all these quotes are left out."
    )
    is_below_threshold_without: bool = Field(
        description="Whether the category would not be stated without these quotes; false means "
        "that they are not all it rests on."
    )


class ClauseEffect(EvidenceSpan):
    """A clause, and what it adds to the answer."""

    field: str | None = _Field
    effects: dict[str, float] = Field(
        description="What this clause adds to the logit of each stated category, and of the "
        f"`risk`. With `fast`: {CLAUSE_EFFECTS['fast']} With `exact`: {CLAUSE_EFFECTS['exact']} "
        "Below 0 where the clause speaks against it."
    )


class ReferenceComparison(BaseModel):
    """The answer beside a reference population (comment 9(b)(2)-5)."""

    population: Literal["slightly_above_approval", "all_applicants"] = Field(
        description="Of the creditor's files, those that the model states no reason against and "
        "that lie nearest to a threshold, or all."
    )
    version: str = Field(description="Version of the populations.", examples=["2026-q4"])
    applicants: int = Field(ge=1, description="How many the averages are taken over.")
    shortfall_logit: dict[DenialCategory, float] = Field(
        description="By how much each category is likelier than on average, log-odds."
    )
    furthest: list[DenialCategory] = Field(
        max_length=4, description="The categories furthest from the average, worst first."
    )


class PredictionExplanation(BaseModel):
    """What an answer rests on, found by leaving words out and asking the model again."""

    method: Literal["fast", "exact"] = Field(
        description="`fast` asks what each clause says alone, `exact` also what is lost without it "
        "and without parts of the best ones."
    )
    reasons: list[ReasonEvidence] = Field(
        description="One per principal reason, in the same order."
    )
    clauses: list[ClauseEffect] = Field(
        description="Every clause, in the order of the text; with `fast` none where nothing is "
        "stated."
    )
    windows: int = Field(ge=0, description="Windows that were computed for it.")
    references: list[ReferenceComparison] = Field(
        description="One per reference population; empty unless the server has some "
        "(WHEREFORE_REFERENCES_FILE)."
    )


def explanation_answer(
    explained: ExplainedRow, *, method: Literal["fast", "exact"]
) -> PredictionExplanation | None:
    """Returns the explanation of a row; None where it was left out."""
    row, found = explained.row, explained.explanation
    if found is None or not isinstance(row, ScoredRow):
        return None
    return PredictionExplanation(
        method=method,
        reasons=[
            _reason(places, stated.evidence)
            for places, stated in zip(found.reasons, row.principal_reasons, strict=True)
        ],
        clauses=[
            ClauseEffect(
                start=place.start,
                end=place.end,
                quote=explained.text[place.start : place.end],
                field=place.field,
                effects={name: round(e, _EFFECT_DECIMALS) for name, e in place.effects.items()},
            )
            for place in found.clauses
        ],
        windows=found.num_windows,
        references=[_compared(one) for one in explained.comparisons],
    )


def _compared(found: Comparison) -> ReferenceComparison:
    return ReferenceComparison(
        population=found.population,
        version=found.version,
        applicants=found.num_applicants,
        shortfall_logit={
            category: round(value, _EFFECT_DECIMALS)
            for category, value in found.shortfall_logit.items()
        },
        furthest=list(found.furthest),
    )


def _reason(found: ReasonPlaces, quotes: list[EvidenceSpan]) -> ReasonEvidence:
    return ReasonEvidence(
        reason=found.reason,
        category=REASON_INFO[found.reason].category,
        evidence=[
            _weighed(place, quote) for place, quote in zip(found.places, quotes, strict=True)
        ],
        category_probability=round(found.category_probability, PROBABILITY_DECIMALS),
        category_probability_without=round(
            found.category_probability_without, PROBABILITY_DECIMALS
        ),
        is_below_threshold_without=found.is_below_threshold_without,
    )


def _weighed(place: Place, quote: EvidenceSpan) -> WeighedSpan:
    [effect] = place.effects.values()
    return WeighedSpan(
        start=quote.start,
        end=quote.end,
        quote=quote.quote,
        field=place.field,
        effect_logit=round(effect, _EFFECT_DECIMALS),
    )
