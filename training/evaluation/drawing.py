"""How the pictures of all reports are drawn: style, points with intervals, self-contained SVG.

Colours are told apart by people with any colour vision, and shapes say the same.

Source of the colours: Okabe and Ito, Color Universal Design, 2008.
"""

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Picture

from training.evaluation.bootstrap import Estimate

BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#8A8F98", "#1F2430"
RULE = "#E3E6EA"

COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#E69F00", GREY)
"""Colours of what stands side by side in a picture, in order."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Shapes that say the same as `COLOURS`."""

_WIDTH_IN = 9.0

STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": RULE,
    "legend.frameon": False,
    "svg.fonttype": "path",  # looks the same whatever fonts the reader has
    "svg.hashsalt": "wherefore",
}
"""Settings of matplotlib for every picture."""


def new_picture(*, height: float, columns: int = 1) -> tuple[Picture, Sequence[Any]]:
    """Returns an empty picture, `height` inches high, and its panels from left to right."""
    picture = Picture(figsize=(_WIDTH_IN, height), layout="constrained")
    FigureCanvasSVG(picture)
    return picture, list(picture.subplots(1, columns, squeeze=False)[0])


def draw_points(
    axes: Any,
    estimates: Sequence[Estimate],
    places: Sequence[float],
    *,
    colour: str,
    marker: str,
    label: str | None = None,
) -> None:
    """Draws figures as points at heights of the axes, with their intervals as lines."""
    for estimate, place in zip(estimates, places, strict=True):
        if estimate.low is not None and estimate.high is not None:
            axes.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=1.6)
    axes.scatter(
        [number(estimate) for estimate in estimates],
        places,
        color=colour,
        marker=marker,
        s=26,
        zorder=3,
        label=label,
    )


def name_rows(axes: Any, labels: Sequence[str]) -> None:
    """Names the rows of axes, the first on top, with a line through each tick below."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def number(estimate: Estimate) -> float:
    """Returns the value of a figure as matplotlib takes it: NaN draws nothing."""
    return float("nan") if estimate.value is None else estimate.value


def to_svg(picture: Picture) -> str:
    """Returns a picture as SVG, the same for the same picture."""
    buffer = io.StringIO()
    picture.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
