"""The figures of a faithfulness report on the terminal."""

from rich.console import Console
from rich.table import Table

from training.evaluation.faithfulness.figures import FAITHFULNESS_FIGURE_BY_NAME
from training.evaluation.faithfulness.page import asked_for, shown, shown_interval
from training.evaluation.faithfulness.report import FaithfulnessReport, MeasuredFigure

_VERDICTS = {True: "met", False: "missed", None: ""}


def print_faithfulness(report: FaithfulnessReport) -> None:
    """Prints what was measured, and names what is not what was asked for."""
    console = Console()
    table = Table(title=report.title)
    for column in ("figure", "value", "cases", "asked for", ""):
        table.add_column(column, justify="left" if column in ("figure", "") else "right")
    for found in report.figures:
        if found.estimate.value is not None:
            table.add_row(*_cells(found))
    console.print(table)
    console.print(
        f"{len(report.missed)} of {len(report.asked)} figures are not what is asked for",
        highlight=False,
    )


def _cells(found: MeasuredFigure) -> tuple[str, ...]:
    figure = FAITHFULNESS_FIGURE_BY_NAME[found.name]
    value = f"{shown(found.estimate.value, figure=figure)}\n" + shown_interval(
        found.estimate, figure=figure
    )
    return (
        figure.title,
        value.strip(),
        f"{found.number:,}",
        asked_for(figure),
        _VERDICTS[found.is_met],
    )
