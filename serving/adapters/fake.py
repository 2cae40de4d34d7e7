"""A predictor without a network, for tests and for trying a client out.

It knows a few phrases and states the reason of each that occurs. Its answers have the form of
real ones and no meaning.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from data_pipeline.domain.taxonomy import CATEGORIES, REASON_INFO, DenialCategory, DenialReason
from model_store.predictor import Evidence, Prediction, ReasonPrediction

_PHRASES: tuple[tuple[str, DenialReason], ...] = (
    (r"debts?", DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME),
    (r"chapter \d+|bankruptcy", DenialReason.BANKRUPTCY),
    (r"laid off|seasonal", DenialReason.TEMPORARY_OR_IRREGULAR_EMPLOYMENT),
)
_REVIEW_PHRASE = re.compile(r"\binquir\w+", re.IGNORECASE)
_STATED_PROBABILITY = 0.9
_REVIEW_PROBABILITY = 0.4
_BASE_PROBABILITY = 0.02


class FakePredictor:
    """Finds phrases; equal texts get equal answers.

    Attributes:
        model_version: always "fake".
        evaluation: a figure that nobody measured, named so.
    """

    model_version: str = "fake"
    evaluation: Mapping[str, object] = {"not_measured": 0.0}

    def __init__(self, *, before: Callable[[Sequence[str]], None] = lambda _texts: None) -> None:
        """Takes what happens before each prediction: a wait, or a failure, to try one out."""
        self._before = before

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Returns one prediction per text, in order."""
        self._before(texts)
        return [_predict(text) for text in texts]


def _predict(text: str) -> Prediction:
    stated = [
        _reason(reason, match, _STATED_PROBABILITY)
        for pattern, reason in _PHRASES
        for match in [re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE)]
        if match
    ]
    reviewed = [
        _reason(DenialReason.NUMBER_OF_RECENT_INQUIRIES, match, _REVIEW_PROBABILITY)
        for match in [_REVIEW_PHRASE.search(text)]
        if match
    ]
    categories = dict.fromkeys(CATEGORIES, _BASE_PROBABILITY)
    categories.update({found.category: found.probability for found in [*stated, *reviewed]})
    num_tokens = len(text.split()) + 2
    return Prediction(
        risk_score=_risk_score(text),
        primary_category=_likeliest(categories) if stated else None,
        categories=categories,
        principal_reasons=tuple(stated),
        review_reasons=tuple(reviewed),
        num_tokens=num_tokens,
        num_windows=1 + num_tokens // 510,
        model_version=FakePredictor.model_version,
    )


def _reason(reason: DenialReason, match: re.Match[str], probability: float) -> ReasonPrediction:
    return ReasonPrediction(
        reason=reason,
        category=REASON_INFO[reason].category,
        probability=probability,
        evidence=(Evidence(start=match.start(), end=match.end(), quote=match.group()),),
    )


def _likeliest(categories: Mapping[DenialCategory, float]) -> DenialCategory:
    return max(categories, key=lambda category: categories[category])


def _risk_score(text: str) -> float:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * 100
