import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from training.score_metrics import (
    auc,
    brier_score,
    equal_mass_edges,
    equal_width_edges,
    expected_calibration_error,
    gini,
    ks_statistic,
    mean_absolute_error,
    precision_at,
    reliability_curve,
)

SCORE_N = np.array([0.1, 0.4, 0.35, 0.8])
OUTCOME_N = np.array([0.0, 0.0, 1.0, 1.0])

scored = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 1), st.integers(0, 3)), min_size=2, max_size=30
)


def arrays(rows):
    score, outcome, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return score / 8, outcome, weight


def test_auc_of_a_textbook_case():
    # Of the four pairs only (0.4 negative, 0.35 positive) stands in the wrong order.
    assert auc(SCORE_N, OUTCOME_N).item() == 0.75
    assert gini(SCORE_N, OUTCOME_N).item() == 0.5


def test_a_tie_counts_half():
    assert auc(np.array([0.5, 0.5]), np.array([0.0, 1.0])).item() == 0.5


@settings(max_examples=40)
@given(scored)
def test_weights_count_as_repeated_texts(rows):
    score_N, outcome_N, weight_N = arrays(rows)
    repeated = np.repeat(np.arange(len(rows)), weight_N.astype(int))
    found = auc(score_N, outcome_N, weight_BN=weight_N[None]).item()
    if len(set(outcome_N[repeated])) < 2:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(outcome_N[repeated], score_N[repeated]))


@settings(max_examples=40)
@given(scored)
def test_ks_brier_and_precision_count_weights_as_repeated_texts(rows):
    score_N, outcome_N, weight_N = arrays(rows)
    repeated = np.repeat(np.arange(len(rows)), weight_N.astype(int))
    for metric in (ks_statistic, brier_score, precision_at):
        found = metric(score_N, outcome_N, weight_BN=weight_N[None]).item()
        expected = metric(score_N[repeated], outcome_N[repeated]).item()
        assert found == pytest.approx(expected, nan_ok=True), metric.__name__


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_an_estimated_outcome_gives_what_is_expected_of_drawn_outcomes(seed):
    generator = np.random.default_rng(seed)
    score_N, estimate_N = generator.random(5), generator.random(5)
    drawn_BN = np.array(list(itertools.product([0.0, 1.0], repeat=5)))
    chance_B = np.where(drawn_BN == 1, estimate_N, 1 - estimate_N).prod(axis=1)
    for metric in (brier_score, precision_at):
        found_B = np.array([metric(score_N, outcome_N).item() for outcome_N in drawn_BN])
        assert metric(score_N, estimate_N).item() == pytest.approx(chance_B @ found_B)


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_auc_of_estimates_weighs_each_pair_by_its_chance_of_being_one(seed):
    generator = np.random.default_rng(seed)
    score_N, estimate_N = generator.integers(0, 4, size=6) / 4, generator.random(6)
    pairs = [
        (
            estimate_N[i] * (1 - estimate_N[j]),
            (score_N[i] > score_N[j]) + (score_N[i] == score_N[j]) / 2,
        )
        for i in range(6)
        for j in range(6)
        if i != j
    ]
    expected = sum(weight * hit for weight, hit in pairs) / sum(weight for weight, _ in pairs)
    assert auc(score_N, estimate_N).item() == pytest.approx(expected)


def test_ks_is_the_largest_gap_between_the_distributions():
    score_N = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    outcome_N = np.array([0, 0, 1, 0, 1, 1.0])
    # Up to 0.2 lie two of three negative and no positive texts.
    assert ks_statistic(score_N, outcome_N).item() == pytest.approx(2 / 3)
    assert ks_statistic(-score_N, outcome_N).item() == pytest.approx(2 / 3)


def test_brier_of_known_outcomes():
    found = brier_score(SCORE_N, OUTCOME_N).item()
    assert found == pytest.approx((0.01 + 0.16 + 0.65**2 + 0.04) / 4)
    assert found == pytest.approx(brier_score_loss(OUTCOME_N, SCORE_N))


def test_brier_of_an_estimate_is_at_least_its_variance():
    estimate_N = np.array([0.2, 0.5])
    assert brier_score(estimate_N, estimate_N).item() == pytest.approx((0.16 + 0.25) / 2)


def test_calibration_error_of_two_bins():
    probability_N = np.array([0.1, 0.2, 0.8, 0.9])
    outcome_N = np.array([0, 1, 1, 1.0])
    # Below 0.5: said 0.15, came 0.5. Above: said 0.85, came 1.0. Two of four texts each.
    found = expected_calibration_error(probability_N, outcome_N, edges=equal_width_edges(2))
    assert found.item() == pytest.approx((0.35 + 0.15) / 2)


def test_calibration_error_of_pairs_weighs_each_pair():
    probability_NK = np.array([[0.1, 0.9], [0.1, np.nan]])
    outcome_NK = np.array([[0.0, 1.0], [1.0, 1.0]])
    found = expected_calibration_error(probability_NK, outcome_NK, edges=equal_width_edges(2))
    assert found.item() == pytest.approx((abs(0.1 - 1 + 0.1) + 0.1) / 3)


def test_a_probability_on_an_edge_belongs_to_the_upper_bin_and_one_to_the_last():
    points = reliability_curve(np.array([0.5, 1.0]), np.ones(2), edges=equal_width_edges(2))
    assert [point.num_pairs for point in points] == [0, 2]
    assert math.isnan(points[0].frequency)
    assert points[1].mean_probability == 0.75


def test_the_reliability_curve_adds_up_to_the_calibration_error():
    generator = np.random.default_rng(0)
    probability_N, outcome_N = generator.random(50), (generator.random(50) < 0.3).astype(float)
    edges = equal_mass_edges(probability_N)
    points = reliability_curve(probability_N, outcome_N, edges=edges)
    assert [point.num_pairs for point in points] == [5] * 10
    gaps = [p.num_pairs * abs(p.mean_probability - p.frequency) for p in points]
    found = expected_calibration_error(probability_N, outcome_N, edges=edges)
    assert found.item() == pytest.approx(sum(gaps) / 50)


def test_equal_mass_bins_of_equal_probabilities_are_one():
    assert equal_mass_edges(np.full(9, 0.3)).tolist() == [0.0, 1.0]
    assert equal_mass_edges(np.array([np.nan])).tolist() == [0.0, 1.0]


def test_precision_at_a_tenth_of_twenty_texts_looks_at_two():
    score_N = np.arange(20) / 20
    outcome_N = np.zeros(20)
    outcome_N[[19, 3]] = 1
    assert precision_at(score_N, outcome_N).item() == 0.5


def test_texts_that_tie_at_the_cut_share_what_room_is_left():
    score_N = np.array([0.9, 0.5, 0.5, 0.5, 0.5, *[0.1] * 15])
    outcome_N = np.array([1, 1, 0, 0, 0, *[0] * 15], dtype=float)
    # One place for the first text, one shared by four of which one is positive.
    assert precision_at(score_N, outcome_N).item() == pytest.approx((1 + 0.25) / 2)


def test_mean_absolute_error_leaves_out_what_is_not_known():
    found = mean_absolute_error(np.array([0.1, 0.5]), np.array([0.3, np.nan]))
    assert found.item() == pytest.approx(0.2)


@pytest.mark.parametrize("outcome_N", [np.ones(4), np.zeros(4), np.full(4, np.nan)])
def test_one_class_alone_has_no_ranking(outcome_N):
    for metric in (auc, gini, ks_statistic):
        assert math.isnan(metric(SCORE_N, outcome_N).item()), metric.__name__


def test_nothing_known_gives_no_number_anywhere():
    unknown_N = np.full(4, np.nan)
    for metric in (brier_score, mean_absolute_error, precision_at):
        assert math.isnan(metric(SCORE_N, unknown_N).item()), metric.__name__
    edges = equal_width_edges()
    assert math.isnan(expected_calibration_error(SCORE_N, unknown_N, edges=edges).item())


def test_each_row_of_weights_gives_a_figure_of_its_own():
    weight_BN = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 1.0]])
    found_B = auc(SCORE_N, OUTCOME_N, weight_BN=weight_BN)
    assert found_B[:2].tolist() == [0.75, 1.0]
    assert math.isnan(found_B[2])
