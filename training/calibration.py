"""Fitting the calibration of a model on texts that it was not trained on.

Arrays: N texts, C categories.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logit

from model_store.calibration import Calibration, CategoryCalibration, LogisticScale
from training.coarse_labels import CoarseLabels

REVIEW_OMISSION_RATE = 0.01
"""Largest share of true principal reasons that the review threshold is expected to miss."""

_PULL = 20.0
"""How strongly the categories' own intercepts are drawn towards the shared one: the nats that an
intercept one of log-odds beside it costs. On answers of six networks, three authors drawn to fit on
and others to measure on, 2 cost 0.2 points of micro-F1 and had a worse log loss in all six."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationTexts:
    """Labelled logits to fit on; none of the texts may have been trained on.

    Attributes:
        category_NC: category logits.
        risk_N: risk logits.
        target_NC: true where the category is a principal reason.
        default_probability_N: chance of default, 0-1; NaN where unknown.
        coarse: labels that leave open which of their categories holds; these count neither as
            principal reasons nor as none. None where every label is certain.
    """

    category_NC: NDArray[np.float32]
    risk_N: NDArray[np.float32]
    target_NC: NDArray[np.bool_]
    default_probability_N: NDArray[np.float64]
    coarse: CoarseLabels | None = None


def fit_calibration(texts: CalibrationTexts, *, evidence_threshold: float = 0.5) -> Calibration:
    """Fits maps and thresholds on texts that were held out.

    One slope is shared by all categories and each has its own intercept, drawn towards a shared
    one: a category has some 20 positives in a few hundred texts, too few for a slope of its own.
    Thresholds are chosen on the calibrated probabilities, likewise shared by the categories.
    """
    scales = _fit_category_scales(
        texts.category_NC, texts.target_NC, texts.coarse or CoarseLabels.none(len(texts.risk_N))
    )
    maps = Calibration(categories=tuple(CategoryCalibration(**s.model_dump()) for s in scales))
    probability_NC = maps.category_probabilities(texts.category_NC)
    state = expected_f1_threshold(probability_NC)
    review = min(state, expected_omission_threshold(probability_NC))
    return Calibration(
        categories=tuple(
            CategoryCalibration(**s.model_dump(), state=state, review=review) for s in scales
        ),
        risk=_fit_risk_scale(texts.risk_N, texts.default_probability_N),
        evidence_threshold=evidence_threshold,
        num_texts=len(texts.risk_N),
    )


def expected_f1_threshold(probability_NC: NDArray[np.float64]) -> float:
    """Returns the threshold with the best expected micro-F1, if the probabilities are right.

    The threshold that was best for the labels themselves moves with each of a few hundred: on two
    folds of authors it cost up to 2 points of micro-F1 on others, this one none.

    Source: Lipton, Elkan, Narayanaswamy, Optimal Thresholding of Classifiers to Maximize F1
    Measure, ECML PKDD 2014.
    """
    probabilities = np.sort(probability_NC, axis=None)[::-1]
    if not probabilities.size:
        return CategoryCalibration().state
    stated = np.arange(1, probabilities.size + 1)
    f1 = 2 * np.cumsum(probabilities) / (stated + probabilities.sum())
    best = int(np.argmax(f1))
    following = probabilities[min(best + 1, probabilities.size - 1)]
    return float(np.clip((probabilities[best] + following) / 2, 1e-6, 1 - 1e-6))


def expected_omission_threshold(
    probability_NC: NDArray[np.float64], *, rate: float = REVIEW_OMISSION_RATE
) -> float:
    """Returns the highest threshold expected to miss at most a share of the true categories.

    Expected if the probabilities are right: what lies below it is at most that share of the sum of
    all. A quantile of the labelled categories hangs on the one or two unlikeliest of a hundred: on
    a fold of authors it missed 7.5 % on others, this one 1.8 %.

    Args:
        probability_NC: calibrated probabilities of texts held out.
        rate: the share, 0-1.
    """
    probabilities = np.sort(probability_NC, axis=None)
    total = probabilities.sum()
    if not total:
        return CategoryCalibration().review
    missed_before = np.cumsum(probabilities) - probabilities
    threshold = probabilities[missed_before <= rate * total][-1]
    return float(np.clip(threshold, 1e-6, 1 - 1e-6))


def _fit_category_scales(
    category_NC: NDArray[np.float32], target_NC: NDArray[np.bool_], coarse: CoarseLabels
) -> list[LogisticScale]:
    values_NC, known_NC = category_NC.astype(np.float64), ~coarse.open_NC
    num_categories = values_NC.shape[1]

    def loss(parameters: NDArray[np.float64]) -> float:
        logit_NC = values_NC * np.exp(parameters[0]) + parameters[1] + parameters[2:]
        error_NC = (np.logaddexp(0, logit_NC) - target_NC * logit_NC) * known_NC
        pull = _PULL * (parameters[2:] ** 2).sum()
        return float(error_NC.sum() + pull) + coarse.loss(logit_NC)

    fitted = minimize(loss, np.zeros(2 + num_categories), method="L-BFGS-B").x
    slope = float(np.exp(fitted[0]))
    return [LogisticScale(slope=slope, intercept=float(fitted[1] + own)) for own in fitted[2:]]


def _fit_risk_scale(
    risk_N: NDArray[np.float32], probability_N: NDArray[np.float64]
) -> LogisticScale:
    known_N = ~np.isnan(probability_N)
    if known_N.sum() < 2:  # noqa: PLR2004 (two points make a line)
        return LogisticScale()
    value_N = risk_N[known_N].astype(np.float64)
    target_N = probability_N[known_N]

    def loss(parameters: NDArray[np.float64]) -> float:
        logit_N = value_N * np.exp(parameters[0]) + parameters[1]
        return float((np.logaddexp(0, logit_N) - target_N * logit_N).sum())

    mean = np.clip(target_N.mean(), 1e-3, 1 - 1e-3)  # a logit of 0 or 1 would be infinite
    start = np.array([0.0, logit(mean) - value_N.mean()])
    fitted = minimize(loss, start, method="L-BFGS-B").x
    return LogisticScale(slope=float(np.exp(fitted[0])), intercept=float(fitted[1]))
