"""What the commands on backups tell: how far they are, and what they did."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.progress import TimeRemainingColumn as Remaining

from serving.adapters.backup.archive import Tell
from serving.adapters.backup.restoring import Restored
from serving.adapters.backup.taking import BackupMade

_LINE_INTERVAL_SECONDS = 10.0


class _Told:
    """A bar for each thing that goes on; a line every ten seconds where there is no terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._tasks = progress, dict[str, TaskID]()
        self._told_at = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what)
        self._progress.update(self._tasks[what], completed=done, total=total)
        console, now = self._progress.console, time.monotonic()
        if not console.is_terminal and now - self._told_at >= _LINE_INTERVAL_SECONDS:
            self._told_at = now
            console.print(f"{what}: {done:,} of {total:,}")


@contextmanager
def told_progress() -> Iterator[Tell]:
    """Gives what shows on standard error how far a backup or a restore is."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        Remaining(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield _Told(progress)


def words_of_backup(made: BackupMade, *, with_keys: bool) -> str:
    """Returns what was backed up, and what is to be done beside it."""
    manifest, size = made.manifest, made.path.stat().st_size
    lines = [f"wrote {made.path}, {size:,} bytes"]
    lines += [
        f"{name}: {found.num_rows:,} rows, version {found.version}, keys "
        + ", ".join(found.key_ids)
        for name, found in sorted(manifest.databases.items())
    ]
    lines.append(f"entry {manifest.head.sequence} ends the audit log; head {manifest.head.hash}")
    lines.append(
        "the key files are in it: who has it can read everything"
        if with_keys
        else "the key files are not in it: without them nobody can read it, back them up elsewhere"
    )
    return "\n".join(lines)


def words_of_restore(done: Restored) -> str:
    """Returns what was restored, and what is missing."""
    manifest = done.manifest
    lines = [f"restored what was backed up at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"]
    lines += [
        f"{name}: {found.num_rows:,} rows as they were, from version {found.version}"
        for name, found in sorted(manifest.databases.items())
    ]
    lines.append(
        f"the audit log is as it was written to entry {manifest.head.sequence}; head "
        f"{manifest.head.hash}"
    )
    lines += [
        f"put back {path} before a start: nothing can be read without it"
        for path in done.missing_rings
    ]
    lines.append(
        "revoke again what was revoked since: keys, programs and people are as they were then"
    )
    return "\n".join(lines)
