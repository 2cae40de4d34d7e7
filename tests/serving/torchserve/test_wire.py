"""What travels between the API and TorchServe: without loss, and never taken for something else."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load, save

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
from model_store.engine.outputs import EngineLogits
from serving.torchserve.wire import (
    MAX_BODY_BYTES,
    Answer,
    WireError,
    answer_bytes,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
)

DIGEST = "ab" * 32
WINDOWS = st.lists(
    st.lists(st.integers(0, 50_000), min_size=1, max_size=12), min_size=1, max_size=5
)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def arrays(*shape):
    return hnp.arrays(np.float32, shape, elements=FLOATS)


@st.composite
def windows_and_logits(draw):
    ids = draw(WINDOWS)
    logits = {
        "category_WC": draw(arrays(len(ids), len(CATEGORIES))),
        "reason_WR": draw(arrays(len(ids), len(REASONS))),
        "risk_W": draw(arrays(len(ids))),
        "evidence": [draw(arrays(len(row), len(CATEGORIES))) for row in ids],
    }
    return ids, logits


def answer_to(ids):
    return Answer(
        logits=EngineLogits.empty([len(row) for row in ids]),
        model_digest=DIGEST,
        engine="torch",
        composition_bound=0.001,
    )


@given(windows_and_logits())
def test_every_float_of_an_answer_arrives_bit_for_bit(case):
    ids, logits = case
    sent = Answer(
        logits=EngineLogits(**logits),
        model_digest=DIGEST,
        engine="torch-2.13 — cpu",
        composition_bound=0.5,
    )
    received = decode_answer(encode_answer(sent, ids=ids), ids=ids)
    for name in ("category_WC", "reason_WR", "risk_W"):
        before, after = getattr(sent.logits, name), getattr(received.logits, name)
        assert before.tobytes() == after.tobytes()
        assert before.shape == after.shape
    assert [e.tobytes() for e in received.logits.evidence] == [
        e.tobytes() for e in sent.logits.evidence
    ]
    assert (received.model_digest, received.engine, received.composition_bound) == (
        DIGEST,
        "torch-2.13 — cpu",
        0.5,
    )


@given(WINDOWS)
def test_a_request_arrives_parsed_or_not(ids):
    body = encode_request(ids)
    assert decode_request(body, vocabulary_size=50_001) == ids
    assert decode_request(bytearray(body), vocabulary_size=50_001) == ids
    assert decode_request(json.loads(body), vocabulary_size=50_001) == ids


@given(WINDOWS)
def test_an_answer_never_has_more_bytes_than_reckoned_with(ids):
    lengths = [len(row) for row in ids]
    assert len(encode_answer(answer_to(ids), ids=ids)) <= answer_bytes(lengths)


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"{}",
        b'{"input_ids": []}',
        b'{"input_ids": [[]]}',
        b'{"input_ids": [[0, -1]]}',
        b'{"input_ids": [[0, 1.5]]}',
        b'{"input_ids": [["0"]]}',
        b'{"input_ids": [[true]]}',
        b'{"input_ids": [[0, 999]]}',
        b'{"input_ids": [[18446744073709551616]]}',
        b'{"input_ids": [[0]], "text": "x"}',
        {"input_ids": [[0] * 513]},
        {"input_ids": b"0"},
    ],
)
def test_a_request_of_another_shape_is_refused_without_being_repeated(body):
    with pytest.raises(WireError) as caught:
        decode_request(body, vocabulary_size=300)
    assert caught.value.status == 400
    assert "999" not in str(caught.value)


def test_a_request_whose_answer_would_not_pass_is_refused_as_too_large():
    one_window_too_many = MAX_BODY_BYTES // (512 * len(CATEGORIES) * 4) + 1
    with pytest.raises(WireError) as caught:
        decode_request({"input_ids": [[1] * 512] * one_window_too_many}, vocabulary_size=300)
    assert caught.value.status == 413


def test_an_answer_to_other_windows_is_refused_even_of_the_same_lengths():
    body = encode_answer(answer_to([[0, 5, 2]]), ids=[[0, 5, 2]])
    with pytest.raises(WireError, match="another request"):
        decode_answer(body, ids=[[0, 6, 2]])


def test_windows_cut_at_another_place_are_another_request():
    body = encode_answer(answer_to([[0, 1], [2, 3]]), ids=[[0, 1], [2, 3]])
    with pytest.raises(WireError):
        decode_answer(body, ids=[[0, 1, 2, 3]])


@pytest.mark.parametrize("name", ["category", "reason", "risk", "evidence", "composition_bound"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_answer_that_is_no_number_is_refused(name, value):
    tensors = load(encode_answer(answer_to([[0, 2]]), ids=[[0, 2]]))
    tensors[name] = tensors[name].copy()
    tensors[name].flat[0] = value
    with pytest.raises(WireError, match="no numbers"):
        decode_answer(save(tensors), ids=[[0, 2]])


@pytest.mark.parametrize("name", ["category", "risk", "evidence", "model_digest", "engine"])
def test_an_answer_that_lacks_a_part_is_refused(name):
    tensors = load(encode_answer(answer_to([[0, 2]]), ids=[[0, 2]]))
    del tensors[name]
    with pytest.raises(WireError):
        decode_answer(save(tensors), ids=[[0, 2]])


def test_half_precision_is_refused_since_something_was_lost():
    tensors = load(encode_answer(answer_to([[0, 2]]), ids=[[0, 2]]))
    tensors["risk"] = tensors["risk"].astype(np.float16)
    with pytest.raises(WireError):
        decode_answer(save(tensors), ids=[[0, 2]])


@pytest.mark.parametrize("length", [0, 1, 7, 8, 100, -1])
def test_an_answer_cut_short_is_refused(length):
    whole = encode_answer(answer_to([[0, 2]]), ids=[[0, 2]])
    with pytest.raises(WireError):
        decode_answer(whole[:length], ids=[[0, 2]])


@given(st.binary(max_size=400))
def test_no_bytes_whatever_are_taken_for_an_answer(body):
    with pytest.raises(WireError):
        decode_answer(body, ids=[[0, 2]])


def test_a_refusal_of_torchserve_is_not_taken_for_an_answer():
    with pytest.raises(WireError):
        decode_answer(b'{"code": 400, "message": "x"}', ids=[[0, 2]])
