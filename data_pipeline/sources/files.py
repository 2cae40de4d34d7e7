"""Application rows from files: .jsonl, .csv (both also .gz and .zst) and .parquet."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from data_pipeline.domain.application import FIELD_NAMES
from data_pipeline.sources.delimited import CsvTable
from data_pipeline.sources.errors import (
    SourceNotFoundError,
    UnknownFileKindError,
    UnknownFormatError,
)
from data_pipeline.sources.formats import FormatName, SourceFormat, choose_format
from data_pipeline.sources.json_lines import JsonLinesTable
from data_pipeline.sources.parquet import ParquetTable
from data_pipeline.sources.records import Record, Table
from data_pipeline.sources.rows import Row, RowError, RowValueError, given_id

_TABLES: dict[str, Callable[[Path], Table]] = {
    ".jsonl": JsonLinesTable,
    ".jsonl.gz": JsonLinesTable,
    ".jsonl.zst": JsonLinesTable,
    ".csv": CsvTable,
    ".csv.gz": CsvTable,
    ".csv.zst": CsvTable,
    ".parquet": ParquetTable,
}

SUFFIXES: tuple[str, ...] = tuple(_TABLES)
"""The suffixes of the files that can be read."""


def open_table(path: Path, *, nested: Collection[str] | None = None) -> Table:
    """Returns the raw records of a file, whose kind its suffix tells.

    Args:
        path: a file with one of `SUFFIXES`.
        nested: the columns of Parquet that may hold lists and objects; None for all, of a file
            that is trusted. Those in other columns are never loaded, see `ParquetTable`.

    Raises:
        SourceNotFoundError: there is no file at the path.
        UnknownFileKindError: the suffix names no kind of file that can be read.
        UnreadableFileError: the file is not what its suffix says, or access is denied.
    """
    if not path.is_file():
        raise SourceNotFoundError(path)
    name = path.name.lower()
    for suffix, table in sorted(_TABLES.items(), key=lambda item: -len(item[0])):
        if name.endswith(suffix):
            return ParquetTable(path, nested=nested) if table is ParquetTable else table(path)
    raise UnknownFileKindError(path, suffixes=SUFFIXES)


def read_rows(path: Path | str, *, format: str = "auto") -> Iterator[Row | RowError]:  # noqa: A002
    """Returns an iterator of one `Row` or `RowError` per row of a file, in order.

    Rows are read as they are asked for; memory does not grow with the file. Columns that the format
    does not name are never read.

    Args:
        path: a file with one of `SUFFIXES`.
        format: "auto" decides by the columns; "text" for free text and application fields; "hmda"
            for public register rows of either schema; "lendingclub".

    Raises:
        SourceError: at the call, the file or its columns cannot be used; while iterating, the file
            breaks off.
    """
    chosen = file_format(path, format=format)
    records = open_table(Path(path), nested=()).records(chosen.columns)
    return (to_row(record, source_format=chosen) for record in records)


def file_format(path: Path | str, *, format: str = "auto") -> SourceFormat:  # noqa: A002
    """Returns the format that `read_rows` reads a file with.

    Raises:
        SourceError: the file or its columns cannot be used.
    """
    if format not in list(FormatName):
        raise UnknownFormatError(format, known=FormatName)
    table = open_table(Path(path))
    columns = table.columns
    if not columns and isinstance(table, JsonLinesTable):
        # No header, and no line that can be read: every row speaks for itself.
        columns = FIELD_NAMES
    return choose_format(format, columns=columns)


def count_rows(path: Path | str) -> int | None:
    """Returns how many rows a file has, for a progress bar; None where only reading would tell.

    Raises:
        SourceError: the file cannot be read.
    """
    return open_table(Path(path)).count()


def to_row(record: Record, *, source_format: SourceFormat) -> Row | RowError:
    """Returns a raw record as a validated row."""
    number, cells = record
    identifier = None
    try:
        if isinstance(cells, RowValueError):
            raise cells
        if source_format.id_column:
            identifier = given_id(cells.get(source_format.id_column))
        application = source_format.to_application(cells)
    except RowValueError as error:
        return RowError(
            number=number,
            id=identifier or str(number),
            code=error.code,
            field=error.field,
            message=error.message,
        )
    return Row(
        number=number,
        id=identifier or str(number),
        application=application,
        is_id_given=identifier is not None,
    )
