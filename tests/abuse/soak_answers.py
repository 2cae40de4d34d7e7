"""Whether an answer says of a text what the service said of it before anything was broken.

How many tokens and windows a text has, the model, the id and every quote must be the same. Batches
differ in their company and so in the last bits of 16-bit arithmetic: a logit may move by 0.1
(`model_store/engine/bounds.py`), a probability by a quarter of that and by less than
`MAX_DIFFERENCE`. A category is stated from its threshold on: only where the probability before lies
within `THRESHOLD_MARGIN` of it, counted in logits, may it be stated in one answer and not in the
other.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_DIFFERENCE = 0.05
MAX_RISK_DIFFERENCE = 100 * MAX_DIFFERENCE
"""The same of the risk score, percentage points."""
THRESHOLD_MARGIN = 0.2

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What the service said of a text.

    Attributes:
        text: the text as sent.
        tokens: tokens read.
        windows: windows read.
        model_version: who said it.
        risk_score: percent.
        probabilities: of each category.
        stated: categories that a principal reason was stated of.
    """

    text: str
    tokens: int
    windows: int
    model_version: str
    risk_score: float
    probabilities: Mapping[str, float]
    stated: frozenset[str]


def reference_of(text: str, answer: Answer) -> Reference:
    """Returns what an answer of `POST /api/v1/predict` says.

    Raises:
        ValueError: it quotes what does not stand in the text.
    """
    reference = Reference(
        text=text,
        tokens=answer["tokens"],
        windows=answer["windows"],
        model_version=answer["model_version"],
        risk_score=answer["risk_score"],
        probabilities=_probabilities(answer),
        stated=_stated(answer),
    )
    if (misquoted := _misquoted(answer, text)) is not None:
        raise ValueError(misquoted)
    return reference


class Judge:
    """Compares answers with references."""

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        """Takes the probability from which on each category is stated."""
        self._thresholds = thresholds

    def wrong(self, answer: Answer, reference: Reference, *, row_id: str) -> str | None:
        """Returns what an answer, or a row of one, says wrongly; None where it is right."""
        if answer.get("error") is not None:
            return f"a row failed with {answer['error']['code']}"
        expected = {"id": row_id} | {
            name: getattr(reference, name) for name in ("tokens", "windows", "model_version")
        }
        for name, value in expected.items():
            if answer[name] != value:
                return f"{name} is another"
        return self._wrong_figures(answer, reference) or _misquoted(answer, reference.text)

    def wrong_assessment(self, answer: Answer, reference: Reference) -> str | None:
        """Returns what is wrong with the assessment of a case, None where nothing is."""
        found = answer.get("assessment")
        if found is None:
            return "no assessment"
        if found["model_version"] != reference.model_version:
            return "model_version is another"
        if _differs(found["risk_score"], reference.risk_score, MAX_RISK_DIFFERENCE):
            return "risk_score is another"
        return None

    def is_clear(self, reference: Reference) -> bool:
        """Returns whether another answer must state the same categories."""
        return not any(self._is_near_threshold(c, reference) for c in reference.probabilities)

    def _wrong_figures(self, answer: Answer, reference: Reference) -> str | None:
        if _differs(answer["risk_score"], reference.risk_score, MAX_RISK_DIFFERENCE):
            return "risk_score is another"
        found = _probabilities(answer)
        if list(found) != list(reference.probabilities):
            return "categories are others"
        for category, probability in found.items():
            if _differs(probability, reference.probabilities[category], MAX_DIFFERENCE):
                return f"probability of {category} is another"
        for category in sorted(_stated(answer) ^ reference.stated):
            if not self._is_near_threshold(category, reference):
                return f"{category} is stated in one answer only"
        return None

    def _is_near_threshold(self, category: str, reference: Reference) -> bool:
        distance = _logit(reference.probabilities[category]) - _logit(self._thresholds[category])
        return abs(distance) <= THRESHOLD_MARGIN


def _differs(found: float | None, expected: float, most: float) -> bool:
    # Not a number is another one too.
    return found is None or not abs(found - expected) <= most


def _logit(probability: float) -> float:
    bounded = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(bounded / (1 - bounded))


def _probabilities(answer: Answer) -> dict[str, float]:
    return {each["category"]: each["probability"] for each in answer["categories"]}


def _stated(answer: Answer) -> frozenset[str]:
    return frozenset(reason["category"] for reason in answer["principal_reasons"])


def _misquoted(answer: Answer, text: str) -> str | None:
    for reason in (*answer["principal_reasons"], *answer["review_reasons"]):
        for span in reason["evidence"]:
            if text[span["start"] : span["end"]] != span["quote"]:
                return f"a quote of {reason['reason']} does not stand there"
    return None
