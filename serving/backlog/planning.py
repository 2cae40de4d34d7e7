"""Making the plan of an input: one reading, in bounded memory."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from data_pipeline.sources import Row
from serving.backlog.duplicates import IdLedger
from serving.backlog.errors import not_writable
from serving.backlog.plan import PlannedShard, cut_shards, rows_digest
from serving.backlog.source import RowSource


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


def _planned(source: RowSource, *, shard_rows: int, ledger: IdLedger) -> Iterator[PlannedShard]:
    position = 0
    rows = (source.input_row(record) for record in source.records())
    for index, shard in enumerate(cut_shards(rows, shard_rows=shard_rows)):
        for given in shard:
            # A row that cannot be used claims no id: a later one with it may be its correction.
            if isinstance(given.row, Row) and given.row.is_id_given:
                ledger.add(given.row.id, position=position, number=given.row.number)
            position += 1
        yield PlannedShard(
            index=index,
            num_rows=len(shard),
            num_characters=sum(len(given.text) for given in shard),
            digest=rows_digest(shard),
        )
