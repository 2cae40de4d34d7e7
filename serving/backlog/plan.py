"""The plan of a job: which rows make a shard, and which of its windows go through together.

Both follow from the input alone. What a text gets therefore depends neither on the clock nor on
where a run was broken off: it is always computed in the same company.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from data_pipeline.domain.rendering import render_text
from data_pipeline.sources import Row, RowError
from serving.backlog.beside import Beside, beside_json

DEFAULT_SHARD_ROWS = 1024
"""Rows of a shard: about twelve seconds of work on two cores, the most that a kill costs."""

MAX_SHARD_CHARACTERS = 2 * 1024 * 1024
"""Characters of text in a shard of more than one row; bounds the memory whatever the rows hold."""

BATCH_TOKENS = 65_536
"""Tokens handed to the engine at once; it lays them out in passes of its own size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """A row of the input and what the model would read of it.

    Attributes:
        row: the row.
        text: its rendered application; empty for a row that cannot be used.
        beside: what was read beside it; None where nothing is asked for.
    """

    row: Row | RowError
    text: str
    beside: Beside | None = None

    @classmethod
    def of(cls, row: Row | RowError, *, beside: Beside | None = None) -> "InputRow":
        """Renders a row."""
        text = render_text(row.application) if isinstance(row, Row) else ""
        return cls(row=row, text=text, beside=beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShard:
    """Consecutive rows that are scored and kept together.

    Attributes:
        index: position among the shards, from 0.
        num_rows: its rows.
        num_characters: characters of their texts.
        digest: SHA-256 over the rows, hexadecimal; see `rows_digest`.
        duplicates: rows whose id was given before: the position in the shard, and the number of
            the row that had it first.
    """

    index: int
    num_rows: int
    num_characters: int
    digest: str
    duplicates: tuple[tuple[int, int], ...] = ()


def cut_shards(
    rows: Iterable[InputRow],
    *,
    shard_rows: int,
    max_characters: int = MAX_SHARD_CHARACTERS,
) -> Iterator[list[InputRow]]:
    """Yields the rows in order, in shards; none is empty.

    Args:
        rows: the input.
        shard_rows: most rows of a shard, at least 1.
        max_characters: most characters of a shard of more than one row.
    """
    shard: list[InputRow] = []
    num_characters = 0
    for row in rows:
        is_full = len(shard) >= shard_rows or num_characters + len(row.text) > max_characters
        if shard and is_full:
            yield shard
            shard, num_characters = [], 0
        shard.append(row)
        num_characters += len(row.text)
    if shard:
        yield shard


def rows_digest(rows: Iterable[InputRow]) -> str:
    """Returns the SHA-256 over numbers, ids and texts of rows, or their errors, and what is beside.

    It tells everything apart that the output depends on.
    """
    digest = hashlib.sha256()
    for given in rows:
        row = given.row
        said = given.text if isinstance(row, Row) else f"{row.code}\0{row.message}"
        kind = "row" if isinstance(row, Row) else "error"
        parts = [part.encode("utf-8", "surrogatepass") for part in (kind, str(row.number), row.id)]
        parts.append(said.encode("utf-8", "surrogatepass"))
        if given.beside is not None:
            parts.append(beside_json(given.beside))
        for content in parts:
            digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def plan_batches(lengths: Sequence[int], *, max_tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Returns positions grouped for the engine, from the longest texts to the shortest.

    The plan depends on the lengths alone, ties in given order.

    Args:
        lengths: tokens of each text, markers included.
        max_tokens: most tokens of a batch; a longer text comes alone.
    """
    batches: list[list[int]] = []
    room = 0
    for position in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if not batches or lengths[position] > room:
            batches.append([])
            room = max_tokens
        batches[-1].append(position)
        room -= lengths[position]
    return batches
