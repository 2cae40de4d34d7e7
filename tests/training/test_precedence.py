import numpy as np
import pytest

from model_store.calibration import Calibration
from model_store.precedence import naming_scores
from model_store.reading import Reading
from training.precedence import fit_precedence, order_loss

CALIBRATION = Calibration()


@pytest.fixture
def reading():
    """What is read of 20 texts: two likely categories, 3 told of early and 6 told of late."""
    generator = np.random.default_rng(0)
    category_NC = np.full((20, 12), -6.0, dtype=np.float32)
    category_NC[:, [3, 6]] = 2 + generator.normal(size=(20, 2))
    evidence_TC = np.full((60, 12), 0.001)
    evidence_TC[5:10, 3] = evidence_TC[40:45, 6] = 0.9
    return Reading(
        category_NC=category_NC,
        reason_NR=np.zeros((20, 29), dtype=np.float32),
        risk_N=np.zeros(20, dtype=np.float32),
        evidence=[evidence_TC] * 20,
    )


def test_without_ordered_texts_the_place_counts_for_nothing(reading):
    assert fit_precedence(CALIBRATION, reading, [(3,)] * 20) == 0.0
    assert fit_precedence(CALIBRATION, reading, [()] * 20) == 0.0


@pytest.mark.parametrize("num_early_first", [20, 15, 0])
def test_the_place_counts_as_far_as_it_tells_the_order(num_early_first, reading):
    orders = [(3, 6)] * num_early_first + [(6, 3)] * (20 - num_early_first)

    def loss(weight):
        logit_NC = CALIBRATION.category_logits(reading.category_NC)
        return order_loss(naming_scores(logit_NC, reading.evidence, weight=weight), orders)

    weight = fit_precedence(CALIBRATION, reading, orders)
    assert loss(weight) <= min(loss(w) for w in np.linspace(0, 3, 31)) + 1e-4
    assert (weight > 0.3) == (num_early_first > 10)
    assert (weight > 2.9) == (num_early_first == 20)
    assert (weight < 0.01) == (num_early_first == 0)


def test_an_order_is_as_likely_as_its_categories_are_drawn_one_after_the_other():
    category_NC = np.random.default_rng(0).normal(size=(2, 12))
    odds_NC = np.exp(category_NC)
    first = odds_NC[0, 3] / (odds_NC[0, 3] + odds_NC[0, 1] + odds_NC[0, 8])
    second = odds_NC[0, 1] / (odds_NC[0, 1] + odds_NC[0, 8])
    alone = odds_NC[1, 5] / (odds_NC[1, 5] + odds_NC[1, 0])
    expected = -np.log(first * second * alone) / 2
    assert order_loss(category_NC, [(3, 1, 8), (5, 0)]) == pytest.approx(expected)


def test_a_likely_category_that_is_no_reason_is_not_awaited_in_an_order():
    category_NC = np.random.default_rng(0).normal(size=(1, 12))
    loss = order_loss(category_NC, [(3, 1)])
    category_NC[0, 9] = 9.0
    assert order_loss(category_NC, [(3, 1)]) == loss
