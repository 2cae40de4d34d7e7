"""Clients over real connections: some hang up, some come when the queue is full."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest
from fake_service import app_of_fakes, on_a_socket, until
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from model_store.errors import DeviceLostError
from serving.adapters.fake import FakePredictor
from serving.server import address_of
from serving.settings import Settings

KEY = "a-key-for-tests-of-32-characters"
WAIT_S = 60


class Gate:
    """Holds the engine until it is opened."""

    def __init__(self):
        self.is_open, self.reached, self.texts = threading.Event(), threading.Event(), []

    def __call__(self, texts):
        self.texts += texts
        self.reached.set()
        assert self.is_open.wait(WAIT_S)


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.is_open.set()


@pytest.fixture
def running():
    """Runs servers with a fake model on real sockets, each until the block ends."""

    @contextmanager
    def run(before, **options):
        settings = Settings(api_key=SecretStr(KEY), port=0, **options)
        app = app_of_fakes(settings, predictor=FakePredictor(before=before))
        with on_a_socket(app, settings) as listener:
            yield address_of(listener)

    return run


def client(address):
    return httpx2.Client(base_url=address, headers={"X-API-Key": KEY}, timeout=WAIT_S)


def predict(address, text):
    with client(address) as http:
        return http.post("/api/v1/predict", json={"text": text})


def is_answering(address):
    try:
        with client(address) as http:
            return http.get("/health").status_code == 200
    except httpx2.TransportError:
        return False


def metric(address, name, **labels):
    with client(address) as http:
        families = text_string_to_metric_families(http.get("/metrics").text)
    samples = [s for family in families for s in family.samples if s.name == name]
    return sum(s.value for s in samples if labels.items() <= s.labels.items())


def hang_up_after_sending(address, text):
    host, port = address.removeprefix("http://").split(":")
    body = json.dumps({"text": text}).encode()
    head = (
        f"POST /api/v1/predict HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((host, int(port)), timeout=WAIT_S)
    connection.sendall(head.encode() + body)
    return connection


def test_requests_of_clients_that_hang_up_are_never_computed(running, gate):
    with running(gate) as address, ThreadPoolExecutor(1) as threads, client(address) as staying:
        first = threads.submit(staying.post, "/api/v1/predict", json={"text": "First."})
        assert gate.reached.wait(WAIT_S)
        gone = [hang_up_after_sending(address, f"Gone {i}.") for i in range(20)]
        until(lambda: metric(address, "wherefore_applications_queued") == 21)
        for connection in gone:
            connection.close()
        abandoned = "wherefore_requests_abandoned_total"
        until(lambda: metric(address, abandoned, reason="disconnected") == 20)
        gate.is_open.set()
        assert first.result().status_code == 200
        assert metric(address, "wherefore_queued_tokens") == 0
        until(lambda: metric(address, "wherefore_http_requests_total", status="499") == 20)
    assert gate.texts == ["First."]


def test_a_server_whose_gpu_fails_says_so_and_stops_to_be_started_again(running):
    def fail(_texts):
        raise DeviceLostError

    with running(fail) as address:
        refused = predict(address, "Too many debts.")
        assert (refused.status_code, refused.json()["code"]) == (503, "engine_lost")
        assert refused.headers["retry-after"] == "30"
        until(lambda: not is_answering(address))


def test_a_full_queue_is_told_with_the_seconds_it_needs(running, gate):
    with (
        running(gate, max_queued_tokens=5000) as address,
        ThreadPoolExecutor(1) as threads,
        client(address) as http,
    ):
        first = threads.submit(http.post, "/api/v1/predict", json={"text": "x" * 4000})
        assert gate.reached.wait(WAIT_S)
        with client(address) as other:
            refused = other.post("/api/v1/predict", json={"text": "y" * 20_000})
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
            tokens = metric(address, "wherefore_queued_tokens")
            speed = metric(address, "wherefore_engine_tokens_per_second")
            needed = tokens / speed
            assert needed <= int(refused.headers["retry-after"]) <= needed + 1
            gate.is_open.set()
            assert first.result().status_code == 200
            again = other.post("/api/v1/predict", json={"text": "y" * 20_000})
        assert again.status_code == 200


def test_requests_that_are_open_when_the_server_stops_are_answered(running, gate):
    with ThreadPoolExecutor(20) as threads:
        with running(gate) as address:
            sent = [threads.submit(predict, address, f"No. {i}.") for i in range(20)]
            until(lambda: metric(address, "wherefore_applications_queued") == 20)
            threading.Timer(0.2, gate.is_open.set).start()
        # The server was told to stop while all of them were open.
        assert [future.result().status_code for future in sent] == [200] * 20


def test_what_cannot_be_answered_in_time_when_the_server_stops_is_told_so(running, gate):
    with ThreadPoolExecutor(1) as threads:
        with running(gate, shutdown_grace_seconds=1) as address:
            sent = threads.submit(predict, address, "Slow.")
            assert gate.reached.wait(WAIT_S)
            threading.Timer(3, gate.is_open.set).start()
        answer = sent.result()
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
