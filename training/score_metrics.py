"""Metrics of one score against one outcome: ranking, calibration, error.

Weights and NaN are as in `training.weighting`. An outcome is 1, 0, or a probability in between
where it is only estimated: a text with y = 0.2 then counts as a fifth of a positive text and as
four fifths of a negative one, so that each figure is what it is expected to be once the outcomes
are drawn.
Texts whose outcome or score is NaN are left out.

Arrays: B rows of weights, N texts, K scores of a text, G groups of equal scores.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.weighting import Figures, Weights, ratio, row_weights

Array = NDArray[np.float64]

NUM_BINS = 10
"""Bins of a calibration error or a reliability curve."""

_NO_PAIR = 1e-9


def auc(score_N: Array, outcome_N: Array, *, weight_BN: Weights | None = None) -> Figures:
    """Area under the ROC curve: how often a positive text outranks a negative one.

    `sum_{i != j} w_i w_j y_i (1 - y_j) ([s_i > s_j] + [s_i = s_j] / 2) / sum_{i != j} w_i w_j
    y_i (1 - y_j)`. A text drawn several times is several texts. NaN where only one class occurs.
    """
    positive_BG, negative_BG, itself_B = _grouped(score_N, outcome_N, weight_BN)
    above_BG = negative_BG.cumsum(axis=1) - negative_BG / 2
    pairs_B = positive_BG.sum(axis=1) * negative_BG.sum(axis=1) - itself_B
    return ratio((positive_BG * above_BG).sum(axis=1) - itself_B / 2, _cleared(pairs_B))


def gini(score_N: Array, outcome_N: Array, *, weight_BN: Weights | None = None) -> Figures:
    """Gini coefficient of the ROC curve (Somers' D): `2 AUC - 1`."""
    return 2 * auc(score_N, outcome_N, weight_BN=weight_BN) - 1


def ks_statistic(score_N: Array, outcome_N: Array, *, weight_BN: Weights | None = None) -> Figures:
    """Kolmogorov-Smirnov statistic: the largest gap between two distributions of the score.

    `max_t |P(s <= t | positive) - P(s <= t | negative)|`. NaN where only one class occurs.
    """
    positive_BG, negative_BG, _ = _grouped(score_N, outcome_N, weight_BN)
    total_B1 = positive_BG.sum(axis=1, keepdims=True), negative_BG.sum(axis=1, keepdims=True)
    gap_BG = ratio(positive_BG.cumsum(axis=1), total_B1[0]) - ratio(
        negative_BG.cumsum(axis=1), total_B1[1]
    )
    return np.asarray(np.abs(gap_BG).max(axis=1))


def precision_at(
    score_N: Array, outcome_N: Array, *, top_share: float = 0.1, weight_BN: Weights | None = None
) -> Figures:
    """Share of positives among the texts with the highest scores.

    `sum_i t_i y_i / sum_i t_i`, where t_i is how much of text i belongs to the top: all of it
    above the cut, none below, and of texts that tie at the cut an equal part each, so that
    `sum_i t_i = top_share sum_i w_i`.
    """
    positive_BG, negative_BG, _ = _grouped(-score_N, outcome_N, weight_BN)
    weight_BG = positive_BG + negative_BG
    room_B1 = top_share * weight_BG.sum(axis=1, keepdims=True)
    taken_BG = np.clip(room_B1 - (weight_BG.cumsum(axis=1) - weight_BG), 0.0, weight_BG)
    found_BG = taken_BG * np.nan_to_num(ratio(positive_BG, weight_BG))
    return ratio(found_BG.sum(axis=1), taken_BG.sum(axis=1))


def brier_score(
    probability_NK: Array, outcome_NK: Array, *, weight_BN: Weights | None = None
) -> Figures:
    """Mean squared difference between probability and outcome.

    `sum w ((p - y)^2 + y (1 - y)) / sum w` over all pairs of text and score; the second term is 0
    for a known outcome and otherwise the variance of the outcome to be drawn.
    """
    loss_NK = (probability_NK - outcome_NK) ** 2 + outcome_NK * (1 - outcome_NK)
    return _mean_over_pairs(loss_NK, weight_BN)


def mean_absolute_error(
    probability_NK: Array, estimate_NK: Array, *, weight_BN: Weights | None = None
) -> Figures:
    """Mean absolute difference between a probability and its estimate.

    `sum w |p - y| / sum w` over all pairs of text and score.
    """
    return _mean_over_pairs(np.abs(probability_NK - estimate_NK), weight_BN)


def expected_calibration_error(
    probability_NK: Array,
    outcome_NK: Array,
    *,
    edges: Array,
    weight_BN: Weights | None = None,
) -> Figures:
    """How far, on average, probabilities are from how often the outcome comes.

    `sum_b |sum_{in b} w (p - y)| / sum w`: pairs of text and score are put into bins b by their
    probability, and each bin adds its gap between mean probability and frequency, weighted by
    its share of the pairs.

    Args:
        probability_NK: probabilities, 0-1; N x K, or N.
        outcome_NK: outcomes of the same shape.
        edges: the bins' edges in ascending order, first and last included: see
            `equal_width_edges` and `equal_mass_edges`.
        weight_BN: see `training.weighting`.
    """
    gap_NK = _columns(probability_NK - outcome_NK)
    known_NK = ~np.isnan(gap_NK)
    bin_NK = _bin(_columns(probability_NK), edges)
    num_bins = len(edges) - 1
    gap_Nb = np.zeros((len(gap_NK), num_bins))
    for b in range(num_bins):
        gap_Nb[:, b] = np.where(known_NK & (bin_NK == b), gap_NK, 0.0).sum(axis=1)
    weight_BN = row_weights(weight_BN, len(gap_NK))
    return ratio(np.abs(weight_BN @ gap_Nb).sum(axis=1), weight_BN @ known_NK.sum(axis=1))


def equal_width_edges(num_bins: int = NUM_BINS) -> Array:
    """Returns the edges of bins of equal width from 0 to 1."""
    return np.linspace(0.0, 1.0, num_bins + 1)


def equal_mass_edges(probability: Array, num_bins: int = NUM_BINS) -> Array:
    """Returns the edges of bins that hold about equally many of the given probabilities.

    Fewer bins come back where probabilities repeat, a single one where there is nothing to cut.
    """
    known = probability[~np.isnan(probability)]
    if not len(known):
        return np.array([0.0, 1.0])
    inner = np.unique(np.quantile(known, np.arange(1, num_bins) / num_bins))
    inner = inner[(inner > known.min()) & (inner > 0) & (inner < 1)]
    return np.concatenate([[0.0], inner, [1.0]])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """One point of a reliability curve.

    Attributes:
        low: lower edge.
        high: upper edge; it belongs to the next bin, except for the last.
        num_pairs: pairs of text and score in the bin.
        mean_probability: their mean probability; NaN in an empty bin.
        frequency: their mean outcome; NaN in an empty bin.
    """

    low: float
    high: float
    num_pairs: int
    mean_probability: float
    frequency: float


def reliability_curve(
    probability_NK: Array, outcome_NK: Array, *, edges: Array
) -> list[ReliabilityBin]:
    """Returns what `expected_calibration_error` averages, bin by bin."""
    known = ~np.isnan(probability_NK - outcome_NK)
    probability, outcome = probability_NK[known], outcome_NK[known]
    bins = _bin(probability, edges)
    return [
        ReliabilityBin(
            low=float(edges[b]),
            high=float(edges[b + 1]),
            num_pairs=int((bins == b).sum()),
            mean_probability=_mean(probability[bins == b]),
            frequency=_mean(outcome[bins == b]),
        )
        for b in range(len(edges) - 1)
    ]


def _bin(probability: Array, edges: Array) -> NDArray[np.intp]:
    """The bin of each probability; a lower edge belongs to its bin."""
    return np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 2)


def _grouped(
    score_N: Array, outcome_N: Array, weight_BN: Weights | None
) -> tuple[Array, Array, Figures]:
    """Positive and negative weight of each distinct score, ascending, and of pairs with oneself."""
    weight_BN = row_weights(weight_BN, len(score_N))
    known = np.flatnonzero(~np.isnan(score_N) & ~np.isnan(outcome_N))
    order = known[np.argsort(score_N[known], kind="stable")]
    weight_BN, y_N = weight_BN[:, order], outcome_N[order]
    if not len(order):
        nothing_BG = np.zeros((len(weight_BN), 1))
        return nothing_BG, nothing_BG, np.zeros(len(weight_BN))
    starts = np.flatnonzero(np.diff(score_N[order], prepend=-np.inf) > 0)
    return (
        np.add.reduceat(weight_BN * y_N, starts, axis=1),
        np.add.reduceat(weight_BN * (1 - y_N), starts, axis=1),
        weight_BN @ (y_N * (1 - y_N)),
    )


def _cleared(pairs_B: Figures) -> Figures:
    """Takes what rounding leaves of no pair at all for none."""
    return np.where(pairs_B > _NO_PAIR, pairs_B, 0.0)


def _mean_over_pairs(value_NK: Array, weight_BN: Weights | None) -> Figures:
    value_NK = _columns(value_NK)
    weight_BN = row_weights(weight_BN, len(value_NK))
    known_N = (~np.isnan(value_NK)).sum(axis=1)
    return ratio(weight_BN @ np.nansum(value_NK, axis=1), weight_BN @ known_N)


def _columns(value: Array) -> Array:
    return value[:, None] if value.ndim == 1 else value


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")
