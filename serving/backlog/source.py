"""The input of a job: which file it is, what its rows are, and whether it stays as it is."""

import shutil
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from pathlib import Path
from typing import BinaryIO, Protocol

from data_pipeline.sources.errors import ColumnsError
from data_pipeline.sources.files import file_format, open_table, to_row
from data_pipeline.sources.formats import SourceFormat
from data_pipeline.sources.json_lines import JsonLinesTable
from data_pipeline.sources.opening import open_bytes, readable
from data_pipeline.sources.parquet import ParquetTable
from data_pipeline.sources.records import Record, Table
from serving.backlog.beside import NOTHING_BESIDE, BesideColumns
from serving.backlog.due import Order
from serving.backlog.durable import digest_of_file
from serving.backlog.errors import ColumnsMissingError, InputChangedError, not_writable
from serving.backlog.plan import InputRow

STANDARD_STREAM = Path("-")
"""Stands for standard input, and for standard output."""

_MAGIC = {b"PAR1": ".parquet", b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SNIFFED_BYTES = 4096


class RowSource(Protocol):
    """Where the rows of a job come from, in the order of scoring."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def order(self) -> Order:
        """In which order its rows are scored."""

    def resolved(self) -> "RowSource":
        """Returns the same under a path that other processes find, too."""

    def records(self) -> Iterator[Record]:
        """Yields the raw rows; `input_row` makes something of them."""

    def left_out(self) -> Iterator[Record]:
        """Yields the raw rows beyond the limit, where they may stand before others in the input."""

    def part_starts(self) -> list[int]:
        """Returns where reading may begin, as positions of records from 0; the first is 0."""

    def records_from(self, position: int) -> Iterator[Record]:
        """Yields the raw rows from a position on."""

    def input_row(self, record: Record) -> InputRow:
        """Returns what a raw row holds."""

    def require_unchanged(self) -> None:
        """Makes sure that the input holds what it held. Raises InputChangedError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """The file whose rows are scored, as they stand in it.

    Attributes:
        path: where it is.
        name: what the user calls it.
        source_format: how its columns are read.
        limit: most rows that are read; None for all.
        sha256: of its bytes, hexadecimal.
        num_bytes: its size.
        state: size and time of the last change when its bytes were read.
        beside: what is read of its rows beside the applications.
    """

    path: Path
    name: str
    source_format: SourceFormat
    limit: int | None
    sha256: str
    num_bytes: int
    state: tuple[int, int]
    beside: BesideColumns = NOTHING_BESIDE

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        name: str,
        input_format: str,
        limit: int | None,
        beside: BesideColumns = NOTHING_BESIDE,
    ) -> "InputFile":
        """Looks at the columns of a file and reads its bytes once.

        Raises:
            SourceError: the file or its columns cannot be used.
            ColumnsMissingError: it lacks columns that are to be read beside applications.
        """
        source_format = file_format(path, format=input_format)
        check_columns(path, beside, name=name)
        state = _state(path)
        with readable(path):
            sha256 = digest_of_file(path)
        return cls(
            path=path,
            name=name,
            source_format=source_format,
            limit=limit,
            sha256=sha256,
            num_bytes=state[0],
            state=state,
            beside=beside,
        )

    @property
    def order(self) -> Order:
        """In which order rows are scored: as they stand."""
        return "input"

    def resolved(self) -> "InputFile":
        """Returns the same under a path that other processes find, too."""
        return replace(self, path=self.path.resolve())

    def records(self) -> Iterator[Record]:
        """Yields the raw rows; `input_row` makes something of them."""
        return islice(self.all_records(), self.limit)

    def all_records(self) -> Iterator[Record]:
        """Yields the raw rows, those beyond the limit, too."""
        return open_table(self.path, nested=self.beside.nested_names).records(self._columns)

    def left_out(self) -> Iterator[Record]:
        """Yields nothing: what is beyond the limit stands after everything else."""
        return iter(())

    def part_starts(self) -> list[int]:
        """Returns where reading may begin, as positions of records from 0; the first is 0.

        Only Parquet can be opened in the middle: at its row groups.
        """
        return part_starts(open_table(self.path))

    def records_from(self, position: int) -> Iterator[Record]:
        """Yields the raw rows from a position on; of Parquet, what lies before it is not read."""
        table = open_table(self.path, nested=self.beside.nested_names)
        return records_from(table, position, columns=self._columns, limit=self.limit)

    def input_row(self, record: Record) -> InputRow:
        """Returns what a raw row holds."""
        row = to_row(record, source_format=self.source_format)
        return InputRow.of(row, beside=self.beside.read(record, row))

    @property
    def _columns(self) -> frozenset[str]:
        return self.source_format.columns | self.beside.names

    def require_unchanged(self) -> None:
        """Makes sure that the file still holds what it held.

        Raises:
            InputChangedError: it does not.
        """
        with readable(self.path):
            if _state(self.path) != self.state and digest_of_file(self.path) != self.sha256:
                raise InputChangedError(self.name)


def part_starts(table: Table) -> list[int]:
    """Returns where reading of a table may begin, as positions of records; the first is 0."""
    return [0, *accumulate(table.group_rows[:-1])] if isinstance(table, ParquetTable) else [0]


def records_from(
    table: Table, position: int, *, columns: Collection[str], limit: int | None = None
) -> Iterator[Record]:
    """Yields the records of a table from a position on; of Parquet, none before it is read.

    Args:
        table: the table.
        position: of the first record, from 0.
        columns: the columns that are read.
        limit: most records, counted from the beginning of the table; None for all.
    """
    if isinstance(table, ParquetTable):
        starts = part_starts(table)
        part = bisect_right(starts, position) - 1
        start = starts[part]
        records = table.records(columns, first_group=part)
    else:
        start, records = 0, table.records(columns)
    stop = None if limit is None else limit - start
    return islice(records, position - start, stop)


def check_columns(path: Path, beside: BesideColumns, *, name: str) -> None:
    """Refuses a file that lacks what is to be read beside applications, as far as a header tells.

    Args:
        path: the file.
        beside: what is to be read.
        name: what the user calls the file.

    Raises:
        SourceError: the file cannot be read, or a column repeats.
        ColumnsMissingError: a column is missing.
    """
    if not beside.names:
        return
    table = open_table(path)
    found = list(table.columns)
    if repeated := sorted(column for column in beside.names if found.count(column) > 1):
        problem = f"the column {repeated[0]!r} repeats"
        raise ColumnsError(found, problem=problem, advice="remove or rename one of them")
    # A line of JSON names its own columns, and the first hundred need not name all.
    if isinstance(table, JsonLinesTable):
        return
    if missing := beside.missing_in(found):
        raise ColumnsMissingError(name, missing=missing)


def keep_stream(stream: BinaryIO, folder: Path) -> Path:
    """Writes a stream to a file, since it is read more than once, and returns its path.

    What kind of file it is, its first bytes tell.

    Raises:
        OutputError: the disk is full.
        SourceError: the stream is compressed and broken.
    """
    plain = folder / "input"
    try:
        with plain.open("wb") as file:
            shutil.copyfileobj(stream, file)
    except OSError as error:
        raise not_writable(plain, error) from error
    return name_by_content(plain)


def name_by_content(path: Path, *, kind: str | None = None) -> Path:
    """Gives a file the suffix that its first bytes call for, and returns its new path.

    Args:
        path: the file.
        kind: `.jsonl` or `.csv` where that is known, compressed or not; None to look at the text.

    Raises:
        OutputError: the file system refuses.
        SourceError: the file is compressed and broken.
    """
    try:
        return path.replace(path.with_name(path.name + _suffix(path, kind=kind)))
    except OSError as error:
        raise not_writable(path, error) from error


def _suffix(path: Path, *, kind: str | None) -> str:
    with path.open("rb") as file:
        start = file.read(_SNIFFED_BYTES)
    compressed = next((end for magic, end in _MAGIC.items() if start.startswith(magic)), "")
    if compressed == ".parquet":
        return compressed
    if kind is not None:
        return kind + compressed
    if compressed:
        link = path.with_name(path.name + compressed)
        link.unlink(missing_ok=True)
        link.hardlink_to(path)
        try:
            with open_bytes(link) as unpacked:
                start = unpacked.read(_SNIFFED_BYTES)
        finally:
            link.unlink()
    first = start.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    return (".jsonl" if first in {b"{", b"[", b""} else ".csv") + compressed


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
