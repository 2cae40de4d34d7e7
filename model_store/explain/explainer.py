"""`fast` and `exact`: a prediction with quotes that omission has confirmed, and clause effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import DenialCategory, DenialReason
from model_store.calibration import Calibration
from model_store.engine.outputs import Engine, EngineLogits
from model_store.explain.attribution import Attribution
from model_store.explain.exact_spans import exact_spans
from model_store.explain.fast_spans import fast_spans
from model_store.explain.layout import Layout, Unit, lay_out
from model_store.explain.omission import Omissions
from model_store.explain.spans import Carried, Question
from model_store.explain.targets import (
    NUM_CATEGORY_TARGETS,
    TARGETS,
    category_target,
    reason_target,
)
from model_store.predictor import Prediction, Predictor, ReadText, ReasonPrediction

ExplainMethod = Literal["fast", "exact"]
"""`fast` reads clauses and quotes alone, `exact` also the text without each, and then within."""

CLAUSE_EFFECTS: dict[ExplainMethod, str] = {
    "fast": "By how much the clause alone lifts the logit above a text of no words.",
    "exact": "Half of how far the logit falls without the clause, and half of how far the clause "
    "alone lifts it above a text of no words.",
}
"""What the effect of a clause is, by each method."""

EXPLAINER_VERSION = 5
"""Raised with every change of what is quoted or weighed: what was measured of another version says
nothing of this one."""


@runtime_checkable
class Decoder(Protocol):
    """What explains an answer needs of a predictor: how its logits become answers."""

    @property
    def engine(self) -> Engine:
        """What computes the logits of windows."""
        ...

    @property
    def calibration(self) -> Calibration:
        """Maps and thresholds that turn logits into answers."""
        ...

    def decode(self, read: Sequence[ReadText], logits: EngineLogits) -> list[Prediction]:
        """Turns the logits of the windows of texts into predictions, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSpan:
    """A quote that carries a reason.

    Attributes:
        start: first code point in the text as submitted.
        end: one past the last.
        quote: `text[start:end]`.
        effect_logit: by how much the reason's logit falls without this quote alone; with `fast`
            by how much the quote alone lifts it above a text of no words.
        field: the application field whose line it stands in; None in free text.
    """

    start: int
    end: int
    quote: str
    effect_logit: float
    field: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonExplanation:
    """What a stated reason rests on.

    Attributes:
        reason: the reason.
        category: its category.
        probability: probability of the reason, 0-1.
        spans: one to three quotes, together at most a fifth of the tokens (eight in a short
            text), the most telling first; none in a text of white space.
        category_probability: probability of the category with the whole text.
        category_probability_without: the same without all the quotes.
        is_below_threshold_without: without them the category would not be stated.
    """

    reason: DenialReason
    category: DenialCategory
    probability: float
    spans: tuple[EvidenceSpan, ...]
    category_probability: float
    category_probability_without: float
    is_below_threshold_without: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A prediction and what it rests on.

    Attributes:
        method: how it was found.
        prediction: the prediction.
        reasons: one entry per principal reason, in the order of the prediction.
        clauses: what each clause adds to each category, reason and risk logit: half of what they
            lose without it and of what it alone lifts them above a text of no words, with `fast`
            that alone. With `fast` none where nothing is stated.
        num_windows_computed: windows that went through the engine beyond the prediction's own.
    """

    method: ExplainMethod
    prediction: Prediction
    reasons: tuple[ReasonExplanation, ...]
    clauses: Attribution
    num_windows_computed: int


def explain(predictor: Predictor, text: str, *, method: ExplainMethod) -> Explanation:
    """Reads a text and says what the answer rests on, on whatever backend the predictor has.

    Args:
        predictor: the model.
        text: a rendered application of at most `MAX_TEXT_BYTES` of UTF-8.
        method: how much is computed.

    Raises:
        TextTooLongError: the text is over the limit.
    """
    (read,) = predictor.read([text])
    logits = predictor.engine.logits([window.ids for window in read.windows])
    return explain_read(predictor, read, logits, method=method)


def explain_read(
    predictor: Decoder,
    text: ReadText,
    logits: EngineLogits,
    *,
    method: ExplainMethod,
    engine: Engine | None = None,
) -> Explanation:
    """Says what an answer rests on that the engine has given already.

    Args:
        predictor: the model.
        text: the text.
        logits: what the engine said of its windows.
        method: how much is computed.
        engine: what computes the omissions; None for the predictor's own engine.
    """
    (prediction,) = predictor.decode([text], logits)
    omissions = Omissions(engine or predictor.engine, text, logits=logits)
    layout = lay_out(text)
    stated = prediction.principal_reasons
    questions = [_question(reason, stated, predictor.calibration) for reason in stated]
    clauses = layout.clauses
    if method == "exact":
        carried = exact_spans(omissions, text, layout, questions)
        value_UX = omissions.worths(clauses)
    else:
        clauses = clauses if questions else ()
        carried = fast_spans(omissions, text, layout, questions)
        value_UX = omissions.gains(clauses)
    return Explanation(
        method=method,
        prediction=prediction,
        reasons=tuple(
            _reason(reason, found, layout, predictor.calibration, omissions)
            for reason, found in zip(stated, carried, strict=True)
        ),
        clauses=Attribution(
            method=method,
            units=clauses,
            targets=TARGETS,
            value_UX=value_UX,
            full_X=omissions.full_X,
        ),
        num_windows_computed=omissions.num_windows_computed,
    )


def _question(
    reason: ReasonPrediction, stated: Sequence[ReasonPrediction], calibration: Calibration
) -> Question:
    """A reason that is alone in its category is carried by what carries the category."""
    category = category_target(reason.category)
    alone = sum(other.category == reason.category for other in stated) == 1
    return Question(
        target=category if alone else reason_target(reason.reason),
        category=category,
        threshold_logit=threshold_logit(calibration, category),
        evidence_threshold=calibration.evidence_threshold,
    )


def threshold_logit(calibration: Calibration, category: int) -> float:
    """Returns the raw logit from which a category is stated; infinite for a threshold of 1."""
    scale = calibration.categories[category]
    if scale.state >= 1.0:
        return float("inf")
    state_logit = float(np.log(scale.state) - np.log1p(-scale.state))
    return (state_logit - scale.intercept) / scale.slope


def _reason(
    reason: ReasonPrediction,
    found: Carried,
    layout: Layout,
    calibration: Calibration,
    omissions: Omissions,
) -> ReasonExplanation:
    category = category_target(reason.category)
    return ReasonExplanation(
        reason=reason.reason,
        category=reason.category,
        probability=reason.probability,
        spans=tuple(
            EvidenceSpan(
                start=unit.start,
                end=unit.end,
                quote=unit.quote,
                effect_logit=effect,
                field=_field(unit, layout),
            )
            for unit, effect in zip(found.units, found.effects, strict=True)
        ),
        category_probability=_probability(calibration, category, omissions.full_X[category]),
        category_probability_without=_probability(
            calibration, category, found.category_logit_without
        ),
        is_below_threshold_without=found.is_below_threshold,
    )


def _field(unit: Unit, layout: Layout) -> str | None:
    return next(
        (c.field for c in layout.clauses if c.first_token <= unit.first_token < c.stop_token), None
    )


def _probability(calibration: Calibration, category: int, logit: float) -> float:
    category_NC: NDArray[np.float32] = np.zeros((1, NUM_CATEGORY_TARGETS), dtype=np.float32)
    category_NC[0, category] = logit
    return float(calibration.category_probabilities(category_NC)[0, category])
