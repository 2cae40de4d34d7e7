import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import RobertaModel

from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from model_store.engine.torch_backend import pad_rows
from model_store.log_odds import logit_of_log_probability
from model_store.network import Network

ROWS = [
    [0, 2],
    [0, 17, 2],
    [0, *range(20, 27), 2],
    [0, *range(30, 130), 2],
    [0, *[5 + i % 390 for i in range(510)], 2],
]


@pytest.fixture(autouse=True)
def exact_products():
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    yield
    torch.set_float32_matmul_precision(before)


@pytest.fixture(scope="module")
def network(new_network):
    return new_network()


@pytest.fixture(scope="module")
def batch():
    return pad_rows(ROWS, 1)


@torch.inference_mode()
def test_the_encoder_says_what_transformers_own_model_says(network, batch, tmp_path):
    network.encoder.save_pretrained(tmp_path)
    reference = RobertaModel.from_pretrained(tmp_path, add_pooling_layer=False).eval()
    ids_BT, mask_BT = batch
    expected_BTH = reference(input_ids=ids_BT, attention_mask=mask_BT.long()).last_hidden_state
    first_BH = network.first_token(ids_BT, mask_BT)
    torch.testing.assert_close(first_BH, expected_BTH[:, 0], rtol=0, atol=2e-6)


@torch.inference_mode()
def test_a_network_on_a_stored_encoder_has_its_weights_and_no_dropout(network, batch, tmp_path):
    network.encoder.save_pretrained(tmp_path)
    loaded = Network.from_encoder(tmp_path, head_dropout=0.3)
    found_BH, expected_BH = loaded.train().first_token(*batch), network.first_token(*batch)
    torch.testing.assert_close(found_BH, expected_BH, rtol=0, atol=2e-6)
    assert loaded.category_head[0].p == 0.3


@torch.inference_mode()
def test_an_encoder_of_one_layer_has_its_evidence_read_below_it(tiny_config, batch):
    config = copy.deepcopy(tiny_config)
    config.num_hidden_layers = 1
    logits = Network(config).eval()(*batch)
    assert logits.evidence_BTC.shape[:2] == batch[0].shape
    assert logits.category_BC.isfinite().all()


def test_a_missing_encoder_is_an_error_of_the_operating_system(tmp_path):
    with pytest.raises(OSError, match="nothing_here"):
        Network.from_encoder(tmp_path / "nothing_here")


@torch.inference_mode()
def test_a_window_alone_and_in_a_padded_batch_get_the_same_logits(network, batch):
    together = network(*batch)
    for row, ids in enumerate(ROWS):
        alone = network(*pad_rows([ids], 1))
        for name in ["category_BC", "reason_BR", "risk_B"]:
            in_batch = getattr(together, name)[row : row + 1]
            torch.testing.assert_close(getattr(alone, name), in_batch, rtol=0, atol=2e-6)
        in_batch = together.evidence_BTC[row : row + 1, : len(ids)]
        torch.testing.assert_close(alone.evidence_BTC, in_batch, rtol=0, atol=2e-6)


@torch.inference_mode()
def test_what_stands_at_padding_never_enters_a_result(network, batch):
    ids_BT, mask_BT = batch
    padded = network(ids_BT, mask_BT)
    other = network(ids_BT.masked_fill(~mask_BT, 77), mask_BT)
    for name in ["category_BC", "reason_BR", "risk_B"]:
        torch.testing.assert_close(getattr(other, name), getattr(padded, name), rtol=0, atol=1e-6)
    assert (other.evidence_BTC[~mask_BT] < -1000).all()
    assert (other.evidence_BTC[mask_BT] > -1000).all()


@torch.inference_mode()
def test_no_category_is_likelier_than_that_there_is_a_denial(new_network, batch):
    network = new_network()
    logits = network(*batch)
    assert (logits.category_BC <= logits.denial_B[:, None]).all()
    network.denial_head[-1].bias.fill_(-30.0)
    assert (network(*batch).category_BC < -20).all()


@torch.inference_mode()
def test_telling_tokens_raise_the_category_they_tell_of_and_no_other(new_network, batch):
    network = new_network()
    network.denial_head[-1].bias.fill_(100.0)
    before = network(*batch).category_BC
    *_, last_layer = network.evidence_head.modules()
    last_layer.bias[4] += 3.0
    raised = network(*batch).category_BC - before
    assert (raised[:, 4] > 0).all()
    others = [c for c in range(12) if c != 4]
    assert (raised[:, others] == 0).all()
    # Every token's evidence rose by 3, and a window of nine tokens or more shows just that.
    expected = 3 * network.evidence_scale[4].item()
    torch.testing.assert_close(raised[2:, 4], torch.full((3,), expected), rtol=0, atol=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize("seed", range(5))
def test_a_reason_is_never_likelier_than_its_category(new_network, batch, seed):
    network = new_network(seed=seed)
    network.reason_head[-1].weight.mul_(30)
    logits = network(*batch)
    category_BR = torch.sigmoid(logits.category_BC.double())[:, list(REASON_CATEGORY_INDEX)]
    assert (torch.sigmoid(logits.reason_BR.double()) <= category_BR + 1e-6).all()


def test_gradients_reach_every_weight_of_the_heads(new_network, batch):
    network = new_network()
    logits = network(*batch)
    (logits.category_BC.sum() + logits.reason_BR.sum() + logits.risk_B.sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@given(st.floats(-300, 300))
def test_the_logit_of_a_log_probability_is_finite_and_the_inverse_of_the_sigmoid(logit):
    log_probability = torch.nn.functional.logsigmoid(torch.tensor(logit))
    found = logit_of_log_probability(log_probability)
    assert found.isfinite()
    if -80 < logit < 8:  # past it single precision knows 1 - p no longer
        assert found.item() == pytest.approx(logit, rel=1e-3, abs=1e-3)
