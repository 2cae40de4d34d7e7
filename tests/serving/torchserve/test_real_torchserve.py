"""A real TorchServe: the same logits as in this process, and each known trap of it."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
import urllib3
from free_ports import torchserve_ports

from model_store.engine.choice import EngineChoice, open_engine
from model_store.stored import open_stored
from serving.adapters.in_process import load_predictor
from serving.adapters.torchserve import TorchServeEngine, key_file, open_transport
from serving.errors import EngineKeyError, EngineModelError
from serving.settings import Settings
from serving.torchserve.keys import KeyFile
from serving.torchserve.process import TorchServeOptions, run_torchserve
from serving.torchserve.wire import MAX_BODY_BYTES, decode_answer, encode_request

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

PREDICT = "/predictions/wherefore"
TEXTS = ["Asks for a loan. Her debts take most of her income.", "debts " * 900, ""]
IDS = [[0, 5, 2], [0, *range(3, 290), 2], [0, 2], [0, *([7] * 510), 2]]


@pytest.fixture(scope="session")
def local_engine(tiny_model):
    return open_engine(open_stored(tiny_model), EngineChoice(engine="torch"))


@pytest.fixture(params=["http", "grpc"])
def url(request, torchserve):
    port = {"http": torchserve.ports.inference, "grpc": torchserve.ports.grpc}[request.param]
    return f"{request.param}://127.0.0.1:{port}"


@pytest.fixture
def engine(url, torchserve, tiny_model):
    made = TorchServeEngine(
        open_transport(url),
        keys=KeyFile(key_file(torchserve.settings())),
        model_digest=open_stored(tiny_model).manifest.digest,
        timeout_seconds=300,
    )
    made.connect([0, 2], within_seconds=300)
    yield made
    made.close()


def assert_same(found, expected):
    np.testing.assert_allclose(found.category_WC, expected.category_WC, atol=1e-5)
    np.testing.assert_allclose(found.reason_WR, expected.reason_WR, atol=1e-5)
    np.testing.assert_allclose(found.risk_W, expected.risk_W, atol=1e-5)
    for there, here in zip(found.evidence, expected.evidence, strict=True):
        np.testing.assert_allclose(there, here, atol=1e-5)


def test_its_logits_are_those_of_the_engine_in_this_process(engine, local_engine):
    assert_same(engine.logits(IDS), local_engine.logits(IDS))
    assert engine.identity == f"torchserve {local_engine.identity}"
    assert engine.composition_bound == pytest.approx(local_engine.composition_bound)


def test_a_predictor_says_the_same_over_torchserve(url, torchserve, tiny_model):
    there = load_predictor(torchserve.settings(url, model=str(tiny_model)))
    here = load_predictor(Settings(model=str(tiny_model), engine="torch"))
    for far, near in zip(there.predict(TEXTS), here.predict(TEXTS), strict=True):
        assert far.risk_score == pytest.approx(near.risk_score, abs=1e-3)
        assert far.categories == pytest.approx(near.categories, abs=1e-5)
        assert [r.reason for r in far.principal_reasons] == [
            r.reason for r in near.principal_reasons
        ]
        assert (far.num_windows, far.model_version) == (near.num_windows, near.model_version)
    assert there.predict(TEXTS)[1].num_windows > 1


def test_it_was_healthy_before_it_could_predict(torchserve):
    health, prediction = torchserve.at_first
    assert health == 200
    assert prediction != "200"


def test_a_call_larger_than_the_body_limit_is_answered_in_parts(engine, local_engine):
    ids = [[0, *([i % 250 + 5] * 510), 2] for i in range(280)]
    assert MAX_BODY_BYTES < 280 * 512 * 12 * 4
    assert_same(engine.logits(ids), local_engine.logits(ids))


def test_a_body_over_the_limit_is_refused_before_a_worker_sees_it(torchserve):
    refused = torchserve.ask(PREDICT, b" " * (MAX_BODY_BYTES + 1000))
    assert refused.status == 413


def test_an_answer_over_the_limit_is_refused_by_the_handler(torchserve):
    body = encode_request([[0, *([7] * 510), 2]] * 300)
    assert len(body) < MAX_BODY_BYTES
    assert torchserve.ask(PREDICT, body).status == 413


@pytest.mark.parametrize("path", ["/ping", PREDICT])
@pytest.mark.parametrize("key", ["wrong", None])
def test_a_wrong_or_missing_key_is_a_400_also_for_the_health_check(torchserve, path, key):
    body = encode_request([[0, 2]]) if path == PREDICT else None
    refused = torchserve.ask(path, body, key=key)
    assert refused.status == 400
    assert json.loads(refused.data)["type"] == "InvalidKeyException"


def test_a_wrong_key_is_told_as_such_over_both_protocols(url, tmp_path, tiny_model):
    wrong = tmp_path / "key.json"
    wrong.write_text('{"inference": {"key": "wrong"}}')
    made = TorchServeEngine(
        open_transport(url), keys=KeyFile(wrong), model_digest="", timeout_seconds=60
    )
    with pytest.raises(EngineKeyError):
        made.logits([[0, 2]])
    made.close()


def test_the_answer_of_another_model_is_refused(url, torchserve):
    made = TorchServeEngine(
        open_transport(url),
        keys=KeyFile(key_file(torchserve.settings())),
        model_digest="ab" * 32,
        timeout_seconds=60,
    )
    with pytest.raises(EngineModelError):
        made.connect([0, 2], within_seconds=60)
    made.close()


def test_keys_are_renewed_before_they_expire_and_nobody_notices(torchserve, engine):
    first = torchserve.key()
    renewed = set()
    while len(renewed) < 2:
        engine.logits([[0, 5, 2]])
        renewed |= {torchserve.key()} - {first}
    assert torchserve.ask("/ping", key=first).status == 400


def test_one_bad_request_does_not_fail_its_batch(torchserve, local_engine):
    good, bad = encode_request(IDS[:2]), b'{"input_ids": [[0, 999999]]}'

    def status_and_body(body):
        answer = torchserve.ask(PREDICT, body)
        return answer.status, answer.data

    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(status_and_body, [good, bad, b"canary", good] * 8))
    assert [status for status, _ in answers] == [200, 400, 400, 200] * 8
    expected = local_engine.logits(IDS[:2])
    for status, body in answers:
        if status == 200:
            assert_same(decode_answer(body, ids=IDS[:2]).logits, expected)
        else:
            assert b"canary" not in body


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 200),
        ("application/octet-stream", 200),
        ("application/x-www-form-urlencoded", 400),
    ],
)
def test_the_content_type_decides_what_the_handler_gets(torchserve, content_type, status):
    answer = torchserve.ask(PREDICT, encode_request([[0, 2]]), content_type=content_type)
    assert answer.status == status
    if status == 200:
        assert answer.headers["content-type"] == "application/octet-stream"


def keys_of(torchserve):
    return json.loads((folder_of(torchserve.java()) / "key_file.json").read_text())


def folder_of(process):
    return Path(process.cwd())


def test_batches_of_16_within_2_ms_are_in_force(torchserve):
    # The key that manages expires too, and only the one for predictions is renewed.
    keys = keys_of(torchserve)
    torchserve.ask("/token?type=management", port="management", key=keys["API"]["key"])
    key = keys_of(torchserve)["management"]["key"]
    described = torchserve.ask("/models/wherefore", port="management", key=key)
    [model] = json.loads(described.data)
    assert (model["batchSize"], model["maxBatchDelay"]) == (16, 2)
    added = torchserve.ask(
        "/models?url=http://127.0.0.1:9/x.mar", port="management", key=key, method="POST"
    )
    assert added.status in {403, 405}


def test_metrics_need_no_key_and_are_those_declared(torchserve):
    torchserve.ask(PREDICT, encode_request([[0, 2]]))
    metrics = torchserve.ask("/metrics", port="metrics", key=None)
    assert metrics.status == 200
    text = metrics.data.decode()
    assert re.search(r'ts_inference_requests_total\{model_name="wherefore".*\} \d', text)
    assert re.search(r"^PredictionTime\{", text, re.MULTILINE)


def test_nothing_but_predictions_listens_beyond_loopback(torchserve):
    listening = {
        connection.laddr.port: connection.laddr.ip.removeprefix("::ffff:")
        for connection in torchserve.java().net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    ports = torchserve.ports
    for port in (ports.metrics, ports.management, ports.grpc_management):
        assert listening[port] in {"127.0.0.1", "::1"}
    assert listening[ports.inference] in {"0.0.0.0", "::"}


def test_its_log_stays_silent_below_warn_and_holds_nothing_that_was_sent(torchserve):
    torchserve.ask(PREDICT, b'{"input_ids": "canary-in-json"}')
    torchserve.ask(PREDICT, b"canary-in-bytes")
    log = torchserve.log.read_text()
    assert not re.search(r"\[(INFO|DEBUG|TRACE) *\]", log)
    assert "canary" not in log
    assert torchserve.key() not in log


def test_a_second_one_runs_beside_it_in_a_folder_of_its_own_and_takes_no_model_from_a_url(
    torchserve, tiny_archive, tmp_path
):
    options = TorchServeOptions(
        archive=tiny_archive,
        key_file=tmp_path / "key.json",
        ports=torchserve_ports(),
        overrides={"load_models": "", "enable_model_api": "true"},
    )
    with run_torchserve(options) as other:
        other.publish_key(within_seconds=300)
        folder = folder_of(psutil.Process(other.pid))
        assert folder != folder_of(torchserve.java())
        key = json.loads((folder / "key_file.json").read_text())["management"]["key"]
        refused = _registered(torchserve, options.ports.management, key)
        assert refused.status in {400, 403, 404}
        assert b"does not match any allowed URL" in refused.data
        assert torchserve.ask(PREDICT, encode_request([[0, 2]])).status == 200
    assert not folder.exists()
    assert not options.key_file.exists()


def _registered(torchserve, port, key):
    deadline = time.monotonic() + 300
    while True:
        try:
            return torchserve.pool.request(
                "POST",
                f"http://127.0.0.1:{port}/models?url=http://127.0.0.1:9/x.mar",
                headers={"Authorization": f"Bearer {key}"},
                retries=False,
            )
        except urllib3.exceptions.HTTPError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
