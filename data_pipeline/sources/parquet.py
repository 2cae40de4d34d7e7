"""Parquet files, read in batches so that memory stays bounded."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_pipeline.sources.errors import UnreadableFileError
from data_pipeline.sources.opening import readable
from data_pipeline.sources.records import Record

_BATCH_ROWS = 1024
_BATCH_BYTES = 64 * 1024 * 1024
_CELLS_BYTES = 16 * 1024 * 1024
"""Text that is made of dictionary entries at a time: a file of a few kilobytes can name an entry of
many megabytes in every row."""

_OUT_OF_RANGE = "a date out of range"


class ParquetTable:
    """The records of a .parquet file; only the columns asked for are loaded."""

    def __init__(self, path: Path) -> None:
        """Reads the metadata of the file.

        Raises:
            UnreadableFileError: the file is not Parquet, broken or access is denied.
        """
        self._path = path
        with self._open() as file:
            self._columns = tuple(file.schema_arrow.names)
            self._texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
            self._num_rows = file.metadata.num_rows
            groups = range(file.metadata.num_row_groups)
            self._group_rows = tuple(int(file.metadata.row_group(i).num_rows) for i in groups)

    @property
    def columns(self) -> tuple[str, ...]:
        """The top-level columns."""
        return self._columns

    @property
    def group_rows(self) -> tuple[int, ...]:
        """The number of rows of each row group."""
        return self._group_rows

    def records(self, columns: Collection[str], *, first_group: int = 0) -> Iterator[Record]:
        """Yields the columns named of every row.

        Args:
            columns: the columns.
            first_group: the row group to begin with; those before it are not read.

        Raises:
            UnreadableFileError: the file breaks off.
        """
        wanted = [name for name in self._columns if name in columns]
        number = sum(self._group_rows[:first_group])
        groups = list(range(first_group, len(self._group_rows))) if first_group else None
        # Texts as dictionaries: otherwise an entry would be copied for every row that names it.
        with self._open(read_dictionary=self._texts) as file:
            batch_rows = _batch_rows(file.metadata)
            for batch in file.iter_batches(
                batch_size=batch_rows, columns=wanted, row_groups=groups
            ):
                values = [_values(batch.column(name)) for name in wanted]
                for cells in zip(*values, strict=True):
                    number += 1
                    yield number, dict(zip(wanted, cells, strict=True))

    def count(self) -> int | None:
        """Returns the number of rows, from the metadata."""
        return int(self._num_rows)

    @contextmanager
    def _open(self, **options: Any) -> Iterator[Any]:
        try:
            with readable(self._path), pq.ParquetFile(self._path, **options) as file:
                yield file
        except pa.ArrowException as error:
            problem = "is not a Parquet file, or broken"
            advice = "write it again, or give it the suffix of what it is"
            raise UnreadableFileError(self._path, problem=problem, advice=advice) from error


def _is_text(kind: Any) -> bool:
    return any(
        check(kind)
        for check in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _batch_rows(metadata: Any) -> int:
    """How many rows are read at a time, such that what they unpack to stays bounded."""
    most = 1
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        most = max(most, group.total_byte_size // max(1, group.num_rows))
    return int(min(_BATCH_ROWS, max(1, _BATCH_BYTES // most)))


def _values(column: Any) -> Iterator[object]:
    """Yields the cells of a column, made some at a time where they are long."""
    rows = max(1, len(column))
    if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
        longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 1
        rows = max(1, min(rows, _CELLS_BYTES // max(1, longest)))
    for start in range(0, len(column), rows):
        yield from _cells(column.slice(start, rows))


def _cells(column: Any) -> list[object]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        # One cell that is no UTF-8 must not take its batch along; surrogates mark it.
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        cells = plain.cast(pa.large_binary()).to_pylist()
        return [c if c is None else c.decode("utf-8", errors="surrogateescape") for c in cells]
    except (ValueError, OverflowError):
        return [_value(cell) for cell in column]


def _value(cell: Any) -> object:
    """A cell alone: a date that Python's calendar does not have takes no other cell along."""
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        return _OUT_OF_RANGE
