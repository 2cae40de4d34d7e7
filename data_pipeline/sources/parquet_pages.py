"""What the pages of a Parquet file unpack to, as their own headers say; none of them is unpacked.

The footer says it too, but nothing holds its writer to it: Arrow makes room for what the header of
a page says, up to 2 GiB for each column that it reads. So the headers are read before any page is.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow.parquet as pq

from data_pipeline.sources.errors import FileTooLargeError
from data_pipeline.sources.parquet_footer import (
    Chunk,
    RowGroup,
    broken,
    footer_bytes,
    readable_parquet,
    row_groups,
)
from data_pipeline.sources.thrift_compact import (
    I32,
    KEPT,
    STRUCT,
    CompactReader,
    Shape,
    Struct,
    ThriftError,
)

MAX_PAGE_BYTES = 128 * 1024 * 1024
"""Largest page, unpacked: writers end one at about 1 MiB, after 1,024 texts at the latest."""

MAX_OPEN_BYTES = 512 * 1024 * 1024
"""Most that lies unpacked at a time: of each column that is read a dictionary and a page."""

MAX_FOOTER_BYTES = 4 * 1024 * 1024
"""Largest description of row groups and columns: read into memory, it takes far more there."""

_DELTA_LENGTH_BYTE_ARRAY, _DELTA_BYTE_ARRAY = 6, 7
SHARED_PREFIXES = _DELTA_BYTE_ARRAY
"""The encoding in which each text may begin with the whole one before, taking next to no room."""

NOT_AS_DICTIONARIES = frozenset({_DELTA_LENGTH_BYTE_ARRAY, _DELTA_BYTE_ARRAY})
"""The encodings of texts that Arrow cannot read as dictionaries. It copies an entry of a dictionary
in the same column for every row that names it, too."""

_MOST_PAGES = 250_000
_MOST_HEADER_BYTES = 1024 * 1024
_DICTIONARY_PAGE = 2
# Fields of a page's header, see `parquet_footer`.
_KIND, _UNCOMPRESSED_BYTES, _COMPRESSED_BYTES = (1, I32), (2, I32), (3, I32)
_ENCODINGS = (((5, STRUCT), (2, I32)), ((8, STRUCT), (4, I32)))
_HEADER_SHAPE: Final[Shape] = {
    _KIND: KEPT,
    _UNCOMPRESSED_BYTES: KEPT,
    _COMPRESSED_BYTES: KEPT,
    **{part: {field: KEPT} for part, field in _ENCODINGS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    is_dictionary: bool
    uncompressed_bytes: int
    has_shared_prefixes: bool


@dataclass(slots=True)
class _Tally:
    num_pages: int = 0
    num_bytes: int = 0


def require_bounded_pages(
    path: Path, *, columns: Collection[str], unpacked_bytes: int, rows: int
) -> None:
    """Refuses a Parquet file out of which more would come than is accepted.

    Args:
        path: the file.
        columns: the columns that will be read; of others nothing is unpacked.
        unpacked_bytes: most bytes of all their pages.
        rows: most rows.

    Raises:
        FileTooLargeError: there are more, or one page or row group takes too much at a time.
        UnreadableFileError: the file is not Parquet, broken, or contradicts itself.
    """
    with readable_parquet(path), path.open("rb") as file:
        _require_small_footer(path, file)
        metadata = pq.read_metadata(path)
        places = _places(metadata, columns=columns)
        groups = row_groups(path, metadata)
        found = max(metadata.num_rows, sum(group.num_rows for group in groups))
        if found > rows:
            raise FileTooLargeError(path, found=f"{found:,} rows", expected=f"{rows:,} at most")
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            _check_groups(path, content, groups, places, unpacked_bytes=unpacked_bytes)


def _require_small_footer(path: Path, file: BinaryIO) -> None:
    num_bytes = footer_bytes(path, file)
    if num_bytes > MAX_FOOTER_BYTES:
        found = f"{num_bytes:,} bytes that describe row groups"
        raise FileTooLargeError(path, found=found, expected=f"{MAX_FOOTER_BYTES:,} at most")


def _places(metadata: Any, *, columns: Collection[str]) -> list[int]:
    """Returns the places of the columns named, and of those within them."""
    paths = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    named = frozenset(columns)
    return [place for place, path in enumerate(paths) if {path, path.partition(".")[0]} & named]


def _check_groups(
    path: Path,
    content: mmap,
    groups: Iterable[RowGroup],
    places: Collection[int],
    *,
    unpacked_bytes: int,
) -> None:
    tally = _Tally()
    for number, group in enumerate(groups):
        chunks = [group.chunks[place] for place in places]
        open_bytes = sum(_check_chunk(path, content, chunk, tally) for chunk in chunks)
        if open_bytes > MAX_OPEN_BYTES:
            raise FileTooLargeError(
                path,
                found=f"{open_bytes:,} bytes of pages to be open at a time in row group {number}",
                expected=f"{MAX_OPEN_BYTES:,} at most: write smaller pages",
            )
        if tally.num_bytes > unpacked_bytes:
            raise FileTooLargeError(
                path,
                found=f"more than {unpacked_bytes:,} bytes once it is unpacked",
                expected="fewer",
            )


def _check_chunk(path: Path, content: mmap, chunk: Chunk, tally: _Tally) -> int:
    """Returns the most bytes that a column chunk has unpacked at a time; counts all of them."""
    dictionary_bytes = page_bytes = num_bytes = 0
    is_plain = not NOT_AS_DICTIONARIES.isdisjoint(chunk.encodings)
    for page in _pages(path, content, chunk):
        tally.num_pages += 1
        num_bytes += page.uncompressed_bytes
        if tally.num_pages > _MOST_PAGES:
            expected = f"{_MOST_PAGES:,} at most: write larger ones"
            raise FileTooLargeError(path, found="more pages", expected=expected)
        if page.uncompressed_bytes > MAX_PAGE_BYTES:
            found = f"a page of {page.uncompressed_bytes:,} bytes once it is unpacked"
            expected = f"{MAX_PAGE_BYTES:,} at most: write smaller pages"
            raise FileTooLargeError(path, found=found, expected=expected)
        if page.has_shared_prefixes and SHARED_PREFIXES not in chunk.encodings:
            raise broken(path, "has pages in an encoding that its footer does not name")
        if page.is_dictionary:
            dictionary_bytes = max(dictionary_bytes, page.uncompressed_bytes)
        else:
            page_bytes = max(page_bytes, page.uncompressed_bytes)
    # By that size the reader tells how many of such texts it reads at a time.
    if is_plain and num_bytes > chunk.uncompressed_bytes:
        raise broken(path, "has pages that unpack to more than its footer says")
    tally.num_bytes += num_bytes
    return dictionary_bytes + page_bytes


def _pages(path: Path, content: mmap, chunk: Chunk) -> Iterator[_Page]:
    """Yields the pages of a column chunk, one behind the other as Arrow goes through them."""
    start = chunk.data_offset
    if chunk.dictionary_offset is not None and 0 < chunk.dictionary_offset < start:
        start = chunk.dictionary_offset
    end = start + chunk.compressed_bytes
    if not 0 <= start <= end <= len(content):
        raise broken(path, "has column chunks outside of itself")
    while start < end:
        reader = CompactReader(content, start=start, end=min(end, start + _MOST_HEADER_BYTES))
        try:
            header = reader.struct(_HEADER_SHAPE)
        except ThriftError as error:
            raise broken(path, "has a page without a header that can be read") from error
        sizes = [header.get(field) for field in (_UNCOMPRESSED_BYTES, _COMPRESSED_BYTES)]
        uncompressed, compressed = (size if isinstance(size, int) else -1 for size in sizes)
        start = reader.position + compressed
        if uncompressed < 0 or compressed < 0 or start > end:
            raise broken(path, "has a page that ends outside of its column chunk")
        yield _Page(
            is_dictionary=header.get(_KIND) == _DICTIONARY_PAGE,
            uncompressed_bytes=uncompressed,
            has_shared_prefixes=_DELTA_BYTE_ARRAY in _encodings(header),
        )


def _encodings(header: Struct) -> Iterator[object]:
    for part, field in _ENCODINGS:
        found = header.get(part)
        if isinstance(found, dict):
            yield found.get(field)
