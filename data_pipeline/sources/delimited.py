"""CSV files: a header, then one record per row, in UTF-8."""

import csv
import io
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import TextIO

from data_pipeline.domain.application import MAX_TEXT_BYTES
from data_pipeline.sources.errors import ColumnsError
from data_pipeline.sources.opening import open_bytes
from data_pipeline.sources.records import Record
from data_pipeline.sources.rows import RowValueError

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Room for a text at the limit, and more: beyond it lies a quote that nobody closed.
_MAX_CELL_CHARACTERS = 16 * MAX_TEXT_BYTES
_MAX_RECORD_CHARACTERS = 16 * _MAX_CELL_CHARACTERS
_BLOCK_CHARACTERS = 1024 * 1024
_MAX_COLUMNS = 10_000
_LINE_ENDS = ("\n", "\r")


class CsvTable:
    """The records of a .csv, .csv.gz or .csv.zst file; blank lines are no rows."""

    def __init__(self, path: Path) -> None:
        """Keeps the path; nothing is read yet."""
        self._path = path

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The header.

        Raises:
            ColumnsError: the file is empty, not UTF-8, or has more columns than any real one.
        """
        with open_bytes(self._path) as file:
            if file.read(2) in _UTF16_MARKS:
                raise ColumnsError([], problem="the file is UTF-16", advice="save it as UTF-8")
        first = next(self._rows(), None)
        if first is None:
            advice = "expected a header line with the column names"
            raise ColumnsError([], problem="the file is empty", advice=advice)
        if isinstance(first, RowValueError) or any(_has_undecoded(name) for name in first):
            advice = "expected column names in UTF-8; save it as CSV in UTF-8"
            raise ColumnsError([], problem="the header cannot be read", advice=advice)
        if len(first) > _MAX_COLUMNS:
            problem = f"the header has {len(first):,} columns"
            raise ColumnsError(
                first[:99], problem=problem, advice=f"expected {_MAX_COLUMNS:,} at most"
            )
        return tuple(name.strip() for name in first)

    def records(self, columns: Collection[str]) -> Iterator[Record]:
        """Yields the columns named of every row; empty cells are left out."""
        wanted = [(i, name) for i, name in enumerate(self.columns) if name in columns]
        rows = self._rows()
        next(rows)
        for number, row in enumerate(rows, start=1):
            if isinstance(row, RowValueError):
                yield number, row
            elif len(row) != len(self.columns):
                yield number, _wrong_width(len(row), expected=len(self.columns))
            else:
                yield number, {name: row[i] for i, name in wanted if row[i]}

    def count(self) -> int | None:
        """Returns None: quoted line breaks make rows unknowable without parsing them."""
        return None

    def _rows(self) -> Iterator[list[str] | RowValueError]:
        csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL_CHARACTERS))
        # Bytes that are no UTF-8 survive as surrogates and are refused cell by cell.
        with open_bytes(self._path) as file:
            text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
            lines = _RecordLines(text)
            reader = csv.reader(lines, strict=True)
            while True:
                lines.begin_record()
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield _malformed(error, line_number=lines.line_number)
                    continue
                except _EndlessRecordError:
                    yield _endless(line_number=lines.line_number)
                    continue
                if row:
                    yield row


class _EndlessRecordError(Exception):
    """A record goes on and on: line breaks may stand in quotes, in any number of cells."""


class _RecordLines:
    """The lines of a text, each whole, no more of them to a record than the longest record has."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._room = _MAX_RECORD_CHARACTERS
        self.line_number = 0

    def begin_record(self) -> None:
        """Notes that the next line begins a record."""
        self._room = _MAX_RECORD_CHARACTERS

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._room <= 0:
            raise _EndlessRecordError
        line = self._text.readline(self._room)
        if not line:
            raise StopIteration
        self.line_number += 1
        self._room -= len(line)
        if self._room <= 0 and not line.endswith(_LINE_ENDS):
            self._skip_line()
            raise _EndlessRecordError
        return line

    def _skip_line(self) -> None:
        """Passes over the rest of a line: it begins no record."""
        while (rest := self._text.readline(_BLOCK_CHARACTERS)) and not rest.endswith(_LINE_ENDS):
            pass


def _has_undecoded(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" or character == "\0" for character in text)


def _malformed(error: csv.Error, *, line_number: int) -> RowValueError:
    if "field limit" in str(error):
        message = (
            f"found a cell of more than {_MAX_CELL_CHARACTERS:,} characters up to line "
            f"{line_number}: expected a shorter text, or a closing quote"
        )
        return RowValueError("line_too_long", field=None, message=message)
    message = (
        f"found a quote in the wrong place or never closed, up to line {line_number}: "
        'expected cells with quotes or line breaks inside "...", quotes doubled'
    )
    return RowValueError("malformed_row", field=None, message=message)


def _endless(*, line_number: int) -> RowValueError:
    message = (
        f"found a row of more than {_MAX_RECORD_CHARACTERS:,} characters up to line "
        f"{line_number}: expected a shorter one, or a closing quote"
    )
    return RowValueError("line_too_long", field=None, message=message)


def _wrong_width(found: int, *, expected: int) -> RowValueError:
    message = f"found {found} cells: expected {expected} as in the header"
    return RowValueError("malformed_row", field=None, message=message)
