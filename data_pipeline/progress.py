"""How far a pass over rows is: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

T = TypeVar("T")

_LOG_EVERY_ROWS = 10_000


def shown(rows: Iterable[T], *, what: str, total: int | None, console: Console) -> Iterator[T]:
    """Yields rows and shows how many have been taken.

    Args:
        rows: what is passed over.
        what: what is done to a row, as in "built".
        total: how many there are; None where that is not known.
        console: where to; standard error, so that it never mixes with results.
    """
    columns = (
        TextColumn(f"rows {what}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        for number, row in enumerate(rows, start=1):
            yield row
            progress.advance(task)
            if not console.is_terminal and number % _LOG_EVERY_ROWS == 0:
                console.print(f"{number:,} rows {what}")
