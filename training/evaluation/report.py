"""The report of an evaluation, as data: figures with intervals, differences, pictures' numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from training import score_metrics
from training.evaluation.answers import Answers, Truth
from training.evaluation.bootstrap import Estimate, Resamples
from training.evaluation.cuts import Cut, cuts, resampling
from training.evaluation.figures import (
    FIGURE_BY_NAME,
    FIGURES,
    HEADLINE_FIGURES,
    Figure,
    bound,
)
from training.evaluation.labelled import LabelledTexts
from training.evaluation.outcomes import (
    category_outcome,
    denied_score,
    risk_edges,
    top_category_outcome,
)
from training.evaluation.tables import (
    CategoryRow,
    Confusion,
    category_rows,
    primary_confusion,
)
from training.evaluation.thresholds import CostRow, cost_table
from training.score_metrics import ReliabilityBin, reliability_curve
from training.swap_test import SwapResult
from training.weighting import Figures, Weights

Verdict = Literal["better", "worse", "level", "not defined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who answers: the model, or a baseline.

    Attributes:
        name: short name, unique in a report.
        answers: what it says of the texts.
        is_baseline: whether it is a rival that the model is to beat.
        is_form: whether it is the model itself, its numbers written in another way.
    """

    name: str
    answers: Answers
    is_baseline: bool = False
    is_form: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The model's figure less another's: that of the best baseline, or of another form of it.

    Attributes:
        figure: name of the figure.
        other: the baseline, the better at this figure of those that are best at a headline figure
            of its head; or the form.
        estimate: the difference with its paired interval.
        verdict: "better" or "worse" where the whole interval is on that side of 0, "level" where
            0 lies inside, "not defined" without an interval.
    """

    figure: str
    other: str
    estimate: Estimate
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """Everything a report shows.

    Attributes:
        title: what was measured, in a line.
        conditions: what the figures depend on, by name.
        num_texts: texts measured on.
        num_denied: denied ones among them.
        drawn_by: what the bootstrap draws: "author", "lender", "contrast pair" or "text".
        num_groups: how many of these there are.
        seed: decides the draws.
        subjects: names, the model first.
        baselines: the names among them that are baselines.
        figures: figures with intervals by subject and name.
        differences: the model less the best baseline; empty without a baseline or a model.
        form_differences: the model less each of its other forms.
        detailed: the subject that everything below is about.
        cuts: figures on parts of the texts.
        categories: one row per category.
        confusion: first labels against the categories named first.
        reliability: points of the reliability curves by head.
        costs: cost-weighted threshold tables by head.
        swaps: results of the swap test by name; empty where it was not run.
        notes: sentences that a reader must know.
    """

    title: str
    conditions: Mapping[str, object]
    num_texts: int
    num_denied: int
    drawn_by: str
    num_groups: int
    seed: int
    subjects: tuple[str, ...]
    baselines: tuple[str, ...]
    figures: Mapping[str, Mapping[str, Estimate]]
    differences: tuple[Difference, ...]
    form_differences: tuple[Difference, ...]
    detailed: str
    cuts: tuple[Cut, ...]
    categories: tuple[CategoryRow, ...]
    confusion: Confusion
    reliability: Mapping[str, Sequence[ReliabilityBin]]
    costs: Mapping[str, Sequence[CostRow]]
    swaps: Mapping[str, SwapResult] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def build_report(
    labelled: LabelledTexts,
    subjects: Sequence[Subject],
    *,
    title: str,
    seed: int,
    conditions: Mapping[str, object],
    swaps: Mapping[str, SwapResult] | None = None,
    notes: Sequence[str] = (),
    on_part: Callable[[str], None] = lambda _: None,
) -> EvaluationReport:
    """Counts everything.

    Args:
        labelled: the texts and their labels.
        subjects: who answered, at least one; the model first.
        title: what was measured, in a line.
        seed: decides the draws of the intervals.
        conditions: what the figures depend on.
        swaps: results of the swap test by name.
        notes: sentences that a reader must know.
        on_part: called with the name of each part before it is counted.
    """
    drawn_by, resamples = resampling(labelled.facts, seed=seed)
    truth, first = labelled.truth, subjects[0]
    on_part("figures")
    figures = _estimates(truth, subjects, resamples)
    on_part("differences")
    rivals = _best_baselines(subjects, figures)
    forms = [(figure, s) for figure in FIGURES for s in subjects if s.is_form]
    on_part("cuts")
    parts = tuple(cuts(labelled.facts, truth, first.answers, seed=seed))
    on_part("categories")
    return EvaluationReport(
        title=title,
        conditions=conditions,
        num_texts=len(truth),
        num_denied=int((truth.denied_N == 1).sum()),
        drawn_by=drawn_by,
        num_groups=resamples.num_groups,
        seed=seed,
        subjects=tuple(s.name for s in subjects),
        baselines=tuple(s.name for s in subjects if s.is_baseline),
        figures=figures,
        differences=tuple(_differences(truth, first, rivals, resamples=resamples)),
        form_differences=tuple(_differences(truth, first, forms, resamples=resamples)),
        detailed=first.name,
        cuts=parts,
        categories=category_rows(truth, first.answers, resamples=resamples),
        confusion=primary_confusion(truth, first.answers),
        reliability=reliability(truth, first.answers),
        costs=costs(truth, first.answers),
        swaps=swaps or {},
        notes=(*notes, *_notes(labelled, resamples)),
    )


def reliability(truth: Truth, answers: Answers) -> dict[str, list[ReliabilityBin]]:
    """Returns the reliability curves, those without a single point left out."""
    width = score_metrics.equal_width_edges()
    reasons = np.where(truth.complete_N[:, None], truth.reason_NR, np.nan)
    pairs = {
        "categories": (answers.probability_NC, category_outcome(truth), width),
        "likeliest category": (denied_score(answers), top_category_outcome(truth, answers), width),
        "reasons": (answers.reason_probability_NR, reasons, width),
        "risk": (answers.default_probability_N, truth.default_probability_N, risk_edges(answers)),
    }
    curves = {
        head: reliability_curve(probability, outcome, edges=edges)
        for head, (probability, outcome, edges) in pairs.items()
        if probability is not None
    }
    return {h: curve for h, curve in curves.items() if any(point.num_pairs for point in curve)}


def costs(truth: Truth, answers: Answers) -> dict[str, list[CostRow]]:
    """Returns the threshold tables of denial and of risk, empty ones left out."""
    tables = {
        "denial": cost_table(denied_score(answers), truth.denied_N),
        "risk": cost_table(answers.default_probability_N, truth.default_probability_N),
    }
    return {head: rows for head, rows in tables.items() if rows}


def _estimates(
    truth: Truth, subjects: Sequence[Subject], resamples: Resamples
) -> dict[str, dict[str, Estimate]]:
    """Every figure of every subject."""
    found = resamples.estimates(
        {(s.name, f.name): bound(f, truth, s.answers) for s in subjects for f in FIGURES}
    )
    return {s.name: {f.name: found[s.name, f.name] for f in FIGURES} for s in subjects}


_Others = Sequence[tuple[Figure, Subject]]
"""By figure, whom the model is compared with: of the baselines that are best at one of the head's
`HEADLINE_FIGURES` the better one."""


def _best_baselines(
    subjects: Sequence[Subject], figures: Mapping[str, Mapping[str, Estimate]]
) -> _Others:
    if subjects[0].is_baseline:
        return []
    baselines = {subject.name: subject for subject in subjects if subject.is_baseline}

    def best(figure: Figure, among: Iterable[str]) -> str | None:
        return best_baseline(figure, {name: figures[name][figure.name] for name in among})

    leading = {
        head: {best(FIGURE_BY_NAME[figure], baselines) for figure in headline}
        for head, headline in HEADLINE_FIGURES.items()
    }
    # In the order in which they are given, so that of two as good the same is taken every time.
    rivals = {head: [b for b in baselines if b in names] for head, names in leading.items()}
    return [
        (figure, baselines[name])
        for figure in FIGURES
        if (name := best(figure, rivals[figure.head] or baselines))
    ]


def _differences(
    truth: Truth, ours: Subject, others: _Others, *, resamples: Resamples
) -> Iterator[Difference]:
    estimates = resamples.estimates(
        {
            (figure.name, other.name): _difference(figure, truth, ours.answers, other.answers)
            for figure, other in others
        }
    )
    for figure, other in others:
        estimate = estimates[figure.name, other.name]
        if estimate.value is not None:
            verdict = _verdict(figure, estimate)
            yield Difference(
                figure=figure.name, other=other.name, estimate=estimate, verdict=verdict
            )


def best_baseline(figure: Figure, estimates: Mapping[str, Estimate]) -> str | None:
    """Returns the name with the best value; None where none is defined."""
    values = {name: e.value for name, e in estimates.items() if e.value is not None}
    if not values:
        return None
    choose = min if figure.lower_is_better else max
    return choose(values, key=values.__getitem__)


def _difference(
    figure: Figure, truth: Truth, ours: Answers, theirs: Answers
) -> Callable[[Weights], Figures]:
    return lambda weight_BN: figure.of(truth, ours, weight_BN) - figure.of(truth, theirs, weight_BN)


def _verdict(figure: Figure, estimate: Estimate) -> Verdict:
    if estimate.low is None or estimate.high is None:
        return "not defined"
    if estimate.low <= 0 <= estimate.high:
        return "level"
    return "better" if (estimate.high < 0) == figure.lower_is_better else "worse"


def _notes(labelled: LabelledTexts, resamples: Resamples) -> Iterator[str]:
    if labelled.num_left_out:
        yield f"{labelled.num_left_out:,} rows could not be read and are left out."
    if labelled.narratives is not None:
        yield (
            "The texts are synthetic and their default probabilities are their authors' estimates, "
            "not outcomes: an estimate of 20 % counts as a fifth of a default."
        )
    if resamples.num_groups < 30:  # noqa: PLR2004 (below, percentiles of a bootstrap are narrow)
        yield (
            f"Intervals rest on {resamples.num_groups} groups only and are then rather too narrow."
        )
