"""Counts of limits, in the registry of the serving process."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from serving.limits.quota import LimitClass


class LimitMetrics:
    """Counts what limits refuse; every name begins with `wherefore_`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds its metrics to a registry."""
        self._registry = registry
        self._limited = Counter(
            "wherefore_requests_limited",
            "Requests refused because a client asked for more than its quota.",
            ["limit"],
            registry=registry,
        )
        for limit in LimitClass:  # a count that begins with its first event looks like none
            self._limited.labels(limit.value)
        self._failures = Counter(
            "wherefore_limit_failures",
            "Failures of Redis to count a request, none of them an error to anybody.",
            ["kind"],
            registry=registry,
        )
        self._apart = Gauge(
            "wherefore_limits_apart",
            "1 when Redis is set and this server counts by itself.",
            registry=registry,
        )

    def limited(self, limit: LimitClass) -> None:
        """Counts a request that was refused."""
        self._limited.labels(limit.value).inc()

    def limits_failed(self, kind: str) -> None:
        """Counts a failure: `timeout` or `unreachable`."""
        self._failures.labels(kind).inc()

    def watch_apart(self, read: Callable[[], float]) -> None:
        """Says how to find out whether this server counts by itself."""
        self._apart.set_function(read)
