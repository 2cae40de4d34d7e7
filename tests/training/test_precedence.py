import numpy as np
import pytest
import torch

from model_store.calibration import Calibration
from model_store.engine.torch_backend import TorchEngine
from model_store.precedence import naming_scores
from model_store.reading import read_texts
from training import losses
from training.dataset import collate, prepare
from training.precedence import fit_precedence, order_loss

TEXT = "Two cards past due. Then six inquiries in ninety days, which is more than we take."
CALIBRATION = Calibration()


@pytest.fixture(scope="module")
def reading(new_network, tiny_tokenizer, new_example):
    [text] = prepare([new_example(TEXT, categories=(3, 6))], tiny_tokenizer)
    return read_texts(TorchEngine(new_network(), padding_id=1), [text.windows])


def test_without_ordered_texts_the_place_counts_for_nothing(reading):
    assert fit_precedence(CALIBRATION, reading, [(3,)]) == 0.0
    assert fit_precedence(CALIBRATION, reading, [()]) == 0.0


@pytest.mark.parametrize("right", [True, False])
def test_the_place_counts_where_order_tells_and_not_where_it_misleads(right, reading):
    def scores(weight):
        logit_NC = CALIBRATION.category_logits(reading.category_NC)
        return naming_scores(logit_NC, reading.evidence, weight=weight)

    gains_first = np.subtract(*(scores(1.0) - scores(0.0))[0, [3, 6]]) > 0
    order = (3, 6) if gains_first == right else (6, 3)
    weight = fit_precedence(CALIBRATION, reading, [order])
    before, after = (order_loss(scores(w), [order]) for w in (0.0, weight))
    assert after <= before + 1e-3
    assert (weight > 0.05) == (after < before - 1e-4)


def test_the_order_loss_is_that_of_training(tiny_tokenizer, new_example):
    orders = [(3, 1), (0,)]
    examples = [new_example(TEXT, categories=order) for order in orders]
    batch = collate(prepare(examples, tiny_tokenizer), padding_id=1)
    category_NC = torch.randn(2, 12, generator=torch.Generator().manual_seed(0))
    expected = losses.order_loss(category_NC, batch).item() / 2
    assert order_loss(category_NC.double().numpy(), orders) == pytest.approx(expected, rel=1e-5)
