import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.calibration import Calibration
from training.calibration import (
    CalibrationTexts,
    expected_f1_threshold,
    expected_omission_threshold,
    fit_calibration,
)
from training.metrics import f1


def simulated(*, slope, intercepts, num_texts=4000, seed=0, risk=(1.0, 0.0)):
    """Texts whose categories hold with probability sigmoid(slope x logit + intercept)."""
    generator = np.random.default_rng(seed)
    category_NC = generator.normal(size=(num_texts, 12), scale=2).astype(np.float32)
    probability_NC = 1 / (1 + np.exp(-(slope * category_NC + np.array(intercepts))))
    risk_N = generator.normal(size=num_texts, scale=1.5).astype(np.float32)
    return CalibrationTexts(
        category_NC=category_NC,
        risk_N=risk_N,
        target_NC=generator.random((num_texts, 12)) < probability_NC,
        default_probability_N=1 / (1 + np.exp(-(risk[0] * risk_N.astype(float) + risk[1]))),
    )


def test_known_slopes_and_intercepts_are_found_again_in_many_texts():
    intercepts = np.linspace(-1.5, 0.5, 12)
    texts = simulated(slope=1.7, intercepts=intercepts, num_texts=20_000, risk=(0.6, -1.2))
    found = fit_calibration(texts)
    assert [c.slope for c in found.categories] == pytest.approx([1.7] * 12, rel=0.05)
    assert [c.intercept for c in found.categories] == pytest.approx(list(intercepts), abs=0.1)
    assert found.risk.slope == pytest.approx(0.6, rel=0.01)
    assert found.risk.intercept == pytest.approx(-1.2, abs=0.01)
    assert found.num_texts == 20_000


def test_intercepts_of_a_few_hundred_texts_lie_nearer_one_another_than_they_are():
    texts = simulated(slope=1.0, intercepts=np.linspace(-2.5, -0.5, 12), num_texts=300)
    found = [c.intercept for c in fit_calibration(texts).categories]
    assert 0.1 < np.std(found) < 0.7 * np.std(np.linspace(-2.5, -0.5, 12))
    assert np.mean(found) == pytest.approx(-1.5, abs=0.3)


def test_fitted_probabilities_mean_what_they_say():
    texts = simulated(slope=0.4, intercepts=[-1.0] * 12)
    probability_NC = fit_calibration(texts).category_probabilities(texts.category_NC)
    for low in np.arange(0.0, 1.0, 0.2):
        inside = (probability_NC >= low) & (probability_NC < low + 0.2)
        if inside.sum() > 500:
            assert texts.target_NC[inside].mean() == pytest.approx(
                probability_NC[inside].mean(), abs=0.03
            )


def test_a_category_with_few_positives_stays_near_the_others():
    texts = simulated(slope=1.0, intercepts=[-1.0] * 11 + [-30.0], num_texts=200)
    assert texts.target_NC[:, 11].sum() == 0
    found = fit_calibration(texts)
    assert math.isfinite(found.categories[11].intercept)
    assert -6 < found.categories[11].intercept < found.categories[0].intercept


def test_fitted_thresholds_are_those_of_the_calibrated_probabilities():
    texts = simulated(slope=2.0, intercepts=[-1.0] * 12, num_texts=500)
    found = fit_calibration(texts, evidence_threshold=0.3)
    probability_NC = found.category_probabilities(texts.category_NC)
    assert set(found.state_C) == {expected_f1_threshold(probability_NC)}
    assert (found.review_C < found.state_C).all()
    missed = (probability_NC < found.review_C)[texts.target_NC].mean()
    assert missed <= 0.015  # 0.01 is expected
    assert found.evidence_threshold == 0.3


@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=30).map(
        lambda percents: np.array([percents]) / 100
    )
)
def test_no_other_threshold_has_a_better_expected_f1(probability_NC):
    def expected_f1(threshold):
        stated = probability_NC >= threshold
        return 2 * probability_NC[stated].sum() / (stated.sum() + probability_NC.sum())

    found = expected_f1_threshold(probability_NC)
    assert all(expected_f1(found) >= expected_f1(t) - 1e-9 for t in probability_NC[0])


def test_where_probabilities_are_right_the_expected_threshold_is_the_best_for_the_labels():
    texts = simulated(slope=1.5, intercepts=[-2.0] * 12, num_texts=20_000)
    probability_NC = fit_calibration(texts).category_probabilities(texts.category_NC)
    stated_NC = probability_NC >= expected_f1_threshold(probability_NC)
    best = max(f1(probability_NC >= t / 200, texts.target_NC) for t in range(201))
    assert f1(stated_NC, texts.target_NC) == pytest.approx(best, abs=2e-3)


def test_a_perfect_ranking_needs_no_review_below_its_state_threshold():
    target_NC = np.eye(12, dtype=bool)
    category_NC = np.where(target_NC, 6.0, -6.0).astype(np.float32)
    texts = CalibrationTexts(
        category_NC=category_NC,
        risk_N=np.zeros(12, np.float32),
        target_NC=target_NC,
        default_probability_N=np.full(12, np.nan),
    )
    found = fit_calibration(texts)
    stated = found.category_probabilities(category_NC) >= found.state_C
    assert np.array_equal(stated, target_NC)
    assert (found.review_C <= found.state_C).all()


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_risks_that_are_all_certain_give_a_finite_map(probability):
    texts = simulated(slope=1.0, intercepts=[0.0] * 12, num_texts=30)
    certain = CalibrationTexts(
        category_NC=texts.category_NC,
        risk_N=texts.risk_N,
        target_NC=texts.target_NC,
        default_probability_N=np.full(30, probability),
    )
    risk = fit_calibration(certain).risk
    assert math.isfinite(risk.intercept)
    assert risk.slope > 0


def test_texts_without_known_risk_leave_the_risk_as_it_is():
    texts = simulated(slope=1.0, intercepts=[0.0] * 12, num_texts=30)
    unknown = CalibrationTexts(
        category_NC=texts.category_NC,
        risk_N=texts.risk_N,
        target_NC=texts.target_NC,
        default_probability_N=np.full(30, np.nan),
    )
    assert fit_calibration(unknown).risk == Calibration().risk


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=30).filter(any),
    st.sampled_from([0.0, 0.01, 0.1, 0.5]),
)
def test_the_review_threshold_is_the_highest_that_misses_the_share_expected(percents, rate):
    probability_NC = np.array([percents]) / 100

    def expected_omission(threshold):
        return probability_NC[probability_NC < threshold].sum() / probability_NC.sum()

    found = expected_omission_threshold(probability_NC, rate=rate)
    assert expected_omission(found) <= rate + 1e-9
    higher = probability_NC[probability_NC > found + 1e-5]
    assert all(expected_omission(threshold) > rate - 1e-9 for threshold in higher)


def test_where_probabilities_are_right_the_share_expected_is_the_share_missed():
    texts = simulated(slope=1.5, intercepts=[-2.0] * 12, num_texts=20_000)
    probability_NC = fit_calibration(texts).category_probabilities(texts.category_NC)
    threshold = expected_omission_threshold(probability_NC, rate=0.02)
    missed = (probability_NC < threshold)[texts.target_NC].mean()
    assert missed == pytest.approx(0.02, abs=3e-3)


def test_without_any_probability_the_review_threshold_is_the_default():
    assert expected_omission_threshold(np.zeros((1, 1))) == 0.05
