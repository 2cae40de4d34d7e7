"""The input of a job: which file it is, what its rows are, and whether it stays as it is."""

import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from pathlib import Path
from typing import BinaryIO

from data_pipeline.sources import Row
from data_pipeline.sources.files import file_format, open_table, to_row
from data_pipeline.sources.formats import SourceFormat
from data_pipeline.sources.opening import open_bytes, readable
from data_pipeline.sources.parquet import ParquetTable
from data_pipeline.sources.records import Record
from serving.backlog.duplicates import IdLedger
from serving.backlog.durable import digest_of_file
from serving.backlog.errors import InputChangedError, not_writable
from serving.backlog.plan import InputRow, PlannedShard, cut_shards, rows_digest

STANDARD_STREAM = Path("-")
"""Stands for standard input, and for standard output."""

_MAGIC = {b"PAR1": ".parquet", b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SNIFFED_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """The file whose rows are scored.

    Attributes:
        path: where it is.
        name: what the user calls it.
        source_format: how its columns are read.
        limit: most rows that are read; None for all.
        sha256: of its bytes, hexadecimal.
        num_bytes: its size.
        state: size and time of the last change when its bytes were read.
    """

    path: Path
    name: str
    source_format: SourceFormat
    limit: int | None
    sha256: str
    num_bytes: int
    state: tuple[int, int]

    @classmethod
    def open(cls, path: Path, *, name: str, input_format: str, limit: int | None) -> "InputFile":
        """Looks at the columns of a file and reads its bytes once.

        Raises:
            SourceError: the file or its columns cannot be used.
        """
        source_format = file_format(path, format=input_format)
        state = _state(path)
        with readable(path):
            sha256 = digest_of_file(path)
        return cls(
            path=path,
            name=name,
            source_format=source_format,
            limit=limit,
            sha256=sha256,
            num_bytes=state[0],
            state=state,
        )

    def resolved(self) -> "InputFile":
        """Returns the same under a path that other processes find, too."""
        return replace(self, path=self.path.resolve())

    def records(self) -> Iterator[Record]:
        """Yields the raw rows; `input_row` makes something of them."""
        records = open_table(self.path).records(self.source_format.columns)
        return islice(records, self.limit)

    def part_starts(self) -> list[int]:
        """Returns where reading may begin, as positions of records from 0; the first is 0.

        Only Parquet can be opened in the middle: at its row groups.
        """
        table = open_table(self.path)
        return _group_starts(table) if isinstance(table, ParquetTable) else [0]

    def records_from(self, position: int) -> Iterator[Record]:
        """Yields the raw rows from a position on; of Parquet, what lies before it is not read."""
        table = open_table(self.path)
        if isinstance(table, ParquetTable):
            starts = _group_starts(table)
            part = bisect_right(starts, position) - 1
            start = starts[part]
            records = table.records(self.source_format.columns, first_group=part)
        else:
            start, records = 0, table.records(self.source_format.columns)
        stop = None if self.limit is None else self.limit - start
        return islice(records, position - start, stop)

    def input_row(self, record: Record) -> InputRow:
        """Returns what a raw row holds."""
        return InputRow.of(to_row(record, source_format=self.source_format))

    def require_unchanged(self) -> None:
        """Makes sure that the file still holds what it held.

        Raises:
            InputChangedError: it does not.
        """
        with readable(self.path):
            if _state(self.path) != self.state and digest_of_file(self.path) != self.sha256:
                raise InputChangedError(self.name)


def plan_input(
    source: InputFile,
    *,
    shard_rows: int,
    folder: Path,
    after_shard: Callable[[], None] = lambda: None,
) -> Iterator[PlannedShard]:
    """Yields the plan of a file, which is read once, in bounded memory.

    Args:
        source: the file.
        shard_rows: most rows of a shard.
        folder: where there is room for the digests of the ids.
        after_shard: is called after each shard that was read, and may raise to break it off.

    Raises:
        SourceError: the file breaks off.
        InputChangedError: the file changed meanwhile.
        OutputError: the disk is full.
    """
    try:
        scratch = tempfile.TemporaryDirectory(dir=folder, prefix="ids-")
    except OSError as error:
        raise not_writable(folder, error) from error
    with scratch as name:
        ledger = IdLedger(Path(name))
        planned = []
        for shard in _planned(source, shard_rows=shard_rows, ledger=ledger):
            planned.append(shard)
            after_shard()
        repeated = sorted(ledger.repeated().items())
    source.require_unchanged()
    start = taken = 0
    for shard in planned:
        duplicates = []
        while taken < len(repeated) and repeated[taken][0] < start + shard.num_rows:
            position, first = repeated[taken]
            duplicates.append((position - start, first))
            taken += 1
        start += shard.num_rows
        yield PlannedShard(
            index=shard.index,
            num_rows=shard.num_rows,
            num_characters=shard.num_characters,
            digest=shard.digest,
            duplicates=tuple(duplicates),
        )


def _planned(source: InputFile, *, shard_rows: int, ledger: IdLedger) -> Iterator[PlannedShard]:
    position = 0
    rows = (source.input_row(record) for record in source.records())
    for index, shard in enumerate(cut_shards(rows, shard_rows=shard_rows)):
        for given in shard:
            # A row that cannot be used claims no id: a later one with it may be its correction.
            if isinstance(given.row, Row):
                ledger.add(given.row.id, position=position, number=given.row.number)
            position += 1
        yield PlannedShard(
            index=index,
            num_rows=len(shard),
            num_characters=sum(len(given.text) for given in shard),
            digest=rows_digest(shard),
        )


def keep_stream(stream: BinaryIO, folder: Path) -> Path:
    """Writes a stream to a file, since it is read more than once, and returns its path.

    What kind of file it is, its first bytes tell.

    Raises:
        OutputError: the disk is full.
        SourceError: the stream is compressed and broken.
    """
    plain = folder / "input"
    try:
        with plain.open("wb") as file:
            shutil.copyfileobj(stream, file)
    except OSError as error:
        raise not_writable(plain, error) from error
    return name_by_content(plain)


def name_by_content(path: Path, *, kind: str | None = None) -> Path:
    """Gives a file the suffix that its first bytes call for, and returns its new path.

    Args:
        path: the file.
        kind: `.jsonl` or `.csv` where that is known, compressed or not; None to look at the text.

    Raises:
        OutputError: the file system refuses.
        SourceError: the file is compressed and broken.
    """
    try:
        return path.replace(path.with_name(path.name + _suffix(path, kind=kind)))
    except OSError as error:
        raise not_writable(path, error) from error


def _suffix(path: Path, *, kind: str | None) -> str:
    with path.open("rb") as file:
        start = file.read(_SNIFFED_BYTES)
    compressed = next((end for magic, end in _MAGIC.items() if start.startswith(magic)), "")
    if compressed == ".parquet":
        return compressed
    if kind is not None:
        return kind + compressed
    if compressed:
        link = path.with_name(path.name + compressed)
        link.unlink(missing_ok=True)
        link.hardlink_to(path)
        try:
            with open_bytes(link) as unpacked:
                start = unpacked.read(_SNIFFED_BYTES)
        finally:
            link.unlink()
    first = start.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    return (".jsonl" if first in {b"{", b"[", b""} else ".csv") + compressed


def _group_starts(table: ParquetTable) -> list[int]:
    return [0, *accumulate(table.group_rows[:-1])]


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
