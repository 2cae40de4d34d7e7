"""Dividing what is left of a job among readers: shards that are read one after the other."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from serving.backlog.plan import PlannedShard


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedShard:
    """A shard and where its rows stand.

    Attributes:
        plan: the shard.
        start: position of its first row in the input, from 0.
    """

    plan: PlannedShard
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRun:
    """Shards that one reader goes through, in order; those between them are done.

    Attributes:
        shards: at least one.
    """

    shards: tuple[PlacedShard, ...]


def placed(plan: Iterable[PlannedShard]) -> Iterator[PlacedShard]:
    """Yields the shards of a plan with their places."""
    start = 0
    for shard in plan:
        yield PlacedShard(plan=shard, start=start)
        start += shard.num_rows


def reading_runs(
    missing: Iterable[PlacedShard], *, part_starts: Sequence[int]
) -> Iterator[ReadingRun]:
    """Yields shards together that begin in the same part of the input.

    A reader opens its part once, and no part in which nothing is missing is opened at all.

    Args:
        missing: shards that are not done, in order.
        part_starts: positions of rows at which reading can begin, ascending, the first 0.
    """

    def part(shard: PlacedShard) -> int:
        return bisect_right(part_starts, shard.start)

    for _, shards in groupby(missing, key=part):
        yield ReadingRun(shards=tuple(shards))
