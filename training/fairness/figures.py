"""The figures that compare groups of applicants; their maths, and what they are called.

An outcome is *favourable* where the model states no principal reason of denial. How often that is
depends on thresholds, so two figures are given a second time at the *matched cut*: the denial score
below which as many applications lie as the lenders approved.

g is a group, r the reference group of its characteristic, w the weight of a row.

Sources: 29 CFR 1607.4(D) for four fifths as a rule of thumb (written for employment, used here as a
convention, no legal limit of lending); Cohen, Statistical Power Analysis, 1988, ch. 2, for the
standardised mean difference; Hardt, Price and Srebro, Equality of Opportunity in Supervised
Learning, 2016, for equal opportunity; Barocas, Hardt and Narayanan, Fairness and Machine Learning,
2023, ch. 3, for calibration within groups.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.evaluation.bootstrap import Estimate
from training.fairness.tallies import Tally
from training.weighting import Figures, ratio

FOUR_FIFTHS = 0.8
"""An adverse impact ratio below this is pointed out."""

MIN_GROUP_ROWS = 50
"""A group of fewer rows is named, and not judged."""

MIN_CASES = 30
"""A figure over approved or denied rows alone needs this many of them in both groups."""

Verdict = Literal[
    "disparity measured",
    "difference in the group's favour measured",
    "no difference told from chance",
    "not defined",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessFigure:
    """One figure of a group.

    Attributes:
        name: its key in JSON.
        title: its name for people.
        meaning: what it is, in a sentence.
        of: computes it from the tallies of the group, of the reference group and of all rows.
        unit: "share" is shown in percent, "points" are percentage points, "number" is as is.
        neutral: the value that means no difference; None for a figure that compares nothing.
        adverse: on which side of it the group is worse off.
        cases: which rows must be `MIN_CASES` in both groups.
        is_of_model: whether it says something of the model, not of the lenders alone.
    """

    name: str
    title: str
    meaning: str
    of: Callable[[Tally, Tally, Tally], Figures]
    unit: Literal["share", "points", "number"] = "number"
    neutral: float | None = None
    adverse: Literal["below", "above"] = "below"
    cases: Literal["any", "approved", "both"] = "any"
    is_of_model: bool = True

    def verdict(self, estimate: Estimate) -> Verdict | None:
        """Returns what an interval says; None for a figure that compares nothing."""
        if self.neutral is None:
            return None
        if estimate.low is None or estimate.high is None:
            return "not defined"
        if estimate.low <= self.neutral <= estimate.high:
            return "no difference told from chance"
        is_adverse = (estimate.high < self.neutral) == (self.adverse == "below")
        return "disparity measured" if is_adverse else "difference in the group's favour measured"


def _share(numerator: str, denominator: str = "rows") -> Callable[[Tally], Figures]:
    return lambda tally: ratio(getattr(tally, numerator), getattr(tally, denominator))


def _impact(numerator: str) -> Callable[[Tally, Tally, Tally], Figures]:
    rate = _share(numerator)
    return lambda group, reference, _: ratio(rate(group), rate(reference))


def _less(rate: Callable[[Tally], Figures]) -> Callable[[Tally, Tally, Tally], Figures]:
    return lambda group, reference, _: rate(group) - rate(reference)


def _alone(rate: Callable[[Tally], Figures]) -> Callable[[Tally, Tally, Tally], Figures]:
    return lambda group, reference, everyone: rate(group)  # noqa: ARG005


def _standardised(values: str) -> Callable[[Tally, Tally, Tally], Figures]:
    def difference(group: Tally, reference: Tally, everyone: Tally) -> Figures:
        mean = _share(values)
        squares = ratio(getattr(everyone, f"{values}_squares"), everyone.rows)
        deviation = np.sqrt(np.maximum(squares - mean(everyone) ** 2, 0.0))
        return ratio(mean(group) - mean(reference), deviation)

    return difference


def _denied(tally: Tally) -> Figures:
    return 1 - ratio(tally.approved, tally.rows)


def _calibration_gap(tally: Tally) -> Figures:
    return _denied(tally) - ratio(tally.score, tally.rows)


def _calibration_error(tally: Tally) -> Figures:
    return ratio(np.abs(tally.bin_denied - tally.bin_score).sum(axis=1), tally.rows)


def _same_score(group: Tally, reference: Tally, _: Tally) -> Figures:
    """Denial rates at the same score, the bins weighted as the group fills them."""
    gap_BK = ratio(group.bin_denied, group.bin_rows) - ratio(
        reference.bin_denied, reference.bin_rows
    )
    known_BK = ~np.isnan(gap_BK)
    weight_BK = np.where(known_BK, group.bin_rows, 0.0)
    return ratio((weight_BK * np.nan_to_num(gap_BK)).sum(axis=1), weight_BK.sum(axis=1))


FAIRNESS_FIGURES: tuple[FairnessFigure, ...] = (
    FairnessFigure(
        name="favourable_rate",
        title="Favourable outcomes",
        meaning="Share of the applications for which the model states no principal reason.",
        of=_alone(_share("favourable")),
        unit="share",
    ),
    FairnessFigure(
        name="adverse_impact_ratio",
        title="Adverse impact ratio",
        meaning="Share of favourable outcomes in the group over that in the reference group: "
        "sum_g w [favourable] / sum_g w over the same of r.",
        of=_impact("favourable"),
        neutral=1.0,
    ),
    FairnessFigure(
        name="matched_adverse_impact_ratio",
        title="Adverse impact ratio at the matched cut",
        meaning="The same where as many applications count as favourable as the lenders approved, "
        "those with the lowest denial score.",
        of=_impact("matched"),
        neutral=1.0,
    ),
    FairnessFigure(
        name="recorded_approval_rate",
        title="Recorded approvals",
        meaning="Share of the applications that the lenders approved.",
        of=_alone(_share("approved")),
        unit="share",
    ),
    FairnessFigure(
        name="recorded_adverse_impact_ratio",
        title="Adverse impact ratio of the lenders' own decisions",
        meaning="Share of approvals in the group over that in the reference group. It says nothing "
        "of the model, and what the figures beside it stand against.",
        of=_impact("approved"),
        neutral=1.0,
        is_of_model=False,
    ),
    FairnessFigure(
        name="risk_smd",
        title="Standardised mean difference of the risk score",
        meaning="Mean risk score of the group less that of the reference group, in standard "
        "deviations over all rows; above 0 the group is scored as riskier.",
        of=_standardised("risk"),
        neutral=0.0,
        adverse="above",
    ),
    FairnessFigure(
        name="denial_smd",
        title="Standardised mean difference of the denial score",
        meaning="The same for the denial score, the highest category probability.",
        of=_standardised("score"),
        neutral=0.0,
        adverse="above",
    ),
    FairnessFigure(
        name="opportunity_rate",
        title="Favourable among approved",
        meaning="Share of favourable outcomes among the applications that the lenders approved.",
        of=_alone(_share("favourable_approved", "approved")),
        unit="share",
        cases="approved",
    ),
    FairnessFigure(
        name="equal_opportunity_difference",
        title="Equal opportunity difference",
        meaning="Share of favourable outcomes among the approved of the group less that of the "
        "reference group.",
        of=_less(_share("favourable_approved", "approved")),
        unit="points",
        neutral=0.0,
        cases="approved",
    ),
    FairnessFigure(
        name="matched_equal_opportunity_difference",
        title="Equal opportunity difference at the matched cut",
        meaning="The same where as many applications count as favourable as the lenders approved.",
        of=_less(_share("matched_approved", "approved")),
        unit="points",
        neutral=0.0,
        cases="approved",
    ),
    FairnessFigure(
        name="calibration_gap",
        title="Calibration gap of denial",
        meaning="Recorded denial rate less mean denial score.",
        of=_alone(_calibration_gap),
        unit="points",
    ),
    FairnessFigure(
        name="calibration_error",
        title="Calibration error of denial",
        meaning="Mean gap between denial score and recorded denial rate over ten bins of the score "
        "that hold equally many rows of the whole register.",
        of=_alone(_calibration_error),
        unit="points",
    ),
    FairnessFigure(
        name="same_score_difference",
        title="Recorded denials at the same score",
        meaning="Recorded denial rate of the group less that of the reference group in the same "
        "bin of the denial score, the bins weighted as the group fills them; above 0 the group was "
        "denied more often than its score tells.",
        of=_same_score,
        unit="points",
        neutral=0.0,
        adverse="above",
        cases="both",
    ),
)
"""Every figure, in the order of a report."""

FAIRNESS_FIGURE_BY_NAME: dict[str, FairnessFigure] = {f.name: f for f in FAIRNESS_FIGURES}
"""The figures by their key."""
