import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from model_store.calibration import Calibration, CategoryCalibration, LogisticScale, expit

LOGITS = st.floats(-80, 80, width=32)
SLOPES = st.floats(0.05, 5)


def calibration(**scale):
    return Calibration(categories=(CategoryCalibration(**scale),) * 12)


@given(LOGITS)
def test_expit_is_the_logistic_function(logit):
    expected = 1 / (1 + math.exp(-logit))
    assert expit(np.array(logit)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("logit", "expected"), [(-1e4, 0.0), (0.0, 0.5), (1e4, 1.0)])
def test_expit_does_not_overflow(logit, expected):
    assert expit(np.array(logit)) == expected


def test_an_identity_gives_the_probabilities_of_the_logits():
    category_NC = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 12)
    expected = 1 / (1 + np.exp(-category_NC.astype(np.float64)))
    np.testing.assert_allclose(Calibration().category_probabilities(category_NC), expected)
    assert Calibration().num_texts == 0


def test_slope_and_intercept_move_the_logit_of_their_own_category():
    scales = tuple(CategoryCalibration(slope=1 + c, intercept=-c) for c in range(12))
    found = Calibration(categories=scales).category_probabilities(np.ones((1, 12), np.float32))
    np.testing.assert_allclose(found[0], [1 / (1 + math.exp(-1))] * 12)


@given(st.lists(LOGITS, min_size=2, max_size=20), SLOPES, st.floats(-5, 5))
def test_a_higher_logit_never_gets_a_lower_probability(logits, slope, intercept):
    category_NC = np.repeat(np.sort(np.array(logits, np.float32))[:, None], 12, axis=1)
    found = calibration(slope=slope, intercept=intercept).category_probabilities(category_NC)
    # Between neighbouring floats the last bit of a sigmoid may fall, no more.
    assert (np.diff(found, axis=0) >= -np.spacing(found[:-1])).all()
    assert ((found >= 0) & (found <= 1)).all()
    scaled = Calibration(risk=LogisticScale(slope=slope, intercept=intercept))
    risk_scores = scaled.risk_scores(category_NC[:, 0])
    assert (np.diff(risk_scores) >= -2 * np.spacing(risk_scores[:-1])).all()
    assert ((risk_scores >= 0) & (risk_scores <= 100)).all()


@given(
    st.lists(LOGITS, min_size=12, max_size=12),
    st.lists(LOGITS, min_size=29, max_size=29),
    SLOPES,
    st.floats(-5, 5),
)
def test_a_reason_is_never_likelier_than_its_category_after_calibration(
    categories, reasons, slope, intercept
):
    category_NC, reason_NR = np.array([categories], np.float32), np.array([reasons], np.float32)
    scaled = calibration(slope=slope, intercept=intercept)
    probability_NC = scaled.category_probabilities(category_NC)
    reason_probability_NR = scaled.reason_probabilities(category_NC, reason_NR)
    assert (reason_probability_NR <= probability_NC[:, list(REASON_CATEGORY_INDEX)]).all()
    assert (reason_probability_NR >= 0).all()


def test_a_reason_keeps_its_share_of_the_calibrated_category():
    # Category 0.5, reason 0.25: half of it; the calibrated category is 0.8.
    scaled = calibration(intercept=math.log(4))
    reason_NR = np.full((1, 29), -math.log(3), np.float32)
    found = scaled.reason_probabilities(np.zeros((1, 12), np.float32), reason_NR)
    np.testing.assert_allclose(found, 0.4, rtol=1e-6)


def test_the_risk_score_is_a_percentage():
    scaled = Calibration(risk=LogisticScale(slope=2.0, intercept=1.0))
    found = scaled.risk_scores(np.array([-0.5, 0.0], np.float32))
    np.testing.assert_allclose(found, [50.0, 100 / (1 + math.exp(-1))])


@given(
    st.lists(st.floats(-8, 8), min_size=12, max_size=12),
    SLOPES,
    st.floats(0.05, 0.95),
    st.floats(0.01, 0.5),
)
def test_what_a_bound_can_move_across_a_threshold_is_near_it(logits, slope, state, bound):
    fitted = calibration(slope=slope, state=state, review=0.04)
    category_NC = np.array(logits, np.float32) + np.array([[-bound], [0.0], [bound]], np.float32)
    less_C, found_C, more_C = fitted.category_probabilities(category_NC)
    near_C = np.array(fitted.near_thresholds(list(found_C), bound=bound * 1.001))
    moved_C = np.zeros(12, np.bool_)
    for threshold_C in (fitted.state_C, fitted.review_C):
        moved_C |= (less_C < threshold_C) & (more_C >= threshold_C)
    assert (near_C >= moved_C).all()
    far_C = np.array(fitted.near_thresholds(list(found_C), bound=bound * 0.999))
    assert (far_C <= moved_C).all()


def test_a_score_that_a_bound_can_move_lies_between_what_it_can_become():
    fitted = Calibration(risk=LogisticScale(slope=2.0, intercept=-1.0))
    less, found, more = fitted.risk_scores(np.array([0.2, 0.3, 0.4], np.float32))
    assert fitted.risk_scores_within(found, bound=0.1) == pytest.approx((less, more))
    assert fitted.risk_scores_within(found, bound=0.0) == pytest.approx((found, found))


def test_a_review_threshold_never_stands_above_the_state_threshold():
    scaled = calibration(state=0.3, review=0.4)
    assert scaled.state_C.tolist() == [0.3] * 12
    assert scaled.review_C.tolist() == [0.3] * 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"slope": 0.0},
        {"slope": -1.0},
        {"slope": math.inf},
        {"intercept": math.nan},
        {"state": 0.0},
        {"state": 1.1},
        {"review": math.nan},
        {"threshold": 0.5},
    ],
)
def test_a_scale_or_threshold_outside_its_range_is_refused(wrong):
    with pytest.raises(ValidationError):
        CategoryCalibration(**wrong)


def test_a_calibration_needs_every_category():
    with pytest.raises(ValidationError):
        Calibration(categories=(CategoryCalibration(),) * 11)


def test_a_calibration_comes_back_from_json_as_it_was():
    written = calibration(slope=1.25, intercept=-0.1, state=0.37, review=0.021)
    assert Calibration.model_validate_json(written.model_dump_json()) == written
