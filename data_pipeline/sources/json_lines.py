"""JSON Lines files: one JSON object per line."""

import json
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from data_pipeline.sources.opening import open_bytes
from data_pipeline.sources.records import Record
from data_pipeline.sources.rows import RowValueError

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is read; a longer one is an error row and is skipped."""

_SAMPLE_LINES = 100
_SAMPLE_KEYS = 100_000
_LONGEST_KEY = 256
_BLOCK_BYTES = 1024 * 1024


class JsonLinesTable:
    """The records of a .jsonl, .jsonl.gz or .jsonl.zst file; blank lines are no rows."""

    def __init__(self, path: Path) -> None:
        """Keeps the path; nothing is read yet."""
        self._path = path

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The keys of the first hundred lines, in order of appearance; very long ones are cut."""
        sample = islice(self._parsed(), _SAMPLE_LINES)
        found = (row for _, row in sample if not isinstance(row, RowValueError))
        keys = islice((key for row in found for key in row), _SAMPLE_KEYS)
        return tuple(dict.fromkeys(key[:_LONGEST_KEY] for key in keys))

    def records(self, columns: Collection[str]) -> Iterator[Record]:
        """Yields the columns named of every line; the number is that of the line."""
        for number, row in self._parsed():
            if isinstance(row, RowValueError):
                yield number, row
            else:
                yield number, {key: value for key, value in row.items() if key in columns}

    def count(self) -> int | None:
        """Returns the number of lines with content."""
        if self._path.suffix in {".gz", ".zst"}:
            return None
        with open_bytes(self._path) as file:
            return sum(isinstance(x, RowValueError) or not x.isspace() for x in _lines(file))

    def _parsed(self) -> Iterator[tuple[int, dict[str, object] | RowValueError]]:
        with open_bytes(self._path) as file:
            for number, line in enumerate(_lines(file), start=1):
                if isinstance(line, RowValueError):
                    yield number, line
                elif not line.isspace():
                    yield number, _parse(line.removeprefix(b"\xef\xbb\xbf"))


def _lines(file: BinaryIO) -> Iterator[bytes | RowValueError]:
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) < MAX_LINE_BYTES or line.endswith(b"\n"):
            yield line
        else:
            while (rest := file.readline(_BLOCK_BYTES)) and not rest.endswith(b"\n"):
                pass
            message = f"found a line of more than {MAX_LINE_BYTES:,} bytes: expected a shorter one"
            yield RowValueError("line_too_long", field=None, message=message)


def _parse(line: bytes) -> dict[str, object] | RowValueError:
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        message = "found bytes that are not valid UTF-8: save the file as UTF-8"
        return RowValueError("invalid_utf8", field=None, message=message)
    except json.JSONDecodeError as error:
        message = f"found no valid JSON at column {error.colno}: expected one object per line"
        return RowValueError("invalid_json", field=None, message=message)
    except (ValueError, RecursionError):
        message = "found a number or a nesting too large to read: expected one flat object per line"
        return RowValueError("invalid_json", field=None, message=message)
    if isinstance(value, dict):
        return value
    message = "found JSON that is no object: expected one object per line"
    return RowValueError("invalid_json", field=None, message=message)
