"""The pictures of a report, as self-contained SVG.

Every picture repeats figures that a table beside it gives.
"""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np

from data_pipeline.domain.taxonomy import CATEGORY_INFO, DenialCategory
from training.evaluation.bootstrap import Estimate
from training.evaluation.cuts import Cut
from training.evaluation.drawing import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    MARKERS,
    ORANGE,
    RULE,
    STYLE,
    draw_points,
    name_rows,
    new_picture,
    number,
    to_svg,
)
from training.evaluation.figures import FIGURE_BY_NAME
from training.evaluation.tables import CategoryRow, Confusion
from training.score_metrics import ReliabilityBin
from training.swap_test import SwapResult

_ACRONYMS = frozenset({"los", "ocr", "heloc", "hmda"})

COMPARED = ("primary_accuracy", "any_listed_accuracy", "micro_f1", "denied_auc", "risk_auc")
"""The figures of the picture that compares subjects; all lie between 0 and 1."""


def comparison_chart(figures: Mapping[str, Mapping[str, Estimate]]) -> str:
    """Returns a picture of the main figures of every subject with their intervals."""
    with mpl.rc_context(STYLE):
        names = [n for n in COMPARED if any(f[n].value is not None for f in figures.values())]
        picture, (axes,) = new_picture(height=0.55 + len(names) * (0.3 + 0.17 * len(figures)))
        step = 0.8 / max(1, len(figures))
        for k, (subject, by_name) in enumerate(figures.items()):
            offset = (k - (len(figures) - 1) / 2) * step
            draw_points(
                axes,
                [by_name[name] for name in names],
                [row + offset for row in range(len(names))],
                colour=COLOURS[k % len(COLOURS)],
                marker=MARKERS[k % len(MARKERS)],
                label=subject,
            )
        name_rows(axes, [FIGURE_BY_NAME[name].title for name in names])
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
        return to_svg(picture)


def reliability_chart(curves: Mapping[str, Sequence[ReliabilityBin]]) -> str:
    """Returns reliability curves side by side; the area of a point shows how many it stands for."""
    with mpl.rc_context(STYLE):
        picture, panels = new_picture(height=2.9, columns=max(1, len(curves)))
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
        return to_svg(picture)


def confusion_chart(confusion: Confusion) -> str:
    """Returns the confusion matrix; colour is the share of the row, numbers are texts."""
    with mpl.rc_context(STYLE):
        picture, (axes,) = new_picture(height=6.4)
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
        axes.set_xlabel("first category")
        axes.set_ylabel("first label")
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(counts.shape[1] + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(counts.shape[0] + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="both", length=0)
        return to_svg(picture)


def category_chart(rows: Sequence[CategoryRow]) -> str:
    """Returns bars of F1 per category with its interval, precision and recall as marks."""
    with mpl.rc_context(STYLE):
        picture, (axes,) = new_picture(height=0.9 + 0.36 * len(rows))
        places = range(len(rows))
        axes.barh(places, [number(r.f1) for r in rows], height=0.62, color="#BFD9EA", label="F1")
        for place, row in zip(places, rows, strict=True):
            if row.f1.low is not None and row.f1.high is not None:
                axes.plot([row.f1.low, row.f1.high], [place, place], color=GREY, linewidth=1.5)
        marks = {"precision": (">", BLUE), "recall": ("D", ORANGE)}
        for name, (marker, colour) in marks.items():
            values = [number(getattr(row, name)) for row in rows]
            axes.scatter(values, places, marker=marker, s=28, color=colour, zorder=3, label=name)
        name_rows(axes, [f"{label(r.category)}  ({r.num_labelled})" for r in rows])
        axes.set_xlim(0, 1.02)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
        return to_svg(picture)


def cut_chart(parts: Sequence[Cut], *, figure: str) -> str:
    """Returns one figure on every part of the texts, with intervals, ways under one another."""
    with mpl.rc_context(STYLE):
        ways = list(dict.fromkeys(cut.by for cut in parts))
        places, labels = [], []
        for number, cut in enumerate(parts):
            places.append(number + ways.index(cut.by))
            labels.append(f"{part_name(cut.value)}  ({cut.num_texts})")
        picture, (axes,) = new_picture(height=0.7 + 0.235 * (len(parts) + len(ways)))
        draw_points(axes, [cut.figures[figure] for cut in parts], places, colour=BLUE, marker="o")
        axes.set_yticks(places, labels)
        axes.set_ylim(max(places) + 0.8, -0.8)
        axes.set_xlabel(FIGURE_BY_NAME[figure].title)
        for way in ways[1:]:
            first = next(p for p, cut in zip(places, parts, strict=True) if cut.by == way)
            axes.axhline(first - 1, color=RULE, linewidth=1)
        axes.grid(visible=True, axis="x")
        axes.tick_params(axis="y", length=0)
        return to_svg(picture)


def swap_chart(results: Mapping[str, SwapResult]) -> str:
    """Returns how far the risk moved when words of each basis were changed, test by test."""
    with mpl.rc_context(STYLE):
        bases = sorted({basis for result in results.values() for basis in result.by_basis})
        picture, (axes,) = new_picture(height=1.0 + 0.2 * len(bases) * (1 + len(results) / 2))
        step = 0.7 / len(results)
        for k, (name, result) in enumerate(results.items()):
            offset = (k - (len(results) - 1) / 2) * step
            found = [
                (row, result.by_basis[b]) for row, b in enumerate(bases) if b in result.by_basis
            ]
            draw_points(
                axes,
                [figures.mean_risk_change for _, figures in found],
                [row + offset for row, _ in found],
                colour=COLOURS[k % len(COLOURS)],
                marker=MARKERS[k % len(MARKERS)],
                label=name,
            )
        name_rows(axes, bases)
        axes.set_xlim(left=0)
        axes.set_xlabel("mean absolute change of the risk score, percentage points")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
        return to_svg(picture)


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


def _axis_end(points: Sequence[ReliabilityBin]) -> float:
    """1, or less where nothing reaches far, as with risks."""
    largest = max([0.0, *(max(p.mean_probability, p.frequency) for p in points)])
    return next(end for end in (0.1, 0.25, 0.5, 1.0) if largest <= end or end == 1.0)
