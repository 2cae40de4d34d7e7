"""TorchServe killed, restarted, its worker killed, its keys not renewed: no wrong answer, ever."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from model_store.engine.choice import EngineChoice, open_engine
from model_store.stored import open_stored
from serving.adapters.in_process import load_predictor
from serving.errors import (
    EngineBusyError,
    EngineError,
    EngineKeyError,
    EngineUnreachableError,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

RECOVERY_SECONDS = 1200
IDS = [[0, 5, 2], [0, *range(3, 90), 2]]


@pytest.fixture(scope="module")
def expected(tiny_model):
    return open_engine(open_stored(tiny_model), EngineChoice(engine="torch")).logits(IDS)


@pytest.fixture
def load(torchserve, tiny_model):
    """Loads predictors that reach TorchServe over http or grpc."""
    torchserve.wait_until_it_predicts()
    loaded = []

    def load_over(scheme):
        port = {"http": torchserve.ports.inference, "grpc": torchserve.ports.grpc}[scheme]
        settings = torchserve.settings(
            f"{scheme}://127.0.0.1:{port}",
            model=str(tiny_model),
            torchserve_timeout_seconds=RECOVERY_SECONDS,
        )
        loaded.append(load_predictor(settings))
        return loaded[-1]

    yield load_over
    for predictor in loaded:
        predictor.engine.close()


@pytest.fixture
def engines(load):
    return [load(scheme).engine for scheme in ("http", "grpc")]


class Client(threading.Thread):
    """Asks without a pause until told to stop, and keeps what it got."""

    def __init__(self, engine):
        super().__init__(daemon=True)
        self.engine, self.stopped = engine, threading.Event()
        self.answers, self.errors = [], []

    def run(self):
        while not self.stopped.is_set():
            try:
                self.answers.append(self.engine.logits(IDS).category_WC)
            except EngineError as error:
                self.errors.append(error)
                time.sleep(0.2)

    def end(self):
        self.stopped.set()
        self.join(RECOVERY_SECONDS)
        assert not self.is_alive()


def wait_until(condition):
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers_again(engine):
    try:
        return len(engine.logits(IDS).risk_W) == len(IDS)
    except EngineError:
        return False


def test_a_killed_worker_costs_at_most_a_503_and_no_answer_is_wrong(engines, torchserve, expected):
    clients = [Client(engine) for engine in engines]
    for client in clients:
        client.start()
    wait_until(lambda: all(client.answers for client in clients))
    torchserve.worker().kill()
    before = [len(client.answers) for client in clients]
    wait_until(lambda: all(len(c.answers) > n + 3 for c, n in zip(clients, before, strict=True)))
    for client in clients:
        client.end()
        # TorchServe loses what the worker computed; what is sent after waits for the next worker.
        assert {type(error) for error in client.errors} <= {EngineUnreachableError, EngineBusyError}
        for answer in client.answers:
            np.testing.assert_allclose(answer, expected.category_WC, atol=1e-5)


def test_a_key_that_expires_unrenewed_is_told_and_the_next_one_is_taken(engines, torchserve):
    os.kill(torchserve.process.pid, signal.SIGSTOP)  # nobody renews the key any more
    try:
        expired = torchserve.key()
        wait_until(lambda: torchserve.ask("/ping", key=expired).status == 400)
        for engine in engines:
            with pytest.raises(EngineKeyError):
                engine.logits(IDS)
    finally:
        os.kill(torchserve.process.pid, signal.SIGCONT)
    wait_until(lambda: all(map(answers_again, engines)))
    assert torchserve.key() != expired


def test_torchserve_killed_is_a_503_and_answers_again_once_restarted(
    make_client, load, torchserve, expected, tmp_path
):
    predictor, over_grpc = load("http"), load("grpc").engine
    client = make_client(
        predictor=predictor, state_dir=tmp_path, cache_bytes=0, request_timeout_seconds=900
    )

    def post():
        return client.post("/api/v1/predict", json={"text": "Asks for a loan."})

    before = post()
    assert before.status_code == 200, before.text
    torchserve.kill()
    refused = post()
    assert refused.status_code == 503
    assert refused.json()["code"] == "engine_unreachable"
    assert int(refused.headers["Retry-After"]) >= 1
    with pytest.raises(EngineUnreachableError):
        over_grpc.logits(IDS)
    torchserve.start()
    torchserve.wait_until_it_predicts()
    wait_until(lambda: answers_again(predictor.engine) and answers_again(over_grpc))
    after = post()
    assert after.status_code == 200, after.text
    ignored = {"milliseconds": 0}
    assert after.json() | ignored == before.json() | ignored
    for engine in (predictor.engine, over_grpc):
        found = engine.logits(IDS)
        np.testing.assert_allclose(found.category_WC, expected.category_WC, atol=1e-5)
