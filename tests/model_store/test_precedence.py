import numpy as np
import pytest
from scipy.special import expit

from model_store.calibration import Calibration, CategoryCalibration
from model_store.precedence import earlier_than_others, naming_scores, ranking
from model_store.reading import Reading

EARLY, LATE = 2, 9


def _evidence(**places):
    """One text of 100 tokens with evidence of each category around a place; nowhere by default."""
    token_T = np.arange(100.0)
    logit_TC = np.full((100, 12), -50.0)
    for category, place in places.items():
        logit_TC[:, int(category.removeprefix("c"))] = -np.abs(token_T - place)
    return expit(logit_TC)


def _logits(**logits):
    logit_NC = np.full((1, 12), -20.0)
    for category, logit in logits.items():
        logit_NC[0, int(category.removeprefix("c"))] = logit
    return logit_NC


def test_of_two_likely_categories_the_one_told_of_earlier_gains_what_the_other_loses():
    logit_NC = _logits(c2=4.0, c9=4.0)
    [shift_C] = earlier_than_others(logit_NC, [_evidence(c2=10, c9=80)])
    assert shift_C[EARLY] == pytest.approx(expit(4.0) ** 2, abs=1e-2)
    assert shift_C[LATE] == pytest.approx(-shift_C[EARLY], abs=1e-2)
    others = [c for c in range(12) if c not in (EARLY, LATE)]
    assert np.abs(shift_C[others]).max() < 1e-6  # they are hardly told of anywhere


def test_an_unlikely_category_moves_no_other():
    [shift_C] = earlier_than_others(_logits(c2=4.0, c9=-9.0), [_evidence(c2=10, c9=80)])
    assert abs(shift_C[EARLY]) < 1e-3


@pytest.mark.parametrize("weight", [0.0, 0.5, 2.0])
def test_the_earlier_is_named_first_as_far_as_the_place_counts(weight):
    scores_C = naming_scores(_logits(c2=1.0, c9=2.0), [_evidence(c2=10, c9=80)], weight=weight)[0]
    assert (scores_C.argmax() == EARLY) == (weight > 0.9)


def test_a_long_text_that_says_no_more_moves_no_place():
    logit_NC = _logits(c2=4.0, c9=4.0)
    short_TC = np.clip(_evidence(c2=10, c9=80), 0.001, 0.9)
    long_TC = np.concatenate([short_TC, np.full((2000, 12), 0.001)])
    [short_C], [long_C] = (earlier_than_others(logit_NC, [e]) for e in (short_TC, long_TC))
    assert short_C[EARLY] > 0.9
    np.testing.assert_allclose(long_C[[EARLY, LATE]], short_C[[EARLY, LATE]], atol=1e-6)


def test_what_is_stated_comes_before_what_is_up_for_review_and_that_before_the_rest():
    scales = [CategoryCalibration(state=0.5, review=0.3)] * 12
    calibration = Calibration(categories=tuple(scales), precedence=3.0)
    logit_NC = _logits(c9=0.2, c2=-0.1, c5=-0.2, c7=-2.0)
    reading = Reading(
        category_NC=logit_NC.astype(np.float32),
        reason_NR=np.zeros((1, 29), dtype=np.float32),
        risk_N=np.zeros(1, dtype=np.float32),
        evidence=[_evidence(c7=2, c5=4, c2=60, c9=90)],
    )
    assert ranking(calibration, reading)[0, :4].tolist() == [9, 5, 2, 7]


def test_texts_without_tokens_and_sure_evidence_have_scores():
    logit_NC = np.repeat(_logits(c2=1.0, c9=2.0), 2, axis=0)
    sure_TC = np.ones((5, 12))
    scores_NC = naming_scores(logit_NC, [np.zeros((0, 12)), sure_TC], weight=1.0)
    np.testing.assert_allclose(scores_NC, logit_NC)
