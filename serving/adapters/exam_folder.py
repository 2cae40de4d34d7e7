"""Writing the exam packages of many cases into a folder, in as many runs as it takes.

A package is in the folder whole or not at all. A later run keeps those that verify, lead to an
entry of this audit log and have every change of their case as it has it, and writes the others
anew.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from serving.adapters.exam_export import EXPORTED, entries_of, export_package
from serving.backlog.durable import digest_of_file, make_durably, write_durably
from serving.cases.audit import AuditEntry, AuditHead, from_line
from serving.cases.events import Actor
from serving.cases.exam_package import ENTRIES, PackageError, PackageReport, verify_package
from serving.cases.store import CaseStorage
from serving.cases.store_errors import CasePurgedError
from serving.errors import OutputError

INDEX = "index.csv"
_MAX_NAME_LENGTH = 200
_COLUMNS = ("case_id", "file", "sha256", "events", "notices", "head_sequence", "head_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderReport:
    """What became of the cases.

    Attributes:
        num_written: packages written by this run.
        num_kept: packages that were there already.
        num_purged: cases whose record is gone; an older package of one stays as it is.
    """

    num_written: int
    num_kept: int
    num_purged: int


class FolderExport:
    """The export of many cases into one folder."""

    def __init__(
        self,
        storage: CaseStorage,
        folder: Path,
        *,
        by: Actor,
        now: Callable[[], datetime],
    ) -> None:
        """Takes the cases and the folder, who exports, and the time."""
        self._storage, self._folder = storage, folder
        self._by, self._now = by, now

    def run(
        self, case_ids: Sequence[str], *, advance: Callable[[], None] = lambda: None
    ) -> FolderReport:
        """Writes what is not there yet, then the index of the whole folder.

        Args:
            case_ids: the cases.
            advance: called after each.

        Raises:
            AuditBrokenError: the audit log is not what was written.
            OutputError: the folder cannot be made or written; what is in it is whole.
        """
        self._prepare()
        lines, num_kept = [], 0
        for case_id in case_ids:
            report = self._there(case_id)
            num_kept += report is not None
            report = report or self._export(case_id)
            if report is not None:
                lines.append(self._line(case_id, report))
            advance()
        write_durably(self._folder / INDEX, _table(lines))
        return FolderReport(
            num_written=len(lines) - num_kept,
            num_kept=num_kept,
            num_purged=len(case_ids) - len(lines),
        )

    def _prepare(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for partial in (*self._folder.glob(".*.zip.tmp"), *self._folder.glob(".*.partial")):
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot use the folder {self._folder} ({error.strerror}): name one that this user "
                "can make and write"
            ) from None

    def _there(self, case_id: str) -> PackageReport | None:
        """Returns what a package there proves; None where it is not whole, or of an older state."""
        path = self._path(case_id)
        if not path.exists():
            return None
        try:
            report = verify_package(path)
        except PackageError:
            return None
        now = changes(entries_of(self._storage.audit, case_id))
        is_true = (report.case_id, changes(_packed(path))) == (case_id, now)
        return report if is_true and self._is_in_the_log(report.head) else None

    def _is_in_the_log(self, head: AuditHead) -> bool:
        """Whether a head is of this log: another deployment's may have a case of the same id."""
        line = next(self._storage.audit.lines(after=head.sequence - 1), None)
        return line is not None and from_line(line, sequence=head.sequence).hash == head.hash

    def _export(self, case_id: str) -> PackageReport | None:
        """Returns what the new package proves; None where the case was purged."""
        path = self._path(case_id)

        def write(temporary: Path) -> None:
            export_package(self._storage, case_id, temporary, by=self._by, at=self._now())

        try:
            make_durably(path, write)
        except CasePurgedError:
            return None
        return verify_package(path)

    def _path(self, case_id: str) -> Path:
        return self._folder / f"{_name(case_id)}.zip"

    def _line(self, case_id: str, report: PackageReport) -> tuple[object, ...]:
        path = self._path(case_id)
        proved = (report.num_events, report.num_notices, report.head.sequence, report.head.hash)
        return (case_id, path.name, digest_of_file(path), *proved)


def changes(entries: Sequence[AuditEntry]) -> list[AuditHead]:
    """Returns number and hash of those audit entries that are about more than a reading."""
    return [
        AuditHead(sequence=entry.sequence, hash=entry.hash)
        for entry in entries
        if entry.action.action != EXPORTED and not entry.action.action.endswith("_read")
    ]


def _packed(path: Path) -> list[AuditEntry]:
    """Returns the audit entries in a package that was verified."""
    with zipfile.ZipFile(path) as package:
        lines = package.read(ENTRIES).splitlines()
    return [from_line(line, sequence=json.loads(line)["sequence"]) for line in lines]


def _name(case_id: str) -> str:
    """An id may have slashes and colons, which a file's name may not."""
    name = quote(case_id, safe="")
    return name if len(name) <= _MAX_NAME_LENGTH else hashlib.sha256(case_id.encode()).hexdigest()


def _table(lines: Sequence[tuple[object, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_COLUMNS, *lines])
    return text.getvalue().encode()
