"""Pictures of a faithfulness report."""

from collections.abc import Sequence

import matplotlib as mpl

from training.evaluation.drawing import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    INK,
    MARKERS,
    ORANGE,
    STYLE,
    draw_points,
    name_rows,
    new_picture,
    to_svg,
)
from training.evaluation.faithfulness.figures import FAITHFULNESS_FIGURE_BY_NAME, ORDERINGS
from training.evaluation.faithfulness.report import FaithfulnessReport, MeasuredFigure

_ROW_IN = 0.36
_MEASURES = ("comprehensiveness", "sufficiency")


def asked_picture(figures: Sequence[MeasuredFigure]) -> str:
    """Returns the figures of which a value is asked, with that value, as SVG.

    Args:
        figures: those that were measured, at least one.
    """
    with mpl.rc_context(STYLE):
        picture, (axes,) = new_picture(height=1.3 + _ROW_IN * len(figures))
        for place, found in enumerate(figures):
            colour, marker = (BLUE, "o") if found.is_met else (ORANGE, "X")
            draw_points(axes, [found.estimate], [place], colour=colour, marker=marker)
        _mark(axes, figures, "binding", colour=INK, label="asked for")
        _mark(axes, figures, "goal", colour=GREEN, label="hoped for")
        for colour, marker, label in ((BLUE, "o", "met"), (ORANGE, "X", "missed")):
            axes.scatter([], [], color=colour, marker=marker, s=26, label=label)
        name_rows(axes, [FAITHFULNESS_FIGURE_BY_NAME[f.name].title for f in figures])
        axes.set_xlim(-0.03, 1.03)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.9 / len(figures)), ncols=4)
        return to_svg(picture)


def orderings_picture(report: FaithfulnessReport) -> str:
    """Returns the rankings of clauses side by side as SVG."""
    with mpl.rc_context(STYLE):
        picture, panels = new_picture(height=2.6, columns=2)
        for axes, measure in zip(panels, _MEASURES, strict=True):
            for place, method in enumerate(ORDERINGS):
                draw_points(
                    axes,
                    [report.named(f"naopc_{measure}_{method}").estimate],
                    [place],
                    colour=COLOURS[place],
                    marker=MARKERS[place],
                )
            name_rows(axes, list(ORDERINGS.values()))
            axes.set_title(measure.capitalize())
            axes.set_xlabel("0: worst order found, 1: best")
            axes.axvline(1.0, color=GREY, linewidth=1, linestyle="--")
        return to_svg(picture)


def _mark(
    axes: object, figures: Sequence[MeasuredFigure], name: str, *, colour: str, label: str
) -> None:
    """Draws a line across the row of each figure at a value of its own."""
    places = [
        (getattr(FAITHFULNESS_FIGURE_BY_NAME[found.name], name), row)
        for row, found in enumerate(figures)
    ]
    for number, (value, row) in enumerate([p for p in places if p[0] is not None]):
        axes.plot(  # type: ignore[attr-defined]
            [value, value],
            [row - 0.32, row + 0.32],
            color=colour,
            linewidth=2,
            label=label if number == 0 else None,
        )
