"""The steps of a run, kept in a file, so that a later process can still record them."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.loop import StepReport


class StepJournal:
    """A file with one JSON line per step.

    A run that is killed takes some steps again when it goes on, and they end as they did before:
    what was written first is kept.
    """

    def __init__(self, path: Path) -> None:
        """Names the file; it and its folder are made when the first step is written."""
        self._path = path
        self._last = max((line["step"] for line in self._lines()), default=0)

    def clear(self) -> None:
        """Forgets all steps."""
        self._path.unlink(missing_ok=True)
        self._last = 0

    def write(self, report: StepReport, *, time_ms: int) -> None:
        """Keeps a step, unless it is kept already.

        Args:
            report: the step.
            time_ms: when it ended, milliseconds since 1970.
        """
        if report.step <= self._last:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            # First the end of the line before: a process that was killed may not have written it.
            file.write("\n" + json.dumps({**asdict(report), "time_ms": time_ms}))
        self._last = report.step

    def after(self, step: int) -> list[tuple[StepReport, int]]:
        """Returns the steps after one, in order, each with the time it ended in milliseconds."""
        lines = [line for line in self._lines() if line["step"] > step]
        times = [line.pop("time_ms") for line in lines]
        return [(StepReport(**line), time_ms) for line, time_ms in zip(lines, times, strict=True)]

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):  # an empty line, or one that was never finished
                yield json.loads(line)
