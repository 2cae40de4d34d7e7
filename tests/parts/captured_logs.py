"""What the service logs, read by tests."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from serving.logs import configure_logs


@contextmanager
def captured_logs() -> Iterator[io.StringIO]:
    """Sends all logs to the stream it gives, and puts back what was there before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
