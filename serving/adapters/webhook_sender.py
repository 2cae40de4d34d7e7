"""Sending webhooks over HTTP."""

import asyncio
import ssl

import httpx2

from serving.backlog.server.outbox import LONGEST_EXCHANGE

_CONNECT_SECONDS = 5.0


class HttpSender:
    """Posts messages; follows no redirect and reads no answer but its status.

    A receiver has its time for all of the exchange, however it spreads its bytes over it.
    """

    def __init__(self, *, deadline_seconds: float = LONGEST_EXCHANGE.total_seconds()) -> None:
        """Connects nothing yet.

        Args:
            deadline_seconds: longest time from the connection to the end of the answer's head.
        """
        self._deadline_seconds = deadline_seconds
        self._trusted = ssl.create_default_context()

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int | None:
        """Posts a message and returns the status of the answer; None where there was none."""
        try:
            return asyncio.run(self._post(url, body, headers))
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            return None

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        timeout = httpx2.Timeout(self._deadline_seconds, connect=_CONNECT_SECONDS)
        async with (
            asyncio.timeout(self._deadline_seconds),
            httpx2.AsyncClient(verify=self._trusted, trust_env=False, timeout=timeout) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            return answer.status_code
