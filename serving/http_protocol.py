"""Connections that nobody can hold: the web server's protocol with limits of time and size.

uvicorn waits for the head of a request, for the rest of a body that nobody reads, and for a reader
of an answer without end, and takes a head, and the trailer of a body, of any size. Here each of
them has a limit, and what uvicorn refuses by itself is a problem document like every other error.
"""

import asyncio
import uuid
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from serving.api.answer_headers import add_headers
from serving.api.problems import error_response
from serving.errors import (
    HeadTooLargeError,
    MalformedRequestError,
    RequestError,
    RequestTimeoutError,
)

MAX_HEAD_BYTES = 64 * 1024
"""Largest head of a request, its line and header fields, and largest trailer of a body."""

log = structlog.stdlib.get_logger("wherefore.http")


class LimitedProtocol(HttpToolsProtocol):
    """One connection. Subclasses say how long each wait may be.

    Attributes:
        head_seconds: longest time for the head of a request, for a body that nobody reads, and for
            bytes between requests that begin none.
        write_seconds: longest time in which a reader takes nothing of an answer.
    """

    head_seconds = 20.0
    write_seconds = 60.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Takes what the web server gives."""
        super().__init__(config, server_state, app_state, _loop)
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._unsent, self._has_resumed = 0, False
        self._is_in_head, self._head_bytes = True, 0
        self._is_after_chunks, self._trailer_bytes = False, 0
        self._is_whole = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for a head."""
        super().connection_made(transport)
        self._wait_for_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits for nothing any more."""
        self._stop_reading_clock()
        self.resume_writing()
        self._stop_writing_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads; refuses a head that has no end."""
        self._head_bytes += len(data)
        was_after_chunks = self._is_after_chunks
        super().data_received(data)
        if was_after_chunks and self._is_after_chunks:
            self._count_trailer(len(data))
        if self._is_in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HeadTooLargeError(limit_bytes=MAX_HEAD_BYTES))
        elif self._is_idle and not self.transport.is_closing():
            self._wait_for_reading()  # what came ended the wait for the next request

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps a field of the head; nobody reads those of a trailer."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_chunk_header(self) -> None:
        """Begins a chunk, which after the last one is a trailer."""
        self._is_after_chunks = True

    def on_body(self, body: bytes) -> None:
        """Has some of a chunk: it was not the last."""
        self._is_after_chunks = False
        super().on_body(body)

    def on_message_begin(self) -> None:
        """Begins to read a head."""
        super().on_message_begin()
        self._is_in_head, self._is_whole = True, False
        self._is_after_chunks = False
        self._stop_reading_clock()  # of what came before
        self._wait_for_reading()

    def on_headers_complete(self) -> None:
        """Leaves the body to whoever reads it."""
        self._is_in_head, self._head_bytes, self._trailer_bytes = False, 0, 0
        self._stop_reading_clock()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Has the whole request."""
        self._is_whole, self._head_bytes, self._is_after_chunks = True, 0, False
        self._stop_reading_clock()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Lets the rest of a body come that nobody reads, and of the answer go, for a while."""
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._watch_writing()
        if not self._is_whole and not self._is_in_head:
            self._wait_for_reading()

    def pause_writing(self) -> None:
        """Waits for a reader that takes nothing."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """Has a reader again."""
        self._has_resumed = True
        if self.flow is not None:
            super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP."""
        del msg
        self._refuse(MalformedRequestError())

    def _wait_for_reading(self) -> None:
        if self._reading is None:
            self._reading = self.loop.call_later(self.head_seconds, self._give_up_reading)

    def _stop_reading_clock(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _give_up_reading(self) -> None:
        self._reading = None
        if self._is_in_head and self._head_bytes:
            self._refuse(RequestTimeoutError(what="head"))
        else:
            self.transport.close()

    def _count_trailer(self, num_bytes: int) -> None:
        self._trailer_bytes += num_bytes
        if self._trailer_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            log.warning("trailer_too_large")
            self.transport.abort()

    @property
    def _is_idle(self) -> bool:
        """Whether no request is being read or answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return self._is_whole and (cycle is None or cycle.response_complete)

    def _watch_writing(self) -> None:
        """Looks in a while whether the reader has taken anything, and again until all is sent.

        Begins anew with every answer, and when it is too much: what was written since must not be
        taken for what was not read.
        """
        self._stop_writing_clock()
        self._unsent = self.transport.get_write_buffer_size()
        self._has_resumed = False
        self._writing = self.loop.call_later(self.write_seconds, self._look_at_writing)

    def _stop_writing_clock(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _look_at_writing(self) -> None:
        self._writing = None
        unsent = self.transport.get_write_buffer_size()
        if unsent and unsent >= self._unsent and not self._has_resumed:
            log.warning("reader_gone")
            self.transport.abort()
        elif unsent:
            self._watch_writing()

    def _refuse(self, error: RequestError) -> None:
        """Answers past the application, and closes; while an answer is sent it only closes."""
        self._stop_reading_clock()
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.write(_answer(error, scheme=self.scheme or "http"))
        self.transport.close()


def limited_protocol(*, head_seconds: float) -> type[LimitedProtocol]:
    """Returns the protocol with a longest time for heads, seconds."""

    class Protocol(LimitedProtocol):
        pass

    Protocol.head_seconds = head_seconds
    return Protocol


def _answer(error: RequestError, *, scheme: str) -> bytes:
    request_id = uuid.uuid4().hex
    response = error_response(error, request_id=request_id)
    headers = MutableHeaders(raw=response.raw_headers)
    add_headers(headers, {"state": {"request_id": request_id}, "scheme": scheme})
    headers["Connection"] = "close"
    log.info("connection_refused", status=response.status_code, request_id=request_id)
    lines = b"".join(b"%s: %s\r\n" % pair for pair in headers.raw)
    return STATUS_LINE[response.status_code] + lines + b"\r\n" + bytes(response.body)
