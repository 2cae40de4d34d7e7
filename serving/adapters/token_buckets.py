"""Buckets of tokens in this process and in Redis (or Valkey), filled by pyrate-limiter.

In Redis a bucket is a hash of one number under a name that tells nothing. Whatever fails there is
no error to anybody: Redis is left alone until it answers again, which is looked for in the
background, and the process counts by itself meanwhile.
"""

import asyncio
import contextlib
import hashlib
import hmac
import threading
from math import ceil

import structlog
from cachetools import LRUCache
from pydantic import SecretStr
from pyrate_limiter import (
    Decision,
    InMemoryStateStore,
    Rate,
    RateItem,
    RedisStateStore,
    StateBucket,
)
from pyrate_limiter import TokenBucket as Algorithm
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

from serving.adapters.redis_address import refused_readably
from serving.limits.limiter import LimitObserver, Verdict
from serving.limits.quota import Quota

_MAX_BUCKETS = 65_536  # a few hundred bytes each; the one not asked for longest is forgotten
_MAX_CONNECTIONS = 16
_CONNECT_SECONDS = 1.0  # spent in the background, never by a request
_LEFT_ALONE_SECONDS = 1.0
_NO_BUCKET = "WRONGTYPE"  # what Redis says of a value that is no hash

log = structlog.stdlib.get_logger("wherefore.limits")


class MemoryBuckets:
    """Buckets of this process."""

    def __init__(self) -> None:
        """Begins with full ones."""
        self._buckets: LRUCache[tuple[str, Quota], StateBucket] = LRUCache(_MAX_BUCKETS)
        self._lock = threading.Lock()

    async def take(self, name: str, quota: Quota, cost: int) -> Verdict:
        """Takes units, all or none."""
        with self._lock:  # nothing waits within
            bucket = self._buckets.get((name, quota))
            if bucket is None:
                store = InMemoryStateStore()
                bucket = StateBucket([_rate(quota)], algorithm=Algorithm(), store=store)
                self._buckets[name, quota] = bucket
            return await _taken(bucket, name, quota, cost)


class RedisBuckets:
    """Buckets that all servers on one Redis share; on one event loop."""

    def __init__(
        self,
        url: SecretStr,
        *,
        secret: bytes,
        observer: LimitObserver,
        budget_seconds: float,
    ) -> None:
        """Connects to nothing yet.

        Args:
            url: `redis://`, `rediss://` or `unix://`, with credentials where needed.
            secret: names the buckets, the same on all servers.
            observer: hears of failures.
            budget_seconds: longest wait of a request; after the first failure, none waits.

        Raises:
            SettingsError: the URL is none of Redis.
        """
        self._redis = _client(url, budget_seconds=budget_seconds)
        self._secret, self._observer = secret, observer
        self._budget_seconds = budget_seconds
        self._is_available = False
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_available(self) -> bool:
        """Whether Redis counts at present."""
        return self._is_available

    async def open(self) -> None:
        """Connects, or begins to look for Redis in the background."""
        if not await self._answers():
            self._observer.limits_failed("unreachable")
            self._leave_alone()

    async def take(self, name: str, quota: Quota, cost: int) -> Verdict | None:
        """Takes units, all or none; None where Redis does not answer in time."""
        if not self._is_available:
            return None
        try:
            async with asyncio.timeout(self._budget_seconds):
                return await self._taken_or_anew(name, quota, cost)
        except Exception as error:  # noqa: BLE001 - what is no Redis makes the client fail anyhow
            is_timeout = isinstance(error, RedisTimeoutError | TimeoutError)
            self._observer.limits_failed("timeout" if is_timeout else "unreachable")
            log.warning("limits_counted_apart", exception=type(error).__name__)
            self._leave_alone()
            return None

    async def close(self) -> None:
        """Disconnects."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        with contextlib.suppress(Exception):
            await self._redis.aclose()

    async def _taken_or_anew(self, name: str, quota: Quota, cost: int) -> Verdict:
        """Takes from a bucket; where something else lies under its name, from a new one."""
        bucket = self._bucket(name, quota)
        try:
            return await _taken(bucket, name, quota, cost)
        except ResponseError as error:
            if not str(error).startswith(_NO_BUCKET):
                raise
        # It might never end by itself, and all clients would be counted apart for as long.
        if (emptied := bucket.flush()) is not None:
            await emptied
        return await _taken(bucket, name, quota, cost)

    def _bucket(self, name: str, quota: Quota) -> StateBucket:
        # A quota that was changed begins anew, with another name.
        told = f"limit:{quota.units}/{quota.seconds}:{name}".encode()
        key = hmac.new(self._secret, told, hashlib.sha256).hexdigest()
        store = RedisStateStore(self._redis, f"wherefore:limit:{key[:32]}")
        return StateBucket([_rate(quota)], algorithm=Algorithm(), store=store)

    def _leave_alone(self) -> None:
        self._is_available = False
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while not self._is_available:
            await asyncio.sleep(_LEFT_ALONE_SECONDS)
            if await self._answers():
                log.info("limits_counted_together")

    async def _answers(self) -> bool:
        """Takes from a bucket of nobody, since a user of Redis may lack the right to."""
        quota = Quota(units=1000, seconds=1)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._redis.ping()
            async with asyncio.timeout(self._budget_seconds):
                await self._taken_or_anew("nobody", quota, 1)
        except Exception:  # noqa: BLE001 - as above
            return False
        self._is_available = True
        return True


def _rate(quota: Quota) -> Rate:
    return Rate(quota.units, quota.seconds * 1000)


async def _taken(bucket: StateBucket, name: str, quota: Quota, cost: int) -> Verdict:
    decision = bucket.put_decision(RateItem(name, _now(bucket), weight=cost))
    found = decision if isinstance(decision, Decision) else await decision
    owed = bucket.count()
    num_owed = owed if isinstance(owed, int) else await owed
    return Verdict(
        quota=quota,
        is_allowed=found.allowed,
        remaining=max(0, quota.units - num_owed),
        retry_after_seconds=0.0 if found.allowed else ceil(found.retry_after_ms or 0) / 1000,
        full_after_seconds=num_owed * quota.seconds / quota.units,
    )


def _now(bucket: StateBucket) -> int:
    now = bucket.now()  # type: ignore[no-untyped-call]
    assert isinstance(now, int)  # noqa: S101  only a clock in a database is awaited
    return now


def _client(url: SecretStr, *, budget_seconds: float) -> Redis:
    with refused_readably():
        pool = BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=_MAX_CONNECTIONS,
            timeout=budget_seconds,
            socket_timeout=max(_CONNECT_SECONDS, budget_seconds),
            socket_connect_timeout=_CONNECT_SECONDS,
            protocol=3,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
    return Redis.from_pool(pool)
