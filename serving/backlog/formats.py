"""Output rows as the bytes of a file: .jsonl, .csv (either also .gz or .zst) and .parquet.

A file is its head followed by its shards, byte by byte; of Parquet, whose files cannot be put end
to end, the shards are read and written again.
"""

import csv
import gzip
import io
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from serving.backlog.columns import PARQUET_SCHEMA, csv_cell, json_text
from serving.errors import OutputError
from serving.rows import ROW_FIELDS, OutputRow

_ROW_GROUP_BYTES = 32 * 1024 * 1024
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFormat:
    """How rows become a file.

    Attributes:
        suffix: the suffix of its files.
        encode: returns a shard's bytes.
        join: writes a file, given its path and those of its shards.
    """

    suffix: str
    encode: Callable[[Sequence[OutputRow]], bytes]
    join: Callable[[Path, Iterable[Path]], None]


def output_format(path: Path) -> OutputFormat:
    """Returns the format of a file, which its suffix tells.

    Raises:
        OutputError: the suffix is unknown.
    """
    name = path.name.lower()
    for known in _FORMATS:
        if name.endswith(known.suffix):
            return known
    raise OutputError(
        f"the output {path} has the suffix {path.suffix!r}: expected one of "
        f"{', '.join(known.suffix for known in _FORMATS)}, rename it"
    )


def check_output(path: Path, *, source: Path) -> None:
    """Refuses an output that could not be written, before any work is done.

    Raises:
        OutputError: the suffix is unknown, the directory is missing, the path is a directory, or
            it is the input.
    """
    output_format(path)
    if not path.parent.is_dir():
        raise OutputError(
            f"the directory of the output {path} does not exist: make it, or name another"
        )
    if path.is_dir():
        raise OutputError(f"the output {path} is a directory: name a file in it")
    if path.exists() and source.exists() and path.samefile(source):
        raise OutputError(f"the output {path} is the input itself: name another file")


def _jsonl(rows: Sequence[OutputRow]) -> bytes:
    return "".join(f"{json_text(row.model_dump(mode='json'))}\n" for row in rows).encode()


def _csv(rows: Sequence[OutputRow]) -> bytes:
    return _csv_lines([csv_cell(v) for v in row.model_dump(mode="json").values()] for row in rows)


def _csv_lines(lines: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def _parquet(rows: Sequence[OutputRow]) -> bytes:
    buffer = io.BytesIO()
    dumped = [row.model_dump(mode="json") for row in rows]
    pq.write_table(pa.Table.from_pylist(dumped, schema=PARQUET_SCHEMA), buffer, compression="zstd")
    return buffer.getvalue()


def _join_parquet(path: Path, shards: Iterable[Path]) -> None:
    with pq.ParquetWriter(path, PARQUET_SCHEMA, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for shard in shards:
            waiting.append(pq.ParquetFile(shard).read())
            if sum(table.nbytes for table in waiting) >= _ROW_GROUP_BYTES:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def _plain(content: bytes) -> bytes:
    return content


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, _GZIP_LEVEL, mtime=0)  # the same whenever it is done


def _zstandard(content: bytes) -> bytes:
    compressed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
    return compressed


def _lines_format(
    suffix: str,
    encode: Callable[[Sequence[OutputRow]], bytes],
    compress: Callable[[bytes], bytes],
    *,
    head: bytes,
) -> OutputFormat:
    def join(path: Path, shards: Iterable[Path]) -> None:
        with path.open("wb") as file:
            file.write(compress(head))
            for shard in shards:
                with shard.open("rb") as part:
                    shutil.copyfileobj(part, file)

    return OutputFormat(suffix=suffix, encode=lambda rows: compress(encode(rows)), join=join)


_FORMATS = (
    *(
        _lines_format(f"{suffix}{ending}", encode, compress, head=head)
        for suffix, encode, head in (
            (".jsonl", _jsonl, b""),
            (".csv", _csv, _csv_lines([ROW_FIELDS])),
        )
        for ending, compress in (("", _plain), (".gz", _gzip), (".zst", _zstandard))
    ),
    OutputFormat(suffix=".parquet", encode=_parquet, join=_join_parquet),
)
