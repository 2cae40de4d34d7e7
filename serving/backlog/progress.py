"""Telling how far a run is: a bar on a terminal, a plain line every ten seconds elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from serving.backlog.tally import Tally

LINE_INTERVAL_SECONDS = 10.0


class ProgressReport(Protocol):
    """Is told the counts after every chunk."""

    def update(self, tally: Tally) -> None:
        """Shows the counts."""


@contextmanager
def report_progress(console: Console, *, total: int | None) -> Iterator[ProgressReport]:
    """Reports on a run: a bar where the console is a terminal, lines where it is not.

    Args:
        console: where to; standard error, so that it never mixes with results.
        total: rows expected; None where that is not known.
    """
    if not console.is_terminal:
        yield LineReport(console, total=total)
        return
    with _bar(console) as progress:
        yield BarReport(progress, total=total)


class BarReport:
    """A bar with the rate, the time left and the number of errors."""

    def __init__(self, progress: Progress, *, total: int | None) -> None:
        """Adds the bar's task."""
        self._progress = progress
        self._started = time.perf_counter()
        self._task = progress.add_task("scoring", total=total, rate="-", errors=0)

    def update(self, tally: Tally) -> None:
        """Moves the bar."""
        rate = tally.num_rows / max(time.perf_counter() - self._started, 1e-9)
        self._progress.update(
            self._task,
            completed=tally.num_rows,
            rate=f"{rate:,.1f}",
            errors=tally.num_errors,
        )


class LineReport:
    """A line at most every ten seconds."""

    def __init__(self, console: Console, *, total: int | None) -> None:
        """Starts the clock."""
        self._console = console
        self._total = total
        self._started = self._last = time.perf_counter()

    def update(self, tally: Tally) -> None:
        """Prints a line if the last is ten seconds old."""
        now = time.perf_counter()
        if now - self._last < LINE_INTERVAL_SECONDS:
            return
        self._last = now
        line = progress_line(tally, total=self._total, seconds=now - self._started)
        self._console.print(line, highlight=False, soft_wrap=True)


def progress_line(tally: Tally, *, total: int | None, seconds: float) -> str:
    """Returns the state of a run in one line."""
    rate = tally.num_rows / max(seconds, 1e-9)
    of_total = f" of {total:,}" if total is not None else ""
    line = (
        f"scored {tally.num_rows:,}{of_total} rows, {rate:,.1f} rows/s, {tally.num_errors:,} errors"
    )
    if total is None or rate == 0:
        return line
    return f"{line}, {max(0, total - tally.num_rows) / rate:,.0f} s left"


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} rows/s"),
        TextColumn("{task.fields[errors]} errors"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
