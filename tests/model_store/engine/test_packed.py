import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store.engine.graphs import PassInputs, packed_pass
from model_store.engine.packed import PackedEncoder, PackedLayout
from model_store.engine.packed_backend import PACKED_BATCH_TOKENS, PackedEngine, pack
from model_store.engine.torch_backend import pad_rows

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=9)


@given(LENGTHS, st.integers(0, 30))
def test_tokens_stand_one_behind_the_other_and_know_their_place(lengths, filling):
    num_tokens = sum(lengths) + filling
    layout = PackedLayout.of(lengths, num_columns=max(lengths), num_tokens=num_tokens)
    assert len(layout.slot_N) == num_tokens
    real = layout.slot_N[: sum(lengths)].tolist()
    assert real == [
        row * max(lengths) + column for row, n in enumerate(lengths) for column in range(n)
    ]
    assert set(layout.slot_N[sum(lengths) :].tolist()) <= {len(lengths) * max(lengths)}
    assert layout.starts.tolist()[: len(lengths) + 1] == [
        sum(lengths[:i]) for i in range(len(lengths) + 1)
    ]
    assert layout.starts[-1] == num_tokens


@settings(max_examples=20)
@given(lengths=LENGTHS)
@torch.inference_mode()
def test_the_packed_encoder_says_what_transformers_says(new_worded_network, lengths):
    encoder = new_worded_network().encoder
    packed = PackedEncoder(encoder, kept_layers=[0, 1])
    rows = [[0, *range(5, 3 + n), 2][:n] for n in lengths]
    ids_BT, mask_BT = pad_rows(rows, 1)
    expected = encoder(input_ids=ids_BT, attention_mask=mask_BT.long(), output_hidden_states=True)
    found = packed(input_ids=ids_BT, attention_mask=mask_BT.long())
    *given, given_first_B1H = found.hidden_states
    *right, right_first_B1H = expected.hidden_states
    for given_BTH, right_BTH in zip(given, right, strict=True):
        torch.testing.assert_close(given_BTH[mask_BT], right_BTH[mask_BT], rtol=0, atol=2e-5)
        assert (given_BTH[~mask_BT] == 0).all()
    torch.testing.assert_close(given_first_B1H, right_first_B1H, rtol=0, atol=2e-5)


@torch.inference_mode()
def test_a_layer_that_was_not_asked_for_is_not_a_number(new_worded_network):
    packed = PackedEncoder(new_worded_network().encoder, kept_layers=[])
    ids_BT, mask_BT = pad_rows([[0, 7, 2], [0, 2]], 1)
    found = packed(input_ids=ids_BT, attention_mask=mask_BT.long())
    assert [bool(layer.isnan().all()) for layer in found.hidden_states] == [True, True, False]


@torch.inference_mode()
@pytest.mark.parametrize("lengths", [[1], [3, 3, 3], [2, 40, 17, 256, 5], [256], [200, 56]])
def test_inputs_filled_up_to_a_shape_of_the_few_give_the_same_logits(new_worded_network, lengths):
    network = new_worded_network()
    rows = [[0, *range(5, 3 + n), 2][:n] for n in lengths]
    inputs = PassInputs.of(rows, padding_id=1)
    num_rows, num_columns, num_tokens = inputs.shape
    assert num_rows in {1, 2, 4, 8}
    assert num_tokens % 256 == 0
    assert {tensor.shape[-1] for tensor in inputs.tensors[:2]} == {num_columns}
    found = packed_pass(pack(network), inputs)
    for position, row in enumerate(rows):
        alone = network(*pad_rows([row], 1))
        for field in ("category_BC", "reason_BR", "risk_B"):
            torch.testing.assert_close(
                getattr(found, field)[position], getattr(alone, field)[0], rtol=0, atol=1e-4
            )


def test_packing_leaves_the_network_as_it_was(new_worded_network):
    network = new_worded_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pack(network).to(torch.bfloat16)
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_an_engine_on_a_gpu_says_how_large_its_batches_may_be(new_network):
    engine = PackedEngine(new_network(), padding_id=1, device="cpu", precision="fp32")
    assert engine.batch_tokens == PACKED_BATCH_TOKENS
