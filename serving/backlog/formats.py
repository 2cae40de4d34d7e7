"""Output rows as the bytes of a file: .jsonl, .csv (either also .gz or .zst) and .parquet.

A file is its head followed by its shards, byte by byte; of Parquet, whose files cannot be put end
to end, the shards are read and written again.
"""

import csv
import gzip
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from serving.backlog.beside import Beside
from serving.backlog.columns import cells_of, csv_cell, fields_of, json_text, schema_of
from serving.backlog.due import Order
from serving.errors import OutputError
from serving.rows import OutputRow

_ROW_GROUP_BYTES = 8 * 1024 * 1024
"""Of the values in memory, which come on top of the model. Larger groups pack better."""

_GZIP_LEVEL = 6

Cells = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFormat:
    """How rows become a file.

    Attributes:
        suffix: the suffix of its files.
        order: the order of the rows, which tells the columns.
        dump: returns the bytes of cells.
        join: writes a file, given its path and those of its shards.
    """

    suffix: str
    order: Order
    dump: Callable[[Cells], bytes]
    join: Callable[[Path, Iterable[Path]], None]

    def encode(self, rows: Sequence[OutputRow], beside: Sequence[Beside | None] = ()) -> bytes:
        """Returns the bytes of a shard.

        Args:
            rows: its rows.
            beside: what stands beside each of them, where they are in the order of due dates.
        """
        return self.dump(cells_of(rows, beside, order=self.order))


def output_format(path: Path, *, order: Order = "input") -> OutputFormat:
    """Returns the format of a file, which its suffix tells.

    Raises:
        OutputError: the suffix is unknown.
    """
    name = path.name.lower()
    for known in _formats(order):
        if name.endswith(known.suffix):
            return known
    raise OutputError(
        f"the output {path} has the suffix {path.suffix!r}: expected one of "
        f"{', '.join(known.suffix for known in _formats(order))}, rename it"
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


def _jsonl(cells: Cells) -> bytes:
    return "".join(f"{json_text(row)}\n" for row in cells).encode()


def _csv(cells: Cells) -> bytes:
    return _csv_lines([csv_cell(value) for value in row.values()] for row in cells)


def _csv_lines(lines: Iterable[Sequence[Any]]) -> bytes:
    return "".join(map(_csv_line, lines)).encode()


def _csv_line(cells: Sequence[Any]) -> str:
    # With the line end of RFC 4180 both its characters are quoted inside a cell.
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"


def _parquet(cells: Cells, *, schema: pa.Schema) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(cells), schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def _join_parquet(path: Path, shards: Iterable[Path], *, schema: pa.Schema) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _row_groups(shards):
            writer.write_table(group)
            pa.default_memory_pool().release_unused()


def _row_groups(shards: Iterable[Path]) -> Iterator[pa.Table]:
    waiting, num_bytes = list[pa.Table](), 0
    for shard in shards:
        with pq.ParquetFile(shard, pre_buffer=False) as file:
            waiting.append(file.read(use_threads=False))  # each thread would keep memory
        num_bytes += waiting[-1].nbytes
        if num_bytes >= _ROW_GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting, num_bytes = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _plain(content: bytes) -> bytes:
    return content


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, _GZIP_LEVEL, mtime=0)  # the same whenever it is done


def _zstandard(content: bytes) -> bytes:
    compressed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
    return compressed


def _lines_format(
    suffix: str,
    dump: Callable[[Cells], bytes],
    compress: Callable[[bytes], bytes],
    *,
    head: bytes,
    order: Order,
) -> OutputFormat:
    def join(path: Path, shards: Iterable[Path]) -> None:
        with path.open("wb") as file:
            file.write(compress(head))
            for shard in shards:
                with shard.open("rb") as part:
                    shutil.copyfileobj(part, file)

    return OutputFormat(
        suffix=suffix, order=order, dump=lambda cells: compress(dump(cells)), join=join
    )


@cache
def _formats(order: Order) -> tuple[OutputFormat, ...]:
    schema = schema_of(order)
    lines = (
        _lines_format(f"{suffix}{ending}", dump, compress, head=head, order=order)
        for suffix, dump, head in (
            (".jsonl", _jsonl, b""),
            (".csv", _csv, _csv_lines([fields_of(order)])),
        )
        for ending, compress in (("", _plain), (".gz", _gzip), (".zst", _zstandard))
    )
    return (
        *lines,
        OutputFormat(
            suffix=".parquet",
            order=order,
            dump=partial(_parquet, schema=schema),
            join=partial(_join_parquet, schema=schema),
        ),
    )
