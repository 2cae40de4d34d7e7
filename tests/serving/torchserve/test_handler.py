"""What runs in a worker, called as TorchServe calls it."""

import inspect
import json
from types import SimpleNamespace

import numpy as np
import pytest

from model_store.engine.choice import EngineChoice, open_engine
from model_store.errors import ArtifactError, DeviceLostError
from model_store.stored import open_stored
from serving.torchserve import handler as handler_module
from serving.torchserve.handler import WhereforeHandler
from serving.torchserve.wire import decode_answer, encode_request

GOOD = [[0, 5, 2], [0, 7, 8, 2]]
POISON = 9


class Context:
    """The part of TorchServe's context that a handler uses."""

    def __init__(self, model_dir):
        self.system_properties = {"model_dir": str(model_dir), "gpu_id": None}
        self.model_yaml_config = {"minWorkers": 1, "handler": {"engine": "torch"}}
        self.statuses, self.content_types = {}, {}

    def set_response_status(self, *, code, phrase, idx):
        assert phrase
        self.statuses[idx] = code

    def set_response_content_type(self, idx, value):
        self.content_types[idx] = value


class FailsOn(SimpleNamespace):
    """An engine that fails whenever the poison is among its windows."""

    identity, composition_bound = "poisoned", 0.0

    def logits(self, ids):
        if any(POISON in row for row in ids):
            raise self.error
        return self.engine.logits(ids)


@pytest.fixture(scope="module")
def archive_folder(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    (folder / "model").symlink_to(tiny_model)
    return folder


@pytest.fixture
def context(archive_folder):
    return Context(archive_folder)


@pytest.fixture
def handler(context):
    loaded = WhereforeHandler()
    loaded.initialize(context)
    return loaded


def body(ids):
    return {"body": json.loads(encode_request(ids))}


def test_torchserve_finds_exactly_one_class_in_the_handlers_file():
    found = inspect.getmembers(
        handler_module,
        lambda member: inspect.isclass(member) and member.__module__ == handler_module.__name__,
    )
    assert [name for name, _ in found] == ["WhereforeHandler"]


def test_a_batch_gets_the_logits_of_the_engine_and_says_whose_they_are(
    handler, context, tiny_model
):
    stored = open_stored(tiny_model)
    expected = open_engine(stored, EngineChoice(engine="torch")).logits([*GOOD, [0, 2]])
    first, second = handler.handle([body(GOOD), body([[0, 2]])], context)
    found = decode_answer(first, ids=GOOD)
    np.testing.assert_allclose(found.logits.category_WC, expected.category_WC[:2], atol=1e-5)
    np.testing.assert_allclose(found.logits.evidence[1], expected.evidence[1], atol=1e-5)
    other = decode_answer(second, ids=[[0, 2]])
    np.testing.assert_allclose(other.logits.risk_W, expected.risk_W[2:], atol=1e-5)
    assert found.model_digest == stored.manifest.digest
    assert found.engine.startswith("torch-")
    assert context.statuses == {}
    assert set(context.content_types.values()) == {"application/octet-stream"}


def test_one_bad_request_does_not_fail_its_batch(handler, context):
    answers = handler.handle([body(GOOD), {"body": b"canary"}, {}, body(GOOD)], context)
    assert context.statuses == {1: 400, 2: 400}
    assert context.content_types[1] == "application/json"
    decode_answer(answers[0], ids=GOOD)
    decode_answer(answers[3], ids=GOOD)
    refusal = json.loads(answers[1])
    assert refusal["code"] == 400
    assert "canary" not in refusal["message"]


def test_grpc_and_undecoded_bodies_are_read_alike(handler, context):
    sent = encode_request(GOOD)
    for parts in [{"data": bytearray(sent)}, {"body": bytearray(sent)}, {"body": sent.decode()}]:
        [answer] = handler.handle([parts], context)
        decode_answer(answer, ids=GOOD)


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("canary"), 500), (MemoryError("canary"), 507)]
)
def test_a_request_that_breaks_the_engine_fails_alone(handler, context, capsys, error, status):
    handler._engine = FailsOn(engine=handler._engine, error=error)
    first, broken, last = handler.handle([body(GOOD), body([[POISON]]), body(GOOD)], context)
    assert context.statuses == {1: status}
    decode_answer(first, ids=GOOD)
    decode_answer(last, ids=GOOD)
    assert "canary" not in broken.decode() + capsys.readouterr().err


def test_a_worker_ends_when_its_gpu_has_failed(handler, context):
    handler._engine = FailsOn(engine=handler._engine, error=DeviceLostError())
    with pytest.raises(SystemExit) as ended:
        handler.handle([body(GOOD), body([[POISON]])], context)
    assert "the GPU failed" in str(ended.value)


def test_a_batch_of_nothing_but_refusals_asks_no_engine(handler, context):
    handler._engine = None
    assert len(handler.handle([{"body": b"x"}, {"body": b"y"}], context)) == 2


def test_a_model_that_was_changed_is_not_loaded_and_the_log_says_so(tmp_path, tiny_model, capsys):
    (tmp_path / "model").mkdir()
    for file in tiny_model.iterdir():
        (tmp_path / "model" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model" / "calibration.json").write_text("{}")
    with pytest.raises(ArtifactError):
        WhereforeHandler().initialize(Context(tmp_path))
    assert "ArtifactTamperedError" in capsys.readouterr().err
