"""What a cached answer costs: in the process from token ids, and from Redis.

In the process: the name of a window (HMAC of its ids) and the look into memory, for windows of 128,
250 and 512 tokens; the issue allows 0.1 ms at the 99th percentile. From Redis: one window and 32 at
once, over `RedisCache` with its 5 ms, against a Valkey that is started here or a server that is
named; and what is left of it when the server is dead. Prints a table and, as its last line, the
same figures and their conditions as JSON.
"""

import argparse
import asyncio
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from measured import SEED, conditions, percentile
from pydantic import SecretStr
from redis import Redis
from rich.console import Console
from rich.table import Table

sys.path.append(str(Path(__file__).parents[1] / "parts"))

from valkey_server import Valkey

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
from model_store.engine.outputs import EngineLogits
from serving.adapters.redis_cache import RedisCache
from serving.cache.codec import CacheIdentity, LogitsCodec
from serving.cache.logits_cache import LogitsCache, MemoryCache

NUM_WINDOWS = 1000
START_TIMEOUT_S = 60
_NUMBERS = np.random.default_rng(SEED)


class Count:
    """Counts failures of the cache; lookups are counted by the caller."""

    def __init__(self) -> None:
        """Begins with none."""
        self.failures: dict[str, int] = {}

    def looked_up(self, tier: str, *, hits: int, misses: int) -> None:
        """Takes no notice."""

    def cache_failed(self, kind: str, count: int = 1) -> None:
        """Counts."""
        self.failures[kind] = self.failures.get(kind, 0) + count


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one kind of call took.

    Attributes:
        name: the row of the table.
        calls: calls timed.
        found_ratio: windows found, as a share of those asked for.
        p50_us: median time of a call, microseconds.
        p95_us: 95th percentile.
        p99_us: 99th percentile.
    """

    name: str
    calls: int
    found_ratio: float
    p50_us: float
    p95_us: float
    p99_us: float


def window_ids(num_tokens: int, num_windows: int) -> list[tuple[int, ...]]:
    """Returns token ids of windows, no two alike."""
    drawn = _NUMBERS.integers(4, 50_000, size=(num_windows, num_tokens))
    return [tuple(map(int, row)) for row in drawn]


def logits_of(num_tokens: int) -> EngineLogits:
    """Returns logits of one window, as an engine gives them."""

    def draw(*shape: int) -> np.ndarray:
        return _NUMBERS.normal(size=shape).astype(np.float32)

    return EngineLogits(
        category_WC=draw(1, len(CATEGORIES)),
        reason_WR=draw(1, len(REASONS)),
        risk_W=draw(1),
        evidence=[draw(num_tokens, len(CATEGORIES))],
    )


def timed(name: str, calls: Sequence[Callable[[], int]]) -> Timing:
    """Runs calls that return how many windows they found, of one each, and times them."""
    took, found = [], 0
    for call in calls:
        start = time.perf_counter()
        found += call()
        took.append((time.perf_counter() - start) * 1e6)
    return _timing(name, took, found_ratio=found / len(calls))


async def timed_fetches(name: str, cache: RedisCache, groups: Sequence[list[bytes]]) -> Timing:
    """Looks groups of names up in Redis, one group after the other, and times each."""
    took, found = [], 0
    for group in groups:
        start = time.perf_counter()
        found += len(await cache.fetch(group))
        took.append((time.perf_counter() - start) * 1e6)
    return _timing(name, took, found_ratio=found / sum(map(len, groups)))


def _timing(name: str, took: Sequence[float], *, found_ratio: float) -> Timing:
    return Timing(
        name=name,
        calls=len(took),
        found_ratio=round(found_ratio, 4),
        p50_us=round(percentile(took, 50), 1),
        p95_us=round(percentile(took, 95), 1),
        p99_us=round(percentile(took, 99), 1),
    )


def in_process(codec: LogitsCodec, num_tokens: int, num_windows: int) -> Timing:
    """Times the way from token ids to logits in memory."""
    cache = LogitsCache(codec, memory=MemoryCache(10**9), shared=None, observer=Count())
    windows = window_ids(num_tokens, num_windows)
    for ids in windows:
        cache.keep(cache.name(ids), logits_of(num_tokens))
    calls = [lambda ids=ids: int(cache.get(cache.name(ids)) is not None) for ids in windows * 5]
    return timed(f"memory, {num_tokens} tokens", calls)


def from_redis(
    url: str, codec: LogitsCodec, *, num_tokens: int, at_once: int, num_windows: int
) -> tuple[Timing, dict[str, int]]:
    """Times lookups in a Redis that holds everything asked for; returns its failures too."""
    count = Count()
    cache = RedisCache(SecretStr(url), codec=codec, ttl_seconds=600, observer=count)
    names = [codec.name(ids) for ids in window_ids(num_tokens, num_windows)]
    with Redis.from_url(url) as redis:
        for name in names:
            key = f"wherefore:{codec.namespace}:".encode() + name
            redis.set(key, codec.seal(name, logits_of(num_tokens)), ex=600)
    groups = [names[i : i + at_once] for i in range(0, len(names) - at_once + 1, at_once)]
    name = f"Redis, {at_once} x {num_tokens} tokens"
    timing = asyncio.run(timed_fetches(name, cache, groups))
    cache.close()
    return timing, count.failures


def from_dead_redis(codec: LogitsCodec, num_windows: int) -> Timing:
    """Times lookups where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{free.getsockname()[1]}/0"
    cache = RedisCache(SecretStr(url), codec=codec, ttl_seconds=600, observer=Count())
    groups = [[codec.name(ids)] for ids in window_ids(128, num_windows)]
    timing = asyncio.run(timed_fetches("dead Redis", cache, groups))
    cache.close()
    return timing


@contextmanager
def redis_server(url: str | None) -> Iterator[str]:
    """Gives the URL of the server that was named, or of one that is started for the time."""
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder, Valkey(Path(folder)) as server:
        yield server.url


def show(timings: Sequence[Timing]) -> None:
    """Prints the table."""
    table = Table(title="cached logits")
    for head in ("lookup", "calls", "found", "p50 us", "p95 us", "p99 us"):
        table.add_column(head, justify="left" if head == "lookup" else "right")
    for t in timings:
        figures = [f"{value:,.1f}" for value in (t.p50_us, t.p95_us, t.p99_us)]
        table.add_row(t.name, f"{t.calls:,}", f"{t.found_ratio:.1%}", *figures)
    Console().print(table)


def main() -> None:
    """Measures every lookup and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--redis-url", help="a Redis to use (one is started)")
    parser.add_argument("--quick", action="store_true", help="only tests the program")
    asked = parser.parse_args()
    num_windows = 64 if asked.quick else NUM_WINDOWS
    identity = CacheIdentity(model_digest="benchmark", engine="none")
    codec = LogitsCodec(b"a secret for the benchmark, 32 bytes", identity=identity)
    timings = [in_process(codec, num_tokens, num_windows) for num_tokens in (128, 250, 512)]
    failures = {}
    with redis_server(asked.redis_url) as url:
        for num_tokens, at_once in ((250, 1), (512, 1), (250, 32)):
            timing, failed = from_redis(
                url, codec, num_tokens=num_tokens, at_once=at_once, num_windows=num_windows
            )
            timings.append(timing)
            failures[timing.name] = failed
    timings.append(from_dead_redis(codec, num_windows))
    show(timings)
    figures = {"timings": [asdict(timing) for timing in timings], "failures": failures}
    print(json.dumps(conditions("none: random logits") | figures))


if __name__ == "__main__":
    main()
