"""Which fault is held when, and when the next request comes: drawn by a seed alone."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

RESTART = "restart"
"""Only once, and first: the memory of a process is judged over its life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A fault to come.

    Attributes:
        name: which.
        start_s: when it begins, seconds from the beginning of the load.
    """

    name: str
    start_s: float


def planned(
    names: Sequence[str], *, seconds: float, period_s: float, seed: int
) -> tuple[Slot, ...]:
    """Returns a fault for each whole period, each begun when a third of its period is over.

    All names but `restart` come once in a drawn order, then once more in another one, and so on.

    Args:
        names: the faults.
        seconds: how long the load lasts.
        period_s: from one fault to the next.
        seed: of the orders.
    """
    num_slots = int(seconds // period_s)
    drawn = _drawn([name for name in names if name != RESTART], random.Random(seed))
    chosen = [RESTART] if RESTART in names else []
    for name in drawn:
        if len(chosen) >= num_slots:
            break
        chosen.append(name)
    return tuple(
        Slot(name=name, start_s=(number + 1 / 3) * period_s)
        for number, name in enumerate(chosen[:num_slots])
    )


def _drawn(names: list[str], numbers: random.Random) -> Iterator[str]:
    while names:
        yield from numbers.sample(names, len(names))


class Arrivals:
    """A Poisson process whose rate can be raised for a while.

    Attributes:
        multiplier: what the rate is multiplied by from the next arrival on.
    """

    def __init__(self, rate: float, *, seed: int) -> None:
        """Takes the rate, arrivals a second."""
        self.rate, self.multiplier = rate, 1.0
        self._numbers = random.Random(seed)

    def gap_s(self) -> float:
        """Returns the seconds until the next arrival."""
        return self._numbers.expovariate(self.rate * self.multiplier)
