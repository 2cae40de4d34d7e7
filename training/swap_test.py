"""The swap test: swap or remove words that state a prohibited basis, and see whether answers move.

With the masker, which serving always uses, the answers should not move at all; without it the test
says what the network itself has learned from such words. Masking cannot be switched off in
`Predictor`: `without_masker` reads the texts through the parts of a model, for measuring only.

Arrays: M changed texts, C categories, B rows of weights.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.artifact import Artifact
from model_store.engine.torch_backend import TorchEngine
from model_store.precedence import ranking
from model_store.predictor import Predictor
from model_store.reading import read_texts
from training.counterfactuals import Counterfactual, counterfactuals, removals
from training.evaluation.bootstrap import Estimate, Resamples
from training.progress import text_progress
from training.weighting import Figures, Weights, ratio

SWAPPED, REMOVED = "words swapped", "words removed"
"""What was done to the texts."""

MASKED, UNMASKED = "as served, masked", "without the masker"
"""How the changed texts were read."""

SWAP_FIGURES = (
    "mean_risk_change",
    "p99_risk_change",
    "category_flip_rate",
    "text_flip_rate",
    "primary_flip_rate",
)
"""The figures with intervals."""

_TEXTS_PER_CALL = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapReading:
    """What is compared between a text and its changed versions.

    Attributes:
        risk_score: percent chance of default, 0-100.
        stated: categories among the principal reasons.
        primary: position of the category named first, stated or not.
    """

    risk_score: float
    stated: frozenset[int]
    primary: int


ReadsForSwaps = Callable[[Sequence[str]], list[SwapReading]]
"""Reads texts for the swap test, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapFigures:
    """How far the answers moved, with intervals over the texts changed; None if there are none.

    Attributes:
        num_changed: changed texts compared with their originals.
        mean_risk_change: mean absolute change of the risk score, percentage points.
        p99_risk_change: its 99th percentile.
        max_risk_change: its largest value.
        category_flip_rate: share of pairs of changed text and category in which the category is
            stated on one side only.
        text_flip_rate: share of the changed texts with any such category.
        primary_flip_rate: share of the changed texts of which another category is named first.
    """

    num_changed: int
    mean_risk_change: Estimate
    p99_risk_change: Estimate
    max_risk_change: float | None
    category_flip_rate: Estimate
    text_flip_rate: Estimate
    primary_flip_rate: Estimate


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
    seed: int = 0,
    on_texts: Callable[[int], None] = lambda _: None,
) -> SwapResult:
    """Compares the answers on texts with those on their counterfactuals.

    Reads every text that has a counterfactual, then the counterfactuals (see `num_read`).

    Args:
        read: the model, see `as_served` and `without_masker`.
        texts: applications as text, not masked.
        changed: their counterfactuals, see `training.counterfactuals`.
        seed: decides the draws of the intervals.
        on_texts: called with the number of texts of every call of the model.
    """
    sources = sorted({c.source for c in changed})
    answered = list(_in_calls(read, [texts[i] for i in sources], on_texts))
    before = dict(zip(sources, answered, strict=True))
    after = list(_in_calls(read, [c.text for c in changed], on_texts))
    return SwapResult(
        num_texts=len(texts),
        num_stating=len(sources),
        overall=_figures(changed, before, after, seed=seed),
        by_basis={
            basis: _figures(changed, before, after, seed=seed, basis=basis)
            for basis in sorted({c.basis for c in changed})
        },
    )


def swap_tests(
    texts: Sequence[str],
    predictor: Predictor,
    artifact: Artifact,
    *,
    max_texts: int,
    seed: int,
    console: Console,
) -> Mapping[str, SwapResult]:
    """Runs every swap test of a model: words swapped and removed, with and without the masker.

    Args:
        texts: applications as text, not masked.
        predictor: the model as it serves.
        artifact: the same model in its parts.
        max_texts: most texts to look at; 0 for no test at all.
        seed: decides which texts, which words and the intervals.
        console: is told how far the reading is.

    Returns:
        The results by what was done, the masked readings first; empty where no text is looked at.
    """
    order = np.random.default_rng(seed).permutation(len(texts))
    chosen = [texts[i] for i in sorted(order[:max_texts])]
    if not chosen:
        return {}
    readings = {MASKED: as_served(predictor), UNMASKED: without_masker(artifact)}
    changes = {SWAPPED: counterfactuals(chosen, seed=seed), REMOVED: removals(chosen)}
    results = {}
    for reading, read in readings.items():
        for change, changed in changes.items():
            name = f"{change}, {reading}"
            with text_progress(console, name, total=num_read(changed)) as on_texts:
                results[name] = swap_test(read, chosen, changed, seed=seed, on_texts=on_texts)
    return results


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
                primary=CATEGORIES.index(p.ranked[0]),
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
        primary_N = ranking(artifact.calibration, reading)[:, 0]
        probability_NC = artifact.calibration.category_probabilities(reading.category_NC)
        stated_NC = probability_NC >= artifact.calibration.state_C
        risk_N = artifact.calibration.risk_scores(reading.risk_N)
        return [
            SwapReading(
                risk_score=float(risk),
                stated=frozenset(map(int, np.flatnonzero(stated_C))),
                primary=int(primary),
            )
            for risk, stated_C, primary in zip(risk_N, stated_NC, primary_N, strict=True)
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
    seed: int,
    basis: str | None = None,
) -> SwapFigures:
    kept = [
        (c.source, before[c.source], reading)
        for c, reading in zip(changed, after, strict=True)
        if basis is None or c.basis == basis
    ]
    risk_M = np.array([abs(old.risk_score - new.risk_score) for _, old, new in kept])
    flips_M = np.array([len(old.stated ^ new.stated) for _, old, new in kept], dtype=np.float64)
    primary_M = np.array([old.primary != new.primary for _, old, new in kept], dtype=np.float64)
    # Texts made from one text move together.
    resamples = Resamples([str(source) for source, _, _ in kept], seed=seed)
    estimates = resamples.estimates(
        {
            "mean_risk_change": _mean(risk_M),
            "p99_risk_change": _percentile(risk_M, share=0.99),
            "category_flip_rate": _mean(flips_M / len(CATEGORIES)),
            "text_flip_rate": _mean((flips_M > 0).astype(np.float64)),
            "primary_flip_rate": _mean(primary_M),
        }
    )
    return SwapFigures(
        num_changed=len(kept),
        max_risk_change=float(risk_M.max()) if kept else None,
        **estimates,
    )


def _mean(value_M: NDArray[np.float64]) -> Callable[[Weights], Figures]:
    return lambda weight_BM: ratio(weight_BM @ value_M, weight_BM.sum(axis=1))


def _percentile(value_M: NDArray[np.float64], *, share: float) -> Callable[[Weights], Figures]:
    """The smallest value that at least this share of the weight does not exceed."""
    order = np.argsort(value_M, kind="stable")

    def figure(weight_BM: Weights) -> Figures:
        below_BM = weight_BM[:, order].cumsum(axis=1)
        first_B = (below_BM >= share * below_BM[:, -1:]).argmax(axis=1)
        return np.asarray(value_M[order][first_B])

    return figure
