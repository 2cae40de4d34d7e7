"""Output files: .jsonl, .csv and .parquet, all or nothing.

Rows go to a hidden file beside the output, which takes the output's name when it is complete.
"""

import csv
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

import pyarrow as pa
import pyarrow.parquet as pq

from serving.backlog.columns import PARQUET_SCHEMA, csv_cell, json_text
from serving.errors import OutputError
from serving.rows import ROW_FIELDS, OutputRow

PARTIAL_SUFFIX = ".partial"


class RowSink(Protocol):
    """Takes output rows, in order, in one file format."""

    def write(self, rows: Sequence[OutputRow]) -> None:
        """Appends rows."""

    def close(self) -> None:
        """Ends the file; what was written is then readable."""


class JsonlSink:
    """One JSON object a line, UTF-8."""

    def __init__(self, path: Path) -> None:
        """Opens a new file."""
        self._file = path.open("x", encoding="utf-8", newline="\n")

    def write(self, rows: Sequence[OutputRow]) -> None:
        """Appends rows."""
        for row in rows:
            self._file.write(json_text(row.model_dump(mode="json")) + "\n")

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


class CsvSink:
    """Comma-separated with a header; nested fields are JSON strings, null is an empty field."""

    def __init__(self, path: Path) -> None:
        """Opens a new file and writes the header."""
        self._file: IO[str] = path.open("x", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(ROW_FIELDS)

    def write(self, rows: Sequence[OutputRow]) -> None:
        """Appends rows."""
        for row in rows:
            self._writer.writerow(
                [csv_cell(value) for value in row.model_dump(mode="json").values()]
            )

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


class ParquetSink:
    """Columns of `PARQUET_SCHEMA`, nested fields as nested types."""

    def __init__(self, path: Path) -> None:
        """Opens a new file."""
        self._writer = pq.ParquetWriter(path, PARQUET_SCHEMA, compression="zstd")

    def write(self, rows: Sequence[OutputRow]) -> None:
        """Appends rows as one row group."""
        if rows:
            dumped = [row.model_dump(mode="json") for row in rows]
            self._writer.write_table(pa.Table.from_pylist(dumped, schema=PARQUET_SCHEMA))

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()


_SINKS: dict[str, Callable[[Path], RowSink]] = {
    ".jsonl": JsonlSink,
    ".csv": CsvSink,
    ".parquet": ParquetSink,
}


class OutputFile:
    """An output that appears when it is complete; use as a context manager.

    Leaving the block without an exception puts the file in place. On `KeyboardInterrupt` the rows
    written so far are kept as `OUTPUT.partial`; on any other exception they are removed.

    Attributes:
        path: where the complete file goes.
        partial_path: where the rows go when the work is interrupted.
    """

    def __init__(self, path: Path) -> None:
        """Opens the hidden file.

        Raises:
            OutputError: it cannot be made; `check_output` finds the usual causes beforehand.
        """
        self.path = path
        self.partial_path = path.with_name(path.name + PARTIAL_SUFFIX)
        self._hidden = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
        try:
            self._hidden.unlink(missing_ok=True)
            self._sink = _SINKS[path.suffix.lower()](self._hidden)
        except OSError as error:
            raise _not_writable(path, error) from error

    def __enter__(self) -> Self:
        """Begins the block whose end decides what becomes of the rows."""
        return self

    def write(self, rows: Sequence[OutputRow]) -> None:
        """Appends rows.

        Raises:
            OutputError: the disk is full or the file system refuses.
        """
        try:
            self._sink.write(rows)
        except OSError as error:
            raise _not_writable(self.path, error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Puts the file in place, or keeps or removes what there is of it."""
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        try:
            self._sink.close()
            if kind is None:
                self._hidden.replace(self.path)
            elif interrupted:
                self._hidden.replace(self.partial_path)
        except OSError as failure:
            if kind is None:
                raise _not_writable(self.path, failure) from failure
        finally:
            self._hidden.unlink(missing_ok=True)


def check_output(path: Path, *, source: Path) -> None:
    """Refuses an output that could not be written, before any work is done.

    Raises:
        OutputError: the suffix is unknown, the directory is missing, the path is a directory, or
            it is the input.
    """
    if path.suffix.lower() not in _SINKS:
        raise OutputError(
            f"the output {path} has the suffix {path.suffix!r}: expected one of "
            f"{', '.join(_SINKS)}, rename it"
        )
    if not path.parent.is_dir():
        raise OutputError(
            f"the directory of the output {path} does not exist: make it, or name another"
        )
    if path.is_dir():
        raise OutputError(f"the output {path} is a directory: name a file in it")
    if path.exists() and source.exists() and path.samefile(source):
        raise OutputError(f"the output {path} is the input itself: name another file")


def _not_writable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"the output {path} cannot be written ({error.strerror or type(error).__name__}): expected "
        "a writable directory with free space, make one or name another"
    )
