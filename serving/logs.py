"""Structured logs: one JSON object a line on standard error.

Events carry ids, versions, counts and milliseconds. Applicant text cannot get in by accident:
messages of foreign loggers are logged with their arguments only from the servers we run, and an
exception is logged as its type and where it was raised, never by its message.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

_QUIET_LOGGERS = ("asyncio", "httpx2", "httpcore2", "urllib3")


def configure_logs(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Sends every log event of the process, the web server's included, to one stream.

    Args:
        stream: where to; None means standard error.
        level: the least level that is logged, as `logging` counts them.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _safe_exception,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def where_raised(error: BaseException) -> list[str]:
    """Returns the frames of an exception as `module:function:line`, outermost first."""
    return _frames(error.__traceback__)


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}:{line}"
        for frame, line in traceback.walk_tb(trace)
    ]


def _safe_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
        event["raised_in"] = where_raised(error)
    return event
