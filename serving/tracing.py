"""Spans of what we do ourselves, within those that the framework makes of requests.

Nothing is traced unless an address to send traces to is set; `serving.adapters.otlp` sends them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace


@contextmanager
def traced(
    provider: trace.TracerProvider | None, name: str, **attributes: str | int
) -> Iterator[None]:
    """Makes a span of a part of a request; nothing without a provider.

    Args:
        provider: what makes it.
        name: what is done, in our words.
        attributes: listed ones, without the prefix `wherefore.`.
    """
    if provider is None:
        yield
        return
    tracer = provider.get_tracer("wherefore")
    given = {f"wherefore.{key}": value for key, value in attributes.items()}
    # An exception's message may quote what it is about; its type is told by the request's span.
    with tracer.start_as_current_span(
        name, attributes=given, record_exception=False, set_status_on_exception=False
    ):
        yield


def note_request(request_id: str) -> str | None:
    """Adds the id of a request to its span, and returns the id of its trace; None without one."""
    span = trace.get_current_span()
    context = span.get_span_context()
    if not context.is_valid:
        return None
    span.set_attribute("wherefore.request_id", request_id)
    return trace.format_trace_id(context.trace_id)
