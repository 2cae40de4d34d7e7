"""Live counts of a serving process, in a Prometheus registry of its own.

Labels are closed sets (routes, methods, statuses, codes, bands), so nothing a client sends can
become one.
"""

import time
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from serving.rows import OutputRow, ScoredRow

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_TOKENS_BUCKETS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384)


class ServingMetrics:
    """Counts requests and applications; every name begins with `wherefore_`."""

    def __init__(self, *, model_version: str, num_queued: Callable[[], int]) -> None:
        """Makes the registry.

        Args:
            model_version: version of the model that serves.
            num_queued: reads how many applications wait or are being scored.
        """
        self.registry = CollectorRegistry()
        self._started = time.time()
        self._requests = Counter(
            "wherefore_http_requests",
            "HTTP requests answered.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "wherefore_http_request_seconds",
            "Time from the first byte of a request to its answer, seconds.",
            ["route"],
            buckets=_SECONDS_BUCKETS,
            registry=self.registry,
        )
        self._scored = Counter(
            "wherefore_applications_scored",
            "Applications scored, by risk band.",
            ["risk_band"],
            registry=self.registry,
        )
        self._failed = Counter(
            "wherefore_applications_failed",
            "Applications not scored, by error code.",
            ["code"],
            registry=self.registry,
        )
        self._tokens = Counter(
            "wherefore_tokens", "Tokens read by the model.", registry=self.registry
        )
        self._lengths = Histogram(
            "wherefore_application_tokens",
            "Tokens of each application scored.",
            buckets=_TOKENS_BUCKETS,
            registry=self.registry,
        )
        queued = Gauge(
            "wherefore_applications_queued",
            "Applications waiting or being scored.",
            registry=self.registry,
        )
        queued.set_function(num_queued)
        model = Gauge("wherefore_model_info", "The model.", ["version"], registry=self.registry)
        model.labels(model_version).set(1)

    def count_request(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Counts one answered request; `route` is the route's template, never the path asked."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_rows(self, rows: Sequence[OutputRow]) -> None:
        """Counts the rows of one answer."""
        for row in rows:
            if isinstance(row, ScoredRow):
                self._scored.labels(row.risk_band.value).inc()
                self._tokens.inc(row.tokens)
                self._lengths.observe(row.tokens)
            else:
                self.count_failure(row.error.code)

    def count_failure(self, code: str) -> None:
        """Counts one application that was not scored; `code` is one of the row error codes."""
        self._failed.labels(code).inc()

    def watch_certificate(self, read: Callable[[], float]) -> None:
        """Adds a gauge of when the certificate of HTTPS ends, Unix time."""
        gauge = Gauge(
            "wherefore_certificate_ends_timestamp_seconds",
            "When the certificate that HTTPS is served with ends, Unix time.",
            registry=self.registry,
        )
        gauge.set_function(read)

    @property
    def uptime_seconds(self) -> float:
        """Time since these counts began, seconds."""
        return time.time() - self._started

    def scored_by_band(self) -> dict[str, int]:
        """Returns the number of applications scored, by risk band."""
        return self._by_label(self._scored, "risk_band")

    def failed_by_code(self) -> dict[str, int]:
        """Returns the number of applications not scored, by error code."""
        return self._by_label(self._failed, "code")

    def requests_by_status(self) -> dict[str, int]:
        """Returns the number of requests answered, by HTTP status."""
        return self._by_label(self._requests, "status")

    def exposition(self) -> bytes:
        """Returns every metric in the Prometheus text format."""
        return generate_latest(self.registry)

    @staticmethod
    def _by_label(counter: Counter, label: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for metric in counter.collect():
            for sample in metric.samples:
                if sample.name.endswith("_total"):
                    key = sample.labels[label]
                    counts[key] = counts.get(key, 0) + int(sample.value)
        return counts


class BatchMetrics:
    """Counts what the engine and its cache do; every name begins with `wherefore_`.

    It hears of every batch (`serving.batching.batcher.BatchObserver`), from any thread.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds its metrics to a registry."""
        self._registry = registry
        self._batches = self._counter("engine_batches", "Batches computed.", "priority")
        self._windows = self._counter("engine_windows", "Windows computed.", "priority")
        self._tokens = self._counter("engine_tokens", "Tokens computed.", "priority")
        self._busy = self._counter(
            "engine_busy_seconds",
            "Time in which the engine computed or windows waited for it, seconds.",
            "priority",
        )
        self._engine_failures = self._counter(
            "engine_failures", "Batches that failed: memory, engine, or window.", "kind"
        )
        self._lookups = self._counter("cache_lookups", "Windows looked up.", "tier", "outcome")
        for kind in ("memory", "engine", "window"):
            # A count that begins with its first event looks like none.
            self._engine_failures.labels(kind)
        self._cache_failures = self._counter(
            "cache_failures", "Failures of Redis, none of them an error to anybody.", "kind"
        )
        self._abandoned = self._counter(
            "requests_abandoned", "Requests dropped before their answer.", "reason"
        )

        self._explanations = self._counter(
            "explanations", "Explanations with a prediction.", "method", "outcome"
        )

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Adds a gauge that is read when asked for."""
        gauge = Gauge(f"wherefore_{name}", description, registry=self._registry)
        gauge.set_function(read)

    def computed(self, *, priority: str, windows: int, tokens: int, seconds: float) -> None:
        """Counts a batch."""
        self._batches.labels(priority).inc()
        self._windows.labels(priority).inc(windows)
        self._tokens.labels(priority).inc(tokens)
        self._busy.labels(priority).inc(seconds)

    def engine_failed(self, kind: str) -> None:
        """Counts a batch that failed: `memory`, `engine` or `window`."""
        self._engine_failures.labels(kind).inc()

    def looked_up(self, tier: str, *, hits: int, misses: int) -> None:
        """Counts windows looked up in a tier of the cache."""
        if hits:
            self._lookups.labels(tier, "hit").inc(hits)
        if misses:
            self._lookups.labels(tier, "miss").inc(misses)

    def cache_failed(self, kind: str, count: int = 1) -> None:
        """Counts failures of the shared cache."""
        self._cache_failures.labels(kind).inc(count)

    def abandoned(self, reason: str) -> None:
        """Counts a request that was dropped: `disconnected` or `timeout`."""
        self._abandoned.labels(reason).inc()

    def explained(self, method: str, outcome: str) -> None:
        """Counts an explanation: `computed`, `kept`, or why it was left out."""
        self._explanations.labels(method, outcome).inc()

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(f"wherefore_{name}", description, labels, registry=self._registry)
