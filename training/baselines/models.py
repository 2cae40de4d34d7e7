"""What a baseline learns on features: a classifier for each category, for their order, for default.

Arrays: N texts, C categories, F features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from training.evaluation.answers import Truth

_SURE = 1e-6  # a probability of 0 or 1 would be an infinite logit


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to learn from features.

    Attributes:
        new_classifier: makes an estimator with `fit(X, y, sample_weight)` and `predict_proba`.
        given_denial: whether categories are learned on denied texts alone, and their probability
            multiplied by that of a denial; otherwise on all texts.
        order_learned: whether a second classifier of each category learns where it is the first
            label, for the order in which they are named; otherwise the likeliest is named first.
    """

    new_classifier: Callable[[], Any]
    given_denial: bool = False
    order_learned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryLogits:
    """What a model says of the categories of N texts.

    Attributes:
        category_NC: log odds that a category is labelled; NaN where nothing could be learned.
        first_NC: log odds that it is the first label of a denied text; 0 where no order is or could
            be learned.
    """

    category_NC: NDArray[np.float32]
    first_NC: NDArray[np.float32]


class CategoryModel:
    """The classifiers of the categories, fitted together."""

    def __init__(self, variant: Variant) -> None:
        """Takes the variant to build."""
        self._variant = variant
        self._categories: list[_Outcome] = []
        self._first: list[_Outcome] = []
        self._denial = _Outcome(variant.new_classifier)

    def fit(self, table: Any, truth: Truth) -> "CategoryModel":
        """Learns from N x F features of texts; the truth is theirs."""
        given = self._variant.given_denial
        # What a denied row does not list is taken not to hold, the usual weak negative.
        learned_N = np.asarray(truth.target_NC.any(axis=1)) if given else truth.labelled_N
        self._categories = self._fitted(table, truth.target_NC, among_N=learned_N)
        if given:
            self._denial.fit(table, truth.denied_N)
        if self._variant.order_learned:
            ordered_N = np.asarray(truth.first_NC.any(axis=1))
            self._first = self._fitted(table, truth.first_NC, among_N=ordered_N)
        return self

    def _fitted(
        self, table: Any, label_NC: NDArray[np.bool_], *, among_N: NDArray[np.bool_]
    ) -> "list[_Outcome]":
        """Fits one classifier per category; those with the same labels share one."""
        fitted: dict[bytes, _Outcome] = {}
        for label_N in label_NC.T:
            if label_N.tobytes() not in fitted:
                outcome_N = np.where(among_N, label_N, np.nan)
                outcome = _Outcome(self._variant.new_classifier).fit(table, outcome_N)
                fitted[label_N.tobytes()] = outcome
        return [fitted[label_N.tobytes()] for label_N in label_NC.T]

    def logits(self, table: Any) -> CategoryLogits:
        """Returns what the model says of texts of N x F features."""
        category_NC = _logits(self._categories, table)
        if self._variant.given_denial:
            denial_N1 = self._denial.logits(table)[:, None]
            category_NC = logit(expit(category_NC) * expit(denial_N1))
        first_NC = _logits(self._first, table) if self._first else np.zeros_like(category_NC)
        return CategoryLogits(
            category_NC=category_NC.astype(np.float32),
            first_NC=np.nan_to_num(first_NC).astype(np.float32),
        )


class RiskModel:
    """The classifier of default."""

    def __init__(self, variant: Variant) -> None:
        """Takes the variant to build."""
        self._default = _Outcome(variant.new_classifier)

    def fit(self, table: Any, truth: Truth) -> "RiskModel":
        """Learns from N x F features of texts; the truth is theirs."""
        self._default.fit(table, truth.default_probability_N)
        return self

    def logits(self, table: Any) -> NDArray[np.float32]:
        """Returns N log odds of default; NaN where nothing was known of it."""
        return self._default.logits(table).astype(np.float32)


class _Outcome:
    """A classifier of one outcome, which may be a probability that was only estimated."""

    def __init__(self, new_classifier: Callable[[], Any]) -> None:
        self._new_classifier = new_classifier
        self._classifier: Any = None
        self._constant = float("nan")

    def fit(self, table: Any, outcome_N: NDArray[np.float64]) -> "_Outcome":
        """Fits; a text with outcome 0.2 counts as a fifth of a positive and four of a negative."""
        positive = np.flatnonzero(outcome_N > 0)
        negative = np.flatnonzero(outcome_N < 1)
        if not len(positive) or not len(negative):
            known = outcome_N[~np.isnan(outcome_N)]
            self._constant = float(known.mean()) if len(known) else float("nan")
            return self
        rows = np.concatenate([positive, negative])
        self._classifier = self._new_classifier().fit(
            table[rows],
            np.repeat([1, 0], [len(positive), len(negative)]),
            sample_weight=np.concatenate([outcome_N[positive], 1 - outcome_N[negative]]),
        )
        return self

    def logits(self, table: Any) -> NDArray[np.float64]:
        """Returns the log odds of the outcome; NaN where nothing was known of it."""
        if self._classifier is None:
            probability_N = np.full(table.shape[0], self._constant)
        else:
            probability_N = self._classifier.predict_proba(table)[:, 1]
        return np.asarray(logit(np.clip(probability_N, _SURE, 1 - _SURE)))


def _logits(outcomes: Sequence[_Outcome], table: Any) -> NDArray[np.float64]:
    """Returns N x C log odds; an outcome that stands for several categories is asked once."""
    logits = {outcome: outcome.logits(table) for outcome in dict.fromkeys(outcomes)}
    return np.stack([logits[outcome] for outcome in outcomes], axis=1)
