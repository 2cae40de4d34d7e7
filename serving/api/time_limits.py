"""How long a request may take to arrive, and how long its answer may take to begin.

A body must come at a least speed, so that nobody holds a connection by sending a byte now and
then, however large it is. Its first bytes have a time of grace. Once it is there, the answer must
begin within the time for a score and some more: what is below has limits of its own, and this is
the last one. An answer that began is sent for as long as its reader reads
(`serving.http_protocol`).
"""

import asyncio

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.problems import CarriedError, error_response
from serving.errors import AnswerTimeoutError, RequestTimeoutError

LEAST_BYTES_PER_SECOND = 16 * 1024
"""Slowest body that is waited for, after the time of grace."""

SPARE_SECONDS = 60.0
"""What an answer may take beside a score."""

log = structlog.stdlib.get_logger("wherefore.http")


class TimeLimits:
    """Gives up on requests that come too slowly, or are not answered."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        read_seconds: float,
        answer_seconds: float,
        spare: float | None = None,
    ) -> None:
        """Wraps an application.

        Args:
            app: the application.
            read_seconds: time of grace of a body.
            answer_seconds: longest wait for a score.
            spare: what else an answer may take, seconds; None for `SPARE_SECONDS`.
        """
        self._app, self._read_seconds = app, read_seconds
        self._answer_seconds = answer_seconds + (SPARE_SECONDS if spare is None else spare)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        timed = _Timed(
            receive, send, read_seconds=self._read_seconds, answer_seconds=self._answer_seconds
        )
        try:
            async with asyncio.timeout(self._answer_seconds) as timed.answering:
                await self._app(scope, timed.receive, timed.send)
        except TimeoutError:
            if not timed.answering.expired() or timed.has_answered:
                raise
            log.error("answer_timeout", seconds=self._answer_seconds)
            error = AnswerTimeoutError(limit_seconds=self._answer_seconds)
            response = error_response(error, request_id=scope["state"]["request_id"])
            await response(scope, receive, send)


class _Timed:
    """The two directions of one request, and the clock between them."""

    def __init__(
        self, receive: Receive, send: Send, *, read_seconds: float, answer_seconds: float
    ) -> None:
        self.answering: asyncio.Timeout
        self.has_answered = False
        self._receive, self._send = receive, send
        self._read_seconds, self._answer_seconds = read_seconds, answer_seconds
        self._is_whole = False
        self._num_bytes = 0
        self._began: float | None = None

    async def receive(self) -> Message:
        """Waits for the next part of the body no longer than its speed allows.

        Raises:
            CarriedError: it does not come.
        """
        if self._is_whole:
            return await self._receive()
        self.answering.reschedule(None)
        message = await self._next()
        self._num_bytes += len(message.get("body", b""))
        if not message.get("more_body", False):
            self._is_whole = True
            if not self.has_answered:
                now = asyncio.get_running_loop().time()
                self.answering.reschedule(now + self._answer_seconds)
        return message

    async def send(self, message: Message) -> None:
        """Passes a part of the answer on; once it began, it is waited for no more."""
        if not self.has_answered:
            self.has_answered = True
            self.answering.reschedule(None)
        await self._send(message)

    async def _next(self) -> Message:
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        allowed = self._read_seconds + self._num_bytes / LEAST_BYTES_PER_SECOND
        try:
            async with asyncio.timeout_at(self._began + allowed):
                return await self._receive()
        except TimeoutError:
            raise CarriedError(RequestTimeoutError(what="body")) from None
