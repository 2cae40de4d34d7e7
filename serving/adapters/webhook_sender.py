"""Sending webhooks over HTTP."""

import urllib3

_TIMEOUT = urllib3.Timeout(connect=5.0, read=15.0)


class HttpSender:
    """Posts messages; follows no redirect and reads no answer but its status."""

    def __init__(self) -> None:
        """Connects nothing yet."""
        self._pool = urllib3.PoolManager()

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int | None:
        """Posts a message and returns the status of the answer; None where there was none."""
        try:
            response = self._pool.request(
                "POST",
                url,
                body=body,
                headers=headers,
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except urllib3.exceptions.HTTPError:
            return None
        status = response.status
        response.close()
        return status

    def close(self) -> None:
        """Closes the connections."""
        self._pool.clear()
