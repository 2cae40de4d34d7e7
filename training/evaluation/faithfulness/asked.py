"""A text with everything that a model says of it: answer, explanations, and any omission.

Arrays: U clauses, X targets (see `model_store.explain.targets`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import DenialCategory
from model_store.engine.outputs import Engine, EngineLogits
from model_store.explain.explainer import (
    EvidenceSpan,
    Explanation,
    explain_read,
    threshold_logit,
)
from model_store.explain.layout import Layout, lay_out
from model_store.explain.omission import Drop, Omissions, drop_of, drops_of_each
from model_store.explain.targets import category_target
from model_store.predictor import Evidence, Predictor, ReadText
from training.evaluation.quotes import Span, overlap_any


class RememberingEngine:
    """An engine that computes each window once, for the time that one text is looked at."""

    def __init__(self, engine: Engine) -> None:
        """Takes the engine that computes."""
        self._engine = engine
        self._known: dict[tuple[int, ...], EngineLogits] = {}

    def forget(self) -> None:
        """Forgets every answer."""
        self._known.clear()

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows of token ids, in the order given."""
        rows = [tuple(row) for row in ids]
        new = [row for row in dict.fromkeys(rows) if row not in self._known]
        if new:
            found = self._engine.logits(new)
            for place, row in enumerate(new):
                self._known[row] = _one(found, place)
        held = [self._known[row] for row in rows]
        if not held:
            return EngineLogits.empty([])
        return EngineLogits(
            category_WC=np.concatenate([one.category_WC for one in held]),
            reason_WR=np.concatenate([one.reason_WR for one in held]),
            risk_W=np.concatenate([one.risk_W for one in held]),
            evidence=[one.evidence[0] for one in held],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A text and what a model says of it.

    Attributes:
        text: the text as read.
        layout: its words and clauses.
        omissions: answers without some of its words.
        fast: the quick explanation.
        exact: the thorough one; None where it was not asked for.
        threshold_C: the raw logit from which each category is stated.
    """

    text: ReadText
    layout: Layout
    omissions: Omissions
    fast: Explanation
    exact: Explanation | None
    threshold_C: tuple[float, ...]

    @property
    def stated(self) -> list[DenialCategory]:
        """The categories stated, as they are named."""
        return list(dict.fromkeys(r.category for r in self.fast.prediction.principal_reasons))

    def effects(self, category: DenialCategory) -> NDArray[np.float64]:
        """Returns by how much the category's logit falls without each clause alone."""
        drops = drops_of_each(self.layout.clauses)
        return self.omissions.effects(drops)[:, category_target(category)]

    def worths(self, category: DenialCategory) -> NDArray[np.float64]:
        """Returns what each clause is worth to the category's logit, as `exact` tells it."""
        return self.omissions.worths(self.layout.clauses)[:, category_target(category)]

    def drop(self, spans: Sequence[Span]) -> Drop:
        """Returns the tokens of the words that lie in stretches of the text."""
        return drop_of([w for w in self.layout.words if overlap_any((w.start, w.end), spans)])

    def falls(self, drop: Drop, category: DenialCategory) -> bool:
        """Tells whether a category is below its threshold without some tokens."""
        place = category_target(category)
        return bool(self.omissions.without([drop])[0, place] < self.threshold_C[place])


def ask(predictor: Predictor, text: str, *, exact: bool = True) -> Asked:
    """Reads and explains a text.

    Args:
        predictor: the model.
        text: the text.
        exact: whether to explain it thoroughly, too.

    Raises:
        TextTooLongError: the text is over the limit.
    """
    (read,) = predictor.read([text])
    logits = predictor.engine.logits([window.ids for window in read.windows])
    calibration = predictor.calibration
    return Asked(
        text=read,
        layout=lay_out(read),
        omissions=Omissions(predictor.engine, read, logits=logits),
        fast=explain_read(predictor, read, logits, method="fast"),
        exact=explain_read(predictor, read, logits, method="exact") if exact else None,
        threshold_C=tuple(
            threshold_logit(calibration, place) for place in range(len(calibration.categories))
        ),
    )


def quotes_of(explanation: Explanation, category: DenialCategory) -> list[EvidenceSpan]:
    """Returns the quotes of all reasons of a category, the most telling of the likeliest first."""
    found = [
        span
        for reason in explanation.reasons
        if reason.category == category
        for span in reason.spans
    ]
    return list({(span.start, span.end): span for span in found}.values())


def spans_of(quotes: Sequence[EvidenceSpan] | Sequence[Evidence]) -> list[Span]:
    """Returns where quotes stand."""
    return [(quote.start, quote.end) for quote in quotes]


def touched(spans: Sequence[Span], stretches: Sequence[Span]) -> set[int]:
    """Returns the positions of the stretches that any of the spans overlaps."""
    return {i for i, stretch in enumerate(stretches) if overlap_any(stretch, spans)}


def _one(logits: EngineLogits, place: int) -> EngineLogits:
    row = slice(place, place + 1)
    return EngineLogits(
        category_WC=logits.category_WC[row],
        reason_WR=logits.reason_WR[row],
        risk_W=logits.risk_W[row],
        evidence=[logits.evidence[place]],
    )
