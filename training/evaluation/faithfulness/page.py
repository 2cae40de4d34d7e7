"""A faithfulness report as a page, as Markdown and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from markupsafe import Markup

from training.evaluation.bootstrap import Estimate
from training.evaluation.faithfulness.figures import (
    FAITHFULNESS_FIGURE_BY_NAME,
    FAITHFULNESS_FIGURES,
    ORDERINGS,
    FaithfulnessFigure,
)
from training.evaluation.faithfulness.pictures import asked_picture, orderings_picture
from training.evaluation.faithfulness.report import FaithfulnessReport, MeasuredFigure
from training.evaluation.page import environment, image, strict

REPORT = "faithfulness_report"
"""Name of the files of the report, without their suffixes."""

_NARROW = "\N{NARROW NO-BREAK SPACE}"


def write_faithfulness_report(report: FaithfulnessReport, directory: Path) -> None:
    """Writes `faithfulness_report` as .json, .html and .md into a folder, made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    for suffix, content in {
        ".json": faithfulness_json(report),
        ".html": faithfulness_html(report),
        ".md": faithfulness_markdown(report),
    }.items():
        (directory / f"{REPORT}{suffix}").write_text(content, encoding="utf-8")


def faithfulness_json(report: FaithfulnessReport) -> str:
    """Returns the report as strict JSON; what is not defined is null."""
    content = asdict(report)
    content["figures"] = {
        found.pop("name"): found | {"binding": figure.binding, "goal": figure.goal}
        for found, figure in zip(content["figures"], FAITHFULNESS_FIGURES, strict=True)
    }
    return json.dumps(strict(content), indent=2, allow_nan=False) + "\n"


def faithfulness_html(report: FaithfulnessReport) -> str:
    """Returns the report as one HTML page."""
    template = environment("training.evaluation.faithfulness").get_template("faithfulness.html.j2")
    return template.render(report=report, pictures=_pictures(report), **_names(report))


def faithfulness_markdown(report: FaithfulnessReport) -> str:
    """Returns the report as Markdown, without pictures."""
    template = environment("training.evaluation.faithfulness").get_template("faithfulness.md.j2")
    return template.render(report=report, **_names(report))


def shown(value: float | None, *, figure: FaithfulnessFigure) -> str:
    """Returns a value in the figure's unit."""
    if value is None:
        return "not measured"
    return f"{100 * value:z.1f}{_NARROW}%" if figure.unit == "share" else f"{value:z.3f}"


def shown_interval(estimate: Estimate, *, figure: FaithfulnessFigure) -> str:
    """Returns the ends of an interval without their unit; "" where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    scale, digits = (100, 1) if figure.unit == "share" else (1, 3)
    return f"{scale * estimate.low:z.{digits}f} to {scale * estimate.high:z.{digits}f}"


def asked_for(figure: FaithfulnessFigure) -> str:
    """Returns what is asked of a figure, in words; "" where nothing is."""
    if figure.binding is None:
        return ""
    told = shown(figure.binding, figure=figure)
    goal = "" if figure.goal is None else f", goal {shown(figure.goal, figure=figure)}"
    return f"{'at most' if figure.lower_is_better else 'at least'} {told}{goal}"


def _names(report: FaithfulnessReport) -> dict[str, object]:
    groups: dict[str, list[MeasuredFigure]] = {}
    for found in report.figures:
        groups.setdefault(FAITHFULNESS_FIGURE_BY_NAME[found.name].group, []).append(found)
    return {
        "groups": groups,
        "figure_by_name": FAITHFULNESS_FIGURE_BY_NAME,
        "shown": shown,
        "shown_interval": shown_interval,
        "asked_for": asked_for,
    }


def _pictures(report: FaithfulnessReport) -> dict[str, Markup]:
    """The pictures that there are figures for, as image elements."""
    pictures = {}
    if report.asked:
        pictures["asked"] = image(
            asked_picture(report.asked),
            "Figures of which a value is asked, with 95 % intervals: " + _told(report.asked),
        )
    ranked = [
        report.named(f"naopc_{measure}_{method}")
        for measure in ("comprehensiveness", "sufficiency")
        for method in ORDERINGS
    ]
    if any(found.estimate.value is not None for found in ranked):
        pictures["orderings"] = image(
            orderings_picture(report), "Rankings of clauses: " + _told(ranked)
        )
    return pictures


def _told(figures: Sequence[MeasuredFigure]) -> str:
    return "; ".join(
        f"{figure.title} {shown(found.estimate.value, figure=figure)}"
        for found in figures
        for figure in [FAITHFULNESS_FIGURE_BY_NAME[found.name]]
    )
