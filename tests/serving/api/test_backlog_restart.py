"""A server killed for good in the middle of a backlog, and the next one that goes on."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from free_ports import free_ports

COMMAND = Path(sys.executable).with_name("wherefore")
KEY = "a-key-for-tests-of-32-characters"
HEADERS = {"X-API-Key": KEY}
ADDRESS = "/api/v1/backlogs"
NUM_ROWS = 3000
PATIENCE_S = 400


@contextmanager
def server(folder, model, *, receiver_port):
    """A server whose state lies in the folder, and a client of it."""
    settings = {
        "WHEREFORE_API_KEY": KEY,
        "WHEREFORE_ENGINE": "torch",
        "WHEREFORE_WEBHOOK_HOSTS": f"127.0.0.1:{receiver_port}",
        "WHEREFORE_WEBHOOK_SECRET": "a-secret-that-signs-webhooks-in-tests",
    }
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--model", model],
        cwd=folder,
        env=os.environ | settings | {"PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = re.search(r"http://[\d.:]+", process.stdout.readline()).group()
        with httpx2.Client(base_url=address, headers=HEADERS, timeout=PATIENCE_S) as client:
            yield process, client
    finally:
        process.kill()
        process.communicate()


@contextmanager
def receiver(port):
    """Takes what comes to a port and notes the bodies."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield bodies
        found.shutdown()
        thread.join()


def until(is_so):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := is_so()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def submit(client, port):
    lines = (json.dumps({"id": f"A{i}", "text": f"Debts. {i}"}) for i in range(NUM_ROWS))
    answer = client.post(
        ADDRESS,
        content="\n".join(lines),
        headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": "tonight"},
        params={"webhook_url": f"http://127.0.0.1:{port}/"},
    )
    assert answer.status_code == 202, answer.text
    return answer.json()["backlog_id"]


@pytest.mark.slow
def test_a_backlog_survives_a_kill_and_its_end_is_told_by_the_next_server(tmp_path, tiny_model):
    [port] = free_ports(1)
    with server(tmp_path, tiny_model, receiver_port=port) as (process, client):
        backlog_id = submit(client, port)
        shards = tmp_path / "var" / "backlogs" / backlog_id / "result.jsonl.shards"
        until(lambda: len(list(shards.glob("*.record.json"))) >= 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = (shards / "00000000.jsonl").read_bytes()
    assert not (shards.parent / "result.jsonl").exists()
    with (
        server(tmp_path, tiny_model, receiver_port=port) as (process, client),
        receiver(port) as bodies,
    ):
        assert submit(client, port) == backlog_id
        until(lambda: client.get(f"{ADDRESS}/{backlog_id}").json()["status"] == "completed")
        result = client.get(f"{ADDRESS}/{backlog_id}/result").content
        until(lambda: bodies)
        assert len(client.get(ADDRESS).json()["backlogs"]) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert result.startswith(kept)
    rows = [json.loads(line) for line in result.splitlines()]
    assert [row["id"] for row in rows] == [f"A{i}" for i in range(NUM_ROWS)]
    assert all(row["error"] is None for row in rows)
    told = bodies[0]["data"]
    assert (told["backlog_id"], told["rows"]) == (backlog_id, NUM_ROWS)
    assert not shards.exists()
    assert not list(shards.parent.glob("input*"))
