"""The main figures of a fairness report on the terminal."""

from rich.console import Console
from rich.table import Table

from training.fairness.figures import FAIRNESS_FIGURE_BY_NAME
from training.fairness.page import SHOWN_FIRST, shown, shown_interval
from training.fairness.report import FairnessReport, GroupFigures


def print_fairness(report: FairnessReport) -> None:
    """Prints the main figures of every judged group, and names the groups not judged."""
    console = Console()
    table = Table(title=report.title)
    for column in ("group", "rows", *(FAIRNESS_FIGURE_BY_NAME[n].title for n in SHOWN_FIRST)):
        table.add_column(column, justify="left" if column == "group" else "right")
    for found in report.characteristics:
        for group in found.groups:
            table.add_row(*_cells(found.characteristic.title, group))
    console.print(table)
    for found in report.characteristics:
        for name, size in found.too_small.items():
            console.print(
                f"{found.characteristic.title}: {name} has {size} rows, too few to judge",
                highlight=False,
            )
    console.print(
        f"{report.num_disparities} disparities measured in {report.num_comparisons} comparisons",
        highlight=False,
    )


def _cells(title: str, group: GroupFigures) -> list[str]:
    cells = [f"{title}: {group.name}", f"{group.num_rows:,}"]
    for name in SHOWN_FIRST:
        figure, estimate = FAIRNESS_FIGURE_BY_NAME[name], group.figures.get(name)
        if estimate is None:
            cells.append("reference")
            continue
        told = (
            shown(estimate.value, figure=figure),
            shown_interval(estimate, figure=figure),
            "disparity measured" if group.verdicts.get(name) == "disparity measured" else "",
        )
        cells.append("\n".join(part for part in told if part))
    return cells
