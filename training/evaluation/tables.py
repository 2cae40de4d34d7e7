"""Tables of a report: one row per category, and first labels against categories named first."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from training import metrics
from training.evaluation.answers import Answers, Truth
from training.evaluation.bootstrap import Estimate, Resamples
from training.weighting import Figures, Weights, ratio

NOT_DENIED = "not denied"
"""The row of texts that are not denied."""

NOTHING_STATED = "nothing stated"
"""The column of texts for which no category is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """How well one category is told, over the texts whose labels are complete.

    Attributes:
        category: the category.
        num_labelled: texts labelled with it.
        num_stated: texts for which it is stated.
        precision: share of the stated that are labelled.
        recall: share of the labelled that are stated.
        f1: harmonic mean of both.
        omission_rate: share of the labelled that are neither stated nor up for review.
    """

    category: DenialCategory
    num_labelled: int
    num_stated: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    omission_rate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts of texts by first label and by what is named first.

    Attributes:
        rows: the 12 categories and `NOT_DENIED`.
        columns: the 12 categories and `NOTHING_STATED`.
        counts: rows x columns.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def category_rows(
    truth: Truth, answers: Answers, *, resamples: Resamples
) -> tuple[CategoryRow, ...]:
    """Returns a row per category, in label order."""
    return tuple(
        _category_row(
            category,
            target_N=truth.target_NC[:, c] & truth.complete_N,
            stated_N=answers.stated_NC[:, c] & truth.complete_N,
            listed_N=answers.listed_NC[:, c],
            resamples=resamples,
        )
        for c, category in enumerate(CATEGORIES)
    )


def _category_row(
    category: DenialCategory,
    *,
    target_N: NDArray[np.bool_],
    stated_N: NDArray[np.bool_],
    listed_N: NDArray[np.bool_],
    resamples: Resamples,
) -> CategoryRow:
    def share(hit_N: NDArray[np.bool_], among_N: NDArray[np.bool_]) -> Callable[[Weights], Figures]:
        return lambda weight_BN: metrics.share(hit_N, among_N=among_N, weight_BN=weight_BN)

    def f1(weight_BN: Weights) -> Figures:
        total_B = weight_BN @ (target_N.astype(np.float64) + stated_N)
        return ratio(2 * (weight_BN @ (target_N & stated_N)), total_B)

    estimates = resamples.estimates(
        {
            "precision": share(target_N, stated_N),
            "recall": share(stated_N, target_N),
            "f1": f1,
            "omission_rate": share(~listed_N, target_N),
        }
    )
    return CategoryRow(
        category=category,
        num_labelled=int(target_N.sum()),
        num_stated=int(stated_N.sum()),
        **estimates,
    )


def primary_confusion(truth: Truth, answers: Answers) -> Confusion:
    """Counts texts with one first label, or known not to be denied, by the category named first.

    A text for which no category is stated stands in the last column, whatever would be first.
    """
    size = len(CATEGORIES) + 1
    counts = np.zeros((size, size), dtype=np.int64)
    first_N = answers.ranked_by_NC.argmax(axis=1)
    column_N = np.where(answers.stated_NC.any(axis=1), first_N, size - 1)
    row_N = np.where(truth.denied_N == 0, size - 1, truth.first_NC.argmax(axis=1))
    counted_N = (truth.denied_N == 0) | (truth.first_NC.sum(axis=1) == 1)
    np.add.at(counts, (row_N[counted_N], column_N[counted_N]), 1)
    return Confusion(
        rows=(*CATEGORIES, NOT_DENIED),
        columns=(*CATEGORIES, NOTHING_STATED),
        counts=tuple(tuple(int(n) for n in row) for row in counts),
    )
