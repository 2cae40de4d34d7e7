import numpy as np
import pytest
import torch

from model_store.engine.torch_backend import TorchEngine
from model_store.reading import read_texts
from training import losses
from training.dataset import collate, prepare
from training.precedence import fit_precedence, order_loss

TEXT = "Two cards past due. Then six inquiries in ninety days, which is more than we take."


def _logits(network, texts):
    engine = TorchEngine(network, padding_id=1)
    return read_texts(engine, [text.windows for text in texts]).category_NC


def test_without_ordered_texts_the_weight_is_nothing(new_network, tiny_tokenizer, new_example):
    network = new_network()
    network.precedence_weight.fill_(1.0)
    fit_precedence(network, prepare([new_example(TEXT)], tiny_tokenizer), padding_id=1)
    assert network.precedence_weight.item() == 0.0


@pytest.mark.parametrize("right", [True, False])
def test_the_weight_is_large_where_order_tells_and_small_where_it_misleads(
    right, new_network, tiny_tokenizer, new_example
):
    network = new_network()
    texts = prepare([new_example(TEXT, categories=(3, 6))], tiny_tokenizer)
    network.precedence_weight.fill_(0.0)
    without = _logits(network, texts)
    network.precedence_weight.fill_(1.0)
    gains_first = np.subtract(*(_logits(network, texts) - without)[0, [3, 6]]) > 0
    order = (3, 6) if gains_first == right else (6, 3)
    ordered = prepare([new_example(TEXT, categories=order)], tiny_tokenizer)
    before = order_loss(without.astype(float), [order])
    fit_precedence(network, ordered, padding_id=1)
    after = order_loss(_logits(network, ordered).astype(float), [order])
    assert after <= before + 1e-3
    assert (network.precedence_weight.item() > 0.05) == (after < before - 1e-4)


def test_the_order_loss_is_that_of_training(tiny_tokenizer, new_example):
    orders = [(3, 1), (0,)]
    examples = [new_example(TEXT, categories=order) for order in orders]
    batch = collate(prepare(examples, tiny_tokenizer), padding_id=1)
    category_NC = torch.randn(2, 12, generator=torch.Generator().manual_seed(0))
    expected = losses.order_loss(category_NC, batch).item() / 2
    assert order_loss(category_NC.double().numpy(), orders) == pytest.approx(expected, rel=1e-5)
