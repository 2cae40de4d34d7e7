from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.engine.batching import (
    WINDOW_LENGTHS,
    all_shapes,
    padded_length,
    shaped_batches,
    token_budget_batches,
)

LENGTHS = st.lists(st.integers(1, 512), max_size=80)


@given(LENGTHS, st.integers(1, 4096))
def test_every_row_is_in_one_batch_and_no_batch_is_over_the_budget(lengths, max_tokens):
    batches = list(token_budget_batches(lengths, max_tokens=max_tokens))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert batch
        padded = len(batch) * max(lengths[i] for i in batch)
        assert padded <= max_tokens or len(batch) == 1


@given(LENGTHS, st.integers(1, 4096))
def test_rows_come_from_the_shortest_to_the_longest_and_a_batch_is_filled(lengths, max_tokens):
    batches = list(token_budget_batches(lengths, max_tokens=max_tokens))
    flat = [i for batch in batches for i in batch]
    assert flat == sorted(flat, key=lambda i: (lengths[i], i))
    for batch, following in pairwise(batches):
        assert (len(batch) + 1) * lengths[following[0]] > max_tokens


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([900], [[0]]),
        ([10, 10, 10], [[0, 1], [2]]),
        ([20, 5, 10], [[1, 2], [0]]),
        ([7, 6, 6, 1], [[3, 1, 2], [0]]),
    ],
)
def test_a_budget_of_twenty_tokens(lengths, expected):
    assert list(token_budget_batches(lengths, max_tokens=20)) == expected


@given(LENGTHS, st.integers(1, 4096))
def test_shaped_batches_hold_every_row_once_in_one_of_few_shapes(lengths, max_tokens):
    batches = list(shaped_batches(lengths, max_tokens=max_tokens))
    assert sorted(i for batch in batches for i in batch.positions) == list(range(len(lengths)))
    for batch in batches:
        assert (len(batch.positions), batch.num_tokens) in all_shapes(max_tokens)
        assert max(lengths[i] for i in batch.positions) <= batch.num_tokens
        assert len(batch.positions) * batch.num_tokens <= max_tokens or len(batch.positions) == 1


@given(LENGTHS, st.integers(1, 4096))
def test_at_most_a_quarter_of_a_row_is_padding_or_as_much_as_alone(lengths, max_tokens):
    for batch in shaped_batches(lengths, max_tokens=max_tokens):
        if len(batch.positions) > 1:
            shortest = min(lengths[i] for i in batch.positions)
            is_padded_alike = padded_length(shortest) == batch.num_tokens
            assert is_padded_alike or shortest >= int(batch.num_tokens * 0.75)
        else:
            assert batch.num_tokens - lengths[batch.positions[0]] < 32


def test_short_rows_that_are_padded_alike_are_computed_together():
    batches = list(shaped_batches([218, *range(2, 17), 16, 17, 18], max_tokens=1024))
    assert [(len(b.positions), b.num_tokens) for b in batches] == [(1, 224), (2, 32), (16, 16)]


def test_the_shapes_of_a_budget_are_few():
    assert len(all_shapes(1024)) == 79
    assert all_shapes(1) == [(1, length) for length in WINDOW_LENGTHS]


@pytest.mark.parametrize(
    ("length", "padded"), [(1, 16), (16, 16), (17, 32), (257, 288), (512, 512)]
)
def test_a_row_is_padded_to_the_next_length(length, padded):
    assert padded_length(length) == padded


def test_a_row_that_is_longer_than_a_window_is_refused():
    with pytest.raises(ValueError, match="600 tokens, at most 512"):
        list(shaped_batches([4, 600], max_tokens=1024))
