"""How far a ratio of two rates, measured in turns, may be off: bootstrap over the rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

NUM_DRAWS = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A ratio with its interval.

    Attributes:
        value: median over the rounds.
        low: lower end of the 95 % interval.
        high: upper end.
        rounds: rounds it stands on.
    """

    value: float
    low: float
    high: float
    rounds: int

    def __str__(self) -> str:
        """Returns value and interval, for people."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio_of_rounds(ours: Sequence[float], theirs: Sequence[float], *, seed: int) -> Ratio:
    """Returns ours over theirs; both were measured in the same rounds, in order.

    Each round gives one ratio, so that whatever the machine did in a round weighs on both sides.

    Raises:
        ValueError: there are no rounds, or not as many on both sides.
    """
    ratios = np.array([a / b for a, b in zip(ours, theirs, strict=True)])
    if not len(ratios):
        raise ValueError("expected at least one round")
    drawn = np.random.default_rng(seed).choice(ratios, size=(NUM_DRAWS, len(ratios)))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.median(drawn, axis=1), [tail, 1 - tail])
    return Ratio(value=float(median(ratios)), low=float(low), high=float(high), rounds=len(ratios))
