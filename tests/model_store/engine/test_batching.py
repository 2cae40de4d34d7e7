from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.engine.batching import token_budget_batches

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
