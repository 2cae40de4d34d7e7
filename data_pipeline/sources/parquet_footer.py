"""The row groups and column chunks of a Parquet file, read from its footer by readers of our own.

pyarrow reads footers, too, but what it then makes of a column chunk (`RowGroupMetaData.column`)
declares none of the exceptions that are thrown there: size statistics that do not fit the schema,
or a chunk that is encrypted, end the whole process. So that is never called on a file of somebody
else's, and what is refused there is refused here, with an error.

Source: numbers of fields and of types, and what they mean, are those of
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

from data_pipeline.sources.errors import UnreadableFileError
from data_pipeline.sources.opening import readable
from data_pipeline.sources.thrift_compact import (
    BINARY,
    I32,
    I64,
    KEPT,
    LIST,
    NOTHING,
    STRUCT,
    CompactReader,
    Each,
    Shape,
    Struct,
    ThriftError,
)

MAGIC: Final = b"PAR1"
TAIL_BYTES: Final = 8

_TYPES: Final = {
    "BOOLEAN": 0,
    "INT32": 1,
    "INT64": 2,
    "INT96": 3,
    "FLOAT": 4,
    "DOUBLE": 5,
    "BYTE_ARRAY": 6,
    "FIXED_LEN_BYTE_ARRAY": 7,
}
_BYTE_ARRAY = 6

# Fields, by the name of their struct.
_FILE_ROWS, _FILE_GROUPS = (3, I64), (4, LIST)
_GROUP_CHUNKS, _GROUP_BYTES, _GROUP_ROWS = (1, LIST), (2, I64), (3, I64)
_CHUNK_FILE, _CHUNK_META, _CHUNK_CRYPTO, _CHUNK_SEALED = (
    (1, BINARY),
    (3, STRUCT),
    (8, STRUCT),
    (9, BINARY),
)
_TYPE, _ENCODINGS, _PATH = (1, I32), (2, LIST), (3, LIST)
_UNPACKED, _PACKED, _DATA, _DICTIONARY = (6, I64), (7, I64), (9, I64), (11, I64)
_SIZES, _TEXT_BYTES, _REPETITION, _DEFINITION = (16, STRUCT), (1, I64), (2, LIST), (3, LIST)

# Every list in a footer that has a meaning, wanted or not: see `CompactReader.struct`.
_META_SHAPE: Final[Shape] = {
    _TYPE: KEPT,
    _ENCODINGS: I32,
    _PATH: BINARY,
    _UNPACKED: KEPT,
    _PACKED: KEPT,
    (8, LIST): NOTHING,
    _DATA: KEPT,
    _DICTIONARY: KEPT,
    (13, LIST): NOTHING,
    _SIZES: {_TEXT_BYTES: KEPT, _REPETITION: I64, _DEFINITION: I64},
    (17, STRUCT): {(2, LIST): I32},
}
_CHUNK_SHAPE: Final[Shape] = {
    _CHUNK_FILE: KEPT,
    _CHUNK_META: _META_SHAPE,
    _CHUNK_CRYPTO: {(2, STRUCT): {(1, LIST): BINARY}},
    _CHUNK_SEALED: KEPT,
}
_GROUP_SHAPE: Final[Shape] = {
    _GROUP_CHUNKS: _CHUNK_SHAPE,
    _GROUP_BYTES: KEPT,
    _GROUP_ROWS: KEPT,
    (4, LIST): NOTHING,
}
_FILE_SHAPE: Final[Shape] = {
    (2, LIST): NOTHING,
    _FILE_ROWS: KEPT,
    (5, LIST): NOTHING,
    (7, LIST): NOTHING,
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """The values of one column in one row group, as the footer describes them.

    Attributes:
        encodings: the numbers of the encodings of its pages.
        uncompressed_bytes: of all its pages, unpacked.
        compressed_bytes: of all its pages, as they lie in the file.
        data_offset: where its first page of values begins.
        dictionary_offset: where its dictionary begins; None where it has none.
    """

    encodings: tuple[int, ...]
    uncompressed_bytes: int
    compressed_bytes: int
    data_offset: int
    dictionary_offset: int | None


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Some of the rows of a file, one after the other.

    Attributes:
        num_rows: how many they are.
        num_bytes: of all their pages, unpacked.
        chunks: one for each column of the file, in their order.
    """

    num_rows: int
    num_bytes: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    path: str
    type: int | None
    repetition_levels: int
    definition_levels: int


class _DamagedError(ValueError):
    """The footer is broken, or says something that its own schema does not."""


@contextmanager
def readable_parquet(path: Path) -> Iterator[None]:
    """Turns what Arrow or the operating system says about a file into an `UnreadableFileError`."""
    with readable(path):
        try:
            yield
        except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
            # Arrow says it so, without a number of the system, where the data is bad.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            problem = "is not a Parquet file, or broken"
            advice = "write it again, or give it the suffix of what it is"
            raise UnreadableFileError(path, problem=problem, advice=advice) from error


def footer_bytes(path: Path, file: BinaryIO) -> int:
    """Returns the size of the footer.

    Raises:
        UnreadableFileError: there is none.
    """
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    tail = file.read(TAIL_BYTES)
    num_bytes = int.from_bytes(tail[:4], "little")
    if num_bytes + len(MAGIC) + TAIL_BYTES > size or not tail.endswith(MAGIC):
        raise broken(path, "is not a Parquet file, or broken")
    return num_bytes


def row_groups(path: Path, metadata: Any) -> tuple[RowGroup, ...]:
    """Returns the row groups of a file that pyarrow has opened.

    Args:
        path: the file.
        metadata: pyarrow's `FileMetaData` of it.

    Raises:
        UnreadableFileError: the footer cannot be read, contradicts the schema in it, or describes
            column chunks that are encrypted or lie in another file.
    """
    with path.open("rb") as file:
        num_bytes = footer_bytes(path, file)
        file.seek(-num_bytes - TAIL_BYTES, SEEK_END)
        content = file.read(num_bytes)
    reader = CompactReader(content, start=0, end=len(content))
    columns = [_column(metadata.schema.column(place)) for place in range(metadata.num_columns)]
    each = Each(_GROUP_SHAPE, lambda group: _row_group(group, columns))
    try:
        found = reader.struct({**_FILE_SHAPE, _FILE_GROUPS: each})
        groups = _list(found, _FILE_GROUPS)
        _require_agreement(metadata, _number(found, _FILE_ROWS), groups)
    except ThriftError as error:
        raise broken(path, "has a footer that cannot be read") from error
    except _DamagedError as error:
        raise broken(path, str(error)) from error
    return tuple(groups)


def broken(path: Path, problem: str) -> UnreadableFileError:
    """Returns the error for a Parquet file that is damaged or was made to look like one."""
    return UnreadableFileError(path, problem=problem, advice="write it again")


def _column(column: Any) -> _Column:
    return _Column(
        path=column.path,
        type=_TYPES.get(column.physical_type),
        repetition_levels=column.max_repetition_level + 1,
        definition_levels=column.max_definition_level + 1,
    )


def _require_agreement(metadata: Any, num_rows: int, groups: Sequence[RowGroup]) -> None:
    """Both readers must have read the same: otherwise what is checked is not what is read."""
    if num_rows != metadata.num_rows or len(groups) != metadata.num_row_groups:
        raise _DamagedError("has a footer that can be read in two ways")
    for number, group in enumerate(groups):
        other = metadata.row_group(number)
        if (group.num_rows, group.num_bytes) != (other.num_rows, other.total_byte_size):
            raise _DamagedError("has a footer that can be read in two ways")


def _row_group(found: Struct, columns: Sequence[_Column]) -> RowGroup:
    chunks = _list(found, _GROUP_CHUNKS)
    if len(chunks) != len(columns):
        counts = f"{len(chunks):,} column chunks in a row group, expected {len(columns):,}"
        raise _DamagedError(f"has {counts} as in its schema")
    return RowGroup(
        _number(found, _GROUP_ROWS),
        _number(found, _GROUP_BYTES),
        tuple(map(_chunk, chunks, columns)),
    )


def _chunk(found: Struct, column: _Column) -> Chunk:
    if _CHUNK_CRYPTO in found or _CHUNK_SEALED in found:
        raise _DamagedError("has column chunks that are encrypted, expected none")
    if found.get(_CHUNK_FILE):
        raise _DamagedError("has column chunks in another file, expected all in its own")
    meta: Any = found.get(_CHUNK_META)
    if meta is None:
        raise _DamagedError("has column chunks that are not described")
    if meta.get(_TYPE) != column.type or b".".join(meta.get(_PATH, ())) != column.path.encode():
        raise _DamagedError("has column chunks of another name or type than in its schema")
    if _SIZES in meta:
        _require_fitting_sizes(meta[_SIZES], column)
    return Chunk(
        tuple(meta.get(_ENCODINGS, ())),
        _number(meta, _UNPACKED),
        _number(meta, _PACKED),
        _number(meta, _DATA),
        _number(meta, _DICTIONARY) if _DICTIONARY in meta else None,
    )


def _require_fitting_sizes(sizes: Any, column: _Column) -> None:
    """Refuses what Arrow refuses: a histogram may be missing, and counts each level otherwise."""
    fits = (
        len(sizes.get(_REPETITION, ())) in {0, column.repetition_levels}
        and len(sizes.get(_DEFINITION, ())) in {0, column.definition_levels}
        and (_TEXT_BYTES not in sizes or column.type == _BYTE_ARRAY)
    )
    if not fits:
        raise _DamagedError("has size statistics that do not fit its schema")


def _number(found: Struct, field: tuple[int, int]) -> int:
    value = found.get(field)
    if not isinstance(value, int):
        raise _DamagedError("has a footer with numbers missing")
    return value


def _list(found: Struct, field: tuple[int, int]) -> list[Any]:
    value = found.get(field)
    if not isinstance(value, list):
        raise _DamagedError("has a footer without row groups or column chunks")
    return value
