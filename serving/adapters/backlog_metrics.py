"""Counts of backlogs and webhooks, in the registry of the serving process."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from serving.backlog.advance import Advance
from serving.backlog.server.records import ENDED, BacklogStatus, WebhookStep


class BacklogMetrics:
    """Counts what becomes of backlogs; every name begins with `wherefore_`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds its metrics to a registry."""
        self._rows = Counter(
            "wherefore_backlog_rows",
            "Rows of backlogs that got their verdict, failed ones included.",
            registry=registry,
        )
        self._ended = Counter(
            "wherefore_backlogs_ended",
            "Backlogs that ended, by status.",
            ["status"],
            registry=registry,
        )
        for status in ENDED:  # a count that begins with its first event looks like none
            self._ended.labels(status.value)
        self._webhooks = Counter(
            "wherefore_webhook_attempts",
            "Messages sent about ended backlogs: delivered, pending, or given up.",
            ["step"],
            registry=registry,
        )
        self._left = Gauge(
            "wherefore_backlog_rows_left",
            "Rows left of the backlog that is worked on.",
            registry=registry,
        )

    def count_end(self, status: BacklogStatus) -> None:
        """Counts a backlog that ended."""
        self._ended.labels(status.value).inc()
        self._left.set(0)

    def count_webhook(self, step: WebhookStep) -> None:
        """Counts an attempt to send a message."""
        self._webhooks.labels(step.value).inc()

    def watch(self) -> Callable[[Advance], None]:
        """Returns what counts the rows of a run, told again and again how far the run is."""
        counted = 0

        def count(advance: Advance) -> None:
            nonlocal counted
            done = advance.num_rows - advance.resumed_rows
            self._rows.inc(done - counted)
            counted = done
            self._left.set(advance.total_rows - advance.num_rows)

        return count
