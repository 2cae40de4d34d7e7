"""A predictor without a network, for tests and for trying a client out.

It knows a few phrases and states the reason of each that occurs. Its answers have the form of
real ones and no meaning. Its tokens are the characters of the text, so its engine sees what was
written; its logits mean nothing.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from data_pipeline.domain.masking import MaskedText
from data_pipeline.domain.taxonomy import CATEGORIES, REASON_INFO, DenialReason
from model_store.calibration import Calibration
from model_store.engine.outputs import Engine, EngineLogits
from model_store.manifest import KnownAnswer
from model_store.predictor import Evidence, Prediction, ReadText, ReasonPrediction
from model_store.windows import TokenizedText, Window, window_bounds

_PHRASES: tuple[tuple[str, DenialReason], ...] = (
    (r"debts?", DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME),
    (r"chapter \d+|bankruptcy", DenialReason.BANKRUPTCY),
    (r"laid off|seasonal", DenialReason.TEMPORARY_OR_IRREGULAR_EMPLOYMENT),
)
_REVIEW_PHRASE = re.compile(r"\binquir\w+", re.IGNORECASE)
_STATED_PROBABILITY = 0.9
_REVIEW_PROBABILITY = 0.4
_BASE_PROBABILITY = 0.02


_MARKERS = (0, 2)  # of a window's first and last token, as RoBERTa's


class FakeEngine:
    """An engine whose tokens are characters and whose logits mean nothing."""

    def __init__(self, before: Callable[[Sequence[str]], None]) -> None:
        """Takes what happens before each computation."""
        self._before = before

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns logits that only tell one window from another."""
        self._before(["".join(map(chr, row[1:-1])) for row in ids])
        output = EngineLogits.empty([len(row) for row in ids])
        output.risk_W[:] = [sum(row) for row in ids]
        return output


class FakePredictor:
    """Finds phrases; equal texts get equal answers.

    Attributes:
        model_version: always "fake".
        digest: of no file at all.
        directory: none.
        evaluation: a figure that nobody measured, named so.
        known_answer: none.
        calibration: the identity.
        engine: what is asked for logits, which then do not matter.
    """

    model_version: str = "fake"
    digest: str = "0" * 64
    directory: Path | None = None
    evaluation: Mapping[str, object] = {"not_measured": 0.0}
    known_answer: KnownAnswer | None = None
    calibration: Calibration = Calibration()

    def __init__(self, *, before: Callable[[Sequence[str]], None] = lambda _texts: None) -> None:
        """Takes what happens before each prediction: a wait, or a failure, to try one out."""
        self._before = before
        self.engine: Engine = FakeEngine(before)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Returns one prediction per text, in order."""
        self._before(texts)
        return [_predict(text) for text in texts]

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Returns each text as its characters."""
        return [_read(text) for text in texts]

    def decode(self, read: Sequence[ReadText], logits: EngineLogits) -> list[Prediction]:
        """Returns one prediction per text, in order; the logits are not looked at."""
        del logits
        return [_predict(text.masked.original) for text in read]


def _read(text: str) -> ReadText:
    ids = tuple(map(ord, text))
    windows = tuple(
        Window(ids=(_MARKERS[0], *ids[start:stop], _MARKERS[1]), start=start)
        for start, stop in window_bounds(len(ids))
    )
    offsets = tuple((position, position + 1) for position in range(len(ids)))
    return ReadText(
        masked=MaskedText(text=text, original=text),
        tokens=TokenizedText(ids=ids, offsets=offsets),
        windows=windows,
    )


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
        primary_category=stated[0].category if stated else None,
        categories=categories,
        ranked=tuple(dict.fromkeys([*(r.category for r in (*stated, *reviewed)), *CATEGORIES])),
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


def _risk_score(text: str) -> float:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * 100
