"""Comparing two evaluations of the same examples, figure by figure and in pairs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from training.evaluation.bootstrap import Estimate, Resamples
from training.evaluation.figures import FIGURE_BY_NAME
from training.promotion import DataSetRecord, MetricRecord

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

BASELINE_METRICS = ("primary_accuracy", "micro_f1")
"""The figures by which a model must beat every baseline on the headline data set."""

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
) -> PairedDifference | None:
    """Compares two figures; None where one of them has no scores to compare in pairs."""
    if ours.scores is None or theirs.scores is None:
        return None
    our_scores, their_scores = ours.scores, theirs.scores
    sign = -1.0 if FIGURE_BY_NAME[metric].lower_is_better else 1.0
    gain = resamples.estimate(
        lambda weight_BN: sign * (our_scores.figure(weight_BN) - their_scores.figure(weight_BN))
    )
    return PairedDifference(
        metric=metric, other=other, ours=ours.value, theirs=theirs.value, gain=gain
    )


def against_baselines(data_set: DataSetRecord) -> Iterator[PairedDifference]:
    """Compares a model with the best baseline of each listed figure that both have."""
    resamples = Resamples(data_set.group_names(), seed=_SEED)
    for metric in LISTED_METRICS:
        best = best_baseline(data_set, metric)
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


def best_baseline(data_set: DataSetRecord, metric: str) -> tuple[str, MetricRecord] | None:
    """Returns the baseline that is best at a figure; None where none has it."""
    found: Mapping[str, MetricRecord] = {
        name: metrics[metric] for name, metrics in data_set.baselines.items() if metric in metrics
    }
    if not found:
        return None
    choose = min if FIGURE_BY_NAME[metric].lower_is_better else max
    name = choose(found, key=lambda n: found[n].value)
    return name, found[name]
