"""Removing what need not be kept any more, on a thread beside the work, however long that takes."""

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from serving.backlog.server.errors import UnknownBacklogError
from serving.backlog.server.records import ENDED, BacklogState, BacklogStatus, WebhookStep
from serving.backlog.server.shelf import BacklogShelf

_SWEEP_SECONDS = 3600.0

log = structlog.stdlib.get_logger("wherefore.backlog")


class Sweeper:
    """The thread that removes backlogs whose time is over, and what was left behind."""

    def __init__(
        self,
        shelf: BacklogShelf,
        *,
        now: Callable[[], datetime],
        keep: timedelta,
        is_worked_on: Callable[[str], bool],
        every_seconds: float = _SWEEP_SECONDS,
    ) -> None:
        """Starts nothing yet.

        Args:
            shelf: where the backlogs are.
            now: the time, UTC.
            keep: how long an ended backlog stays.
            is_worked_on: tells which backlog this process still works on: it is left alone.
            every_seconds: time between two sweeps, seconds.
        """
        self._shelf, self._now, self._keep = shelf, now, keep
        self._is_worked_on, self._every_seconds = is_worked_on, every_seconds
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self, timeout_seconds: float) -> None:
        """Ends the thread."""
        self._is_closing.set()
        self._thread.join(timeout_seconds)

    def sweep(self) -> None:
        """Removes backlogs whose time is over, and what ended or broken-off ones do not need.

        One that cannot be swept is left for the next time and keeps no other from its turn.
        """
        at = self._now()
        for backlog_id in self._shelf.ids():
            try:
                with contextlib.suppress(UnknownBacklogError):  # another process removed it
                    self._sweep_one(backlog_id, at)
            except Exception:
                log.exception("backlog_not_swept", backlog_id=backlog_id)
        self._shelf.forget_incoming()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            try:
                self.sweep()
            except Exception:
                log.exception("backlogs_not_swept")
            self._is_closing.wait(self._every_seconds)

    def _sweep_one(self, backlog_id: str, at: datetime) -> None:
        state, request = self._shelf.state(backlog_id), self._shelf.request(backlog_id)
        if state.status not in ENDED or self._is_worked_on(backlog_id):
            return
        if at - state.changed_at >= self._keep and not _is_pending(state):
            self._shelf.remove(backlog_id)
        elif state.status is not BacklogStatus.FAILED:
            is_complete = state.status is BacklogStatus.COMPLETED
            self._shelf.tidy(request, keeps_result=is_complete)


def _is_pending(state: BacklogState) -> bool:
    return state.webhook is not None and state.webhook.step is WebhookStep.PENDING
