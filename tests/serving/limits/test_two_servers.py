"""Two server processes on one Valkey share what a client may ask for, and go on without it."""

import os
import subprocess
import sys
import time

import httpx2
import pytest

KEY = "a-key-for-tests-of-32-characters"
SECRET = "a secret of a deployment, 32 bytes or more"
WAIT_S = 120
SERVER = """
import sys
from contextlib import nullcontext
from serving.adapters.fake import FakePredictor
from serving.adapters.memory_cases import MemoryStorage
from serving.app import create_app
from serving.keys import open_api_keys
from serving.server import DrainingServer, end_on_signals, listen
from serving.settings import load_settings

settings = load_settings()
keys = open_api_keys(settings.state_dir, configured=settings.api_key)
app = create_app(settings, predictor=FakePredictor(), keys=keys,
                 storage=lambda: nullcontext(MemoryStorage()))
with listen(settings.host, 0) as listener:
    server = DrainingServer(app, settings)
    end_on_signals(server)
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])
"""


@pytest.fixture
def two_servers(counter, tmp_path):
    """Addresses of two processes that may be asked for six predictions a day in all."""
    environment = os.environ | {
        "WHEREFORE_API_KEY": KEY,
        "WHEREFORE_REDIS_URL": counter.url,
        "WHEREFORE_CACHE_SECRET": SECRET,
        "WHEREFORE_LIMIT_PREDICT": "6/day",
        "WHEREFORE_LIMIT_WAIT_SECONDS": "20",  # longer than a busy machine needs
        "WHEREFORE_STATE_DIR": str(tmp_path / "state"),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SERVER],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        ports = [process.stdout.readline().strip() for process in processes]
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        for address in addresses:
            until_alive(address)
        yield addresses
    finally:
        for process in processes:
            process.terminate()
            process.communicate(timeout=WAIT_S)


def until_alive(address):
    give_up = time.monotonic() + WAIT_S
    while True:
        try:
            return httpx2.get(f"{address}/health", timeout=WAIT_S)
        except httpx2.TransportError:
            assert time.monotonic() < give_up
            time.sleep(0.05)


def asked(address):
    answer = httpx2.post(
        f"{address}/api/v1/predict",
        json={"text": "Debts."},
        headers={"X-API-Key": KEY},
        timeout=WAIT_S,
    )
    return answer.status_code


def metric(address, name):
    page = httpx2.get(f"{address}/metrics", headers={"X-API-Key": KEY}, timeout=WAIT_S).text
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name))


def until_together(addresses):
    """Waits until servers count at Valkey, however long a busy machine takes to connect."""
    for address in addresses:
        give_up = time.monotonic() + WAIT_S
        while metric(address, "wherefore_limits_apart"):
            assert time.monotonic() < give_up
            time.sleep(0.1)


def test_servers_share_a_quota_and_count_apart_when_valkey_is_gone(two_servers, counter):
    first, second = two_servers
    until_together(two_servers)
    num_failures = [metric(address, "wherefore_limit_failures_total{") for address in two_servers]
    assert [asked(first) for _ in range(3)] == [200] * 3
    assert [asked(second) for _ in range(3)] == [200] * 3
    assert (asked(first), asked(second)) == (429, 429)
    counter.kill()
    # Each counts by itself now, from a full quota, and nobody gets an error.
    for address, before in zip(two_servers, num_failures, strict=True):
        assert [asked(address) for _ in range(7)] == [200] * 6 + [429]
        assert metric(address, "wherefore_limit_failures_total{") == before + 1
        assert metric(address, "wherefore_limits_apart") == 1
    counter.start()
    until_together(two_servers)
    # What Valkey had was lost with it: there is one full quota again, for both together.
    assert [asked(first) for _ in range(4)] == [200] * 4
    assert [asked(second) for _ in range(3)] == [200] * 2 + [429]
