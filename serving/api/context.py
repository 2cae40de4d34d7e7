"""What happens around every request: its id, its log line, its count, its last resort."""

import re
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.adapters.prometheus import ServingMetrics
from serving.api.answer_headers import add_headers
from serving.api.problems import internal_error_response
from serving.tracing import note_request

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNKNOWN = "unknown"

log = structlog.stdlib.get_logger("wherefore.http")


class RequestContext:
    """Gives each request an id, logs and counts its answer, and answers what nobody foresaw.

    The id is the client's `X-Request-ID` where that is up to 64 letters, digits, dots, dashes and
    underscores, else a new one; the answer carries it. The log names the route's template, never
    the path asked for, which may hold anything.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wraps an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = _request_id(scope)
        state["started"] = time.perf_counter()
        ids = {"request_id": state["request_id"]}
        if (trace_id := note_request(state["request_id"])) is not None:
            ids["trace_id"] = trace_id
        with structlog.contextvars.bound_contextvars(**ids):
            status = await self._answer(scope, receive, send)
            _record(scope, status=status)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(MutableHeaders(scope=message), scope)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("request_failed", route=route_of(scope))
            if status == 0:
                response = internal_error_response(request_id=scope["state"]["request_id"])
                await response(scope, receive, send_with_headers)
        return status


def route_of(scope: Scope) -> str:
    """Returns the template of the route that answers a request, "unknown" where none does."""
    return str(getattr(scope.get("route"), "path", _UNKNOWN))


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _record(scope: Scope, *, status: int) -> None:
    seconds = time.perf_counter() - scope["state"]["started"]
    method = scope["method"] if scope["method"] in _METHODS else _UNKNOWN
    metrics: ServingMetrics | None = getattr(scope["app"].state, "metrics", None)
    if metrics is not None:
        metrics.count_request(route=route_of(scope), method=method, status=status, seconds=seconds)
    log.info(
        "request",
        route=route_of(scope),
        method=method,
        status=status,
        milliseconds=round(seconds * 1000, 1),
    )
