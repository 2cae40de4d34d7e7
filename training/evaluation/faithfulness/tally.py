"""What one text tells of the figures, and how texts are put together.

A mean is kept as a sum and a number, so that texts with several categories count each of them and
any weighting of texts can be counted later; a percentile keeps its values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from training.evaluation.faithfulness.figures import FaithfulnessFigure
from training.weighting import Figures, Weights, ratio

_P95 = 0.95


@dataclass(slots=True)
class Tally:
    """What a text tells.

    Attributes:
        sums: by figure, the sum of what was found and how many it was found for.
        values: by figure whose percentile is taken, everything that was found.
    """

    sums: dict[str, tuple[float, float]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, figure: str, value: float, number: float = 1.0) -> None:
        """Adds a value, or the sum of several; one that is not defined counts for nothing."""
        if np.isnan(value):
            return
        total, count = self.sums.get(figure, (0.0, 0.0))
        self.sums[figure] = (total + float(value), count + float(number))

    def note(self, figure: str, value: float) -> None:
        """Keeps a value of which a percentile will be taken."""
        self.values.setdefault(figure, []).append(float(value))

    def take(self, other: "Tally") -> None:
        """Adds all that another tally of the same text tells."""
        for name, (total, count) in other.sums.items():
            self.add(name, total, count)
        for name, values in other.values.items():
            self.values.setdefault(name, []).extend(values)


def merged(tallies: Iterable[Tally]) -> Tally:
    """Returns what several tallies of one text tell together."""
    whole = Tally()
    for tally in tallies:
        whole.take(tally)
    return whole


def counted(
    figure: FaithfulnessFigure, tallies: Sequence[Tally]
) -> Callable[[Weights], Figures] | None:
    """Returns the figure as a function of the weights of texts; None where no text tells it."""
    if figure.kind == "p95":
        return _percentile([tally.values.get(figure.name, []) for tally in tallies])
    numerators, denominators = parts(figure.name, tallies)
    if not any(denominators):
        return None
    top_N, below_N = np.array(numerators), np.array(denominators)
    return lambda weight_BN: ratio(weight_BN @ top_N, weight_BN @ below_N)


def parts(figure: str, tallies: Sequence[Tally]) -> tuple[list[float], list[float]]:
    """Returns the sums and the numbers of a mean, one of each per text."""
    found = [tally.sums.get(figure, (0.0, 0.0)) for tally in tallies]
    return [total for total, _ in found], [count for _, count in found]


def number_of(figure: FaithfulnessFigure, tallies: Sequence[Tally]) -> int:
    """Returns how many cases a figure rests on."""
    if figure.kind == "p95":
        return sum(len(tally.values.get(figure.name, ())) for tally in tallies)
    return round(sum(tally.sums.get(figure.name, (0.0, 0.0))[1] for tally in tallies))


def _percentile(values: Sequence[Sequence[float]]) -> Callable[[Weights], Figures] | None:
    owner = np.array([row for row, held in enumerate(values) for _ in held], dtype=np.intp)
    value_V = np.array([value for held in values for value in held])
    if not len(value_V):
        return None
    order = np.argsort(value_V, kind="stable")
    sorted_V, owner_V = value_V[order], owner[order]

    def figure(weight_BN: Weights) -> Figures:
        held_BV = np.cumsum(weight_BN[:, owner_V], axis=1)
        total_B = held_BV[:, -1]
        place_B = (held_BV < _P95 * total_B[:, None]).sum(axis=1)
        found_B = sorted_V[np.minimum(place_B, len(sorted_V) - 1)]
        return np.where(total_B > 0, found_B, np.nan)

    return figure


def as_json(tally: Tally) -> Mapping[str, object]:
    """Returns a tally as JSON values."""
    return {"sums": tally.sums, "values": tally.values}


def from_json(content: Mapping[str, Mapping[str, Sequence[float]]]) -> Tally:
    """Returns the tally that `as_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return Tally(
        sums={str(n): (float(s), float(k)) for n, (s, k) in content["sums"].items()},
        values={str(n): [float(v) for v in held] for n, held in content["values"].items()},
    )
