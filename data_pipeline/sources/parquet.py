"""Parquet files, read in batches so that memory stays bounded."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.sources.errors import UnreadableFileError
from data_pipeline.sources.opening import readable
from data_pipeline.sources.records import Record

_BATCH_ROWS = 1024


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
        with self._open() as file:
            for batch in file.iter_batches(
                batch_size=_BATCH_ROWS, columns=wanted, row_groups=groups
            ):
                values = [_values(batch.column(name)) for name in wanted]
                for cells in zip(*values, strict=True):
                    number += 1
                    yield number, dict(zip(wanted, cells, strict=True))

    def count(self) -> int | None:
        """Returns the number of rows, from the metadata."""
        return int(self._num_rows)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            with readable(self._path), pq.ParquetFile(self._path) as file:
                yield file
        except pa.ArrowException as error:
            problem = "is not a Parquet file, or broken"
            advice = "write it again, or give it the suffix of what it is"
            raise UnreadableFileError(self._path, problem=problem, advice=advice) from error


def _values(column: Any) -> list[object]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        # One cell that is no UTF-8 must not take its batch along; surrogates mark it.
        cells = column.cast(pa.large_binary()).to_pylist()
        return [c if c is None else c.decode("utf-8", errors="surrogateescape") for c in cells]
