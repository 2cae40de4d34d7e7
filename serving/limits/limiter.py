"""The quotas of all clients, kept between servers where Redis answers, else in this process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from serving.limits.quota import LimitClass, Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of an attempt to take from a bucket.

    Attributes:
        quota: what the bucket holds.
        is_allowed: whether it was taken; a refusal takes nothing.
        remaining: units left.
        retry_after_seconds: when as much will be there; 0 where it was taken.
        full_after_seconds: when the bucket is full again.
    """

    quota: Quota
    is_allowed: bool
    remaining: int
    retry_after_seconds: float
    full_after_seconds: float


class Buckets(Protocol):
    """Buckets of tokens by name."""

    async def take(self, name: str, quota: Quota, cost: int) -> Verdict | None:
        """Takes units, all or none; None where the buckets cannot be had now."""


class LimitObserver(Protocol):
    """Hears of refusals, and of failures of the shared buckets."""

    def limited(self, limit: LimitClass) -> None:
        """Hears of a request that was refused."""

    def limits_failed(self, kind: str) -> None:
        """Hears of shared buckets that failed: `timeout` or `unreachable`."""


class ClientLimits:
    """What each client may still ask for.

    Attributes:
        shared: buckets that all servers share; None while there are none. Where they cannot be
            had, each server counts by itself, so that a client may get at most a quota from each.
    """

    def __init__(
        self, quotas: Mapping[LimitClass, Quota], *, own: Buckets, observer: LimitObserver
    ) -> None:
        """Begins with full buckets.

        Args:
            quotas: what a client may ask for; a class that is missing is not limited.
            own: buckets of this process.
            observer: hears of refusals.
        """
        self.shared: Buckets | None = None
        self._quotas, self._own, self._observer = quotas, own, observer

    async def take(self, client: str, limit: LimitClass, *, cost: int = 1) -> Verdict | None:
        """Takes from the bucket of a client; None where the class is not limited.

        Args:
            client: name of the client.
            limit: what is asked for.
            cost: units; more than the bucket holds empties it.
        """
        quota = self._quotas.get(limit)
        if quota is None:
            return None
        name, cost = f"{limit}:{client}", min(cost, quota.units)
        verdict = await self.shared.take(name, quota, cost) if self.shared else None
        verdict = verdict or await self._own.take(name, quota, cost)
        if verdict is not None and not verdict.is_allowed:
            self._observer.limited(limit)
        return verdict
