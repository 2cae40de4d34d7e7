"""Running the export of many exam packages: what the command does and tells."""

import time
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from serving.adapters.exam_folder import FolderExport
from serving.adapters.sql.case_days import CaseDay
from serving.adapters.sql.storage import SqlStorage
from serving.cases.events import Actor

_LINE_INTERVAL_SECONDS = 10.0


class Advance:
    """Tells how far an export is: a bar on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, progress: Progress, *, total: int) -> None:
        """Takes the bar and the number of cases."""
        self._progress, self._total, self._num_done = progress, total, 0
        self._task = progress.add_task("exporting", total=total)
        self._told_at = time.monotonic()

    def __call__(self) -> None:
        """Counts one case."""
        self._num_done += 1
        self._progress.advance(self._task)
        console, now = self._progress.console, time.monotonic()
        if not console.is_terminal and now - self._told_at >= _LINE_INTERVAL_SECONDS:
            self._told_at = now
            console.print(f"{self._num_done:,} of {self._total:,} cases")


def export_days(
    storage: SqlStorage, folder: Path, on: str, *, first: date, last: date, by: Actor
) -> str:
    """Exports the cases of some days into a folder and returns what became of them, in words.

    Args:
        storage: the cases.
        folder: where the packages go.
        on: which day of a case counts; a value of `CaseDay`.
        first: the first day.
        last: the last day.
        by: who exports them.

    Raises:
        AuditBrokenError: the audit log is not what was written.
        OutputError: the folder cannot be made or written.
    """
    # Verified as a whole once, so that no entry of a case is left out unseen.
    storage.anchor()
    case_ids = storage.cases_of_days(CaseDay(on), first=first, last=last)
    export = FolderExport(storage, folder, by=by, now=lambda: datetime.now(UTC))
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with Progress(*_columns(), console=console, disable=not console.is_terminal) as progress:
        report = export.run(case_ids, advance=Advance(progress, total=len(case_ids)))
    return (
        f"{len(case_ids):,} cases: wrote {report.num_written:,} packages to {folder}, kept "
        f"{report.num_kept:,} that were there; {report.num_purged:,} cases were purged"
    )


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("exporting"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
