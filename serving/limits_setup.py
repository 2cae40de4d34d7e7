"""The limits of clients as the settings ask for them, shared while the server runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.adapters.limit_metrics import LimitMetrics
from serving.adapters.token_buckets import MemoryBuckets, RedisBuckets
from serving.cache.secret import open_cache_secret
from serving.limits.limiter import ClientLimits
from serving.limits.quota import LimitClass, parse_quota
from serving.settings import Settings


def open_limits(settings: Settings, metrics: LimitMetrics) -> ClientLimits:
    """Returns the limits, each counted in this process until they are shared."""
    written = {
        LimitClass.PREDICT: settings.limit_predict,
        LimitClass.BATCH: settings.limit_batch,
        LimitClass.BACKLOGS: settings.limit_backlogs,
        LimitClass.SIGN_IN: settings.limit_sign_in,
        LimitClass.OTHER: settings.limit_other,
    }
    quotas = {limit: parse_quota(text) for limit, text in written.items()}
    return ClientLimits(
        {limit: quota for limit, quota in quotas.items() if quota is not None},
        own=MemoryBuckets(),
        observer=metrics,
    )


@asynccontextmanager
async def shared_limits(
    limits: ClientLimits, settings: Settings, metrics: LimitMetrics
) -> AsyncIterator[None]:
    """Shares the limits through Redis, where one is set, until the block ends.

    Raises:
        CacheSecretError: the state directory cannot hold or give the secret that names buckets.
        SettingsError: the Redis URL is none.
    """
    if settings.redis_url is None:
        yield
        return
    secret = open_cache_secret(settings.state_dir, configured=settings.cache_secret)
    buckets = RedisBuckets(
        settings.redis_url,
        secret=secret,
        observer=metrics,
        budget_seconds=settings.limit_wait_seconds,
    )
    await buckets.open()
    limits.shared = buckets
    metrics.watch_apart(lambda: float(not buckets.is_available))
    try:
        yield
    finally:
        limits.shared = None
        await buckets.close()
