"""Labels that say no more than that at least one of several categories holds.

Code 3 of the HMDA register, credit history, is any of four categories: whoever takes each of the
four for labelled makes all of them four times too likely, and whoever takes none for labelled knows
nothing of them. What such a label tells is the chance that not all are absent.

Arrays: N texts, C categories, S coarse labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.examples import Example
from training.losses import at_least_one_loss
from training.metrics import indicator

Groups = Sequence[Sequence[int]]
"""Positions in `CATEGORIES` of categories that labels do not tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseLabels:
    """The coarse labels of N texts, without those that a certain label answers.

    Attributes:
        text_S: position of the text of each.
        category_SC: true where it may mean the category.
        num_texts: N.
    """

    text_S: NDArray[np.intp]
    category_SC: NDArray[np.bool_]
    num_texts: int

    @classmethod
    def none(cls, num_texts: int) -> "CoarseLabels":
        """Returns those of texts that have none."""
        return cls._of([], num_texts=num_texts)

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "CoarseLabels":
        """Returns those of examples."""
        return cls._of(
            [
                (row, group)
                for row, example in enumerate(examples)
                for group in told_sets(example)
                if not any(example.category_targets[c] == 1 for c in group)
            ],
            num_texts=len(examples),
        )

    @classmethod
    def _of(cls, found: Sequence[tuple[int, Sequence[int]]], *, num_texts: int) -> "CoarseLabels":
        return cls(
            text_S=np.array([row for row, _ in found], dtype=np.intp),
            category_SC=indicator([group for _, group in found], len(CATEGORIES)),
            num_texts=num_texts,
        )

    def at(self, chosen_N: NDArray[np.bool_]) -> "CoarseLabels":
        """Returns those of some of the texts."""
        kept_S = chosen_N[self.text_S]
        position_N = np.cumsum(chosen_N) - 1
        return CoarseLabels(
            text_S=position_N[self.text_S[kept_S]],
            category_SC=self.category_SC[kept_S],
            num_texts=int(chosen_N.sum()),
        )

    @property
    def open_NC(self) -> NDArray[np.bool_]:
        """True where a label leaves open whether the category holds."""
        open_NC = np.zeros((self.num_texts, len(CATEGORIES)), dtype=np.bool_)
        np.logical_or.at(open_NC, self.text_S, self.category_SC)
        return open_NC

    def loss(self, logit_NC: NDArray[np.float64]) -> float:
        """Returns `training.losses.coarse_loss` of these labels."""
        logit_SC = torch.from_numpy(logit_NC[self.text_S])
        return float(at_least_one_loss(logit_SC, torch.from_numpy(self.category_SC)))


def groups_of(examples: Sequence[Example]) -> Groups:
    """Returns the sets of categories that coarse labels of examples may mean, each once."""
    return tuple(sorted({tuple(sorted(g)) for example in examples for g in told_sets(example)}))


def told_sets(example: Example) -> list[tuple[int, ...]]:
    """Returns the coarse sets of an example; not that of all categories, which tells none."""
    return [group for group in example.coarse_sets if len(group) < len(CATEGORIES)]


def spread(probability_NC: NDArray[np.float64], groups: Groups) -> NDArray[np.float64]:
    """Returns probabilities in which a group is shared among its categories.

    Args:
        probability_NC: those of the categories; within a group that of the group, for each.
        groups: categories that were not told apart; no two share one.

    Returns:
        N x C; within a group as much for each as gives the group its probability when at least one
        of independent categories is to hold (`together`).
    """
    shared_NC = probability_NC.copy()
    for group in groups:
        columns = list(group)
        shared_NC[:, columns] = 1 - (1 - probability_NC[:, columns]) ** (1 / len(columns))
    return shared_NC


def together(probability_NC: NDArray[np.float64], group: Sequence[int]) -> NDArray[np.float64]:
    """Returns N probabilities that at least one of independent categories holds."""
    return np.asarray(1 - np.prod(1 - probability_NC[:, list(group)], axis=1))
