"""Sending what is due: a thread that goes through the backlogs whose end nobody was told yet."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from data_pipeline.errors import WhereforeError
from serving.backlog.server.errors import WebhookRefusedError
from serving.backlog.server.records import BacklogState, WebhookState, WebhookStep
from serving.backlog.server.shelf import BacklogShelf
from serving.backlog.server.webhooks import WebhookSigner, message_of, next_step

_LONGEST_SLEEP_SECONDS = 60.0
LONGEST_EXCHANGE = timedelta(seconds=20)
"""How long sending one message may take, answer included: the others wait meanwhile."""
_CLAIM = 3 * LONGEST_EXCHANGE
"""How long a message that is being sent is nobody else's: longer than that takes. Who is killed
meanwhile leaves it to be sent after that."""

log = structlog.stdlib.get_logger("wherefore.webhooks")


class Sender(Protocol):
    """Sends a message and returns the status of the answer; None where there was none."""

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int | None:
        """Sends it, within `LONGEST_EXCHANGE`."""


class Outbox:
    """Tells those who asked for it of the end of their backlogs, until they have heard."""

    def __init__(
        self,
        shelf: BacklogShelf,
        *,
        signer: WebhookSigner,
        send: Sender,
        now: Callable[[], datetime],
        on_step: Callable[[WebhookStep], None] = lambda _: None,
    ) -> None:
        """Starts nothing yet.

        Args:
            shelf: where the backlogs are.
            signer: signs the messages.
            send: sends them.
            now: the time, UTC.
            on_step: hears what came of each attempt.
        """
        self._shelf, self._signer, self._send = shelf, signer, send
        self._now, self._on_step = now, on_step
        self._woken, self._is_closing = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Lets the thread look for what is due now."""
        self._woken.set()

    def close(self, timeout_seconds: float) -> None:
        """Ends the thread; what was not sent is sent by the next process."""
        self._is_closing = True
        self._woken.set()
        self._thread.join(timeout_seconds)

    def send_due(self) -> datetime | None:
        """Sends what is due and returns when the next message is; None where none is left."""
        next_due: datetime | None = None
        for backlog_id in self._shelf.ids():
            if self._is_closing:
                break
            due = self._send_one(backlog_id)
            if due is not None and (next_due is None or due < next_due):
                next_due = due
        return next_due

    def _run(self) -> None:
        while not self._is_closing:
            self._woken.clear()
            try:
                due = self.send_due()
            except Exception:
                log.exception("webhooks_failed")
                due = None
            self._woken.wait(self._sleep_seconds(due))

    def _sleep_seconds(self, due: datetime | None) -> float:
        left = timedelta(seconds=_LONGEST_SLEEP_SECONDS) if due is None else due - self._now()
        return min(max(left.total_seconds(), 0.0), _LONGEST_SLEEP_SECONDS)

    def _send_one(self, backlog_id: str) -> datetime | None:
        """Sends a message if it is due; returns when it is due again."""
        try:
            webhook = self._shelf.state(backlog_id).webhook
            if webhook is None or webhook.step is not WebhookStep.PENDING:
                return None
            if webhook.due_at > self._now():
                return webhook.due_at
            return self._attempt(backlog_id, webhook)
        except WhereforeError as error:  # it was just removed, or the disk is full
            log.warning("webhook_not_noted", backlog_id=backlog_id, kind=type(error).__name__)
            return None

    def _attempt(self, backlog_id: str, webhook: WebhookState) -> datetime | None:
        request, at = self._shelf.request(backlog_id), self._now()
        url = request.webhook_url or ""
        is_allowed = self._is_allowed(url, backlog_id)
        state = self._claimed(backlog_id, webhook, at)
        if state is None:
            return None
        message_id, body = message_of(request, state)
        status = None
        if is_allowed:
            status = self._send(url, body, self._signer.headers(message_id, body, at=at))
        after = next_step(webhook, status=status, at=at)

        def noted(found: BacklogState) -> BacklogState:
            # Who resumed a failed backlog meanwhile is told of its next end.
            return found.model_copy(update={"webhook": after}) if found == state else found

        self._shelf.change(backlog_id, noted)
        log.info(
            "webhook", backlog_id=backlog_id, step=after.step.value, attempt=after.num_attempts
        )
        self._on_step(after.step)
        return after.due_at if after.step is WebhookStep.PENDING else None

    def _is_allowed(self, url: str, backlog_id: str) -> bool:
        """Whether anything may be sent there: the settings may have changed since it was asked."""
        try:
            self._signer.require_allowed(url)
        except WebhookRefusedError:  # an attempt that failed, so that it ends like any other
            log.warning("webhook_refused", backlog_id=backlog_id)
            return False
        return True

    def _claimed(self, backlog_id: str, webhook: WebhookState, at: datetime) -> BacklogState | None:
        """Puts a message off, so that no other process sends it too; None where one already did."""
        claim = webhook.model_copy(update={"due_at": at + _CLAIM})
        is_ours = False

        def claimed(found: BacklogState) -> BacklogState:
            nonlocal is_ours
            is_ours = found.webhook == webhook
            return found.model_copy(update={"webhook": claim}) if is_ours else found

        state = self._shelf.change(backlog_id, claimed)
        return state if is_ours else None
