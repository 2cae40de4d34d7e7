"""SIGTERM under load: every request that the server accepted is answered."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from model_store.predictor import Predictor

COMMAND = Path(sys.executable).with_name("wherefore")
KEY = "a-key-for-tests-of-32-characters"
NUM_CLIENTS = 8
MIN_ANSWERS = 40
WAIT_S = 300
NUM_CHECKED = 12


def post_until_refused(address, *, number, answers):
    """Sends requests one after the other until the server is gone; notes each answer."""
    with httpx2.Client(base_url=address, headers={"X-API-Key": KEY}, timeout=WAIT_S) as client:
        for i in range(100_000):
            texts = [f"Client {number}, request {i}, part {j}. " * 20 for j in range(4)]
            batch = {"applications": [{"text": text} for text in texts]}
            try:
                response = client.post("/api/v1/batch-predict", json=batch)
            except httpx2.TransportError:
                return
            answers.append((texts, response))


def test_no_accepted_request_is_lost_or_answered_wrongly(tmp_path, tiny_model):
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        server = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", "--model", tiny_model],
            cwd=tmp_path,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "WHEREFORE_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        address = re.search(r"http://[\d.:]+", server.stdout.readline()).group()
        answers: list[tuple[list[str], httpx2.Response]] = []
        with ThreadPoolExecutor(NUM_CLIENTS) as clients:
            for number in range(NUM_CLIENTS):
                clients.submit(post_until_refused, address, number=number, answers=answers)
            give_up = time.monotonic() + WAIT_S
            while len(answers) < MIN_ANSWERS:
                assert time.monotonic() < give_up, log.read_text()
                threading.Event().wait(0.05)
            server.send_signal(signal.SIGTERM)
        assert server.wait(WAIT_S) == 0
        server.stdout.close()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    [drained] = [event for event in events if event["event"] == "drained"]
    assert drained["requests_accepted"] == drained["requests_answered"]
    scored = [(texts, answer.json()) for texts, answer in answers if answer.status_code == 200]
    assert len(scored) == sum(event["event"] == "scored" for event in events)
    assert all(row["error"] is None for _, answer in scored for row in answer["rows"])
    refused = [answer for _, answer in answers if answer.status_code != 200]
    assert all(answer.json()["code"] == "not_ready" for answer in refused)
    assert all("retry-after" in answer.headers for answer in refused)
    # Those at the end were answered while the server was stopping.
    predictor = Predictor.load(tiny_model)
    for texts, answer in scored[-NUM_CHECKED:]:
        expected = predictor.predict(texts)
        found = [row["risk_score"] for row in answer["rows"]]
        assert found == pytest.approx([right.risk_score for right in expected], abs=1.0)
