import pytest
from hypothesis import given
from hypothesis import strategies as st
from intervals import ratio_of_rounds

RATES = st.lists(st.tuples(st.floats(0.1, 1000.0), st.floats(0.1, 1000.0)), min_size=1, max_size=12)


def test_rounds_that_all_say_the_same_leave_no_doubt():
    ratio = ratio_of_rounds([2.0, 4.0, 8.0], [1.0, 2.0, 4.0], seed=1)
    assert (ratio.value, ratio.low, ratio.high, ratio.rounds) == (2.0, 2.0, 2.0, 3)


def test_one_odd_round_widens_the_interval_and_leaves_the_median():
    ratio = ratio_of_rounds([2.0, 2.0, 2.0, 2.0, 20.0], [1.0] * 5, seed=1)
    assert ratio.value == 2.0
    assert ratio.low == 2.0
    assert ratio.high == 20.0


@given(RATES, st.integers(0, 9))
def test_the_interval_holds_the_value_and_turns_over_with_it(rates, seed):
    ours, theirs = [a for a, _ in rates], [b for _, b in rates]
    ratio = ratio_of_rounds(ours, theirs, seed=seed)
    assert min(a / b for a, b in rates) <= ratio.low <= ratio.high
    assert ratio.high <= max(a / b for a, b in rates)


def test_sides_that_were_not_measured_in_the_same_rounds_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratio_of_rounds([1.0, 2.0], [1.0], seed=1)
    with pytest.raises(ValueError, match="at least one"):
        ratio_of_rounds([], [], seed=1)
