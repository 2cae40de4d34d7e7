"""Batches of windows of similar length under a token budget."""

from collections.abc import Iterator, Sequence

DEFAULT_BATCH_TOKENS = 4096
"""Padded tokens of one forward pass: past it, two CPU cores gain nothing."""


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
