"""Telling how far a run is: a bar on a terminal, a plain line every ten seconds elsewhere.

What is left is told from the characters left, since the work lies in the texts, not in the rows.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

LINE_INTERVAL_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class Advance:
    """How far a run is.

    Attributes:
        total_rows: rows of the job.
        total_characters: characters of their texts.
        resumed_rows: rows that an earlier run had scored.
        resumed_characters: characters of their texts.
        num_rows: rows that have their verdict, those of earlier runs included.
        num_characters: characters of their texts.
        num_errors: those of them that failed.
        num_tokens: tokens of the texts that this run scored.
    """

    total_rows: int
    total_characters: int
    resumed_rows: int = 0
    resumed_characters: int = 0
    num_rows: int = 0
    num_characters: int = 0
    num_errors: int = 0
    num_tokens: int = 0

    def rows_per_second(self, seconds: float) -> float:
        """Returns the rate of this run, which has lasted `seconds`."""
        return (self.num_rows - self.resumed_rows) / max(seconds, 1e-9)

    def seconds_left(self, seconds: float) -> float | None:
        """Returns how long this run will go on; None where nothing was scored yet."""
        done = self.num_characters - self.resumed_characters
        if not done:
            return None
        return (self.total_characters - self.num_characters) / done * seconds

    def tokens_left(self) -> int | None:
        """Returns about how many tokens are left, as dense as those so far; None before any."""
        done = self.num_characters - self.resumed_characters
        if not done:
            return None
        return round((self.total_characters - self.num_characters) / done * self.num_tokens)


class ProgressReport(Protocol):
    """Is told how far a run is after every batch."""

    def update(self, advance: Advance) -> None:
        """Shows it."""


@contextmanager
def report_progress(console: Console) -> Iterator[ProgressReport]:
    """Reports on a run: a bar where the console is a terminal, lines where it is not.

    Args:
        console: where to; standard error, so that it never mixes with results.
    """
    if not console.is_terminal:
        yield LineReport(console)
        return
    with _bar(console) as progress:
        yield BarReport(progress)


class BarReport:
    """A bar with the rate, the time left and the number of errors."""

    def __init__(self, progress: Progress) -> None:
        """Adds the bar's task."""
        self._progress = progress
        self._started = time.perf_counter()
        self._task = progress.add_task("scoring", total=None, told="")

    def update(self, advance: Advance) -> None:
        """Moves the bar."""
        seconds = time.perf_counter() - self._started
        self._progress.update(
            self._task,
            total=advance.total_characters,
            completed=advance.num_characters,
            told=progress_line(advance, seconds=seconds),
        )


class LineReport:
    """A line at most every ten seconds."""

    def __init__(self, console: Console) -> None:
        """Starts the clock."""
        self._console = console
        self._started = self._last = time.perf_counter()

    def update(self, advance: Advance) -> None:
        """Prints a line if the last is ten seconds old."""
        now = time.perf_counter()
        if now - self._last < LINE_INTERVAL_SECONDS:
            return
        self._last = now
        line = progress_line(advance, seconds=now - self._started)
        self._console.print(f"scored {line}", highlight=False, soft_wrap=True)


def progress_line(advance: Advance, *, seconds: float) -> str:
    """Returns the state of a run in one line."""
    line = (
        f"{advance.num_rows:,} of {advance.total_rows:,} rows, "
        f"{advance.rows_per_second(seconds):,.1f} rows/s, {advance.num_errors:,} errors"
    )
    left = advance.seconds_left(seconds)
    return line if left is None else f"{line}, {left:,.0f} s left"


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        console=console,
    )
