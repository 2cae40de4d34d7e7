"""Bootstrap intervals, by whole groups and paired.

Texts of one author share a voice and twins of a contrast pair share their words, so groups are
drawn, not texts. Both sides of a difference are counted on the same draws.

Arrays: B draws, N texts, G groups.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from training.weighting import Figures, Weights

Key = TypeVar("Key", bound=Hashable)

NUM_RESAMPLES = 2000
"""Draws of an interval."""

LEVEL = 0.95
"""Share of the draws between the ends of an interval."""

MIN_DEFINED_SHARE = 0.9
"""An interval is given where the figure is defined on at least this share of the draws."""

_CELLS_PER_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its interval.

    Attributes:
        value: the figure on the texts as they are; None where it is not defined.
        low: lower end of the 95 % interval; None where too few draws define the figure.
        high: upper end; None likewise.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


class Resamples:
    """Draws of groups with replacement, the same at every pass."""

    def __init__(
        self,
        groups: Sequence[str],
        *,
        seed: int,
        num_resamples: int = NUM_RESAMPLES,
    ) -> None:
        """Keeps what is to be drawn.

        Args:
            groups: the group of each text; texts of one group are drawn together.
            seed: decides the draws.
            num_resamples: number of draws.
        """
        names, self._group_N = np.unique(np.array(groups, dtype=object), return_inverse=True)
        self.num_groups = len(names)
        self.num_texts = len(groups)
        self.num_resamples = num_resamples
        self._seed = seed

    def chunks(self) -> Iterator[Weights]:
        """Yields the draws, some rows at a time: how often each text was drawn."""
        if not self.num_texts:
            return
        rows = max(1, _CELLS_PER_CHUNK // self.num_texts)
        generator = np.random.default_rng(self._seed)
        for start in range(0, self.num_resamples, rows):
            num_rows = min(rows, self.num_resamples - start)
            drawn = generator.integers(self.num_groups, size=(num_rows, self.num_groups))
            cells = drawn + self.num_groups * np.arange(num_rows)[:, None]
            counts = np.bincount(cells.ravel(), minlength=num_rows * self.num_groups)
            yield counts.reshape(num_rows, -1)[:, self._group_N].astype(np.float64)

    def estimate(self, figure: Callable[[Weights], Figures]) -> Estimate:
        """Returns a figure on the texts as they are, with its percentile interval.

        Args:
            figure: computes the figure, one value per row of weights.
        """
        return self.estimates({"figure": figure})["figure"]

    def estimates(self, figures: Mapping[Key, Callable[[Weights], Figures]]) -> dict[Key, Estimate]:
        """Returns several figures, see `estimate`; the draws are made once for all of them."""
        if not self.num_texts:
            return {key: Estimate(value=None) for key in figures}
        once = np.ones((1, self.num_texts))
        values = {key: float(figure(once)[0]) for key, figure in figures.items()}
        drawn: dict[Key, list[Figures]] = {key: [] for key in figures}
        for weight_BN in self.chunks() if self.num_groups > 1 else ():
            for key, figure in figures.items():
                if not np.isnan(values[key]):
                    drawn[key].append(figure(weight_BN))
        return {key: _estimate(value, drawn[key]) for key, value in values.items()}


def _estimate(value: float, drawn: Sequence[Figures]) -> Estimate:
    if np.isnan(value):
        return Estimate(value=None)
    drawn_B = np.concatenate([*drawn, np.zeros(0)])
    defined_B = drawn_B[~np.isnan(drawn_B)]
    if not len(defined_B) or len(defined_B) < MIN_DEFINED_SHARE * len(drawn_B):
        return Estimate(value=value)
    low, high = np.quantile(defined_B, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value=value, low=float(low), high=float(high))
