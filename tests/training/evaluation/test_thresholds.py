import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.thresholds import cost_table

PROBABILITY_N = np.array([0.9, 0.6, 0.3, 0.1])
OUTCOME_N = np.array([1.0, 0.0, 1.0, 0.0])


def test_a_row_counted_by_hand():
    (row,) = cost_table(PROBABILITY_N, OUTCOME_N, cost_ratios=[4])
    assert row.threshold == pytest.approx(0.2)
    # From 0.2 on three texts are flagged, one of them in vain; none is missed.
    assert (row.flagged_rate, row.missed_rate, row.false_alarm_rate) == (0.75, 0.0, 0.5)
    assert row.cost == pytest.approx(1 / 4)
    assert (row.cost_of_none, row.cost_of_all) == (2.0, 0.5)
    assert (row.best_threshold, row.best_cost) == (0.3, 0.25)


def test_a_miss_as_cheap_as_an_alarm_makes_the_best_threshold_higher():
    dear, cheap = cost_table(PROBABILITY_N, OUTCOME_N, cost_ratios=[4, 0.5])
    assert cheap.best_threshold == 0.9
    assert cheap.best_threshold > dear.best_threshold


def test_flagging_nothing_may_be_best():
    (row,) = cost_table(np.array([0.9, 0.1]), np.array([0.0, 1.0]), cost_ratios=[0.5])
    assert row.best_threshold > 0.9
    assert row.best_cost == row.cost_of_none == 0.25


@given(
    st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1)), min_size=2, max_size=20),
    st.floats(0.1, 50),
)
def test_no_threshold_is_cheaper_than_the_best(rows, cost_ratio):
    probability_N = np.array([p / 20 for p, _ in rows])
    outcome_N = np.array([y for _, y in rows])
    table = cost_table(probability_N, outcome_N, cost_ratios=[cost_ratio])
    if not table:
        assert outcome_N.sum() in (0, len(rows))
        return
    for threshold in np.linspace(0, 1.05, 22):
        flagged_N = probability_N >= threshold
        missed = cost_ratio * outcome_N[~flagged_N].sum()
        cost = (missed + (1 - outcome_N)[flagged_N].sum()) / len(rows)
        assert table[0].best_cost <= cost + 1e-9


def test_where_probabilities_are_true_the_rule_costs_about_the_least():
    generator = np.random.default_rng(0)
    probability_N = generator.random(20_000)
    outcome_N = (generator.random(20_000) < probability_N).astype(float)
    for row in cost_table(probability_N, outcome_N):
        assert row.cost <= row.best_cost * 1.05, row.cost_ratio


def test_one_class_alone_or_nothing_known_gives_no_table():
    assert cost_table(PROBABILITY_N, np.ones(4)) == []
    assert cost_table(PROBABILITY_N, np.full(4, np.nan)) == []
    assert cost_table(np.full(4, np.nan), OUTCOME_N) == []
