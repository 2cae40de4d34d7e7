"""A real Valkey (Redis protocol) server to be killed, restarted, slowed and lied with."""

import numpy as np
import pytest
from pydantic import SecretStr
from slow_proxy import SlowProxy
from valkey_server import Valkey

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
from model_store.engine.outputs import EngineLogits
from serving.adapters import redis_cache
from serving.adapters.redis_cache import RedisCache
from serving.cache.codec import CacheIdentity, LogitsCodec

SECRET = b"a secret of a deployment, 32 bytes or more"


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
    with Valkey(tmp_path) as server:
        yield server


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
def new_redis_cache(heard, new_codec, monkeypatch):
    """Opens caches; with times that a busy machine keeps, unless the test is about them."""
    opened = []

    def make(url, *, codec=None, ttl_seconds=60.0, budget_seconds=5.0):
        connect_seconds = max(budget_seconds, redis_cache._CONNECT_SECONDS)
        monkeypatch.setattr(redis_cache, "_CONNECT_SECONDS", connect_seconds)
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
