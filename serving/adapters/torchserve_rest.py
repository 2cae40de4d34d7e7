"""TorchServe over REST."""

import json

import urllib3

from serving.errors import (
    EngineAnswerError,
    EngineBusyError,
    EngineError,
    EngineKeyError,
    EngineUnreachableError,
)
from serving.torchserve.wire import MODEL_NAME

_CONNECT_TIMEOUT_SECONDS = 2.0
_MAX_CONNECTIONS = 16
_REFUSED_KEY = "InvalidKeyException"


class RestTransport:
    """Keeps connections to TorchServe's inference port."""

    def __init__(self, url: str) -> None:
        """Takes `http://HOST:PORT`; connects nothing yet."""
        self._url = f"{url.rstrip('/')}/predictions/{MODEL_NAME}"
        self._pool = urllib3.PoolManager(maxsize=_MAX_CONNECTIONS)

    def predict(self, body: bytes, *, key: str, timeout_seconds: float) -> bytes:
        """Sends a request and returns the body of the answer; see `Transport`."""
        try:
            response = self._pool.request(
                "POST",
                self._url,
                body=body,
                # As form data, curl's default, TorchServe would hand the handler something else.
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
                timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_SECONDS, read=timeout_seconds),
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.ReadTimeoutError as error:
            raise EngineBusyError from error
        except urllib3.exceptions.HTTPError as error:
            raise EngineUnreachableError from error
        if response.status == 200:  # noqa: PLR2004
            return response.data
        raise _refusal(response.status, response.data)

    def close(self) -> None:
        """Closes the connections."""
        self._pool.clear()


def _refusal(status: int, body: bytes) -> EngineError:
    kind = _kind(body)
    error = _error(status, kind)
    error.add_note(f"status {status} {kind}".strip())
    return error


def _error(status: int, kind: str) -> EngineError:
    if kind == _REFUSED_KEY or status in {401, 403}:
        return EngineKeyError()
    if status in {429, 503}:
        return EngineBusyError()
    # TorchServe's own 500 and 507: among others, a worker that died while it computed. Without a
    # kind they come from the handler, which means this request and no other.
    if status in {502, 504} or (status in {500, 507} and kind):
        return EngineUnreachableError()
    return EngineAnswerError()


def _kind(body: bytes) -> str:
    """TorchServe's name of an error; empty where it is the handler that refuses."""
    try:
        kind = json.loads(body)["type"]
    except (ValueError, KeyError, TypeError):
        return ""
    return kind if isinstance(kind, str) and kind.isidentifier() else ""
