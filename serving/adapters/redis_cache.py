"""The shared cache in Redis (or Valkey): sealed logits under names that tell nothing.

One thread reads and one writes, each over a connection and behind a circuit breaker of its own, so
the event loop never waits for Redis. A lookup is given 5 ms; what does not come in time is a miss,
and after a few failures in a row Redis is left alone for a second. Whatever it returns is checked
against its code: garbage is a miss, counted and overwritten.

Kinds of failures that are counted: `timeout` (no answer in time), `unreachable` (any other failure
of Redis or of the way to it), `garbage` (a value that was not stored so), `skipped` (not asked or
not stored: left alone after failures, or still busy).
"""

import asyncio
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pybreaker
import structlog
from pydantic import SecretStr
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from model_store.engine.outputs import EngineLogits
from serving.adapters.redis_address import refused_readably
from serving.cache.codec import GarbageError, LogitsCodec
from serving.cache.logits_cache import CacheObserver

T = TypeVar("T")

_Entry = tuple[int, bytes, EngineLogits]
"""Logits to store under a name, and how often names had been forgotten when they came."""

BUDGET_SECONDS = 0.005
"""Longest wait for one lookup, of up to 32 windows."""

MAX_KEYS_AT_ONCE = 32
"""Keys of one MGET or one pipeline: their values, of up to 25 kB each, come within the budget."""

TTL_JITTER_RATIO = 0.1
"""A value lives up to this share longer or shorter, so that what came together ends apart."""

_CONNECT_SECONDS = 0.25  # spent by a thread of the cache, never by a request
_MAX_FAILURES = 3
_LEFT_ALONE_SECONDS = 1.0
_LOOK_SECONDS = 0.5  # whether there are names to be removed
_MAX_WAITING_LOOKUPS = 4
_MAX_WAITING_STORES = 1024
_CLOSE_SECONDS = 0.5

log = structlog.stdlib.get_logger("wherefore.cache")


class RedisCache:
    """Reads and writes sealed logits in Redis; never raises, never waits beyond its budget."""

    def __init__(
        self,
        url: SecretStr,
        *,
        codec: LogitsCodec,
        ttl_seconds: float,
        observer: CacheObserver,
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        """Begins to connect; does not wait for it.

        Args:
            url: `redis://`, `rediss://` or `unix://`, with credentials where needed.
            codec: names and seals.
            ttl_seconds: how long a value lives.
            observer: hears of failures.
            budget_seconds: longest wait for one lookup, and for one answer of Redis.

        Raises:
            SettingsError: the URL is none of Redis.
        """
        self._codec, self._ttl_seconds, self._observer = codec, ttl_seconds, observer
        self._prefix = f"wherefore:{codec.namespace}:".encode()
        self._budget_seconds = budget_seconds
        self._reading = _Link(url, observer, budget_seconds=budget_seconds)
        self._writing = _Link(url, observer, budget_seconds=budget_seconds)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="cache-reader")
        self._lookups = threading.Semaphore(_MAX_WAITING_LOOKUPS)
        self._damaged: set[bytes] = set()
        self._forgotten: set[bytes] = set()
        self._num_forgets = 0
        self._to_store: queue.Queue[_Entry | None] = queue.Queue(_MAX_WAITING_STORES)
        self._writer = threading.Thread(target=self._write, name="cache-writer", daemon=True)
        self._writer.start()
        self._reader.submit(self._reading.ask, lambda redis: redis.ping())

    @property
    def is_available(self) -> bool:
        """Whether Redis answers; it does until it failed a few times in a row."""
        return self._reading.is_available

    async def fetch(self, names: Sequence[bytes]) -> Mapping[bytes, EngineLogits]:
        """Returns what Redis holds of some names, as far as it comes within the budget."""
        found: dict[bytes, EngineLogits] = {}
        for start in range(0, len(names), MAX_KEYS_AT_ONCE):
            some = names[start : start + MAX_KEYS_AT_ONCE]
            answer = await self._fetch_within_budget(some)
            if answer is None:
                break
            found |= answer
        return found

    def store(self, name: bytes, logits: EngineLogits) -> None:
        """Hands logits to the writer; they are dropped where it cannot keep up."""
        try:
            self._to_store.put_nowait((self._num_forgets, name, logits))
        except queue.Full:
            self._observer.cache_failed("skipped")

    def forget(self, names: Sequence[bytes]) -> None:
        """Reads these names no more until the writer has removed what lies there.

        It tries again until Redis lets it, the last time when the cache closes. What still waits
        to be stored is dropped.
        """
        self._forgotten.update(names)
        self._num_forgets += 1

    def close(self) -> None:
        """Gives the writer a moment to end, and disconnects."""
        ends = time.monotonic() + _CLOSE_SECONDS
        try:
            self._to_store.put(None, timeout=_CLOSE_SECONDS)
            self._writer.join(max(0.0, ends - time.monotonic()))
        except queue.Full:
            log.warning("cache_writer_left", waiting=self._to_store.qsize())
        self._reader.shutdown(wait=False, cancel_futures=True)
        self._reading.close()
        self._writing.close()

    async def _fetch_within_budget(
        self, names: Sequence[bytes]
    ) -> Mapping[bytes, EngineLogits] | None:
        if self._reading.is_left_alone or not self._lookups.acquire(blocking=False):
            self._observer.cache_failed("skipped")
            return None
        future = asyncio.get_running_loop().run_in_executor(self._reader, self._read, names)
        try:
            async with asyncio.timeout(self._budget_seconds):
                return await asyncio.shield(future)
        except TimeoutError:
            if future.done():  # the event loop was late, not Redis
                return future.result()
            self._observer.cache_failed("timeout")
            return None

    def _read(self, names: Sequence[bytes]) -> Mapping[bytes, EngineLogits] | None:
        try:
            return self._looked_up(names)
        finally:
            self._lookups.release()

    def _looked_up(self, names: Sequence[bytes]) -> Mapping[bytes, EngineLogits] | None:
        names = [name for name in names if name not in self._forgotten]
        if not names:
            return {}
        keys = [self._prefix + name for name in names]
        values = self._reading.ask(lambda redis: _values(redis, keys))
        if values is None:
            return None
        found = {}
        for name, value in zip(names, values, strict=True):
            if value is not None and (logits := self._opened(name, value)) is not None:
                found[name] = logits
        return found

    def _opened(self, name: bytes, value: object) -> EngineLogits | None:
        try:
            if not isinstance(value, bytes):
                raise GarbageError("a cached value is no string of bytes")
            return self._codec.open(name, value)
        except GarbageError:
            self._observer.cache_failed("garbage")
            self._damaged.add(name)
            return None

    def _write(self) -> None:
        while (entries := self._next_entries()) is not None:
            self._remove_forgotten()
            entries = [entry for entry in entries if entry[0] == self._num_forgets]
            if entries and self._writing.ask(partial(self._set, entries)) is None:
                self._observer.cache_failed("skipped", len(entries))
        self._remove_forgotten()
        if self._forgotten:
            log.error("cache_names_not_removed", names=len(self._forgotten))

    def _remove_forgotten(self) -> None:
        while names := tuple(self._forgotten)[:MAX_KEYS_AT_ONCE]:
            keys = [self._prefix + name for name in names]
            if self._writing.ask(partial(_removed, keys=keys)) is None:
                return  # they are kept in mind
            self._forgotten.difference_update(names)

    def _next_entries(self) -> list[_Entry] | None:
        """What is to be stored next; nothing now and then, None at the end."""
        try:
            first = self._to_store.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            return []
        if first is None:
            return None
        entries = [first]
        while len(entries) < MAX_KEYS_AT_ONCE and not self._to_store.empty():
            entry = self._to_store.get_nowait()
            if entry is None:
                self._to_store.put_nowait(None)
                break
            entries.append(entry)
        return entries

    def _set(self, entries: Sequence[_Entry], redis: "Redis") -> bool:
        pipeline = redis.pipeline(transaction=False)
        for _, name, logits in entries:
            pipeline.set(
                self._prefix + name,
                self._codec.seal(name, logits),
                px=self._ttl_milliseconds(),
                # The first answer stays, unless what lies there is none.
                nx=name not in self._damaged,
            )
        pipeline.execute()
        self._damaged.difference_update(name for _, name, _ in entries)
        return True

    def _ttl_milliseconds(self) -> int:
        jitter = random.uniform(-TTL_JITTER_RATIO, TTL_JITTER_RATIO)  # noqa: S311 - no secret
        return max(1, int(self._ttl_seconds * 1000 * (1 + jitter)))


class _Link:
    """A connection behind a circuit breaker, used by one thread."""

    def __init__(self, url: SecretStr, observer: CacheObserver, *, budget_seconds: float) -> None:
        self._observer = observer
        self._redis = _connect(url, budget_seconds=budget_seconds)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=_MAX_FAILURES,
            reset_timeout=_LEFT_ALONE_SECONDS,
            throw_new_error_on_trip=False,
        )
        self._failed_at = -_LEFT_ALONE_SECONDS

    @property
    def is_available(self) -> bool:
        return self._breaker.current_state != pybreaker.STATE_OPEN

    @property
    def is_left_alone(self) -> bool:
        since = time.monotonic() - self._failed_at
        return not self.is_available and since < _LEFT_ALONE_SECONDS

    def ask(self, command: Callable[["Redis"], T]) -> T | None:
        """Returns what Redis answers to a command; None where it does not."""
        started = time.monotonic()
        # The breaker goes by the wall clock, which may be set back for hours.
        if not self.is_available and not self.is_left_alone:
            self._breaker.half_open()
        try:
            return self._breaker.call(command, self._redis)
        except pybreaker.CircuitBreakerError:
            return None
        except Exception as error:  # noqa: BLE001 - what is no Redis makes the client fail anyhow
            self._failed_at = time.monotonic()
            is_timeout = isinstance(error, RedisTimeoutError | TimeoutError)
            self._observer.cache_failed("timeout" if is_timeout else "unreachable")
            if not self.is_available:
                waited_ms = round((self._failed_at - started) * 1000, 1)
                log.warning("cache_left_alone", exception=type(error).__name__, ms=waited_ms)
            return None

    def close(self) -> None:
        self._redis.close()


def _values(redis: "Redis", keys: Sequence[bytes]) -> Sequence[object]:
    values: object = redis.mget(keys)
    if not isinstance(values, list) or len(values) != len(keys):
        raise ValueError("expected as many values as keys")
    return values


def _removed(redis: "Redis", *, keys: Sequence[bytes]) -> int:
    return int(redis.delete(*keys))


def _greet(connection: Connection, *, budget_seconds: float) -> None:
    connection.on_connect()  # type: ignore[no-untyped-call]
    connection.update_current_socket_timeout(budget_seconds)


def _connect(url: SecretStr, *, budget_seconds: float) -> "Redis":
    with refused_readably():
        redis: Redis = Redis.from_url(
            url.get_secret_value(),
            # Of the greeting; what follows has the budget.
            socket_timeout=_CONNECT_SECONDS,
            socket_connect_timeout=_CONNECT_SECONDS,
            redis_connect_func=partial(_greet, budget_seconds=budget_seconds),
            protocol=3,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
    return redis
