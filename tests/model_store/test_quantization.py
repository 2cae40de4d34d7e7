import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from model_store.engine.torch_backend import pad_rows
from model_store.quantization import GROUP_SIZE, decode, encode_int8

SHAPES = [(1, 64), (3, 64), (7, 65), (5, 63), (400, 32), (2, 1000), (64, 1), (29, 192)]


def matrix(shape, *, seed=0, spread=1.0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * spread


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 200)).filter(lambda s: s[0] * s[1] >= GROUP_SIZE),
    st.integers(0, 1000),
    st.sampled_from([1e-6, 1e-3, 0.02, 1.0, 100.0]),
)
def test_no_weight_moves_by_more_than_half_a_step_of_its_scale(shape, seed, spread):
    weights = matrix(shape, seed=seed, spread=spread)
    encoded = encode_int8({"w": weights})
    step = encoded["w::scale"].float().repeat_interleave(GROUP_SIZE, dim=1)[:, : shape[1]]
    error = (decode(encoded)["w"] - weights).abs()
    assert (error <= 0.5 * step * (1 + 1e-5)).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_matrix_keeps_its_shape_whatever_its_number_of_columns(shape):
    encoded = encode_int8({"w": matrix(shape)})
    assert encoded["w"].dtype == torch.int8
    assert encoded["w"].shape == shape
    assert encoded["w::scale"].shape == (shape[0], -(-shape[1] // GROUP_SIZE))
    decoded = decode(encoded)
    assert decoded.keys() == {"w"}
    assert decoded["w"].dtype == torch.float32
    assert decoded["w"].shape == shape


def test_a_large_weight_costs_its_own_group_alone():
    weights = matrix((1, 128), spread=0.01)
    weights[0, 0] = 10.0
    error = (decode(encode_int8({"w": weights}))["w"] - weights).abs()
    assert error[0, 64:].max() < 1e-3
    assert error[0, 1:64].max() > 1e-3


def test_vectors_small_matrices_and_zeros_come_back_exactly():
    tensors = {
        "bias": torch.linspace(-1, 1, 300),
        "small": matrix((3, 4)),
        "half": matrix((5,)).half(),
        "zeros": torch.zeros(4, 70),
    }
    decoded = decode(encode_int8(tensors))
    for name, tensor in tensors.items():
        assert torch.equal(decoded[name], tensor.float()), name


def test_encoded_weights_survive_a_file(tmp_path):
    tensors = {"w": matrix((7, 65)), "b": torch.ones(7)}
    encoded = encode_int8(tensors)
    save_file(encoded, tmp_path / "w.safetensors")
    loaded = load_file(tmp_path / "w.safetensors")
    for name, tensor in decode(encoded).items():
        assert torch.equal(decode(loaded)[name], tensor)


def test_encoding_what_was_decoded_changes_nothing_more():
    once = decode(encode_int8({"w": matrix((7, 130))}))
    twice = decode(encode_int8(once))
    torch.testing.assert_close(twice["w"], once["w"], rtol=1e-3, atol=0)


@torch.inference_mode()
def test_a_network_decoded_from_int8_answers_nearly_as_before(new_network):
    batch = pad_rows([[0, *range(5, 105), 2], [0, *range(200, 230), 2]], 1)
    exact = new_network()(*batch)
    stored = new_network(seed=1)
    stored.load_state_dict(decode(encode_int8(new_network().state_dict())))
    approximate = stored(*batch)
    for name in ["category_BC", "reason_BR", "risk_B"]:
        difference = torch.sigmoid(getattr(exact, name)) - torch.sigmoid(getattr(approximate, name))
        assert 0 < difference.abs().max() < 0.03, name
