import numpy as np
import pytest
import torch

from model_store.calibration import Calibration
from model_store.precedence import naming_scores
from model_store.reading import Reading
from training import losses
from training.dataset import collate, prepare
from training.precedence import fit_precedence, order_loss

TEXT = "Two cards past due. Then six inquiries in ninety days, which is more than we take."
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


def test_the_order_loss_is_that_of_training(tiny_tokenizer, new_example):
    orders = [(3, 1), (0,)]
    examples = [new_example(TEXT, categories=order) for order in orders]
    batch = collate(prepare(examples, tiny_tokenizer), padding_id=1)
    category_NC = torch.randn(2, 12, generator=torch.Generator().manual_seed(0))
    expected = losses.order_loss(category_NC, batch).item() / 2
    assert order_loss(category_NC.double().numpy(), orders) == pytest.approx(expected, rel=1e-5)
