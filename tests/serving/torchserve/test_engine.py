"""The adapter, with a scripted TorchServe in the place of the transport."""

import json

import numpy as np
import pytest

from model_store.engine.choice import EngineChoice, open_engine
from model_store.engine.outputs import DescribedEngine, EngineLogits
from model_store.stored import open_stored
from serving.adapters.torchserve import TorchServeEngine, open_transport
from serving.errors import (
    EngineAnswerError,
    EngineBusyError,
    EngineKeyError,
    EngineModelError,
    EngineUnreachableError,
    SettingsError,
)
from serving.torchserve.keys import KeyFile
from serving.torchserve.wire import Answer, decode_request, encode_answer

DIGEST = "12" * 32


class ScriptedTransport:
    """Answers with an engine in this process, after raising or changing what the script says."""

    def __init__(self, engine, *, accepts="key-1"):
        self.engine, self.accepts = engine, accepts
        self.script, self.asked, self.name, self.digest = [], [], "torch", DIGEST

    def predict(self, body, *, key, timeout_seconds):
        assert timeout_seconds == 5
        ids = decode_request(body, vocabulary_size=300)
        self.asked.append(ids)
        if self.script:
            step = self.script.pop(0)
            if isinstance(step, Exception):
                raise step
            if isinstance(step, bytes):
                return step
        if key != self.accepts:
            raise EngineKeyError
        answer = Answer(
            logits=self.engine.logits(ids),
            model_digest=self.digest,
            engine=self.name,
            composition_bound=0.25,
        )
        return encode_answer(answer, ids=ids)

    def close(self):
        pass


@pytest.fixture(scope="module")
def local_engine(tiny_model):
    return open_engine(open_stored(tiny_model), EngineChoice(engine="torch"))


@pytest.fixture
def transport(local_engine):
    return ScriptedTransport(local_engine)


@pytest.fixture
def key_path(tmp_path):
    path = tmp_path / "key.json"
    path.write_text('{"inference": {"key": "key-1"}}')
    return path


@pytest.fixture
def engine(transport, key_path):
    made = TorchServeEngine(
        transport, keys=KeyFile(key_path), model_digest=DIGEST, timeout_seconds=5
    )
    made.connect([0, 2], within_seconds=5)
    transport.asked.clear()
    yield made
    made.close()


def test_it_is_an_engine_that_says_what_computes(engine):
    assert isinstance(engine, DescribedEngine)
    assert engine.identity == "torchserve torch"
    assert engine.composition_bound == 0.25


def test_the_logits_come_back_in_the_order_the_windows_were_given(engine, local_engine, transport):
    ids = [[0, *([5] * length), 2] for length in (300, 3, 510, 1, 300, 40)] * 12
    found, expected = engine.logits(ids), local_engine.logits(ids)
    np.testing.assert_allclose(found.category_WC, expected.category_WC, atol=1e-5)
    np.testing.assert_allclose(found.reason_WR, expected.reason_WR, atol=1e-5)
    np.testing.assert_allclose(found.risk_W, expected.risk_W, atol=1e-5)
    for there, here in zip(found.evidence, expected.evidence, strict=True):
        np.testing.assert_allclose(there, here, atol=1e-5)
    assert len(transport.asked) > 1


def test_no_windows_need_no_request(engine, transport):
    assert len(engine.logits([]).risk_W) == 0
    assert transport.asked == []


def test_a_lost_request_is_sent_again_a_few_times_and_then_given_up(engine, transport):
    transport.script = [EngineUnreachableError()] * 2
    assert len(engine.logits([[0, 2]]).risk_W) == 1
    assert len(transport.asked) == 3
    transport.script = [EngineUnreachableError()] * 9
    with pytest.raises(EngineUnreachableError):
        engine.logits([[0, 2]])
    assert len(transport.asked) == 6


@pytest.mark.parametrize("error", [EngineBusyError(), EngineAnswerError()])
def test_what_would_only_be_refused_again_is_not_sent_again(engine, transport, error):
    transport.script = [error]
    with pytest.raises(type(error)):
        engine.logits([[0, 2]])
    assert len(transport.asked) == 1


def test_a_key_that_was_replaced_is_read_anew(engine, transport, key_path):
    key_path.write_text('{"inference": {"key": "key-2"}}')
    transport.accepts = "key-2"
    assert len(engine.logits([[0, 2]]).risk_W) == 1
    assert len(transport.asked) == 1


def test_a_key_replaced_between_reading_and_sending_costs_one_more_request(
    engine, transport, key_path
):
    def renew():
        key_path.write_text('{"inference": {"key": "key-2"}}')
        transport.accepts = "key-2"

    class RenewsFirst(list):
        def pop(self, index):
            renew()
            return super().pop(index)

    transport.script = RenewsFirst([None])
    assert len(engine.logits([[0, 2]]).risk_W) == 1
    assert len(transport.asked) == 2


def test_without_a_key_file_the_key_is_the_error(engine, transport, key_path):
    key_path.unlink()
    with pytest.raises(EngineKeyError):
        engine.logits([[0, 2]])
    assert transport.asked == []


@pytest.mark.parametrize(
    "answer", [b"", b"canary", json.dumps({"code": 400, "message": "canary"}).encode()]
)
def test_an_answer_that_is_none_is_refused(engine, transport, answer):
    transport.script = [answer]
    with pytest.raises(EngineAnswerError) as caught:
        engine.logits([[0, 2]])
    assert "canary" not in str(caught.value)


def test_an_answer_to_another_request_is_refused(engine, transport, local_engine):
    other = Answer(
        logits=local_engine.logits([[0, 3]]),
        model_digest=DIGEST,
        engine="torch",
        composition_bound=0.25,
    )
    transport.script = [encode_answer(other, ids=[[0, 3]])]
    with pytest.raises(EngineAnswerError):
        engine.logits([[0, 2]])


def test_another_models_answer_is_refused(engine, transport):
    transport.digest = "34" * 32
    with pytest.raises(EngineModelError):
        engine.logits([[0, 2]])


def test_another_engines_answer_is_refused_since_caches_are_kept_by_engine(engine, transport):
    transport.name = "openvino"
    with pytest.raises(EngineModelError):
        engine.logits([[0, 2]])


def test_no_part_of_a_call_is_answered_when_another_part_fails(engine, transport):
    transport.script = [None, EngineBusyError()]
    with pytest.raises(EngineBusyError):
        engine.logits([[0, *([5] * 500), 2]] * 40)


def test_connecting_waits_for_a_prediction_of_the_right_model(transport, key_path):
    def connect(digest, *, within_seconds=30):
        made = TorchServeEngine(
            transport, keys=KeyFile(key_path), model_digest=digest, timeout_seconds=5
        )
        made.connect([0, 2], within_seconds=within_seconds)

    transport.script = [EngineBusyError(), EngineKeyError(), EngineBusyError()]
    connect(DIGEST)
    old = EngineLogits.empty([2])
    transport.script = [
        encode_answer(
            Answer(logits=old, model_digest="34" * 32, engine="torch", composition_bound=0.0),
            ids=[[0, 2]],
        )
    ]
    connect(DIGEST)
    with pytest.raises(EngineModelError):
        connect("34" * 32, within_seconds=0.6)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8080",
        "ftp://host:1",
        "grpc://host",
        "http://",
        "grpc://host:port",
        "http://host:port",
        "http://[::1",
        "grpc://host:99999",
    ],
)
def test_a_url_of_something_else_is_refused(url):
    with pytest.raises(SettingsError, match="WHEREFORE_TORCHSERVE_URL"):
        open_transport(url)


def test_nobody_at_the_address_is_an_unreachable_engine(key_path):
    for url in ("http://127.0.0.1:9", "grpc://127.0.0.1:9"):
        made = TorchServeEngine(
            open_transport(url), keys=KeyFile(key_path), model_digest=DIGEST, timeout_seconds=5
        )
        with pytest.raises(EngineUnreachableError):
            made.logits([[0, 2]])
        made.close()
