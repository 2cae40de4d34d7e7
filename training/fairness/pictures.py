"""The pictures of a fairness report; a table beside each gives its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl

from training.evaluation.bootstrap import Estimate
from training.evaluation.drawing import (
    COLOURS,
    GREY,
    MARKERS,
    RULE,
    STYLE,
    draw_points,
    name_rows,
    new_picture,
    to_svg,
)
from training.fairness.figures import FAIRNESS_FIGURE_BY_NAME, FOUR_FIFTHS
from training.fairness.report import CharacteristicFigures, GroupFigures

_MAX_CURVES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A picture of comparing figures over all groups.

    Attributes:
        names: the figures, drawn side by side for every group.
        axis: what the axis shows.
        labels: what the figures are called in the legend.
    """

    names: tuple[str, ...]
    axis: str
    labels: tuple[str, ...]


COMPARISONS: dict[str, Comparison] = {
    "impact": Comparison(
        names=(
            "adverse_impact_ratio",
            "matched_adverse_impact_ratio",
            "recorded_adverse_impact_ratio",
        ),
        axis="adverse impact ratio (1: as often as the reference group; dotted: four fifths)",
        labels=("no reason stated", "matched cut", "lenders' decisions"),
    ),
    "scores": Comparison(
        names=("risk_smd", "denial_smd"),
        axis="standardised mean difference (above 0: scored higher than the reference group)",
        labels=("risk score", "denial score"),
    ),
    "opportunity": Comparison(
        names=("equal_opportunity_difference", "matched_equal_opportunity_difference"),
        axis="equal opportunity difference (below 0: fewer favourable outcomes among approved)",
        labels=("no reason stated", "matched cut"),
    ),
}
"""The pictures of comparing figures."""


def comparison_picture(found: Sequence[CharacteristicFigures], comparison: Comparison) -> str:
    """Returns the figures of every judged group with their intervals, as SVG."""
    with mpl.rc_context(STYLE):
        groups = compared_groups(found)
        num_figures = len(comparison.names)
        picture, (axes,) = new_picture(height=1.0 + len(groups) * (0.24 + 0.1 * num_figures))
        step = 0.62 / num_figures
        for k, (name, label) in enumerate(zip(comparison.names, comparison.labels, strict=True)):
            offset = (k - (num_figures - 1) / 2) * step
            draw_points(
                axes,
                [group.figures.get(name, Estimate(value=None)) for _, group in groups],
                [row + offset for row in range(len(groups))],
                colour=COLOURS[k],
                marker=MARKERS[k],
                label=label,
            )
        name_rows(axes, [f"{title}: {g.name}  ({g.num_rows:,})" for title, g in groups])
        neutral = FAIRNESS_FIGURE_BY_NAME[comparison.names[0]].neutral
        axes.axvline(neutral, color=GREY, linewidth=1)
        if neutral == 1.0:
            axes.axvline(FOUR_FIFTHS, color=GREY, linewidth=1, linestyle=(0, (1, 2)))
        titles = [title for title, _ in groups]
        for row in range(1, len(groups)):
            if titles[row] != titles[row - 1]:
                axes.axhline(row - 0.5, color=RULE, linewidth=1)
        axes.set_xlabel(comparison.axis)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
        return to_svg(picture)


def calibration_picture(found: CharacteristicFigures) -> str:
    """Returns recorded denial rates by denial score, a line per group, as SVG."""
    with mpl.rc_context(STYLE):
        picture, (axes,) = new_picture(height=3.2)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        for k, group in enumerate(_largest(found.groups)):
            filled = [point for point in group.reliability if point.num_pairs]
            axes.plot(
                [point.mean_probability for point in filled],
                [point.frequency for point in filled],
                color=COLOURS[k],
                marker=MARKERS[k],
                markersize=5,
                linewidth=1.4,
                label=f"{group.name}  ({group.num_rows:,})",
            )
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_xlabel("denial score")
        axes.set_ylabel("denied by the lenders")
        axes.grid(visible=True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
        return to_svg(picture)


def compared_groups(
    found: Sequence[CharacteristicFigures],
) -> list[tuple[str, GroupFigures]]:
    """Returns the groups that are compared with a reference group, with their characteristic."""
    return [
        (characteristic.characteristic.title, group)
        for characteristic in found
        for group in characteristic.groups
        if not group.is_reference
    ]


def _largest(groups: Sequence[GroupFigures]) -> list[GroupFigures]:
    kept = sorted(groups, key=lambda group: -group.num_rows)[:_MAX_CURVES]
    return [group for group in groups if group in kept]
