"""The pictures of a report, as self-contained SVG.

Every picture repeats figures that a table beside it gives; colours are told apart by people with
any colour vision, and shapes say the same.

Source of the colours: Okabe and Ito, Color Universal Design, 2008.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Picture

from data_pipeline.domain.taxonomy import CATEGORY_INFO, DenialCategory
from training.evaluation.bootstrap import Estimate
from training.evaluation.cuts import Cut
from training.evaluation.figures import FIGURE_BY_NAME
from training.evaluation.tables import CategoryRow, Confusion
from training.score_metrics import ReliabilityBin

BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#8A8F98", "#1F2430"
_RULE = "#E3E6EA"
_SUBJECT_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#E69F00", GREY)
_SUBJECT_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_WIDTH_IN = 9.0
_ACRONYMS = frozenset({"los", "ocr", "heloc", "hmda"})
_STYLE: Any = {
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
    "grid.color": _RULE,
    "legend.frameon": False,
    "svg.fonttype": "path",  # looks the same whatever fonts the reader has
    "svg.hashsalt": "wherefore",
}

COMPARED = ("primary_accuracy", "any_listed_accuracy", "micro_f1", "denied_auc", "risk_auc")
"""The figures of the picture that compares subjects; all lie between 0 and 1."""


def comparison_chart(figures: Mapping[str, Mapping[str, Estimate]]) -> str:
    """Returns a picture of the main figures of every subject with their intervals."""
    with mpl.rc_context(_STYLE):
        names = [n for n in COMPARED if any(f[n].value is not None for f in figures.values())]
        picture, (axes,) = _picture(height=0.55 + len(names) * (0.3 + 0.17 * len(figures)))
        step = 0.8 / max(1, len(figures))
        for k, (subject, by_name) in enumerate(figures.items()):
            offset = (k - (len(figures) - 1) / 2) * step
            _points(
                axes,
                [by_name[name] for name in names],
                [row + offset for row in range(len(names))],
                colour=_SUBJECT_COLOURS[k % len(_SUBJECT_COLOURS)],
                marker=_SUBJECT_MARKERS[k % len(_SUBJECT_MARKERS)],
                label=subject,
            )
        _rows(axes, [FIGURE_BY_NAME[name].title for name in names])
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
        return _svg(picture)


def reliability_chart(curves: Mapping[str, Sequence[ReliabilityBin]]) -> str:
    """Returns reliability curves side by side; the area of a point shows how many it stands for."""
    with mpl.rc_context(_STYLE):
        picture, panels = _picture(height=2.9, columns=max(1, len(curves)))
        for axes, (head, points) in zip(panels, curves.items(), strict=False):
            filled = [p for p in points if p.num_pairs]
            top = _axis_end(filled)
            axes.plot([0, top], [0, top], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
            total = sum(p.num_pairs for p in filled)
            x, y = [p.mean_probability for p in filled], [p.frequency for p in filled]
            axes.plot(x, y, color=BLUE, linewidth=1.5, clip_on=False)
            axes.scatter(
                x,
                y,
                s=[14 + 160 * p.num_pairs / total for p in filled],
                color=BLUE,
                edgecolor="white",
                zorder=3,
                clip_on=False,
            )
            axes.set(xlim=(0, top), ylim=(0, top), aspect="equal", title=head.capitalize())
            axes.set_xlabel("probability said")
            axes.grid(visible=True)
        panels[0].set_ylabel("how often it came")
        return _svg(picture)


def confusion_chart(confusion: Confusion) -> str:
    """Returns the confusion matrix; colour is the share of the row, numbers are texts."""
    with mpl.rc_context(_STYLE):
        picture, (axes,) = _picture(height=6.4)
        counts = np.array(confusion.counts)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, column in zip(*np.nonzero(counts), strict=True):
            axes.text(
                column,
                row,
                f"{counts[row, column]}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if shares[row, column] > 0.55 else INK,  # noqa: PLR2004
            )
        axes.set_xticks(
            range(len(confusion.columns)),
            [label(name) for name in confusion.columns],
            rotation=40,
            ha="right",
            rotation_mode="anchor",
        )
        axes.set_yticks(range(len(confusion.rows)), [label(name) for name in confusion.rows])
        axes.set_xlabel("likeliest category")
        axes.set_ylabel("first label")
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(counts.shape[1] + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(counts.shape[0] + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="both", length=0)
        return _svg(picture)


def category_chart(rows: Sequence[CategoryRow]) -> str:
    """Returns bars of F1 per category with its interval, precision and recall as marks."""
    with mpl.rc_context(_STYLE):
        picture, (axes,) = _picture(height=0.9 + 0.36 * len(rows))
        places = range(len(rows))
        axes.barh(places, [_number(r.f1) for r in rows], height=0.62, color="#BFD9EA", label="F1")
        for place, row in zip(places, rows, strict=True):
            if row.f1.low is not None and row.f1.high is not None:
                axes.plot([row.f1.low, row.f1.high], [place, place], color=GREY, linewidth=1.5)
        marks = {"precision": (">", BLUE), "recall": ("D", ORANGE)}
        for name, (marker, colour) in marks.items():
            values = [_number(getattr(row, name)) for row in rows]
            axes.scatter(values, places, marker=marker, s=28, color=colour, zorder=3, label=name)
        _rows(axes, [f"{label(r.category)}  ({r.num_labelled})" for r in rows])
        axes.set_xlim(0, 1.02)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
        return _svg(picture)


def cut_chart(parts: Sequence[Cut], *, figure: str) -> str:
    """Returns one figure on every part of the texts, with intervals, ways under one another."""
    with mpl.rc_context(_STYLE):
        ways = list(dict.fromkeys(cut.by for cut in parts))
        places, labels = [], []
        for number, cut in enumerate(parts):
            places.append(number + ways.index(cut.by))
            labels.append(f"{part_name(cut.value)}  ({cut.num_texts})")
        picture, (axes,) = _picture(height=0.7 + 0.235 * (len(parts) + len(ways)))
        _points(axes, [cut.figures[figure] for cut in parts], places, colour=BLUE, marker="o")
        axes.set_yticks(places, labels)
        axes.set_ylim(max(places) + 0.8, -0.8)
        axes.set_xlabel(FIGURE_BY_NAME[figure].title)
        for way in ways[1:]:
            first = next(p for p, cut in zip(places, parts, strict=True) if cut.by == way)
            axes.axhline(first - 1, color=_RULE, linewidth=1)
        axes.grid(visible=True, axis="x")
        axes.tick_params(axis="y", length=0)
        return _svg(picture)


def label(name: str) -> str:
    """Returns how people call a category; any other name with spaces."""
    try:
        return CATEGORY_INFO[DenialCategory(name)].title
    except ValueError:
        return name.replace("_", " ").capitalize()


def part_name(value: str) -> str:
    """Returns how people call a part of the texts: "los_notes" becomes "LOS notes"."""
    words = value.replace("_", " ").split(" ")
    return " ".join(word.upper() if word in _ACRONYMS else word for word in words)


def _picture(*, height: float, columns: int = 1) -> tuple[Picture, Sequence[Any]]:
    picture = Picture(figsize=(_WIDTH_IN, height), layout="constrained")
    FigureCanvasSVG(picture)
    return picture, list(picture.subplots(1, columns, squeeze=False)[0])


def _points(
    axes: Any,
    estimates: Sequence[Estimate],
    places: Sequence[float],
    *,
    colour: str,
    marker: str,
    label: str | None = None,
) -> None:
    for estimate, place in zip(estimates, places, strict=True):
        if estimate.low is not None and estimate.high is not None:
            axes.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=1.6)
    axes.scatter(
        [_number(estimate) for estimate in estimates],
        places,
        color=colour,
        marker=marker,
        s=26,
        zorder=3,
        label=label,
    )


def _rows(axes: Any, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def _axis_end(points: Sequence[ReliabilityBin]) -> float:
    """1, or less where nothing reaches far, as with risks."""
    largest = max([0.0, *(max(p.mean_probability, p.frequency) for p in points)])
    return next(end for end in (0.1, 0.25, 0.5, 1.0) if largest <= end or end == 1.0)


def _number(estimate: Estimate) -> float:
    return float("nan") if estimate.value is None else estimate.value


def _svg(picture: Picture) -> str:
    buffer = io.StringIO()
    picture.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
