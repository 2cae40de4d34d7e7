"""Clients that a server must bear: slow ones, ones that leave, and ones that send what is wrong."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress

from soak_events import Attacked, EventLog

_DRIP_S = 1.0
_ANSWER_S = 30.0
_APPLICATION = json.dumps({"text": "Debts take 61% of her income, after a Chapter 7."}).encode()
_TOO_LARGE = 17 * 1024 * 1024


class Hostile:
    """Raw connections to the service, each attempt an event."""

    def __init__(self, host: str, port: int, *, key: str, log: EventLog) -> None:
        """Connects to nothing yet."""
        self._host, self._port, self._key, self._log = host, port, key, log

    async def drip(self, *, seconds: float, has_head: bool) -> None:
        """Holds a connection with a byte a second: of a head, or of a body after a whole head."""
        ends = self._log.now + seconds
        sent = self._head(content_length=10_000) if has_head else b"POST /api/v1/predict HT"
        kind = "slow body" if has_head else "slow head"
        status = None
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(self._host, self._port)
            with suppress(OSError):
                writer.write(sent)
                while self._log.now < ends and not reader.at_eof():
                    await asyncio.sleep(_DRIP_S)
                    writer.write(b"x")
                    await writer.drain()
            status = await _status(reader, wait_s=0.1)
            writer.transport.abort()
        self._log.write(Attacked(kind=kind, status=status))

    async def leave(self, *, is_whole: bool) -> None:
        """Sends a prediction, or only half of its body, and is gone without listening."""
        body = _APPLICATION if is_whole else _APPLICATION[: len(_APPLICATION) // 2]
        request = self._head(content_length=len(_APPLICATION)) + body
        with suppress(OSError):
            _, writer = await asyncio.open_connection(self._host, self._port)
            writer.write(request)
            with suppress(OSError):
                await writer.drain()
            # Long enough that the server has begun, too short for an answer.
            await asyncio.sleep(0.005)
            writer.transport.abort()
        self._log.write(Attacked(kind="gone"))

    async def send(self, kind: str, request: bytes) -> None:
        """Sends what must be refused, and notes the status."""
        status = None
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(self._host, self._port)
            with suppress(OSError):
                writer.write(request)
                # An answer may come before everything is sent.
                with suppress(TimeoutError):
                    await asyncio.wait_for(writer.drain(), _ANSWER_S)
            status = await _status(reader, wait_s=_ANSWER_S)
            writer.transport.abort()
        self._log.write(Attacked(kind=kind, status=status))

    def malformed(self) -> Iterator[tuple[str, bytes]]:
        """Yields kinds and requests that must be refused, over and over."""
        bodies = {
            "no JSON": b'{"text": "Debts',
            "no UTF-8": b'{"text": "\xff\xfe"}',
            "deep JSON": b"[" * 100_000,
            "another shape": b'{"text": 7}',
            "no application": b"[1, 2, 3]",
            "too long a text": json.dumps({"text": "debts " * 20_000}).encode(),
            "too large a number": b'{"text": "Debts.", "loan_amount_usd": 1e999}',
        }
        requests = {kind: self._head(content_length=len(b)) + b for kind, b in bodies.items()}
        requests |= {
            "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
            "too long a head": self._head(content_length=0)[:-2] + b"X-A: " + b"a" * 70_000,
            "two lengths": self._head(content_length=2)[:-2] + b"Content-Length: 3\r\n\r\n{}x",
            "an impossible length": self._head(content_length=-1) + b"{}",
            "too large a body": self._head(content_length=_TOO_LARGE) + bytes(_TOO_LARGE),
        }
        yield from itertools.cycle(requests.items())

    def _head(self, *, content_length: int) -> bytes:
        return (
            f"POST /api/v1/predict HTTP/1.1\r\nHost: {self._host}\r\nX-API-Key: {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {content_length}\r\n"
            "Connection: close\r\n\r\n"
        ).encode()


async def _status(reader: asyncio.StreamReader, *, wait_s: float) -> int | None:
    with suppress(OSError, TimeoutError, ValueError, asyncio.LimitOverrunError):
        line = await asyncio.wait_for(reader.readline(), wait_s)
        if line.startswith(b"HTTP/1.1 "):
            return int(line[9:12])
    return None
