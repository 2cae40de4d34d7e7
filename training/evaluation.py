"""Measuring a stored model on labelled narratives, through the same predictor that serves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_pipeline.corpus.narratives import Narrative
from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from model_store.predictor import Evidence, Prediction, Predictor
from training.metrics import category_metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMetrics:
    """How well quotes are found, over all labelled categories of denied texts.

    A labelled category that is not stated counts as a miss.

    Attributes:
        num_labels: labelled categories counted.
        top_hit_rate: share whose first quote overlaps a labelled quote.
        any_hit_rate: share of which any of the up to three quotes does.
    """

    num_labels: int
    top_hit_rate: float
    any_hit_rate: float


def evaluate(predictor: Predictor, narratives: Sequence[Narrative]) -> dict[str, object]:
    """Returns the metrics of a model on labelled narratives.

    Returns:
        The figures of `CategoryMetrics` and `EvidenceMetrics` by name, and `risk_mae`, the mean
        absolute difference between risk score and estimated default probability in percentage
        points (None where no narrative has an estimate).
    """
    texts = [render_text(LoanApplication(text=narrative.text)) for narrative in narratives]
    predictions = predictor.predict(texts)
    labels = [[CATEGORIES.index(c) for c in narrative.categories] for narrative in narratives]
    categories = category_metrics(
        np.array([list(p.categories.values()) for p in predictions]),
        labels,
        stated_NC=_indicator([_stated(p) for p in predictions]),
        listed_NC=_indicator([_stated(p) | _for_review(p) for p in predictions]),
    )
    evidence = evidence_metrics(predictions, narratives)
    return {
        **categories.as_dict(),
        "evidence_top_hit_rate": evidence.top_hit_rate,
        "evidence_any_hit_rate": evidence.any_hit_rate,
        "risk_mae": _risk_mae(predictions, narratives),
    }


def evidence_metrics(
    predictions: Sequence[Prediction], narratives: Sequence[Narrative]
) -> EvidenceMetrics:
    """Compares the quotes of stated reasons with the labelled quotes."""
    top, any_of_three = [], []
    for prediction, narrative in zip(predictions, narratives, strict=True):
        for category in narrative.categories:
            hits = _hits(prediction, narrative, category)
            top.append(hits[:1] == [True])
            any_of_three.append(any(hits))
    return EvidenceMetrics(
        num_labels=len(top),
        top_hit_rate=float(np.mean(top)) if top else float("nan"),
        any_hit_rate=float(np.mean(any_of_three)) if top else float("nan"),
    )


def _hits(prediction: Prediction, narrative: Narrative, category: DenialCategory) -> list[bool]:
    """Whether each quote of a stated category overlaps a labelled one; empty if not stated."""
    labelled = [
        (start, start + len(evidence.quote))
        for evidence in narrative.evidence
        if evidence.category == category
        for start in _occurrences(narrative.text, evidence.quote)
    ]
    quotes = next((r.evidence for r in prediction.principal_reasons if r.category == category), ())
    return [_overlaps(quote, labelled) for quote in quotes]


def _occurrences(text: str, quote: str) -> list[int]:
    starts = []
    position = text.find(quote)
    while position >= 0:
        starts.append(position)
        position = text.find(quote, position + 1)
    return starts


def _overlaps(quote: Evidence, labelled: Sequence[tuple[int, int]]) -> bool:
    return any(quote.start < end and start < quote.end for start, end in labelled)


def _stated(prediction: Prediction) -> set[DenialCategory]:
    return {reason.category for reason in prediction.principal_reasons}


def _for_review(prediction: Prediction) -> set[DenialCategory]:
    return {reason.category for reason in prediction.review_reasons}


def _indicator(
    rows: Sequence[set[DenialCategory]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.array([[category in row for category in CATEGORIES] for row in rows])


def _risk_mae(predictions: Sequence[Prediction], narratives: Sequence[Narrative]) -> float | None:
    errors = [
        abs(prediction.risk_score - 100 * narrative.default_probability)
        for prediction, narrative in zip(predictions, narratives, strict=True)
        if narrative.default_probability is not None
    ]
    return float(np.mean(errors)) if errors else None
