"""A report as a page, as Markdown and as JSON.

The page is one self-contained HTML file: pictures are SVG inside it, nothing is fetched. Each
picture has an alternative text and its figures in a table beside it.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from training.evaluation import charts
from training.evaluation.bootstrap import Estimate
from training.evaluation.cuts import CUT_FIGURES
from training.evaluation.figures import FIGURE_BY_NAME, FIGURES, Figure
from training.evaluation.report import EvaluationReport

_CHARTED_CUT = "micro_f1"
_NARROW = "\N{NARROW NO-BREAK SPACE}"


def write_report(report: EvaluationReport, directory: Path) -> None:
    """Writes `report.json`, `report.html` and `report.md` into a folder, made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "report.json": report_json(report),
        "report.html": report_html(report),
        "report.md": report_markdown(report),
    }.items():
        (directory / name).write_text(content, encoding="utf-8")


def report_json(report: EvaluationReport) -> str:
    """Returns the report as strict JSON; what is not defined is null."""
    return json.dumps(strict(asdict(report)), indent=2, allow_nan=False) + "\n"


def report_html(report: EvaluationReport) -> str:
    """Returns the report as one HTML page."""
    template = environment().get_template("report.html.j2")
    shown_cuts = [
        FIGURE_BY_NAME[name]
        for name in CUT_FIGURES
        if any(cut.figures[name].value is not None for cut in report.cuts)
    ]
    return template.render(
        report=report,
        pictures=_pictures(report),
        cut_figures=shown_cuts,
        nowhere_defined=nowhere_defined(report),
        **_names(),
    )


def report_markdown(report: EvaluationReport) -> str:
    """Returns the figures and differences as Markdown, without pictures."""
    template = environment().get_template("report.md.j2")
    return template.render(report=report, nowhere_defined=nowhere_defined(report), **_names())


def nowhere_defined(report: EvaluationReport) -> frozenset[str]:
    """Returns the names of the figures that no subject of a report has a value of."""
    return frozenset(
        figure.name
        for figure in FIGURES
        if all(by_name[figure.name].value is None for by_name in report.figures.values())
    )


def shown(value: float | None, *, figure: Figure, difference: bool = False) -> str:
    """Returns a value in the figure's unit, with a sign where it is a difference.

    A difference of shares is in percentage points.
    """
    if value is None or math.isnan(value):
        return "not defined"
    sign = "+z" if difference else "z"  # z: no minus before a rounded 0
    if figure.unit == "share":
        return f"{100 * value:{sign}.1f}" + (" points" if difference else f"{_NARROW}%")
    if figure.unit == "points":
        return f"{value:{sign}.2f} points"
    return f"{value:{sign}.3f}"


def shown_interval(estimate: Estimate, *, figure: Figure) -> str:
    """Returns the ends of an interval without their unit; "" where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    scale, digits = {"share": (100, 1), "points": (1, 2), "number": (1, 3)}[figure.unit]
    return f"{scale * estimate.low:z.{digits}f} to {scale * estimate.high:z.{digits}f}"


def _names() -> dict[str, object]:
    return {
        "figures": FIGURES,
        "figure_by_name": FIGURE_BY_NAME,
        "heads": list(dict.fromkeys(figure.head for figure in FIGURES)),
        "part_name": charts.part_name,
        "shown": shown,
        "shown_interval": shown_interval,
        "label": charts.label,
        "percent": lambda v, digits=1: (
            "not defined" if v is None or math.isnan(v) else f"{100 * v:z.{digits}f}{_NARROW}%"
        ),
        "number": lambda v, digits=2: (
            "not defined" if v is None or math.isnan(v) else f"{v:z,.{digits}f}"
        ),
    }


def _pictures(report: EvaluationReport) -> dict[str, Markup]:
    """The pictures that there are figures for, as image elements."""
    wanted: dict[str, tuple[bool, str, Callable[[], str]]] = {
        "comparison": (
            True,
            "Main figures with 95 % intervals: " + _told(report),
            lambda: charts.comparison_chart(report.figures),
        ),
        "reliability": (
            bool(report.reliability),
            "Reliability curves of " + ", ".join(report.reliability) + ": how often the outcome "
            "came against the probability said. The table below gives every point.",
            lambda: charts.reliability_chart(report.reliability),
        ),
        "confusion": (
            any(any(row) for row in report.confusion.counts),
            "Confusion matrix of primary categories; the table below gives every count.",
            lambda: charts.confusion_chart(report.confusion),
        ),
        "categories": (
            any(row.num_labelled or row.num_stated for row in report.categories),
            "F1, precision and recall of the 12 categories; the table below gives every figure.",
            lambda: charts.category_chart(report.categories),
        ),
        "swaps": (
            any(result.by_basis for result in report.swaps.values()),
            (
                "Mean absolute risk change by prohibited basis, with 95 % intervals; the tables "
                "below give every figure."
            ),
            lambda: charts.swap_chart(report.swaps),
        ),
        "cuts": (
            any(cut.figures[_CHARTED_CUT].value is not None for cut in report.cuts),
            (
                f"{FIGURE_BY_NAME[_CHARTED_CUT].title} on every part of the texts, with 95 % "
                "intervals; the tables below give every figure."
            ),
            lambda: charts.cut_chart(report.cuts, figure=_CHARTED_CUT),
        ),
    }
    return {name: image(draw(), alt) for name, (is_there, alt, draw) in wanted.items() if is_there}


def _told(report: EvaluationReport) -> str:
    sentences = []
    for subject, by_name in report.figures.items():
        parts = [
            f"{FIGURE_BY_NAME[n].title} {shown(by_name[n].value, figure=FIGURE_BY_NAME[n])}"
            for n in charts.COMPARED
        ]
        sentences.append(f"{subject}: {', '.join(parts)}")
    return "; ".join(sentences) + "."


def image(svg: str, alt: str) -> Markup:
    """Returns a picture as an image element with its words."""
    data = base64.b64encode(svg.encode()).decode()
    source = f"data:image/svg+xml;base64,{data}"
    return Markup('<img src="{}" alt="{}">').format(source, escape(alt))


def environment(package: str = "training.evaluation") -> Environment:
    """Returns the templates of a package; those of this one, the style say, can be included."""
    packages = dict.fromkeys([package, "training.evaluation"])
    return Environment(
        loader=ChoiceLoader([PackageLoader(name, "templates") for name in packages]),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def strict(value: object) -> object:
    """Returns the value with every NaN turned into None."""
    if isinstance(value, Mapping):
        return {str(key): strict(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [strict(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
