"""Metrics of categories and reasons, so that every model and baseline is counted alike.

Weights and NaN are as in `training.weighting`. Of the scores that categories are ranked by, their
probabilities or others, the order within a text counts alone.

Arrays: B rows of weights, N texts, C categories (or reasons). `target_NC` is true where a category
is labelled, `first_NC` where it is what the first label says: one category, or several where the
label is coarse, or none where no text was denied or no order is known.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from training.score_metrics import auc
from training.weighting import Figures, Weights, ratio, row_weights

Labels = Sequence[Sequence[int]]
"""Positions of the labelled categories of each text, most important first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMetrics:
    """How well denial and its categories are told, every text counted once.

    Attributes:
        num_texts: texts counted.
        num_denied: texts with at least one label.
        primary_accuracy: see the function of that name.
        any_listed_accuracy: see the function of that name.
        top3_accuracy: see `top_k_accuracy`.
        micro_f1: see the function of that name.
        macro_f1: see the function of that name.
        denied_auc: see `training.score_metrics.auc`; the score is the highest probability.
        omission_rate: see the function of that name.
    """

    num_texts: int
    num_denied: int
    primary_accuracy: float
    any_listed_accuracy: float
    top3_accuracy: float
    micro_f1: float
    macro_f1: float
    denied_auc: float
    omission_rate: float

    def as_dict(self) -> dict[str, float]:
        """Returns the figures by name."""
        return asdict(self)


def category_metrics(
    probability_NC: NDArray[np.float64],
    labels: Labels,
    *,
    stated_NC: NDArray[np.bool_],
    listed_NC: NDArray[np.bool_],
) -> CategoryMetrics:
    """Counts category predictions on completely labelled texts.

    Args:
        probability_NC: probability of each category.
        labels: positions of the labelled categories of each text, most important first.
        stated_NC: categories among the principal reasons.
        listed_NC: categories among the principal reasons or those up for review.
    """
    num_categories = probability_NC.shape[1]
    target_NC = indicator(labels, num_categories)
    first_NC = indicator([listed[:1] for listed in labels], num_categories)
    denied_N = _any(target_NC)
    return CategoryMetrics(
        num_texts=len(labels),
        num_denied=int(denied_N.sum()),
        primary_accuracy=primary_accuracy(probability_NC, first_NC).item(),
        any_listed_accuracy=any_listed_accuracy(probability_NC, target_NC).item(),
        top3_accuracy=top_k_accuracy(probability_NC, first_NC, k=3).item(),
        micro_f1=micro_f1(stated_NC, target_NC).item(),
        macro_f1=macro_f1(stated_NC, target_NC).item(),
        denied_auc=auc(probability_NC.max(axis=1), denied_N.astype(np.float64)).item(),
        omission_rate=omission_rate(listed_NC, target_NC).item(),
    )


def primary_accuracy(
    score_NC: NDArray[np.float64],
    first_NC: NDArray[np.bool_],
    *,
    weight_BN: Weights | None = None,
) -> Figures:
    """Share of the texts with a first label whose highest score is that label's.

    With a coarse first label any of its categories counts. Ties go to the earlier category.

    `sum_i w_i [argmax_c s_ic in first_i] / sum_i w_i`, over texts i with a first label.
    """
    return top_k_accuracy(score_NC, first_NC, k=1, weight_BN=weight_BN)


def top_k_accuracy(
    score_NC: NDArray[np.float64],
    first_NC: NDArray[np.bool_],
    *,
    k: int = 3,
    weight_BN: Weights | None = None,
) -> Figures:
    """Share of the texts with a first label that have it among the k highest scores.

    `sum_i w_i [top_k(s_i) meets first_i] / sum_i w_i`, over texts i with a first label.
    """
    top_Nk = np.argsort(-score_NC, axis=1, kind="stable")[:, :k]
    hit_N = _any(np.take_along_axis(first_NC, top_Nk, axis=1))
    return share(hit_N, among_N=_any(first_NC), weight_BN=weight_BN)


def recall_at_k(
    score_NC: NDArray[np.float64],
    target_NC: NDArray[np.bool_],
    *,
    k: int = 4,
    weight_BN: Weights | None = None,
) -> Figures:
    """Share of the labelled categories that are among the k highest scores of their text.

    `sum_i w_i |labels_i and top_k(s_i)| / sum_i w_i |labels_i|`; NaN without labels.
    """
    weight_BN = row_weights(weight_BN, len(target_NC))
    top_Nk = np.argsort(-score_NC, axis=1, kind="stable")[:, :k]
    found_N = np.take_along_axis(target_NC, top_Nk, axis=1).sum(axis=1)
    return ratio(weight_BN @ found_N, weight_BN @ target_NC.sum(axis=1))


def any_listed_accuracy(
    score_NC: NDArray[np.float64],
    target_NC: NDArray[np.bool_],
    *,
    weight_BN: Weights | None = None,
) -> Figures:
    """Share of the texts with a label whose highest score is any label's.

    `sum_i w_i [argmax_c s_ic in labels_i] / sum_i w_i`, over texts i with a label.
    """
    hit_N = target_NC[np.arange(len(target_NC)), score_NC.argmax(axis=1)]
    return share(hit_N, among_N=_any(target_NC), weight_BN=weight_BN)


def micro_f1(
    stated_NC: NDArray[np.bool_], target_NC: NDArray[np.bool_], *, weight_BN: Weights | None = None
) -> Figures:
    """F1 of what is stated against what is labelled, over all pairs of text and category.

    `2 |stated and labelled| / (|stated| + |labelled|)`; 0 where nothing is stated and nothing
    labelled.
    """
    weight_BN = row_weights(weight_BN, len(stated_NC))
    agreed_N = (stated_NC & target_NC).sum(axis=1)
    total_N = stated_NC.sum(axis=1) + target_NC.sum(axis=1)
    return _f1(weight_BN @ agreed_N, weight_BN @ total_N)


def macro_f1(
    stated_NC: NDArray[np.bool_], target_NC: NDArray[np.bool_], *, weight_BN: Weights | None = None
) -> Figures:
    """Mean over the categories of their F1.

    `(1/C) sum_c 2 |stated_c and labelled_c| / (|stated_c| + |labelled_c|)`; a category that is
    neither stated nor labelled adds 0.
    """
    weight_BN = row_weights(weight_BN, len(stated_NC))
    agreed_BC = weight_BN @ (stated_NC & target_NC)
    total_BC = weight_BN @ (stated_NC.astype(np.float64) + target_NC)
    return np.asarray(_f1(agreed_BC, total_BC).mean(axis=1))


def omission_rate(
    listed_NC: NDArray[np.bool_], target_NC: NDArray[np.bool_], *, weight_BN: Weights | None = None
) -> Figures:
    """Share of the labelled categories that are neither stated nor up for review.

    `|labelled and not listed| / |labelled|`; NaN without labels.
    """
    weight_BN = row_weights(weight_BN, len(listed_NC))
    return ratio(
        weight_BN @ (target_NC & ~listed_NC).sum(axis=1), weight_BN @ target_NC.sum(axis=1)
    )


def listed_per_text(listed_NC: NDArray[np.bool_], *, weight_BN: Weights | None = None) -> Figures:
    """Mean number of categories that are stated or up for review; NaN without texts."""
    weight_BN = row_weights(weight_BN, len(listed_NC))
    return ratio(weight_BN @ listed_NC.sum(axis=1), weight_BN.sum(axis=1))


def labelled_hit_rate(hit_NC: NDArray[np.float64], *, weight_BN: Weights | None = None) -> Figures:
    """Mean of what was counted for each label, over all labels of all texts.

    `sum_ic w_i hit_ic / sum_ic w_i`, over pairs of text i and category c with a label.

    Args:
        hit_NC: 1 or 0 where a category is labelled, NaN where it is not.
        weight_BN: see the module.
    """
    weight_BN = row_weights(weight_BN, len(hit_NC))
    return ratio(weight_BN @ np.nansum(hit_NC, axis=1), weight_BN @ (~np.isnan(hit_NC)).sum(axis=1))


def share(
    hit_N: NDArray[np.bool_], *, among_N: NDArray[np.bool_], weight_BN: Weights | None = None
) -> Figures:
    """Weighted share of hits among some of the texts; NaN where these weigh nothing."""
    weight_BN = row_weights(weight_BN, len(hit_N))
    return ratio(weight_BN @ (hit_N & among_N), weight_BN @ among_N)


def f1(stated: NDArray[np.bool_], target: NDArray[np.bool_]) -> float:
    """F1 of the true entries of two arrays of one shape, all counted once; see `micro_f1`."""
    return float(micro_f1(stated.reshape(1, -1), target.reshape(1, -1))[0])


def indicator(labels: Labels, num_categories: int) -> NDArray[np.bool_]:
    """Returns texts x categories, true where a category is labelled."""
    target_NC = np.zeros((len(labels), num_categories), dtype=np.bool_)
    for row, listed in enumerate(labels):
        target_NC[row, list(listed)] = True
    return target_NC


def _f1(agreed: Figures, total: Figures) -> Figures:
    return np.where(total > 0, 2 * agreed / np.where(total > 0, total, 1.0), 0.0)


def _any(values_NC: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(values_NC.any(axis=1))
