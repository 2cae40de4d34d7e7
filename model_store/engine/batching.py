"""Batches of windows of similar length under a token budget."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model_store.windows import MAX_WINDOW_TOKENS

DEFAULT_BATCH_TOKENS = 4096
"""Padded tokens of one forward pass: past it, two CPU cores gain nothing."""

_LENGTH_STEP = 16  # of rows padded to the same length none is cheaper by itself

WINDOW_LENGTHS: tuple[int, ...] = (
    *range(_LENGTH_STEP, 257, _LENGTH_STEP),
    *range(288, MAX_WINDOW_TOKENS + 1, 32),
)
"""Padded lengths of shaped batches: at most 16 tokens of padding below 256, 32 above."""

_MIN_FILL_RATIO = 0.75  # a shorter row is cheaper in a batch of its own


def token_budget_batches(
    lengths: Sequence[int], *, max_tokens: int = DEFAULT_BATCH_TOKENS
) -> Iterator[list[int]]:
    """Yields positions grouped so that little is padded.

    Positions are taken from the shortest to the longest, ties in given order, so the plan depends
    on the lengths alone. A batch holds as many rows as fit when padded to its longest.

    Args:
        lengths: tokens of each row, at least 1.
        max_tokens: padded tokens of a batch; a longer row comes alone.
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[position] > max_tokens:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapedBatch:
    """A batch of one of few shapes.

    Attributes:
        positions: rows of the batch, a power of two of them.
        num_tokens: length they are padded to, one of `WINDOW_LENGTHS`.
    """

    positions: tuple[int, ...]
    num_tokens: int


def shaped_batches(lengths: Sequence[int], *, max_tokens: int) -> Iterator[ShapedBatch]:
    """Yields batches of few shapes and little padding, from the longest rows to the shortest.

    For engines that pay for every new shape with time and memory. The plan depends on the lengths
    alone, ties in given order.

    Args:
        lengths: tokens of each row, 1 to `MAX_WINDOW_TOKENS`.
        max_tokens: padded tokens of a batch; a longer row comes alone.

    Raises:
        ValueError: a row is longer than a window may be.
    """
    if max(lengths, default=0) > MAX_WINDOW_TOKENS:
        raise ValueError(f"a window has {max(lengths)} tokens, at most {MAX_WINDOW_TOKENS} fit")
    waiting = sorted(range(len(lengths)), key=lambda i: (lengths[i], -i))
    while waiting:
        num_tokens = padded_length(lengths[waiting[-1]])
        fitting = max(1, max_tokens // num_tokens)
        shortest = min(int(num_tokens * _MIN_FILL_RATIO), num_tokens - _LENGTH_STEP + 1)
        similar = sum(lengths[i] >= shortest for i in waiting[-fitting:])
        num_rows = 1 << (max(1, similar).bit_length() - 1)
        yield ShapedBatch(positions=tuple(reversed(waiting[-num_rows:])), num_tokens=num_tokens)
        del waiting[-num_rows:]


def padded_length(num_tokens: int) -> int:
    """Returns the smallest of `WINDOW_LENGTHS` that holds so many tokens."""
    return WINDOW_LENGTHS[bisect_left(WINDOW_LENGTHS, num_tokens)]


def all_shapes(max_tokens: int) -> list[tuple[int, int]]:
    """Returns every shape, rows x tokens, that `shaped_batches` can give."""
    return [
        (1 << power, num_tokens)
        for num_tokens in WINDOW_LENGTHS
        for power in range(max(1, (max_tokens // num_tokens).bit_length()))
    ]
