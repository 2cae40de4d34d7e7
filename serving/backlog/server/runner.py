"""Working on backlogs, one after the other, on a thread beside the server's requests.

What is to be done stands on the shelf alone: a process that was killed goes on where the files
say, and nothing of it is remembered elsewhere.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from serving.backlog.advance import Advance
from serving.backlog.errors import JobBusyError
from serving.backlog.server.errors import BacklogStoppedError, UnknownBacklogError
from serving.backlog.server.failures import failure_of
from serving.backlog.server.records import (
    ENDED,
    WAITING,
    BacklogRequest,
    BacklogState,
    BacklogStatus,
)
from serving.backlog.server.scoring import Work
from serving.backlog.server.shelf import BacklogShelf
from serving.backlog.server.webhooks import first_step
from serving.backlog.tally import Tally

_LOOK_SECONDS = 5.0
_NOTE_SECONDS = 1.0

log = structlog.stdlib.get_logger("wherefore.backlog")


@dataclass(slots=True)
class Noted:
    """When it was last written down how far a run is, seconds of `time.monotonic`."""

    at: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        """Says whether it is time again, and if so notes that it was done."""
        now = time.monotonic()
        if now - self.at < _NOTE_SECONDS:
            return False
        self.at = now
        return True


class Score(Protocol):
    """Scores what is left of a backlog (`serving.backlog.server.scoring`)."""

    def __call__(self, work: Work, request: BacklogRequest) -> None:
        """Scores it and tells `work` how far it is."""


class BacklogRunner:
    """The thread that scores, and the changes that requests make beside it."""

    def __init__(
        self,
        shelf: BacklogShelf,
        *,
        score: Score,
        now: Callable[[], datetime],
        on_end: Callable[[BacklogStatus], None],
        watch: Callable[[], Callable[[Advance], None]],
    ) -> None:
        """Starts nothing yet.

        Args:
            shelf: where the backlogs are.
            score: scores one.
            now: the time, UTC.
            on_end: hears of every end, after it is written down.
            watch: gives for each run what hears how far it is.
        """
        self._shelf, self._score, self._now = shelf, score, now
        self._on_end, self._watch = on_end, watch
        self._work: Work | None = None
        self._woken, self._is_closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="backlogs", daemon=True)

    @property
    def is_closing(self) -> bool:
        """Whether the server stops."""
        return self._is_closing.is_set()

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Lets the thread look for something to do."""
        self._woken.set()

    def close(self, timeout_seconds: float) -> None:
        """Breaks the work off and ends the thread; the next process goes on."""
        self._is_closing.set()
        self.interrupt(None)
        self._woken.set()
        self._thread.join(timeout_seconds)

    def work_on(self, backlog_id: str) -> Work | None:
        """Returns how far the work on a backlog is; None where it is not worked on."""
        work = self._work
        return work if work is not None and work.backlog_id == backlog_id else None

    def interrupt(self, backlog_id: str | None) -> None:
        """Breaks the work on a backlog off, or on whichever it is; says nothing where none is."""
        work = self._work
        if work is not None and backlog_id in {None, work.backlog_id}:
            work.stop.set()

    def _run(self) -> None:
        while not self.is_closing:
            self._woken.clear()
            try:
                is_busy = self._once()
            except Exception:
                log.exception("backlogs_failed")
                is_busy = False
            if not is_busy:
                self._woken.wait(_LOOK_SECONDS)

    def _once(self) -> bool:
        """Works on the oldest backlog that waits and is free; says whether there was one."""
        return any(self._take_up(backlog_id) for backlog_id in self._shelf.ids())

    def _take_up(self, backlog_id: str) -> bool:
        """Works on a backlog if it waits and is free, and says so; what fails keeps no other."""
        try:
            is_waiting = self._shelf.state(backlog_id).status in WAITING
            return is_waiting and self._work_on(backlog_id)
        except UnknownBacklogError:  # another process removed it
            return False
        except Exception:
            log.exception("backlog_not_worked_on", backlog_id=backlog_id)
            return False

    def _work_on(self, backlog_id: str) -> bool:
        request, noted = self._shelf.request(backlog_id), Noted()
        work = Work(
            backlog_id=backlog_id,
            may_go_on=lambda: self._shelf.state(backlog_id).status is BacklogStatus.RUNNING,
            on_complete=lambda tally: self._completed(request, tally),
        )
        watch = self._watch()

        def on_advance(advance: Advance) -> None:
            watch(advance)
            if noted.is_due():
                self._note(work)

        work.on_advance = on_advance
        self._work = work
        try:
            state = self._shelf.change(backlog_id, self._begun)
            if state.status is BacklogStatus.RUNNING and not self.is_closing:
                return self._finish(work, request)
            return True
        finally:
            self._work = None

    def _finish(self, work: Work, request: BacklogRequest) -> bool:
        try:
            self._score(work, request)
        except BacklogStoppedError:
            self._stopped(work, request)
        except JobBusyError:
            return False
        except Exception as error:  # noqa: BLE001 - a failure is a state, and told there
            self._failed(work, request, error)
        else:
            self._tell(request, self._shelf.state(request.backlog_id))
        return True

    def _note(self, work: Work) -> BacklogState:
        """Writes down how far a backlog is; stops where another process changed its status."""
        counts = _counts(work)
        state = self._shelf.change(work.backlog_id, lambda found: found.model_copy(update=counts))
        if state.status is not BacklogStatus.RUNNING:
            work.stop.set()
        return state

    def _begun(self, state: BacklogState) -> BacklogState:
        if state.status is not BacklogStatus.QUEUED:
            return state
        return state.now(BacklogStatus.RUNNING, self._now(), failure=None, webhook=None)

    def _completed(self, request: BacklogRequest, tally: Tally) -> None:
        def completed(state: BacklogState) -> BacklogState:
            counts = {"num_rows": tally.num_rows, "num_errors": tally.num_errors}
            return self._ended(
                state, request, BacklogStatus.COMPLETED, total_rows=tally.num_rows, **counts
            )

        self._shelf.change(request.backlog_id, completed)

    def _failed(self, work: Work, request: BacklogRequest, error: Exception) -> None:
        failure = failure_of(error)
        log.error(
            "backlog_failed", backlog_id=request.backlog_id, code=failure.code, exc_info=error
        )

        def failed(state: BacklogState) -> BacklogState:
            counts = _counts(work)
            return self._ended(state, request, BacklogStatus.FAILED, failure=failure, **counts)

        self._tell(request, self._shelf.change(request.backlog_id, failed))

    def _stopped(self, work: Work, request: BacklogRequest) -> None:
        """Writes down how far a paused backlog is; tidies up after a cancelled one."""
        state = self._note(work)
        log.info("backlog_stopped", backlog_id=request.backlog_id, status=state.status.value)
        if state.status is BacklogStatus.CANCELLED:
            self._tell(request, state)
        elif state.status is BacklogStatus.RUNNING:  # the queue is closing, and the server soon is
            self._is_closing.wait(_LOOK_SECONDS)

    def _ended(
        self, state: BacklogState, request: BacklogRequest, to: BacklogStatus, **changes: object
    ) -> BacklogState:
        if state.status in ENDED:
            return state
        at = self._now()
        return state.now(to, at, webhook=first_step(request, at=at), **changes)

    def _tell(self, request: BacklogRequest, state: BacklogState) -> None:
        if state.status is not BacklogStatus.FAILED:
            is_complete = state.status is BacklogStatus.COMPLETED
            self._shelf.tidy(request, keeps_result=is_complete)
        log.info(
            "backlog_ended",
            backlog_id=request.backlog_id,
            status=state.status.value,
            rows=state.num_rows,
            errors=state.num_errors,
        )
        self._on_end(state.status)


def _counts(work: Work) -> dict[str, object]:
    advance = work.advance
    if advance is None:
        return {}
    return {
        "total_rows": advance.total_rows,
        "num_rows": advance.num_rows,
        "num_errors": advance.num_errors,
    }
