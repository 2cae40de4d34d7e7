"""Parquet files, read in batches so that memory stays bounded."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_pipeline.sources.json_lines import MAX_LINE_BYTES
from data_pipeline.sources.parquet_footer import RowGroup, readable_parquet, row_groups
from data_pipeline.sources.parquet_pages import NOT_AS_DICTIONARIES
from data_pipeline.sources.records import Record
from data_pipeline.sources.rows import RowValueError

_BATCH_ROWS = 1024
_BATCH_BYTES = 64 * 1024 * 1024
_CELLS_BYTES = 16 * 1024 * 1024
"""Text that is made of dictionary entries at a time: a file of a few kilobytes can name an entry of
many megabytes in every row."""

_READ_BYTES = 1024 * 1024
_OUT_OF_RANGE = "a date out of range"
_TOO_LONG = object()


class ParquetTable:
    """The records of a .parquet file; only the columns asked for are loaded."""

    def __init__(self, path: Path, *, nested: Collection[str] | None = None) -> None:
        """Reads the metadata of the file.

        Args:
            path: the file.
            nested: the columns that may hold lists and objects; None for all. Those of other
                columns are never loaded, and an empty one stands in every row: a list in one row
                can unpack to gigabytes from a few bytes.

        Raises:
            UnreadableFileError: the file is not Parquet, broken or access is denied.
        """
        self._path = path
        with self._open() as file:
            self._columns = tuple(file.schema_arrow.names)
            texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
            self._unreadable = {
                field.name: _unreadable(field.type)
                for field in file.schema_arrow
                if not (pa.types.is_nested(field.type) and (nested is None or field.name in nested))
                and _unreadable(field.type) is not None
            }
            self._num_rows = file.metadata.num_rows
            groups = row_groups(path, file.metadata)
            self._longest = _longest_plain(file.metadata.schema, groups)
            self._dictionaries = [name for name in texts if name not in self._longest]
            self._longest |= {f.name: _width(f.type) for f in file.schema_arrow if _width(f.type)}
            self._group_rows = tuple(group.num_rows for group in groups)
            sizes = (group.num_bytes // max(1, group.num_rows) for group in groups)
            self._row_bytes = max(sizes, default=0)

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
        loaded = [name for name in wanted if name not in self._unreadable]
        number = sum(self._group_rows[:first_group])
        groups = list(range(first_group, len(self._group_rows))) if first_group else None
        # Texts as dictionaries: otherwise an entry would be copied for every row that names it.
        with self._open(read_dictionary=self._dictionaries) as file:
            longest = [self._longest.get(name, 0) for name in loaded]
            batch_rows = _batch_rows(max(self._row_bytes, *longest, 1))
            for batch in file.iter_batches(
                batch_size=batch_rows, columns=loaded, row_groups=groups
            ):
                values = [self._cells_of(batch, name) for name in wanted]
                for cells in zip(*values, strict=True):
                    number += 1
                    if _TOO_LONG in cells:
                        yield number, _too_long()
                    else:
                        yield number, dict(zip(wanted, cells, strict=True))

    def _cells_of(self, batch: Any, name: str) -> Iterator[object]:
        if name in self._unreadable:
            return repeat(self._unreadable[name], batch.num_rows)
        return _values(batch.column(name))

    def count(self) -> int | None:
        """Returns the number of rows, from the metadata."""
        return int(self._num_rows)

    @contextmanager
    def _open(self, **options: Any) -> Iterator[Any]:
        # Otherwise whole column chunks would be loaded, packed as they are.
        options |= {"pre_buffer": False, "buffer_size": _READ_BYTES}
        with readable_parquet(self._path), pq.ParquetFile(self._path, **options) as file:
            yield file


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


def _unreadable(kind: Any) -> object:
    """Returns what stands for cells that are not loaded, of their kind; None where they are."""
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        return {}
    if pa.types.is_nested(kind):
        return []
    return _TOO_LONG if _width(kind) > MAX_LINE_BYTES else None


def _width(kind: Any) -> int:
    """Returns the bytes of every cell of a column of fixed-size bytes; 0 for other columns."""
    return int(kind.byte_width) if pa.types.is_fixed_size_binary(kind) else 0


def _longest_plain(schema: Any, groups: Iterable[RowGroup]) -> dict[str, int]:
    """Returns the columns that cannot be read as dictionaries, with the most bytes of a cell."""
    found: dict[int, int] = {}
    for group in groups:
        for place, chunk in enumerate(group.chunks):
            if not NOT_AS_DICTIONARIES.isdisjoint(chunk.encodings):
                found[place] = max(found.get(place, 0), chunk.uncompressed_bytes)
    return {schema.column(place).path: most for place, most in found.items()}


def _batch_rows(row_bytes: int) -> int:
    """How many rows are read at a time, such that what they unpack to stays bounded."""
    return min(_BATCH_ROWS, max(1, _BATCH_BYTES // row_bytes))


def _values(column: Any) -> Iterator[object]:
    """Yields the cells of a column, made some at a time where they are long."""
    rows = max(1, len(column))
    is_dictionary = pa.types.is_dictionary(column.type)
    entries = column.dictionary if is_dictionary else column
    if _is_text(entries.type):
        lengths = pc.binary_length(entries)
        longest = pc.max(lengths).as_py() or 1
        if longest > MAX_LINE_BYTES:
            indices = column.indices.to_pylist() if is_dictionary else range(len(column))
            yield from _measured(column, indices, lengths.to_pylist())
            return
        rows = max(1, min(rows, _CELLS_BYTES // max(1, longest)))
    for start in range(0, len(column), rows):
        yield from _cells(column.slice(start, rows))


def _measured(
    column: Any, indices: Iterable[int | None], lengths: list[int | None]
) -> Iterator[object]:
    """Yields the cells of a column one by one, and what stands for those that are too long."""
    for place, index in enumerate(indices):
        if index is not None and (lengths[index] or 0) > MAX_LINE_BYTES:
            yield _TOO_LONG
        else:
            yield from _cells(column.slice(place, 1))


def _too_long() -> RowValueError:
    message = f"found a cell of more than {MAX_LINE_BYTES:,} bytes: expected a shorter one"
    return RowValueError("line_too_long", field=None, message=message)


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
