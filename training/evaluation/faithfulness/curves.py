"""Comprehensiveness, sufficiency and their normalisation over whole orderings.

An ordering ranks the clauses of a text, the most telling first. Leaving clauses out one after the
other gives a curve of the category's probability (or logit); a faithful ordering makes it fall at
once. How far it can fall differs from text to text, so the area is set between that of the best
and that of the worst ordering found for the same text (NAOPC).

Source: comprehensiveness and sufficiency, DeYoung et al.: ERASER, 2020; normalisation, Edin et
al.: Normalized AOPC, 2024.

Arrays: U clauses.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Score = Callable[[frozenset[int]], float]
"""The answer when only the clauses at these positions stand in the text."""


def comprehensiveness_curve(score: Score, order: Sequence[int]) -> NDArray[np.float64]:
    """Returns by how much the answer falls without the first 1, 2, ... clauses of an ordering.

    Args:
        score: the answer with some of the clauses.
        order: every clause once, the most telling first.
    """
    full = score(frozenset(order))
    return np.array([full - score(frozenset(order[k:])) for k in range(1, len(order) + 1)])


def sufficiency_curve(score: Score, order: Sequence[int]) -> NDArray[np.float64]:
    """Returns by how much the answer falls with the first 1, 2, ... clauses alone."""
    full = score(frozenset(order))
    return np.array([full - score(frozenset(order[:k])) for k in range(1, len(order) + 1)])


def area_over_curve(curve_U: NDArray[np.float64]) -> float:
    """Returns the mean of a curve (AOPC); nan for a text without clauses."""
    return float(curve_U.mean()) if len(curve_U) else float("nan")


def normalised_area(area: float, *, worst: float, best: float) -> float:
    """Returns where an area lies between the worst (0) and the best (1) of the same text.

    Outside 0 to 1 where the ordering goes past those that were found; nan where best and worst are
    the same, since then no ordering is better than another.

    Raises:
        ValueError: the best is below the worst.
    """
    if best < worst:
        raise ValueError(f"the best area {best:g} is below the worst {worst:g}: swap them")
    return (area - worst) / (best - worst) if best > worst else float("nan")


def beam_order(
    score: Score,
    num_clauses: int,
    *,
    width: int = 5,
    falling: bool = True,
    ahead: Callable[[Sequence[frozenset[int]]], None] = lambda _: None,
) -> list[int]:
    """Returns the ordering with the largest area over the comprehensiveness curve that was found.

    Args:
        score: the answer with some of the clauses.
        num_clauses: clauses of the text.
        width: partial orderings kept at each step; with at least as many as there are sets of
            clauses of one size the search is exhaustive.
        falling: false for the ordering with the smallest area.
        ahead: called with the sets that will be asked for next, so that their answers can be
            computed together.
    """
    sign = -1.0 if falling else 1.0
    beam: dict[frozenset[int], tuple[float, list[int]]] = {frozenset(range(num_clauses)): (0.0, [])}
    for _ in range(num_clauses):
        longer: dict[frozenset[int], tuple[float, list[int]]] = {}
        ahead(list(dict.fromkeys(left - {clause} for left in beam for clause in left)))
        for left, (total, order) in beam.items():
            for clause in sorted(left):
                rest = left - {clause}
                found = (total + score(rest), [*order, clause])
                # Of two orders of the same clauses only the better can become the best.
                if rest not in longer or sign * found[0] > sign * longer[rest][0]:
                    longer[rest] = found
        ranked = sorted(longer.items(), key=lambda item: -sign * item[1][0])
        beam = dict(ranked[:width])
    return max(beam.values(), key=lambda item: sign * item[0])[1]


def naopc(score: Score, order: Sequence[int], *, width: int = 5) -> float:
    """Returns the normalised area of an ordering against the best and worst found by beam search.

    nan where no ordering of the text is better than another.
    """
    areas = [
        area_over_curve(comprehensiveness_curve(score, candidate))
        for candidate in (
            order,
            beam_order(score, len(order), width=width, falling=False),
            beam_order(score, len(order), width=width),
        )
    ]
    return normalised_area(areas[0], worst=min(areas), best=max(areas))
