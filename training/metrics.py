"""The metrics of the project, so that every model and baseline is counted alike.

Arrays: N texts, C categories. Labels are lists of category positions, most important first; a
text without labels is not denied.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

Labels = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMetrics:
    """How well denial and its categories are told.

    Attributes:
        num_texts: texts counted.
        num_denied: texts with at least one label.
        primary_accuracy: share of the denied whose likeliest category is their first label.
        any_listed_accuracy: share of the denied whose likeliest category is any of their labels.
        top3_accuracy: share of the denied whose first label is among the three likeliest.
        micro_f1: F1 of stated categories against labels, over all texts.
        macro_f1: mean over the categories of their F1.
        denied_auc: area under the ROC curve of the highest category probability, denied against
            not; NaN where only one of both occurs.
        omission_rate: share of the labels that are neither stated nor up for review; NaN without
            labels.
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
    """Counts category predictions.

    Args:
        probability_NC: probability of each category.
        labels: positions of the labelled categories of each text, most important first.
        stated_NC: categories among the principal reasons.
        listed_NC: categories among the principal reasons or those up for review.
    """
    target_NC = indicator(labels, probability_NC.shape[1])
    denied_N = np.array([len(listed) > 0 for listed in labels], dtype=np.bool_)
    ranked_NC = np.argsort(-probability_NC, axis=1, kind="stable")
    first = [(ranked_NC[i], labels[i]) for i in range(len(labels)) if labels[i]]
    return CategoryMetrics(
        num_texts=len(labels),
        num_denied=int(denied_N.sum()),
        primary_accuracy=_mean([ranked[0] == listed[0] for ranked, listed in first]),
        any_listed_accuracy=_mean([ranked[0] in listed for ranked, listed in first]),
        top3_accuracy=_mean([listed[0] in ranked[:3] for ranked, listed in first]),
        micro_f1=f1(stated_NC, target_NC),
        macro_f1=_mean([f1(stated_NC[:, c], target_NC[:, c]) for c in range(target_NC.shape[1])]),
        denied_auc=_auc(denied_N, probability_NC.max(axis=1)),
        omission_rate=_mean((~listed_NC[target_NC]).astype(float).tolist()),
    )


def indicator(labels: Labels, num_categories: int) -> NDArray[np.bool_]:
    """Returns texts x categories, true where a category is labelled."""
    target_NC = np.zeros((len(labels), num_categories), dtype=np.bool_)
    for row, listed in enumerate(labels):
        target_NC[row, list(listed)] = True
    return target_NC


def f1(stated: NDArray[np.bool_], target: NDArray[np.bool_]) -> float:
    """Returns the F1 of true entries; 0 where nothing is stated and nothing labelled."""
    agreed = int((stated & target).sum())
    total = int(stated.sum() + target.sum())
    return 2 * agreed / total if total else 0.0


def _auc(truth_N: NDArray[np.bool_], score_N: NDArray[np.float64]) -> float:
    if truth_N.all() or not truth_N.any():
        return float("nan")
    return float(roc_auc_score(truth_N, score_N))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
