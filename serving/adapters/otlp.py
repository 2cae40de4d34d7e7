"""Traces (OpenTelemetry) on their way to a collector.

The framework makes a span of each request and names it after the route's template. It also notes
the path as asked for and the query, and keeps what a client sends as trace state; any of them may
hold anything, so only what is listed here leaves the process.
"""

from collections.abc import Sequence
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

EXPORTED = frozenset(
    {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "error.type",
        "url.scheme",
        "wherefore.applications",
        "wherefore.model_version",
        "wherefore.request_id",
        "wherefore.tokens",
    }
)
"""Attributes that leave the process. None of them holds text of a client, but the id of a request:
up to 64 letters, digits, dots, dashes and underscores, which the log has, too."""

_TRACES = "/v1/traces"
_SEND_SECONDS = 5


class ListedOnly(SpanExporter):
    """Passes spans on without what is not listed: attributes, events, links, trace state."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Takes what sends them."""
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Sends spans."""
        return self._exporter.export([_listed(span) for span in spans])

    def shutdown(self) -> None:
        """Ends."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Sends what waits."""
        return self._exporter.force_flush(timeout_millis)


def open_tracing(endpoint: str) -> TracerProvider:
    """Returns what makes spans and sends them.

    Args:
        endpoint: address of a collector, OTLP over HTTP, such as `http://collector:4318`.
    """
    resource = Resource.create({SERVICE_NAME: "wherefore", SERVICE_VERSION: version("wherefore")})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(f"{endpoint}{_TRACES}", timeout=_SEND_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(ListedOnly(exporter)))
    return provider


def _listed(span: ReadableSpan) -> ReadableSpan:
    kept = {k: v for k, v in (span.attributes or {}).items() if k in EXPORTED}
    return ReadableSpan(
        name=span.name,
        context=_plain(span.context),
        parent=_plain(span.parent),
        resource=span.resource,
        attributes=kept,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=trace.Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _plain(context: trace.SpanContext | None) -> trace.SpanContext | None:
    if context is None:
        return None
    return trace.SpanContext(
        trace_id=context.trace_id,
        span_id=context.span_id,
        is_remote=context.is_remote,
        trace_flags=context.trace_flags,
    )
