"""What can be wrong with a source as a whole; a bad row is a `RowError`, no exception.

::

    DataError
    └── SourceError                     a source cannot be read at all, or not to its end
        ├── SourceNotFoundError         no file there, or a directory
        ├── UnknownFileKindError        the suffix names no kind of file that can be read
        ├── UnknownFormatError          no format of that name
        ├── ColumnsError                no column is known, one repeats, or the header is broken
        ├── UnreadableFileError         the bytes are not what the suffix says, or access is denied
        ├── FileTooLargeError           more would come out of a file than is accepted
        └── QueryError                  a database refuses the connection or the query
"""

from collections.abc import Iterable
from pathlib import Path

from data_pipeline.errors import DataError


class SourceError(DataError):
    """A source cannot be read at all, or not to its end."""


class SourceNotFoundError(SourceError):
    """There is no file at the path, or it is a directory.

    Attributes:
        path: the path as given.
    """

    def __init__(self, path: Path) -> None:
        """Keeps the path and says which of the two it is."""
        found = "is a directory" if path.is_dir() else "does not exist"
        super().__init__(f"{path} {found}: expected a file, check the path")
        self.path = path


class UnknownFileKindError(SourceError):
    """The suffix of a file names no kind that can be read.

    Attributes:
        path: the path as given.
    """

    def __init__(self, path: Path, *, suffixes: Iterable[str]) -> None:
        """Keeps the path and lists the suffixes."""
        found = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        super().__init__(
            f"{path.name} has {found}: expected one of {', '.join(suffixes)}; rename or convert it"
        )
        self.path = path


class UnknownFormatError(SourceError):
    """There is no format of that name.

    Attributes:
        name: the name as given.
    """

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        """Keeps the name and lists the formats."""
        super().__init__(f"found the format {name!r}: expected one of {', '.join(known)}")
        self.name = name


class ColumnsError(SourceError):
    """No column of a source is known, a known one repeats, or there is no header to read.

    Attributes:
        found: the columns of the source.
    """

    def __init__(self, found: Iterable[str], *, problem: str, advice: str) -> None:
        """Keeps the columns; the message counts them.

        It never quotes one: without a header, a row of applicants' data stands in its place.
        """
        self.found = tuple(found)
        super().__init__(f"{problem} ({len(self.found):,} columns found): {advice}")


class UnreadableFileError(SourceError):
    """The bytes of a file are not what its suffix says, or access is denied.

    Attributes:
        path: the path as given.
    """

    def __init__(self, path: Path, *, problem: str, advice: str) -> None:
        """Keeps the path."""
        super().__init__(f"{path.name}: {problem}; {advice}")
        self.path = path


class FileTooLargeError(SourceError):
    """More would come out of a file than is accepted.

    Attributes:
        path: the path as given.
        found: what it holds, in words.
        expected: what is accepted, in words.
    """

    def __init__(self, path: Path, *, found: str, expected: str) -> None:
        """Keeps the parts."""
        super().__init__(f"{path.name}: found {found}, expected {expected}; cut it into several")
        self.path, self.found, self.expected = path, found, expected


class QueryError(SourceError):
    """A database refuses the connection or the query; the message never holds its password."""
