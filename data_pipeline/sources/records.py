"""The seam between kinds of files and formats: a table of raw records.

A table knows its columns before its first record, gives only the columns it is asked for, and turns
a record it cannot read into a `RowValueError` in that record's place.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from data_pipeline.sources.rows import RowValueError

Record = tuple[int, Mapping[str, object] | RowValueError]
"""The number of a row and its cells by column, or what is wrong with it."""


class Table(Protocol):
    """A source of raw records."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in order, with repetitions."""

    def records(self, columns: Collection[str]) -> Iterator[Record]:
        """Yields every record with the columns named, reading as it goes.

        Raises:
            SourceError: the source breaks off.
        """

    def count(self) -> int | None:
        """Returns the number of rows where that is cheap to know; otherwise None."""
