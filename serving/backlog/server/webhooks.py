"""Messages about the end of backlogs: signed, sent at least once, on disk until they arrived.

Signature and headers follow Standard Webhooks: `webhook-id`, `webhook-timestamp` and
`webhook-signature` with HMAC-SHA256 over "ID.TIMESTAMP.BODY", so that any of its libraries
verifies them. The message is part of the backlog's state, written in the same moment as its end.

Source: https://www.standardwebhooks.com, specification of 2023.
"""

import base64
import hashlib
import hmac
import json
import random
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from serving.backlog.server.errors import WebhookRefusedError
from serving.backlog.server.records import (
    BacklogRequest,
    BacklogState,
    WebhookState,
    WebhookStep,
)
from serving.errors import SettingsError

MAX_ATTEMPTS = 12
"""Times that a message is sent: over about a day."""

_FIRST_DELAY_SECONDS = 1.0
_DELAY_FACTOR = 4.0
_LONGEST_DELAY_SECONDS = 6 * 3600.0
_JITTER = 0.1
_SECRET_PREFIX = "whsec_"  # noqa: S105 - how the specification writes secrets
_GONE = 410


class WebhookSigner:
    """Signs messages with a secret, and knows where they may go.

    Attributes:
        hosts: hosts, or host and port, that messages may go to.
    """

    def __init__(self, secret: SecretStr | None, *, hosts: str | None) -> None:
        """Takes the secret and the hosts, separated by commas; without both nothing is sent.

        Raises:
            SettingsError: the secret cannot be read.
        """
        self._key = _key(secret.get_secret_value()) if secret else None
        self.hosts = frozenset(part.strip().lower() for part in (hosts or "").split(",") if part)

    def require_allowed(self, url: str) -> None:
        """Refuses an address that nothing may be sent to.

        Raises:
            WebhookRefusedError: it is not on the list, or nothing can be signed.
        """
        if self._key is None or not self.hosts:
            raise WebhookRefusedError(found="a server without such hosts or without the secret")
        try:
            parts = urlsplit(url)
            known = {f"{parts.hostname}".lower(), f"{parts.hostname}:{parts.port}".lower()}
        except ValueError:
            raise WebhookRefusedError(found="no address") from None
        if parts.scheme not in {"http", "https"} or parts.username or parts.password:
            raise WebhookRefusedError(found="no plain http or https address")
        if not known & self.hosts:
            raise WebhookRefusedError(found="another host")

    def headers(self, message_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
        """Returns the headers that go with a message sent at a time."""
        timestamp = str(int(at.timestamp()))
        signed = b".".join([message_id.encode(), timestamp.encode(), body])
        code = base64.b64encode(hmac.new(self._key or b"", signed, hashlib.sha256).digest())
        return {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{code.decode()}",
        }


def message_of(request: BacklogRequest, state: BacklogState) -> tuple[str, bytes]:
    """Returns id and body of the message about the end of a backlog; nothing in it is personal.

    The id is the same however often the message is sent.
    """
    ended_at = state.changed_at.isoformat()
    message_id = f"msg_{request.backlog_id}_{int(state.changed_at.timestamp() * 1000)}"
    data = {
        "backlog_id": request.backlog_id,
        "status": state.status.value,
        "rows": state.num_rows,
        "errors": state.num_errors,
        "failure": state.failure.model_dump() if state.failure else None,
        "created_at": request.created_at.isoformat(),
        "ended_at": ended_at,
    }
    body = {"type": f"backlog.{state.status.value}", "timestamp": ended_at, "data": data}
    return message_id, json.dumps(body, separators=(",", ":")).encode()


def first_step(request: BacklogRequest, *, at: datetime) -> WebhookState | None:
    """Returns what is to be sent when a backlog ends; None where nobody is told."""
    if request.webhook_url is None:
        return None
    return WebhookState(step=WebhookStep.PENDING, num_attempts=0, due_at=at)


def next_step(before: WebhookState, *, status: int | None, at: datetime) -> WebhookState:
    """Returns what follows an attempt.

    Args:
        before: the message as it was sent.
        status: the HTTP status of the answer; None where there was none.
        at: when it was sent.
    """
    num_attempts = before.num_attempts + 1
    step = WebhookStep.PENDING
    if status is not None and status // 100 == 2:  # noqa: PLR2004
        step = WebhookStep.DELIVERED
    elif status == _GONE or num_attempts >= MAX_ATTEMPTS:
        step = WebhookStep.GIVEN_UP
    due_at = at + timedelta(seconds=_delay_seconds(num_attempts))
    return WebhookState(step=step, num_attempts=num_attempts, due_at=due_at)


def _delay_seconds(num_attempts: int) -> float:
    delay = min(_FIRST_DELAY_SECONDS * _DELAY_FACTOR ** (num_attempts - 1), _LONGEST_DELAY_SECONDS)
    return delay * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load only


def _key(secret: str) -> bytes:
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except ValueError:
        raise SettingsError(
            f"the setting WHEREFORE_WEBHOOK_SECRET is not valid: found {_SECRET_PREFIX} before "
            "something else than base64, expected base64 there or a secret without that beginning"
        ) from None
