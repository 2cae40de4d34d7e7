import numpy as np
import pytest
import torch

from model_store.engine.packed_backend import PackedEngine
from model_store.engine.torch_backend import TorchEngine, pad_rows
from model_store.errors import DeviceLostError

ROWS = [[0, *range(5, 5 + n), 2] for n in (40, 0, 3, 200, 17, 3)]


def test_rows_are_padded_to_the_longest_and_the_mask_tells_where():
    ids_BT, mask_BT = pad_rows([[0, 9, 2], [0, 2]], 1)
    assert ids_BT.tolist() == [[0, 9, 2], [0, 2, 1]]
    assert ids_BT.dtype == torch.int64
    assert mask_BT.tolist() == [[True, True, True], [True, True, False]]


@pytest.mark.parametrize("batch_tokens", [1, 64, 4096])
def test_logits_come_in_the_order_given_whatever_the_batches(new_worded_network, batch_tokens):
    network = new_worded_network()
    engine = TorchEngine(network, padding_id=1, batch_tokens=batch_tokens)
    found = engine.logits(ROWS)
    for row, ids in enumerate(ROWS):
        with torch.inference_mode():
            expected = network(*pad_rows([ids], 1))
        for name, value in [
            ("category_WC", expected.category_BC),
            ("reason_WR", expected.reason_BR),
            ("risk_W", expected.risk_B),
            ("evidence", expected.evidence_BTC),
        ]:
            array = getattr(found, name)[row]
            assert array.dtype == np.float32
            assert array.shape == value[0].shape
            np.testing.assert_allclose(array, value[0], rtol=0, atol=1e-5)


def test_an_engine_puts_the_network_into_evaluation_mode(new_worded_network):
    network = new_worded_network(head_dropout=0.5).train()
    engine = TorchEngine(network, padding_id=1)
    first, second = engine.logits(ROWS), engine.logits(ROWS)
    assert not network.training
    assert np.array_equal(first.category_WC, second.category_WC)


def test_no_windows_give_no_logits(new_worded_network):
    found = TorchEngine(new_worded_network(), padding_id=1).logits([])
    assert found.category_WC.shape == (0, 12)
    assert found.reason_WR.shape == (0, 29)
    assert found.risk_W.shape == (0,)
    assert found.evidence == []


@pytest.mark.parametrize("new_engine", [TorchEngine, PackedEngine])
def test_a_device_that_failed_is_told_from_a_text_that_fails(new_worded_network, new_engine):
    def broken(*_given):
        raise error

    engine = new_engine(new_worded_network(), padding_id=1, precision="fp32", device="cpu")
    engine._network.forward = broken
    error = torch.AcceleratorError("CUDA error: device-side assert triggered")
    with pytest.raises(DeviceLostError, match="start it again") as told:
        engine.logits(ROWS)
    assert told.value.__cause__ is error
    error = torch.OutOfMemoryError("CUDA out of memory.")
    with pytest.raises(torch.OutOfMemoryError):
        engine.logits(ROWS)
