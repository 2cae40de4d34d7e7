"""What a threshold costs: the cost-weighted threshold table.

Missing a positive text costs `cost_ratio`, flagging a negative one costs 1. Where a probability
means what it says, the least cost is expected at the threshold 1 / (1 + cost_ratio).

Source: Elkan, The Foundations of Cost-Sensitive Learning, IJCAI 2001, section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COST_RATIOS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""How much dearer a miss is than a false alarm, in the rows of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """One row of the table; costs are per text, in units of one false alarm.

    Attributes:
        cost_ratio: cost of a miss.
        threshold: 1 / (1 + cost_ratio); a text is flagged from here on.
        flagged_rate: share of the texts flagged.
        missed_rate: share of the positive texts not flagged.
        false_alarm_rate: share of the negative texts flagged.
        cost: mean cost at the threshold.
        best_threshold: threshold with the least cost in hindsight.
        best_cost: mean cost there.
        cost_of_none: mean cost of flagging no text.
        cost_of_all: mean cost of flagging every text.
    """

    cost_ratio: float
    threshold: float
    flagged_rate: float
    missed_rate: float
    false_alarm_rate: float
    cost: float
    best_threshold: float
    best_cost: float
    cost_of_none: float
    cost_of_all: float


def cost_table(
    probability_N: NDArray[np.float64],
    outcome_N: NDArray[np.float64],
    *,
    cost_ratios: Sequence[float] = COST_RATIOS,
) -> list[CostRow]:
    """Returns a row per cost ratio; none where only one class occurs.

    Args:
        probability_N: probability of the outcome; texts with NaN are left out.
        outcome_N: 1, 0, a probability in between where only estimated (see
            `training.score_metrics`), NaN where unknown.
        cost_ratios: what a miss costs, each above 0.
    """
    known_N = ~np.isnan(probability_N) & ~np.isnan(outcome_N)
    probability_N, outcome_N = probability_N[known_N], outcome_N[known_N]
    if not 0 < outcome_N.sum() < len(outcome_N):
        return []
    return [_row(probability_N, outcome_N, cost_ratio=ratio) for ratio in cost_ratios]


def _row(
    probability_N: NDArray[np.float64], outcome_N: NDArray[np.float64], *, cost_ratio: float
) -> CostRow:
    threshold = 1 / (1 + cost_ratio)
    flagged_N = probability_N >= threshold
    positive, negative = outcome_N.sum(), (1 - outcome_N).sum()
    missed, alarms = outcome_N[~flagged_N].sum(), (1 - outcome_N)[flagged_N].sum()
    best_threshold, best_cost = _best(probability_N, outcome_N, cost_ratio=cost_ratio)
    num_texts = len(outcome_N)
    return CostRow(
        cost_ratio=cost_ratio,
        threshold=threshold,
        flagged_rate=float(flagged_N.mean()),
        missed_rate=float(missed / positive),
        false_alarm_rate=float(alarms / negative),
        cost=float((cost_ratio * missed + alarms) / num_texts),
        best_threshold=best_threshold,
        best_cost=best_cost,
        cost_of_none=float(cost_ratio * positive / num_texts),
        cost_of_all=float(negative / num_texts),
    )


def _best(
    probability_N: NDArray[np.float64], outcome_N: NDArray[np.float64], *, cost_ratio: float
) -> tuple[float, float]:
    """The threshold of least cost among the probabilities that occur, and "none" (above 1)."""
    thresholds, group_N = np.unique(probability_N, return_inverse=True)
    positive_G = np.bincount(group_N, outcome_N)
    negative_G = np.bincount(group_N, 1 - outcome_N)
    missed = np.concatenate([[0.0], positive_G.cumsum()])
    alarms = negative_G.sum() - np.concatenate([[0.0], negative_G.cumsum()])
    costs = (cost_ratio * missed + alarms) / len(outcome_N)
    best = int(costs.argmin())
    threshold = thresholds[best] if best < len(thresholds) else np.nextafter(thresholds[-1], np.inf)
    return float(threshold), float(costs[best])
