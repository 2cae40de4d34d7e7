"""From logits to probabilities that mean what they say, and the two thresholds of a category.

Above *state* a category is a principal reason. Between *review* and *state* it is up for review: a
person accepts or dismisses it before a decision is recorded.

Arrays: N texts, C categories, R reasons.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.domain.taxonomy import CATEGORIES, REASON_CATEGORY_INDEX


class LogisticScale(BaseModel):
    """A calibration map: probability = sigmoid(slope x logit + intercept)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    slope: float = Field(default=1.0, gt=0)
    intercept: float = 0.0


class CategoryCalibration(LogisticScale):
    """Calibration and thresholds of one category.

    Attributes:
        state: a probability of at least this makes the category a principal reason.
        review: a probability of at least this, below `state`, puts it up for review.
    """

    state: float = Field(default=0.5, gt=0, le=1)
    review: float = Field(default=0.05, gt=0, le=1)


class Calibration(BaseModel):
    """What turns the logits of a model into its answers.

    Attributes:
        categories: one entry per category, in label order.
        risk: calibration of the default probability.
        precedence: how much it counts, for the order in which categories are named, that one is
            told of before another; see `model_store.precedence`.
        evidence_threshold: a token whose evidence probability is at least this may be quoted.
        num_texts: texts it was fitted on; 0 for an identity that was fitted on nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: tuple[CategoryCalibration, ...] = Field(
        default=(CategoryCalibration(),) * len(CATEGORIES),
        min_length=len(CATEGORIES),
        max_length=len(CATEGORIES),
    )
    risk: LogisticScale = LogisticScale()
    precedence: float = Field(default=0.0, ge=0)
    evidence_threshold: float = Field(default=0.5, gt=0, lt=1)
    num_texts: int = Field(default=0, ge=0)

    def category_logits(self, category_NC: NDArray[np.float32]) -> NDArray[np.float64]:
        """Returns the log-odds of the probability of each category."""
        slope_C = np.array([c.slope for c in self.categories])
        intercept_C = np.array([c.intercept for c in self.categories])
        return np.asarray(category_NC.astype(np.float64) * slope_C + intercept_C)

    def category_probabilities(self, category_NC: NDArray[np.float32]) -> NDArray[np.float64]:
        """Returns the probability of each category."""
        return expit(self.category_logits(category_NC))

    def reason_probabilities(
        self, category_NC: NDArray[np.float32], reason_NR: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Returns the probability of each reason, never above its category's.

        The network's share of the reason in its category is kept, and multiplied by the calibrated
        probability of the category.
        """
        index = list(REASON_CATEGORY_INDEX)
        raw_NR = log_expit(category_NC.astype(np.float64))[:, index]
        share_NR = np.exp(np.minimum(log_expit(reason_NR.astype(np.float64)) - raw_NR, 0.0))
        return np.asarray(self.category_probabilities(category_NC)[:, index] * share_NR)

    def risk_scores(self, risk_N: NDArray[np.float32]) -> NDArray[np.float64]:
        """Returns the chance of default within 12 months, percent (0-100)."""
        logit_N = risk_N.astype(np.float64) * self.risk.slope + self.risk.intercept
        return np.asarray(100 * expit(logit_N))

    def near_thresholds(self, probability_C: Sequence[float], *, bound: float) -> list[bool]:
        """Tells which categories another computation could have put beyond one of their thresholds.

        Args:
            probability_C: calibrated probabilities in label order.
            bound: largest difference of a logit of the network between two computations.
        """
        logit_C = _logit(np.array(probability_C))
        margin_C = bound * np.array([c.slope for c in self.categories])
        near_C = np.zeros(len(logit_C), dtype=np.bool_)
        for threshold_C in (self.state_C, self.review_C):
            near_C |= np.abs(logit_C - _logit(threshold_C)) <= margin_C
        return [bool(near) for near in near_C]

    def risk_scores_within(self, risk_score: float, *, bound: float) -> tuple[float, float]:
        """Returns the lowest and the highest risk score that another computation could have given.

        Args:
            risk_score: the calibrated score, percent.
            bound: largest difference of a logit of the network between two computations.
        """
        margin = bound * self.risk.slope
        logit = _logit(np.array([risk_score / 100]))
        return float(100 * expit(logit - margin)[0]), float(100 * expit(logit + margin)[0])

    @property
    def state_C(self) -> NDArray[np.float64]:
        """State thresholds in label order."""
        return np.array([c.state for c in self.categories])

    @property
    def review_C(self) -> NDArray[np.float64]:
        """Review thresholds in label order, never above the state thresholds."""
        return np.array([min(c.review, c.state) for c in self.categories])


def expit(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns 1 / (1 + exp(-logit)) without overflow, exact also for small probabilities."""
    return np.asarray(np.exp(log_expit(logit)))


def _logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the log-odds, finite also for a probability that was rounded to 0 or 1."""
    bounded = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(bounded) - np.log1p(-bounded))


def log_expit(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the logarithm of `expit`, finite for every finite logit."""
    return np.asarray(-np.logaddexp(0.0, -logit))
