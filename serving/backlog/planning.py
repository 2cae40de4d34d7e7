"""Making the plan of an input: one reading, in bounded memory."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from data_pipeline.sources import Row
from serving.backlog.duplicates import IdLedger
from serving.backlog.errors import not_writable
from serving.backlog.plan import InputRow, PlannedShard, cut_shards, rows_digest
from serving.backlog.source import RowSource

_ROWS_BETWEEN_LOOKS = 1024


def plan_input(
    source: RowSource,
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
        num_rows = sum(shard.num_rows for shard in planned)
        _claim_left_out(source, ledger=ledger, position=num_rows, after_rows=after_shard)
        source.require_unchanged()
        yield from _with_duplicates(planned, ledger.repeated())


def _planned(source: RowSource, *, shard_rows: int, ledger: IdLedger) -> Iterator[PlannedShard]:
    position = 0
    rows = (source.input_row(record) for record in source.records())
    for index, shard in enumerate(cut_shards(rows, shard_rows=shard_rows)):
        for given in shard:
            _claim(given, ledger=ledger, position=position)
            position += 1
        yield PlannedShard(
            index=index,
            num_rows=len(shard),
            num_characters=sum(len(given.text) for given in shard),
            digest=rows_digest(shard),
        )


def _claim(given: InputRow, *, ledger: IdLedger, position: int) -> None:
    # A row that cannot be used claims no id: a later one with it may be its correction.
    if isinstance(given.row, Row) and given.row.is_id_given:
        ledger.add(given.row.id, position=position, number=given.row.number)


def _claim_left_out(
    source: RowSource, *, ledger: IdLedger, position: int, after_rows: Callable[[], None]
) -> None:
    """Notes the ids of rows that are not scored and stand before others in the input."""
    for number, record in enumerate(source.left_out()):
        _claim(source.input_row(record), ledger=ledger, position=position + number)
        if number % _ROWS_BETWEEN_LOOKS == 0:
            after_rows()


def _with_duplicates(
    shards: Iterable[PlannedShard], repeated: Iterator[tuple[int, int]]
) -> Iterator[PlannedShard]:
    start = 0
    found = next(repeated, None)
    for shard in shards:
        duplicates = []
        while found is not None and found[0] < start + shard.num_rows:
            position, first = found
            duplicates.append((position - start, first))
            found = next(repeated, None)
        start += shard.num_rows
        yield replace(shard, duplicates=tuple(duplicates))
