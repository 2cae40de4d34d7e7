"""The fairness report, as data: groups, their figures with intervals, and what these allow to say.

No word of it says that a model is fair: it says which disparities were measured, which could not be
told from chance, and which groups were too small to judge.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fairlearn.metrics import (
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equal_opportunity_ratio,
)
from numpy.typing import NDArray

from training.evaluation.bootstrap import Estimate, Resamples
from training.evaluation.cuts import MIN_GROUPS
from training.fairness.demographics import CHARACTERISTIC_BY_NAME, Characteristic
from training.fairness.figures import (
    FAIRNESS_FIGURE_BY_NAME,
    FAIRNESS_FIGURES,
    MIN_CASES,
    MIN_GROUP_ROWS,
    FairnessFigure,
    Verdict,
)
from training.fairness.register import RegisterRows
from training.fairness.tallies import GroupTallies, Outcomes, group_tallies
from training.score_metrics import ReliabilityBin, reliability_curve
from training.weighting import Figures, Weights

_MIN_FAVOURABLE_RATE, _MAX_FAVOURABLE_RATE = 0.05, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """What was found of one group.

    Attributes:
        name: the group.
        num_rows: its rows.
        num_approved: those among them that the lenders approved.
        is_reference: whether the others are compared with it.
        figures: the figures by name; those that compare are left out for the reference group.
        verdicts: what the intervals of the comparing figures say.
        reliability: recorded denial rate by denial score.
    """

    name: str
    num_rows: int
    num_approved: int
    is_reference: bool
    figures: Mapping[str, Estimate]
    verdicts: Mapping[str, Verdict]
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacteristicFigures:
    """What was found of all groups of one characteristic.

    Attributes:
        characteristic: what parts the applicants.
        groups: groups that are large enough, the reference group first; empty where the reference
            group is too small, or is the only one.
        too_small: groups of fewer than `MIN_GROUP_ROWS` rows, with their rows: not judged.
        num_not_provided: rows that tell no group.
        widest: differences between the groups furthest apart, as fairlearn defines them; those of
            equal opportunity among groups with `MIN_CASES` approved rows, left out where these
            are fewer than two.
    """

    characteristic: Characteristic
    groups: tuple[GroupFigures, ...]
    too_small: Mapping[str, int]
    num_not_provided: int
    widest: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessReport:
    """Everything a fairness report shows.

    Attributes:
        title: what was measured, in a line.
        conditions: what the figures depend on, by name.
        num_rows: rows measured on.
        num_approved: those among them that the lenders approved.
        favourable_rate: share of all rows for which the model states no principal reason.
        matched_cut: denial score below which as many rows lie as the lenders approved.
        drawn_by: what the bootstrap draws whole: "lender" or "row".
        num_units: how many of these there are.
        seed: decides the draws.
        characteristics: what was found, characteristic by characteristic.
        num_comparisons: intervals of the model's figures that were compared with no difference.
        num_disparities: those among them that show a disparity.
        notes: sentences that a reader must know.
    """

    title: str
    conditions: Mapping[str, object]
    num_rows: int
    num_approved: int
    favourable_rate: float
    matched_cut: float
    drawn_by: str
    num_units: int
    seed: int
    characteristics: tuple[CharacteristicFigures, ...]
    num_comparisons: int
    num_disparities: int
    notes: tuple[str, ...]


def build_fairness_report(
    rows: RegisterRows,
    outcomes: Outcomes,
    *,
    title: str,
    seed: int,
    conditions: Mapping[str, object],
    notes: Sequence[str] = (),
) -> FairnessReport:
    """Counts everything.

    Args:
        rows: the register rows.
        outcomes: what the model says of them, and what was decided, in the same order.
        title: what was measured, in a line.
        seed: decides the draws of the intervals.
        conditions: what the figures depend on.
        notes: sentences that a reader must know.
    """
    drawn_by, units = drawn_units(rows)
    found = tuple(
        _characteristic(
            CHARACTERISTIC_BY_NAME[name], groups, outcomes=outcomes, units=units, seed=seed
        )
        for name, groups in rows.groups.items()
    )
    verdicts = [
        verdict
        for characteristic in found
        for group in characteristic.groups
        for name, verdict in group.verdicts.items()
        if FAIRNESS_FIGURE_BY_NAME[name].is_of_model
    ]
    favourable_rate = float(outcomes.favourable_N.mean())
    return FairnessReport(
        title=title,
        conditions=conditions,
        num_rows=len(rows),
        num_approved=int(outcomes.approved_N.sum()),
        favourable_rate=favourable_rate,
        matched_cut=outcomes.matched_cut,
        drawn_by=drawn_by,
        num_units=len(set(units)),
        seed=seed,
        characteristics=found,
        num_comparisons=sum(verdict != "not defined" for verdict in verdicts),
        num_disparities=verdicts.count("disparity measured"),
        notes=(*notes, *_notes(rows, favourable_rate=favourable_rate)),
    )


def drawn_units(rows: RegisterRows) -> tuple[str, Sequence[str]]:
    """Returns what intervals are drawn by, and that of each row.

    Lenders where every row has one and there are enough of them, as rows of one lender share its
    habits; else rows.
    """
    if all(rows.lenders) and len(set(rows.lenders)) >= MIN_GROUPS:
        return "lender", rows.lenders
    return "row", rows.ids


def _characteristic(
    characteristic: Characteristic,
    groups: Sequence[str],
    *,
    outcomes: Outcomes,
    units: Sequence[str],
    seed: int,
) -> CharacteristicFigures:
    sizes = {name: groups.count(name) for name in sorted(set(groups) - {""})}
    judged = [name for name, size in sizes.items() if size >= MIN_GROUP_ROWS]
    reference = characteristic.reference
    if reference not in judged or len(judged) == 1:
        judged = []
    ordered = sorted(judged, key=lambda name: (name != reference, name))
    tallies = group_tallies(outcomes, groups, units=units)
    resamples = Resamples(sorted(set(units)), seed=seed)
    return CharacteristicFigures(
        characteristic=characteristic,
        groups=tuple(
            _group(name, groups, outcomes, tallies=tallies, resamples=resamples, to=reference)
            for name in ordered
        ),
        too_small={name: size for name, size in sizes.items() if size < MIN_GROUP_ROWS},
        num_not_provided=groups.count(""),
        widest=_widest(outcomes, groups, judged=judged),
    )


def _group(
    name: str,
    groups: Sequence[str],
    outcomes: Outcomes,
    *,
    tallies: Mapping[str, GroupTallies],
    resamples: Resamples,
    to: str,
) -> GroupFigures:
    inside_N = np.array(groups, dtype=object) == name
    wanted = [f for f in FAIRNESS_FIGURES if f.neutral is None or name != to]
    defined = [f for f in wanted if _has_cases(f, outcomes, groups, names=(name, to))]
    estimates = resamples.estimates(
        {figure.name: _bound(figure, tallies[name], tallies[to], tallies[""]) for figure in defined}
    )
    figures = {f.name: estimates.get(f.name, Estimate(value=None)) for f in wanted}
    verdicts = {f.name: f.verdict(figures[f.name]) for f in wanted}
    return GroupFigures(
        name=name,
        num_rows=int(inside_N.sum()),
        num_approved=int(outcomes.approved_N[inside_N].sum()),
        is_reference=name == to,
        figures=figures,
        verdicts={figure: verdict for figure, verdict in verdicts.items() if verdict is not None},
        reliability=tuple(
            reliability_curve(
                outcomes.score_N[inside_N],
                (~outcomes.approved_N[inside_N]).astype(np.float64),
                edges=outcomes.edges,
            )
        ),
    )


def _bound(
    figure: FairnessFigure, group: GroupTallies, reference: GroupTallies, everyone: GroupTallies
) -> Callable[[Weights], Figures]:
    return lambda weight_BU: figure.of(
        group.under(weight_BU), reference.under(weight_BU), everyone.under(weight_BU)
    )


def _has_cases(
    figure: FairnessFigure, outcomes: Outcomes, groups: Sequence[str], *, names: tuple[str, str]
) -> bool:
    """Whether the rows that a figure is about are enough in the group and in the reference."""
    group_N = np.array(groups, dtype=object)
    approved = [int(outcomes.approved_N[group_N == name].sum()) for name in names]
    denied = [int((~outcomes.approved_N[group_N == name]).sum()) for name in names]
    if figure.cases == "any":
        return True
    counts = approved if figure.cases == "approved" else [*approved, *denied]
    return min(counts) >= MIN_CASES


def _widest(
    outcomes: Outcomes, groups: Sequence[str], *, judged: Sequence[str]
) -> dict[str, float]:
    """What fairlearn finds between the groups furthest apart.

    Equal opportunity is that of the groups with enough approved rows: to one without any fairlearn
    gives a rate of 0.
    """
    if not judged:
        return {}
    given = _compared(outcomes, groups, among=judged)
    found = {
        "demographic_parity_ratio": demographic_parity_ratio(**given),
        "demographic_parity_difference": demographic_parity_difference(**given),
    }
    approved = Counter(np.array(groups, dtype=object)[outcomes.approved_N])
    with_cases = [name for name in judged if approved[name] >= MIN_CASES]
    if len(with_cases) > 1:
        given = _compared(outcomes, groups, among=with_cases)
        found["equal_opportunity_ratio"] = equal_opportunity_ratio(**given)
        found["equal_opportunity_difference"] = equal_opportunity_difference(**given)
    return {name: float(value) for name, value in found.items()}


def _compared(
    outcomes: Outcomes, groups: Sequence[str], *, among: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """What fairlearn compares, of the rows of some groups."""
    group_N = np.array(groups, dtype=object)
    inside_N = np.isin(group_N, among)
    return {
        "y_true": outcomes.approved_N[inside_N].astype(int),
        "y_pred": outcomes.favourable_N[inside_N].astype(int),
        "sensitive_features": group_N[inside_N],
    }


def _notes(rows: RegisterRows, *, favourable_rate: float) -> Iterator[str]:
    yield (
        "“Disparity measured” means that the whole 95 % interval lies on the side where the group "
        "is worse off than the reference group. It names a difference, not its cause; and where "
        "none is told from chance, there may still be one."
    )
    yield (
        "The register holds no credit history, no credit score and no full picture of income and "
        "debts, so groups are compared as they are, not at equal creditworthiness."
    )
    yield (
        "Approvals and denials are those of the lenders who reported; they may carry disparities "
        "of their own, and every figure that uses them inherits these."
    )
    if not _MIN_FAVOURABLE_RATE <= favourable_rate <= _MAX_FAVOURABLE_RATE:
        yield (
            f"The model states no reason for {100 * favourable_rate:.1f} % of the rows: with "
            "thresholds so far to one side the ratios say little; read those at the matched cut."
        )
    if rows.num_decided > len(rows) + rows.num_left_out:
        yield (
            f"{len(rows):,} of {rows.num_decided:,} decided rows were drawn at random; small "
            "groups gain most from more."
        )
    if rows.num_left_out:
        yield f"{rows.num_left_out:,} rows could not be read and are left out."
