"""The rows of an input in the order in which their notices fall due, as a file of the job.

An input cannot be read in another order than it stands in, least of all a stream or a compressed
one. So it is read once, and its rows are sorted on the disk: memory does not grow with it. What a
row holds is kept as it was read, so that its verdict is the same in any order.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from data_pipeline.sources import Row, RowError
from data_pipeline.sources.files import open_table
from data_pipeline.sources.records import Record
from data_pipeline.sources.rows import RowValueError
from serving.backlog.beside import Beside, beside_json, parse_beside
from serving.backlog.due import DATE_COLUMNS, DueNote, Order
from serving.backlog.due_sort import DueSort
from serving.backlog.durable import make_durably
from serving.backlog.errors import ColumnsMissingError, JobDamagedError, not_writable
from serving.backlog.plan import InputRow
from serving.backlog.source import InputFile, part_starts, records_from

ARRANGED_NAME = "arranged.parquet"
"""The file's name in the folder of a job."""

_ROW, _BESIDE = _COLUMNS = ("row", "beside")
_GROUP_ROWS = 8192
_GROUP_BYTES = 16 * 1024 * 1024
_ROWS_BETWEEN_LOOKS = 1024
_SCHEMA = pa.schema([(name, pa.string()) for name in _COLUMNS])
_ROWS: TypeAdapter[Row | RowError] = TypeAdapter(Row | RowError)
_SEPARATOR = b"\t"
"""Stands between the parts of a line; JSON writes one of its own otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangedFile:
    """The rows of an input, arranged (`serving.backlog.source.RowSource`).

    Attributes:
        original: the input.
        path: where its rows lie, arranged.
    """

    original: InputFile
    path: Path

    @property
    def name(self) -> str:
        """What the user calls the input."""
        return self.original.name

    @property
    def order(self) -> Order:
        """In which order rows are scored."""
        return "due-date"

    def resolved(self) -> "ArrangedFile":
        """Returns the same under a path that other processes find, too."""
        return replace(self, original=self.original.resolved(), path=self.path.resolve())

    def write(self, after_rows: Callable[[], None] = lambda: None) -> None:
        """Reads the input and writes its rows in the order of due dates.

        Rows due on one day, and those without, stay as they stood. Those beyond the limit are
        written, too: one of them may have had an id first.

        Args:
            after_rows: is called again and again, and may raise to break it off.

        Raises:
            SourceError: the input breaks off.
            ColumnsMissingError: no row of it gives a date.
            InputChangedError: the input changed meanwhile.
            OutputError: the disk is full.
        """
        folder = self.path.parent
        try:
            scratch = tempfile.TemporaryDirectory(dir=folder, prefix="sort-")
        except OSError as error:
            raise not_writable(folder, error) from error
        with scratch as name:
            sort = DueSort(Path(name))
            self._add_all(sort, after_rows=after_rows)
            self.original.require_unchanged()
            make_durably(self.path, lambda path: _write(path, sort.sorted(), after_rows=after_rows))

    def records(self) -> Iterator[Record]:
        """Yields the rows as they were kept; `input_row` makes something of them."""
        return self.records_from(0)

    def left_out(self) -> Iterator[Record]:
        """Yields the rows beyond the limit, which may stand before others in the input."""
        limit = self.original.limit
        if limit is None:
            return iter(())
        return records_from(open_table(self.path), limit, columns=_COLUMNS)

    def part_starts(self) -> list[int]:
        """Returns where reading may begin, as positions of records from 0; the first is 0."""
        return part_starts(open_table(self.path))

    def records_from(self, position: int) -> Iterator[Record]:
        """Yields the rows from a position on; what lies before it is not read."""
        table, limit = open_table(self.path), self.original.limit
        return records_from(table, position, columns=_COLUMNS, limit=limit)

    def input_row(self, record: Record) -> InputRow:
        """Returns what a row holds, as the input gave it.

        Raises:
            JobDamagedError: it is not what was written.
        """
        _, cells = record
        if isinstance(cells, RowValueError):
            raise JobDamagedError(self.path)
        try:
            row = parse_row(str(cells[_ROW]))
            beside = parse_beside(str(cells[_BESIDE]))
        except ValueError as error:
            raise JobDamagedError(self.path) from error
        return InputRow.of(row, beside=beside)

    def require_unchanged(self) -> None:
        """Makes sure that the input still holds what was arranged. Raises InputChangedError."""
        self.original.require_unchanged()

    def _add_all(self, sort: DueSort, *, after_rows: Callable[[], None]) -> None:
        has_rows = has_dates = False
        for position, record in enumerate(self.original.all_records()):
            given = self.original.input_row(record)
            beside = given.beside
            assert beside is not None  # noqa: S101  dates were asked for
            assert beside.due is not None  # noqa: S101
            sort.add(_line(given.row, beside), rank=beside.due.rank)
            has_rows = has_rows or not isinstance(record[1], RowValueError)
            has_dates = has_dates or beside.due.note is not DueNote.NO_DATE
            if position % _ROWS_BETWEEN_LOOKS == 0:
                after_rows()
        if has_rows and not has_dates:
            raise ColumnsMissingError(self.name, missing=f"{' or '.join(DATE_COLUMNS)} in any row")


def row_json(row: Row | RowError) -> bytes:
    """Returns a row as JSON of one line, nothing of it lost."""
    return _ROWS.dump_json(row, exclude_defaults=True)


def parse_row(content: str) -> Row | RowError:
    """Returns the row that `row_json` made bytes of. Raises ValueError where it did not."""
    return _ROWS.validate_json(content)


def _line(row: Row | RowError, beside: Beside) -> bytes:
    return row_json(row) + _SEPARATOR + beside_json(beside)


def _write(path: Path, lines: Iterable[bytes], *, after_rows: Callable[[], None]) -> None:
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        waiting: list[bytes] = []
        num_bytes = 0
        for line in lines:
            waiting.append(line)
            num_bytes += len(line)
            if len(waiting) >= _GROUP_ROWS or num_bytes >= _GROUP_BYTES:
                writer.write_table(_table(waiting))
                waiting, num_bytes = [], 0
                after_rows()
        if waiting:
            writer.write_table(_table(waiting))


def _table(lines: list[bytes]) -> pa.Table:
    parts = [line.decode().split(_SEPARATOR.decode()) for line in lines]
    columns = [pa.array([part[i] for part in parts], pa.string()) for i in range(len(_COLUMNS))]
    return pa.Table.from_arrays(columns, schema=_SCHEMA)
