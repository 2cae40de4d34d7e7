"""Rankings of clauses, and how good they are against the best and worst that can be found.

Arrays: U clauses.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import DenialCategory
from model_store.explain.attribution import summed
from model_store.explain.clauses import split_clauses
from model_store.explain.omission import Drop
from model_store.explain.proposals import evidence_weights
from model_store.explain.rollout import attention_rollout
from model_store.explain.targets import category_target
from model_store.network import Network
from training.evaluation.faithfulness.asked import Asked
from training.evaluation.faithfulness.curves import (
    area_over_curve,
    beam_order,
    comprehensiveness_curve,
    normalised_area,
    sufficiency_curve,
)
from training.evaluation.faithfulness.tally import Tally

MAX_RANKED_CLAUSES = 24
"""The search for the best ordering of more clauses takes thousands of readings."""

NUM_RANDOM = 5
"""Random orderings of a text."""


def is_rankable(text: str) -> bool:
    """Tells whether a text has few enough clauses for the best ordering to be looked for."""
    return len(split_clauses(text)) <= MAX_RANKED_CLAUSES


def judge_orderings(
    asked: Asked, category: DenialCategory, *, network: Network, width: int, random: Random
) -> Tally:
    """Returns how good the rankings of the clauses are for a category's logit.

    Args:
        asked: the text; at least two clauses, else nothing is told.
        category: the category.
        network: for attention.
        width: partial orderings kept in the search for the best and the worst.
        random: decides the random orderings.
    """
    tally, num_clauses = Tally(), len(asked.layout.clauses)
    if num_clauses < 2:  # noqa: PLR2004 (there is one ordering only)
        return tally
    place = category_target(category)

    def score(kept: frozenset[int]) -> float:
        return float(asked.omissions.without([_without_others(asked, kept)])[0, place])

    def ahead(wanted: Sequence[frozenset[int]]) -> None:
        asked.omissions.without([_without_others(asked, kept) for kept in wanted])

    orders = {
        "exact": [exact_order(asked, category)],
        "omission": [by_effect(asked, category)],
        "fast": [fast_order(asked, category)],
        "evidence_head": [_ranked(_weights(asked, category))],
        "attention": [_ranked(_attention(asked, network))],
        "random": [random.sample(range(num_clauses), num_clauses) for _ in range(NUM_RANDOM)],
    }
    best = beam_order(score, num_clauses, width=width, ahead=ahead)
    worst = beam_order(score, num_clauses, width=width, falling=False, ahead=ahead)
    # What is best to leave out first, backwards, is worst to put in first.
    tried = {**orders, "found": [best, worst, best[::-1], worst[::-1]]}
    falls, gains = (
        {
            name: [sign * area_over_curve(curve(score, o)) for o in held]
            for name, held in tried.items()
        }
        for sign, curve in ((1, comprehensiveness_curve), (-1, sufficiency_curve))
    )
    for name in orders:
        tally.add(f"naopc_comprehensiveness_{name}", _normalised(name, falls))
        tally.add(f"naopc_sufficiency_{name}", _normalised(name, gains))
    return tally


def exact_order(asked: Asked, category: DenialCategory) -> list[int]:
    """Returns the positions of the clauses, the one worth most to a category first."""
    return _ranked(asked.worths(category))


def by_effect(asked: Asked, category: DenialCategory) -> list[int]:
    """Returns the positions of the clauses, the one whose omission lowers a category most first."""
    return _ranked(asked.effects(category))


def fast_order(asked: Asked, category: DenialCategory) -> list[int]:
    """Returns the positions of the clauses, the one that says most of a category alone first."""
    return _ranked(asked.fast.clauses.of(category.value))


def _weights(asked: Asked, category: DenialCategory) -> NDArray[np.float64]:
    return evidence_weights(asked.omissions, asked.layout.clauses, category_target(category))


def _attention(asked: Asked, network: Network) -> NDArray[np.float64]:
    return summed(attention_rollout(network, asked.text), asked.layout.clauses).value_UX[:, 0]


def _ranked(value_U: NDArray[np.float64]) -> list[int]:
    return [int(u) for u in np.argsort(-value_U, kind="stable")]


def _without_others(asked: Asked, kept: frozenset[int]) -> Drop:
    return frozenset(
        (clause.first_token, clause.stop_token)
        for position, clause in enumerate(asked.layout.clauses)
        if position not in kept
    )


def _normalised(name: str, areas: dict[str, list[float]]) -> float:
    """The mean of a way of ranking, between the worst and the best of all that were tried."""
    tried = [area for held in areas.values() for area in held]
    worst, best = min(tried), max(tried)
    return float(np.mean([normalised_area(a, worst=worst, best=best) for a in areas[name]]))
