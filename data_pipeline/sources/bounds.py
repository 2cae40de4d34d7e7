"""Bounds for files of somebody else's: how much may come out of one, seen before a row is read.

A file of a few kilobytes can unpack to terabytes, and one of a gigabyte hold half a billion rows,
each of which is answered. Rows themselves are bounded wherever they are read.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.sources.errors import FileTooLargeError
from data_pipeline.sources.opening import open_bytes
from data_pipeline.sources.parquet_pages import require_bounded_pages

_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBounds:
    """How much may come out of a file.

    Attributes:
        unpacked_bytes: most bytes, unpacked; of Parquet those of the columns that are read.
        rows: most rows; of .jsonl and .csv every line counts as one.
    """

    unpacked_bytes: int
    rows: int


def require_bounded(path: Path, bounds: FileBounds, *, columns: Collection[str]) -> None:
    """Refuses a file out of which more would come than is accepted.

    What is compressed is unpacked for that, block by block, and nothing is kept.

    Args:
        path: a file with one of `data_pipeline.sources.files.SUFFIXES`.
        bounds: what is accepted.
        columns: the columns that will be read, where the file has them.

    Raises:
        FileTooLargeError: there is more.
        UnreadableFileError: the file is not what its suffix says, broken, or access is denied.
    """
    if path.suffix.lower() == ".parquet":
        require_bounded_pages(
            path, columns=columns, unpacked_bytes=bounds.unpacked_bytes, rows=bounds.rows
        )
    else:
        _require_bounded_lines(path, bounds)


def _require_bounded_lines(path: Path, bounds: FileBounds) -> None:
    num_bytes = num_feeds = num_returns = 0
    with open_bytes(path) as file:
        while block := file.read(_BLOCK_BYTES):
            num_bytes += len(block)
            # Either ends a line of CSV, and both together end one.
            num_feeds += block.count(b"\n")
            num_returns += block.count(b"\r")
            if num_bytes > bounds.unpacked_bytes:
                raise _too_large(path, f"{bounds.unpacked_bytes:,} bytes once it is unpacked")
            if max(num_feeds, num_returns) > bounds.rows:
                raise _too_large(path, f"{bounds.rows:,} lines")


def _too_large(path: Path, limit: str) -> FileTooLargeError:
    return FileTooLargeError(path, found=f"more than {limit}", expected="fewer")
