"""Every backend says what transformers' own encoder with our heads says, alone or in company."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store.engine.openvino_backend import OpenVinoEngine
from model_store.engine.outputs import DescribedEngine
from model_store.engine.packed_backend import PackedEngine, open_packed
from model_store.engine.torch_backend import TorchEngine, pad_rows
from model_store.network import Network

PADDING_ID = 1
ROWS = [[0, *[5 + (i * 37 + n) % 390 for i in range(n)], 2] for n in (0, 1, 6, 7, 14, 15, 60, 510)]
BACKENDS = ["torch-fp32", "torch-bf16", "openvino-fp32", "openvino-bf16"]
BACKENDS += ["packed-fp32", "packed-bf16"]
# bfloat16 keeps 8 bits of a number; the tiny network's weights are ten times as wide as usual.
TOLERANCE = {"fp32": 2e-4, "bf16": 0.5}


@pytest.fixture(scope="module")
def engines(new_worded_network, tiny_xml):
    def engine(name, **options):
        backend, precision = name.split("-")
        options |= {"padding_id": PADDING_ID, "precision": precision}
        if backend == "openvino":
            return OpenVinoEngine(tiny_xml, num_threads=1, **options)
        if backend == "packed":
            return PackedEngine(new_worded_network(), device="cpu", **options)
        return TorchEngine(new_worded_network(), **options)

    return engine


@pytest.fixture(scope="module")
def expected(new_worded_network):
    network = new_worded_network()
    with torch.inference_mode():
        return [network(*pad_rows([row], PADDING_ID)) for row in ROWS]


def largest_difference(one, other, *, evidence=True):
    pairs = [(one.category_WC, other.category_WC), (one.reason_WR, other.reason_WR)]
    pairs += [(one.risk_W, other.risk_W)]
    pairs += zip(one.evidence, other.evidence, strict=True) if evidence else []
    return max(float(np.abs(a - b).max()) for a, b in pairs)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_says_what_transformers_with_our_heads_says(engines, expected, name):
    engine = engines(name)
    found = engine.logits(ROWS)
    tolerance = TOLERANCE[name.partition("-")[2]]
    for row, logits in enumerate(expected):
        for array, value in [
            (found.category_WC[row], logits.category_BC[0]),
            (found.reason_WR[row], logits.reason_BR[0]),
            (found.risk_W[row], logits.risk_B[0]),
            (found.evidence[row], logits.evidence_BTC[0]),
        ]:
            assert array.dtype == np.float32
            assert array.shape == value.shape
            np.testing.assert_allclose(array, value, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_window_alone_differs_from_one_in_company_by_no_more_than_the_bound(engines, name):
    engine = engines(name)
    alone = [engine.logits([row]) for row in ROWS]
    for batch_tokens in (64, 4096):
        together = engines(name, batch_tokens=batch_tokens).logits(ROWS)
        for position, found in enumerate(alone):
            for field in ("category_WC", "reason_WR", "risk_W"):
                difference = getattr(found, field)[0] - getattr(together, field)[position]
                assert np.abs(difference).max() <= engine.composition_bound


@settings(max_examples=25)
@given(order=st.permutations(range(len(ROWS) - 1)), data=st.data())
def test_on_openvino_any_company_in_any_order_stays_within_the_bound(engines, order, data):
    engine = engines("openvino-bf16")
    chosen = order[: data.draw(st.integers(1, len(order)))]
    together = engine.logits([ROWS[i] for i in chosen])
    for position, row in enumerate(chosen):
        alone = engine.logits([ROWS[row]])
        assert np.abs(alone.category_WC[0] - together.category_WC[position]).max() <= (
            engine.composition_bound
        )


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_says_what_it_is(engines, name):
    engine = engines(name)
    assert isinstance(engine, DescribedEngine)
    backend, precision = name.split("-")
    assert engine.identity.startswith(f"{backend}-")
    assert precision in engine.identity
    assert engine.composition_bound > 0


@pytest.mark.parametrize("name", BACKENDS)
def test_no_windows_give_no_logits(engines, name):
    found = engines(name).logits([])
    assert (found.category_WC.shape, found.evidence) == ((0, 12), [])


@pytest.mark.parametrize(("num_streams", "joins_cores"), [(1, False), (2, False), (2, True)])
def test_threads_share_an_openvino_engine_and_each_gets_its_own_answers(
    tiny_xml, num_streams, joins_cores
):
    engine = OpenVinoEngine(
        tiny_xml,
        padding_id=PADDING_ID,
        num_streams=num_streams,
        joins_cores=joins_cores,
        batch_tokens=32,
        num_threads=2,
    )
    assert engine.max_concurrent_calls == num_streams
    single = [engine.logits([row]) for row in ROWS[:6]]
    wrong, done = [], []

    def ask(turn):
        rows = [(turn + i) % 6 for i in range(6)]
        found = engine.logits([ROWS[i] for i in rows])
        wrong.extend(
            i
            for position, i in enumerate(rows)
            if np.abs(found.category_WC[position] - single[i].category_WC[0]).max() > 1e-3
        )
        done.append(turn)

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == list(range(8))
    assert wrong == []


def test_a_window_that_is_too_long_is_refused_and_the_engine_goes_on(engines):
    engine = engines("openvino-fp32")
    before = engine.logits(ROWS[:2])
    with pytest.raises(ValueError, match="513 tokens, at most 512"):
        engine.logits([ROWS[0], [5] * 513])
    with pytest.raises((TypeError, ValueError)):
        engine.logits([ROWS[0], ["not an id"]])
    after = engine.logits(ROWS[:2])
    assert largest_difference(before, after) == 0


def test_packed_attention_is_used_where_it_says_what_plain_torch_says(new_worded_network):
    engine = open_packed(
        new_worded_network(), padding_id=PADDING_ID, precision="fp32", device="cpu"
    )
    assert isinstance(engine, PackedEngine)


class ReadsEmbeddings(Network):
    """A network that reads a layer that the packed encoder does not hand out."""

    def forward(self, input_ids_BT, attention_mask_BT):
        logits = super().forward(input_ids_BT, attention_mask_BT)
        embeddings_BTH = self.encoder(
            input_ids=input_ids_BT,
            attention_mask=attention_mask_BT.long(),
            output_hidden_states=True,
        ).hidden_states[0]
        return replace(logits, risk_B=logits.risk_B + embeddings_BTH[:, 0, 0])


def test_where_packed_attention_says_something_else_torch_pads(tiny_config, caplog):
    network = ReadsEmbeddings(tiny_config).eval()
    engine = open_packed(network, padding_id=PADDING_ID, precision="fp32", device="cpu")
    assert isinstance(engine, TorchEngine)
    assert "torch pads" in caplog.text
