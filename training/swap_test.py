"""The swap test: exchange words that state a prohibited basis, and see whether answers move.

With the masker, which serving always uses, the answers should not move at all; without it the test
says what the network itself has learned from such words. Masking cannot be switched off in
`Predictor`: `without_masker` reads the texts through the parts of a model, for measuring only.

Arrays: M changed texts, C categories.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.artifact import Artifact
from model_store.engine.torch_backend import TorchEngine
from model_store.predictor import Predictor
from model_store.reading import read_texts
from training.counterfactuals import Counterfactual

_TEXTS_PER_CALL = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapReading:
    """What is compared between a text and its changed versions.

    Attributes:
        risk_score: percent chance of default, 0-100.
        stated: categories among the principal reasons.
        primary: position of the likeliest category.
    """

    risk_score: float
    stated: frozenset[int]
    primary: int


ReadsForSwaps = Callable[[Sequence[str]], list[SwapReading]]
"""Reads texts for the swap test, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapFigures:
    """How far the answers moved; NaN throughout where nothing was changed.

    Attributes:
        num_changed: changed texts compared with their originals.
        mean_risk_change: mean absolute change of the risk score, percentage points.
        p99_risk_change: its 99th percentile.
        max_risk_change: its largest value.
        category_flip_rate: share of pairs of changed text and category in which the category is
            stated on one side only.
        text_flip_rate: share of the changed texts with any such category.
        primary_flip_rate: share of the changed texts whose likeliest category is another.
    """

    num_changed: int
    mean_risk_change: float
    p99_risk_change: float
    max_risk_change: float
    category_flip_rate: float
    text_flip_rate: float
    primary_flip_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapResult:
    """The outcome of a swap test.

    Attributes:
        num_texts: texts looked at.
        num_stating: those among them that state a basis which could be changed.
        overall: figures over all changed texts.
        by_basis: figures by the basis changed, only bases that occur.
    """

    num_texts: int
    num_stating: int
    overall: SwapFigures
    by_basis: dict[str, SwapFigures]


def swap_test(
    read: ReadsForSwaps,
    texts: Sequence[str],
    changed: Sequence[Counterfactual],
    *,
    on_texts: Callable[[int], None] = lambda _: None,
) -> SwapResult:
    """Compares the answers on texts with those on their counterfactuals.

    Reads every text that has a counterfactual, then the counterfactuals (see `num_read`).

    Args:
        read: the model, see `as_served` and `without_masker`.
        texts: applications as text, not masked.
        changed: their counterfactuals, see `training.counterfactuals`.
        on_texts: called with the number of texts of every call of the model.
    """
    sources = sorted({c.source for c in changed})
    answered = list(_in_calls(read, [texts[i] for i in sources], on_texts))
    before = dict(zip(sources, answered, strict=True))
    after = list(_in_calls(read, [c.text for c in changed], on_texts))
    return SwapResult(
        num_texts=len(texts),
        num_stating=len(sources),
        overall=_figures(changed, before, after),
        by_basis={
            basis: _figures(changed, before, after, basis=basis)
            for basis in sorted({c.basis for c in changed})
        },
    )


def num_read(changed: Sequence[Counterfactual]) -> int:
    """Returns how many texts a swap test reads."""
    return len({c.source for c in changed}) + len(changed)


def as_served(predictor: Predictor) -> ReadsForSwaps:
    """Returns the model as it serves: masked."""

    def read(texts: Sequence[str]) -> list[SwapReading]:
        return [
            SwapReading(
                risk_score=p.risk_score,
                stated=frozenset(CATEGORIES.index(r.category) for r in p.principal_reasons),
                primary=int(np.argmax(list(p.categories.values()))),
            )
            for p in predictor.predict(texts)
        ]

    return read


def without_masker(artifact: Artifact, *, device: str = "cpu") -> ReadsForSwaps:
    """Returns the same model reading texts that no masker has seen; for measuring only."""
    engine = TorchEngine(artifact.network, padding_id=artifact.tokenizer.padding_id, device=device)

    def read(texts: Sequence[str]) -> list[SwapReading]:
        if not texts:
            return []
        tokens = artifact.tokenizer.encode(texts)
        reading = read_texts(engine, [artifact.tokenizer.windows(t.ids) for t in tokens])
        probability_NC = artifact.calibration.category_probabilities(reading.category_NC)
        stated_NC = probability_NC >= artifact.calibration.state_C
        risk_N = artifact.calibration.risk_scores(reading.risk_N)
        return [
            SwapReading(
                risk_score=float(risk),
                stated=frozenset(map(int, np.flatnonzero(stated_C))),
                primary=int(probability_C.argmax()),
            )
            for risk, stated_C, probability_C in zip(risk_N, stated_NC, probability_NC, strict=True)
        ]

    return read


def _in_calls(
    read: ReadsForSwaps, texts: Sequence[str], on_texts: Callable[[int], None]
) -> Iterator[SwapReading]:
    for start in range(0, len(texts), _TEXTS_PER_CALL):
        part = texts[start : start + _TEXTS_PER_CALL]
        yield from read(part)
        on_texts(len(part))


def _figures(
    changed: Sequence[Counterfactual],
    before: dict[int, SwapReading],
    after: Sequence[SwapReading],
    *,
    basis: str | None = None,
) -> SwapFigures:
    pairs = [
        (before[c.source], reading)
        for c, reading in zip(changed, after, strict=True)
        if basis is None or c.basis == basis
    ]
    risk_M = np.array([abs(old.risk_score - new.risk_score) for old, new in pairs])
    flips_M = np.array([len(old.stated ^ new.stated) for old, new in pairs], dtype=np.float64)
    primary_M = np.array([old.primary != new.primary for old, new in pairs], dtype=np.float64)
    return SwapFigures(
        num_changed=len(pairs),
        mean_risk_change=_over(np.mean, risk_M),
        p99_risk_change=_over(lambda values: np.quantile(values, 0.99), risk_M),
        max_risk_change=_over(np.max, risk_M),
        category_flip_rate=_over(np.mean, flips_M) / len(CATEGORIES),
        text_flip_rate=_over(np.mean, flips_M > 0),
        primary_flip_rate=_over(np.mean, primary_M),
    )


def _over(statistic: Callable[..., np.floating], values: NDArray[np.generic]) -> float:
    return float(statistic(values)) if len(values) else float("nan")
