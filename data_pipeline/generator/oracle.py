"""The best any reader of a synthetic text could do.

The oracle knows the facts, the limits and the policy, but not the noise of the decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from data_pipeline.generator.policy import MAX_REASONS, draw_decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class BestReachable:
    """What the oracle reaches on given decisions.

    Attributes:
        num_denied: denied applications counted.
        recall_at_4: share of their principal categories among the oracle's four likeliest.
        primary_accuracy: share of them whose first category is the oracle's likeliest first.
    """

    num_denied: int
    recall_at_4: float
    primary_accuracy: float


def recall_at_4(
    probability_NC: NDArray[np.float64], categories: Sequence[Sequence[DenialCategory]]
) -> float:
    """Returns the share of true categories that are among the four likeliest.

    Args:
        probability_NC: texts x categories in label order; only the order within a row counts.
        categories: principal categories of each text; texts without any (not denied) do not count.

    Raises:
        ValueError: nothing is denied.
    """
    ranked_NC = np.argsort(-probability_NC, axis=1, kind="stable")[:, :MAX_REASONS]
    hits = total = 0
    for ranked_C, held in zip(ranked_NC, categories, strict=True):
        hits += sum(CATEGORIES.index(category) in ranked_C for category in held)
        total += len(held)
    if not total:
        raise ValueError("found no denied text: expected at least one")
    return hits / total


def stated_shares(
    severities: Sequence[tuple[float, ...]], *, num_draws: int = 256, seed: int = 0
) -> NDArray[np.float64]:
    """Returns applications x categories, how often each is stated when the decision is redrawn.

    Args:
        severities: severities of each application, as in `policy.Assessment`.
        num_draws: decisions redrawn for each; the more, the nearer to the exact odds.
        seed: of the redraws.
    """
    generator = np.random.default_rng(seed)
    draws = (draw_decisions(s, num_draws=num_draws, generator=generator) for s in severities)
    counts = [_counts(drawn.order_DK) / num_draws for drawn in draws]
    return np.array(counts, dtype=np.float64).reshape(-1, len(CATEGORIES))


def best_reachable(
    severities: Sequence[tuple[float, ...]],
    categories: Sequence[Sequence[DenialCategory]],
    *,
    num_draws: int = 256,
    seed: int = 0,
) -> BestReachable:
    """Returns the figures of an oracle that redraws each decision and takes the most frequent.

    Args:
        severities: severities of each application, as in `policy.Assessment`.
        categories: principal categories as decided, most severe first; empty when approved.
        num_draws: decisions redrawn for each; the more, the nearer to the exact odds.
        seed: of the redraws.

    Raises:
        ValueError: nothing is denied.
    """
    generator = np.random.default_rng(seed)
    denied = [position for position, held in enumerate(categories) if held]
    stated_NC = np.zeros((len(denied), len(CATEGORIES)))
    first_NC = np.zeros_like(stated_NC)
    for row, position in enumerate(denied):
        order_DK = draw_decisions(
            severities[position], num_draws=num_draws, generator=generator
        ).order_DK
        tie_C = np.asarray(severities[position]) * 1e-3
        stated_NC[row] = _counts(order_DK) + tie_C
        first_NC[row] = _counts(order_DK[:, :1]) + tie_C
    held = [categories[position] for position in denied]
    first = [CATEGORIES.index(stated[0]) for stated in held]
    return BestReachable(
        num_denied=len(denied),
        recall_at_4=recall_at_4(stated_NC, held),
        primary_accuracy=float((first_NC.argmax(axis=1) == first).mean()),
    )


def _counts(order_DK: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(order_DK[order_DK >= 0].ravel(), minlength=len(CATEGORIES))
