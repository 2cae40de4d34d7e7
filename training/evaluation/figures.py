"""The figures that every model and every baseline is judged by.

The maths stands in `training.metrics` and `training.score_metrics`; here each figure is told what
to look at, and what to call itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training import metrics, score_metrics
from training.evaluation.answers import Answers, Truth
from training.evaluation.outcomes import (
    category_outcome,
    denied_score,
    risk_edges,
    top_category_outcome,
)
from training.weighting import Figures, Weights

Head = Literal["categories", "denial", "reasons", "evidence", "risk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        name: its key in JSON.
        title: its name for people.
        head: the part of an answer that it judges.
        meaning: what it is, in a sentence.
        undefined: why it may not be defined, to follow "not defined: ".
        of: computes it from truth, answers and weights, one value per row of weights.
        unit: "share" is shown in percent, "points" are percentage points, "number" is shown as is.
        lower_is_better: whether less is better.
    """

    name: str
    title: str
    head: Head
    meaning: str
    undefined: str
    of: Callable[[Truth, Answers, Weights], Figures]
    unit: Literal["share", "points", "number"] = "share"
    lower_is_better: bool = False


HEADLINE_FIGURES: dict[Head, tuple[str, ...]] = {
    "categories": ("primary_accuracy", "micro_f1"),
    "denial": ("denied_auc",),
    "reasons": ("reason_micro_f1",),
    "evidence": ("evidence_top_hit_rate",),
    "risk": ("risk_auc",),
}
"""By head. Who is best at none of them is nobody's choice, and may be best at another figure for
being useless: who says the same of every text leaves all for review and omits nothing."""


def bound(figure: Figure, truth: Truth, answers: Answers) -> Callable[[Weights], Figures]:
    """Returns a figure as a function of the weights alone."""
    return lambda weight_BN: figure.of(truth, answers, weight_BN)


def _f1(
    stated_NX: NDArray[np.bool_] | None,
    target_NX: NDArray[np.bool_],
    truth: Truth,
    weight_BN: Weights,
    *,
    mean: Callable[..., Figures] = metrics.micro_f1,
) -> Figures:
    """F1 over the texts whose labels are complete; NaN where there is none."""
    if stated_NX is None or not truth.complete_N.any():
        return _nothing(weight_BN)
    return mean(stated_NX, target_NX, weight_BN=weight_BN * truth.complete_N)


def _reason_ece(truth: Truth, answers: Answers, weight_BN: Weights) -> Figures:
    if answers.reason_probability_NR is None:
        return _nothing(weight_BN)
    return score_metrics.expected_calibration_error(
        answers.reason_probability_NR,
        np.where(truth.complete_N[:, None], truth.reason_NR, np.nan),
        edges=score_metrics.equal_width_edges(),
        weight_BN=weight_BN,
    )


def _hit_rate(hit_NC: NDArray[np.float64] | None, weight_BN: Weights) -> Figures:
    if hit_NC is None:
        return _nothing(weight_BN)
    return metrics.labelled_hit_rate(hit_NC, weight_BN=weight_BN)


def _nothing(weight_BN: Weights) -> Figures:
    return np.full(len(weight_BN), np.nan)


def _of_denial(metric: Callable[..., Figures]) -> Callable[[Truth, Answers, Weights], Figures]:
    return lambda t, a, w: metric(denied_score(a), t.denied_N, weight_BN=w)


def _of_risk(
    metric: Callable[..., Figures], *, scale: float = 1.0
) -> Callable[[Truth, Answers, Weights], Figures]:
    return lambda t, a, w: (
        scale * metric(a.default_probability_N, t.default_probability_N, weight_BN=w)
    )


_NO_FIRST = "no text has a first label"
_NO_LABEL = "no text has a label"
_INCOMPLETE = "no text has complete labels"
_ONE_CLASS = "all texts are denied, or none is"
_NO_RISK = "no outcome or estimate of default is known, or the model gives no risk"
_NO_REASONS = "the model names no reasons, or no text has complete labels"
_NO_QUOTES = "the model quotes nothing, or no text has labelled quotes"
_BINS = "ten bins of equal width"

FIGURES: tuple[Figure, ...] = (
    Figure(
        name="primary_accuracy",
        title="Primary accuracy",
        head="categories",
        meaning="Share of the denied texts of which the category named first is the first label.",
        undefined=_NO_FIRST,
        of=lambda t, a, w: metrics.primary_accuracy(a.ranked_by_NC, t.first_NC, weight_BN=w),
    ),
    Figure(
        name="any_listed_accuracy",
        title="Any-listed accuracy",
        head="categories",
        meaning="Share of the denied texts of which the category named first is any of the labels.",
        undefined=_NO_LABEL,
        of=lambda t, a, w: metrics.any_listed_accuracy(a.ranked_by_NC, t.target_NC, weight_BN=w),
    ),
    Figure(
        name="top3_accuracy",
        title="Top-3 accuracy",
        head="categories",
        meaning="Share of the denied texts whose first label is among the first three named.",
        undefined=_NO_FIRST,
        of=lambda t, a, w: metrics.top_k_accuracy(a.ranked_by_NC, t.first_NC, k=3, weight_BN=w),
    ),
    Figure(
        name="recall_at_4",
        title="Recall at 4",
        head="categories",
        meaning="Share of the labelled categories that are among the four likeliest of their text.",
        undefined=_NO_LABEL,
        of=lambda t, a, w: metrics.recall_at_k(a.probability_NC, t.target_NC, k=4, weight_BN=w),
    ),
    Figure(
        name="micro_f1",
        title="Micro-F1",
        head="categories",
        meaning="F1 of the categories stated against those labelled, over all texts.",
        undefined=_INCOMPLETE,
        of=lambda t, a, w: _f1(a.stated_NC, t.target_NC, t, w),
    ),
    Figure(
        name="macro_f1",
        title="Macro-F1",
        head="categories",
        meaning="Mean of the F1 of the 12 categories.",
        undefined=_INCOMPLETE,
        of=lambda t, a, w: _f1(a.stated_NC, t.target_NC, t, w, mean=metrics.macro_f1),
    ),
    Figure(
        name="omission_rate",
        title="Omission",
        head="categories",
        meaning="Share of the labelled categories that are neither stated nor up for review.",
        undefined=_INCOMPLETE + ", or none has a label",
        of=lambda t, a, w: metrics.omission_rate(
            a.listed_NC, t.target_NC, weight_BN=w * t.complete_N
        ),
        lower_is_better=True,
    ),
    Figure(
        name="listed_per_text",
        title="Categories stated or up for review",
        head="categories",
        meaning="Their mean number per text: who lists all 12 omits nothing.",
        undefined=_INCOMPLETE,
        of=lambda t, a, w: metrics.listed_per_text(a.listed_NC, weight_BN=w * t.complete_N),
        unit="number",
        lower_is_better=True,
    ),
    Figure(
        name="category_brier",
        title="Brier score of the categories",
        head="categories",
        meaning="Mean squared error of the probabilities, over all pairs of text and category.",
        undefined=_INCOMPLETE,
        of=lambda t, a, w: score_metrics.brier_score(
            a.probability_NC, category_outcome(t), weight_BN=w
        ),
        unit="number",
        lower_is_better=True,
    ),
    Figure(
        name="category_ece",
        title="ECE of the categories",
        head="categories",
        meaning=f"Expected calibration error over all pairs of text and category, {_BINS}.",
        undefined=_INCOMPLETE,
        of=lambda t, a, w: score_metrics.expected_calibration_error(
            a.probability_NC,
            category_outcome(t),
            edges=score_metrics.equal_width_edges(),
            weight_BN=w,
        ),
        unit="number",
        lower_is_better=True,
    ),
    Figure(
        name="top_category_ece",
        title="ECE of the likeliest category",
        head="categories",
        meaning="Expected calibration error of each text's highest category probability: how "
        f"often that category is labelled, {_BINS}.",
        undefined="no text has a label or is known not to be denied",
        of=lambda t, a, w: score_metrics.expected_calibration_error(
            denied_score(a),
            top_category_outcome(t, a),
            edges=score_metrics.equal_width_edges(),
            weight_BN=w,
        ),
        unit="number",
        lower_is_better=True,
    ),
    Figure(
        name="denied_auc",
        title="AUC of denial",
        head="denial",
        meaning="How often a denied text has a higher top probability than one not denied.",
        undefined=_ONE_CLASS,
        of=_of_denial(score_metrics.auc),
        unit="number",
    ),
    Figure(
        name="denied_gini",
        title="Gini of denial",
        head="denial",
        meaning="Twice the AUC less one.",
        undefined=_ONE_CLASS,
        of=_of_denial(score_metrics.gini),
        unit="number",
    ),
    Figure(
        name="denied_ks",
        title="KS of denial",
        head="denial",
        meaning="Largest gap between the score distributions of denied texts and others.",
        undefined=_ONE_CLASS,
        of=_of_denial(score_metrics.ks_statistic),
        unit="number",
    ),
    Figure(
        name="denied_precision_at_10",
        title="Precision of denial at 10 %",
        head="denial",
        meaning="Share of denied among the tenth of the texts with the highest top probability.",
        undefined="of no text it is known whether it was denied",
        of=_of_denial(score_metrics.precision_at),
    ),
    Figure(
        name="reason_micro_f1",
        title="Micro-F1 of the reasons",
        head="reasons",
        meaning="F1 of the 29 reasons stated against those labelled, over all texts.",
        undefined=_NO_REASONS,
        of=lambda t, a, w: _f1(a.reason_stated_NR, t.reason_NR, t, w),
    ),
    Figure(
        name="reason_ece",
        title="ECE of the reasons",
        head="reasons",
        meaning=f"Expected calibration error of reasons stated or up for review, {_BINS}.",
        undefined=_NO_REASONS,
        of=_reason_ece,
        unit="number",
        lower_is_better=True,
    ),
    Figure(
        name="evidence_top_hit_rate",
        title="First quote hits",
        head="evidence",
        meaning="Share of the labelled categories whose first quote overlaps a labelled quote; "
        "a category not stated is a miss.",
        undefined=_NO_QUOTES,
        of=lambda t, a, w: _hit_rate(a.top_quote_NC, w),  # noqa: ARG005
    ),
    Figure(
        name="evidence_any_hit_rate",
        title="Any quote hits",
        head="evidence",
        meaning="The same for any of up to three quotes.",
        undefined=_NO_QUOTES,
        of=lambda t, a, w: _hit_rate(a.any_quote_NC, w),  # noqa: ARG005
    ),
    Figure(
        name="risk_mae",
        title="Mean absolute error of the risk",
        head="risk",
        meaning="Mean absolute difference between risk score and outcome or estimate.",
        undefined=_NO_RISK,
        of=_of_risk(score_metrics.mean_absolute_error, scale=100.0),
        unit="points",
        lower_is_better=True,
    ),
    Figure(
        name="risk_auc",
        title="AUC of the risk",
        head="risk",
        meaning="How often a default has a higher risk score than a loan repaid.",
        undefined=_NO_RISK,
        of=_of_risk(score_metrics.auc),
        unit="number",
    ),
    Figure(
        name="risk_gini",
        title="Gini of the risk",
        head="risk",
        meaning="Twice the AUC less one.",
        undefined=_NO_RISK,
        of=_of_risk(score_metrics.gini),
        unit="number",
    ),
    Figure(
        name="risk_ks",
        title="KS of the risk",
        head="risk",
        meaning="Largest gap between the risk distributions of defaults and of loans repaid.",
        undefined=_NO_RISK,
        of=_of_risk(score_metrics.ks_statistic),
        unit="number",
    ),
    Figure(
        name="risk_brier",
        title="Brier score of the risk",
        head="risk",
        meaning="Mean squared error of the risk as a probability.",
        undefined=_NO_RISK,
        of=_of_risk(score_metrics.brier_score),
        unit="number",
        lower_is_better=True,
    ),
    Figure(
        name="risk_ece",
        title="ECE of the risk",
        head="risk",
        meaning="Expected calibration error of the risk, ten bins of equal mass.",
        undefined=_NO_RISK,
        of=lambda t, a, w: score_metrics.expected_calibration_error(
            a.default_probability_N, t.default_probability_N, edges=risk_edges(a), weight_BN=w
        ),
        unit="number",
        lower_is_better=True,
    ),
    Figure(
        name="risk_precision_at_10",
        title="Default rate in the riskiest 10 %",
        head="risk",
        meaning="Share of defaults among the tenth of the texts with the highest risk score.",
        undefined=_NO_RISK,
        of=_of_risk(score_metrics.precision_at),
    ),
)
"""Every figure, in the order of a report."""

FIGURE_BY_NAME: dict[str, Figure] = {figure.name: figure for figure in FIGURES}
"""The figures by their key."""
