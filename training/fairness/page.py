"""A fairness report as a page, as Markdown and as JSON, in the style of the evaluation report."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from markupsafe import Markup

from training.evaluation.bootstrap import Estimate
from training.evaluation.page import environment, image, strict
from training.fairness.figures import (
    FAIRNESS_FIGURE_BY_NAME,
    FAIRNESS_FIGURES,
    FOUR_FIFTHS,
    MIN_CASES,
    MIN_GROUP_ROWS,
    FairnessFigure,
)
from training.fairness.pictures import (
    COMPARISONS,
    calibration_picture,
    compared_groups,
    comparison_picture,
)
from training.fairness.report import FairnessReport

REPORT = "fairness_report"
"""Name of the files of the report, without their suffixes."""

SHOWN_FIRST = (
    "adverse_impact_ratio",
    "matched_adverse_impact_ratio",
    "risk_smd",
    "denial_smd",
    "equal_opportunity_difference",
    "same_score_difference",
)
"""The figures of the first table and of the terminal."""

_NARROW = "\N{NARROW NO-BREAK SPACE}"


def write_fairness_report(report: FairnessReport, directory: Path) -> None:
    """Writes `fairness_report` as .json, .html and .md into a folder, made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    for suffix, content in {
        ".json": fairness_json(report),
        ".html": fairness_html(report),
        ".md": fairness_markdown(report),
    }.items():
        (directory / f"{REPORT}{suffix}").write_text(content, encoding="utf-8")


def fairness_json(report: FairnessReport) -> str:
    """Returns the report as strict JSON; what is not defined is null."""
    return json.dumps(strict(asdict(report)), indent=2, allow_nan=False) + "\n"


def fairness_html(report: FairnessReport) -> str:
    """Returns the report as one HTML page."""
    template = environment("training.fairness").get_template("fairness.html.j2")
    return template.render(report=report, pictures=_pictures(report), **_names())


def fairness_markdown(report: FairnessReport) -> str:
    """Returns the report as Markdown, without pictures."""
    template = environment("training.fairness").get_template("fairness.md.j2")
    return template.render(report=report, **_names())


def shown(value: float | None, *, figure: FairnessFigure) -> str:
    """Returns a value in the figure's unit."""
    if value is None or math.isnan(value):
        return "not defined"
    if figure.unit == "share":
        return f"{100 * value:z.1f}{_NARROW}%"
    if figure.unit == "points":
        return f"{100 * value:+z.1f} points"
    return f"{value:+z.3f}" if figure.neutral == 0.0 else f"{value:z.3f}"


def shown_interval(estimate: Estimate, *, figure: FairnessFigure) -> str:
    """Returns the ends of an interval without their unit; "" where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    scale, digits = (1, 3) if figure.unit == "number" else (100, 1)
    return f"{scale * estimate.low:z.{digits}f} to {scale * estimate.high:z.{digits}f}"


def is_below_four_fifths(estimate: Estimate, *, figure: FairnessFigure) -> bool:
    """Whether a ratio is to be pointed out as below four fifths."""
    return figure.neutral == 1.0 and estimate.value is not None and estimate.value < FOUR_FIFTHS


def _names() -> dict[str, object]:
    return {
        "figures": FAIRNESS_FIGURES,
        "figure_by_name": FAIRNESS_FIGURE_BY_NAME,
        "first": [FAIRNESS_FIGURE_BY_NAME[name] for name in SHOWN_FIRST],
        "shown": shown,
        "shown_interval": shown_interval,
        "is_below_four_fifths": is_below_four_fifths,
        "min_group_rows": MIN_GROUP_ROWS,
        "min_cases": MIN_CASES,
        "missing": Estimate(value=None),
        "percent": lambda value: f"{100 * value:z.1f}{_NARROW}%",
    }


def _pictures(report: FairnessReport) -> Mapping[str, Markup]:
    """The pictures that there are figures for, as image elements."""
    found = report.characteristics
    if not compared_groups(found):
        return {}
    pictures = {
        name: image(
            comparison_picture(found, comparison),
            f"{comparison.axis}, of every judged group, with 95 % intervals: "
            + _told(report, comparison.names[0]),
        )
        for name, comparison in COMPARISONS.items()
    }
    curves = {
        f"calibration_{c.characteristic.name}": image(
            calibration_picture(c),
            f"Recorded denial rate by denial score, by {c.characteristic.title.lower()}: a line "
            "per group. The table below gives every point.",
        )
        for c in found
        if c.groups
    }
    return {**pictures, **curves}


def _told(report: FairnessReport, name: str) -> str:
    figure = FAIRNESS_FIGURE_BY_NAME[name]
    return "; ".join(
        f"{title}, {group.name}: {shown(group.figures[name].value, figure=figure)}"
        for title, group in compared_groups(report.characteristics)
    )
