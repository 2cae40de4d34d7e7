"""Comparing two evaluations of the same examples, figure by figure and in pairs.

Fairness reports hold no score of a single applicant, so disparities are compared interval with
interval; by that, more must change than in a paired comparison before one counts as grown.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from training.evaluation.bootstrap import Estimate, Resamples
from training.evaluation.figures import FIGURE_BY_NAME, HEADLINE_FIGURES
from training.promotion.records import DataSetRecord, FairnessRecord, MetricRecord

LISTED_METRICS = (
    "primary_accuracy",
    "any_listed_accuracy",
    "top3_accuracy",
    "micro_f1",
    "omission_rate",
    "denied_auc",
    "evidence_top_hit_rate",
    "risk_mae",
    "risk_auc",
)
"""The figures that a promotion must not let fall."""

BASELINE_METRICS = HEADLINE_FIGURES["categories"]
"""The figures by which a model must beat every baseline on the headline data set."""

DISPARITIES = {
    "adverse_impact_ratio": ("below", 1.0),
    "matched_adverse_impact_ratio": ("below", 1.0),
    "risk_smd": ("above", 0.0),
    "denial_smd": ("above", 0.0),
    "equal_opportunity_difference": ("below", 0.0),
    "matched_equal_opportunity_difference": ("below", 0.0),
}
"""The figures of a fairness report that a promotion must not let grow: on which side of which value
a group is worse off."""

_SEED = 20261120


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """How much better one is than another, on the same examples.

    Attributes:
        metric: name of the figure.
        other: who it is compared with.
        ours: the figure of the one.
        theirs: the figure of the other.
        gain: by how much the one is better, with its paired 95 % interval; above 0 is better,
            also where a lower figure is.
    """

    metric: str
    other: str
    ours: float
    theirs: float
    gain: Estimate

    @property
    def is_better(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.gain.low is not None and self.gain.low > 0

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval is below 0; without an interval, whether the figure is."""
        if self.gain.high is None:
            return self.gain.value is None or self.gain.value < 0
        return self.gain.high < 0

    def __str__(self) -> str:
        """In words, with figures."""
        interval = (
            "no interval"
            if self.gain.low is None or self.gain.high is None
            else f"95 % interval {self.gain.low:+.3f} to {self.gain.high:+.3f}"
        )
        return (
            f"{self.metric} {self.ours:.3f} against {self.theirs:.3f} of {self.other}, {interval}"
        )


def paired_difference(
    metric: str,
    ours: MetricRecord,
    theirs: MetricRecord,
    *,
    other: str,
    resamples: Resamples,
    lower_is_better: bool | None = None,
) -> PairedDifference | None:
    """Compares two figures; None where one of them has no scores to compare in pairs.

    Args:
        metric: name of the figure.
        ours: the figure of the one.
        theirs: the figure of the other.
        other: who the other is.
        resamples: draws of the examples that both were measured on.
        lower_is_better: None for what `training.evaluation.figures` says of the figure.
    """
    if ours.scores is None or theirs.scores is None:
        return None
    our_scores, their_scores = ours.scores, theirs.scores
    if lower_is_better is None:
        lower_is_better = FIGURE_BY_NAME[metric].lower_is_better
    sign = -1.0 if lower_is_better else 1.0
    gain = resamples.estimate(
        lambda weight_BN: sign * (our_scores.figure(weight_BN) - their_scores.figure(weight_BN))
    )
    return PairedDifference(
        metric=metric, other=other, ours=ours.value, theirs=theirs.value, gain=gain
    )


def against_baselines(data_set: DataSetRecord) -> Iterator[PairedDifference]:
    """Compares a model with the best rival at each listed figure that both have.

    A rival is a baseline that is best at one of `BASELINE_METRICS`; where no baseline has one of
    those, all are rivals.
    """
    resamples = Resamples(data_set.group_names(), seed=_SEED)
    headline = (best_baseline(data_set, metric) for metric in BASELINE_METRICS)
    rivals = {best[0] for best in headline if best is not None}
    for metric in LISTED_METRICS:
        best = best_baseline(data_set, metric, among=rivals or None)
        if best is None or metric not in data_set.metrics:
            continue
        name, theirs = best
        difference = paired_difference(
            metric, data_set.metrics[metric], theirs, other=name, resamples=resamples
        )
        if difference is not None:
            yield difference


def against_champion(
    ours: DataSetRecord, champion: DataSetRecord, *, name: str
) -> Iterator[PairedDifference]:
    """Compares the listed figures that the champion's evaluation has.

    Raises:
        KeyError: one of them is missing in ours; its name is the argument.
    """
    resamples = Resamples(ours.group_names(), seed=_SEED)
    for metric in LISTED_METRICS:
        theirs = champion.metrics.get(metric)
        if theirs is None:
            continue
        difference = paired_difference(
            metric, ours.metrics[metric], theirs, other=name, resamples=resamples
        )
        if difference is None:
            raise KeyError(metric)
        yield difference


def grown_disparities(ours: FairnessRecord, theirs: FairnessRecord) -> Iterator[str]:
    """Yields, in words, the disparities of ours that are larger than theirs beyond chance.

    One counts as grown where our whole interval lies on the adverse side of no difference and of
    their whole interval. A group that theirs judges and ours does not counts as well.
    """
    found = ours.compared()
    for (attribute, group), before in theirs.compared().items():
        now = found.get((attribute, group))
        if now is None:
            yield f"{group} ({attribute}) is not judged, which it was"
            continue
        for metric, (side, neutral) in DISPARITIES.items():
            pair = now.metrics.get(metric), before.metrics.get(metric)
            if pair[0] and pair[1] and _has_grown(pair[0], pair[1], side=side, neutral=neutral):
                yield f"{metric} of {group} {_told(pair[0])} against {_told(pair[1])}"


def _has_grown(ours: MetricRecord, theirs: MetricRecord, *, side: str, neutral: float) -> bool:
    if ours.low is None or ours.high is None or theirs.low is None or theirs.high is None:
        return False
    if side == "below":
        return ours.high < min(neutral, theirs.low)
    return ours.low > max(neutral, theirs.high)


def _told(metric: MetricRecord) -> str:
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"


def best_baseline(
    data_set: DataSetRecord, metric: str, *, among: Collection[str] | None = None
) -> tuple[str, MetricRecord] | None:
    """Returns who is best at a figure, of all baselines or those named; None where none has it."""
    found: Mapping[str, MetricRecord] = {
        name: metrics[metric]
        for name, metrics in data_set.baselines.items()
        if metric in metrics and (among is None or name in among)
    }
    if not found:
        return None
    choose = min if FIGURE_BY_NAME[metric].lower_is_better else max
    name = choose(found, key=lambda n: found[n].value)
    return name, found[name]
