"""The backlogs of a server, as its routes reach them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from serving.backlog.server.errors import BacklogStateError
from serving.backlog.server.intake import Intake, Submission
from serving.backlog.server.records import BacklogRequest, BacklogState, BacklogStatus
from serving.backlog.server.runner import BacklogRunner
from serving.backlog.server.shelf import BacklogShelf


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogView:
    """A backlog as it is now.

    Attributes:
        request: what was asked for.
        state: how far it is.
        rows_per_second: speed of the work under way; None where none is.
        tokens_left: about how many tokens are left; None where that is not known.
        seconds_left: how long that takes at the speed so far; None likewise.
    """

    request: BacklogRequest
    state: BacklogState
    rows_per_second: float | None = None
    tokens_left: int | None = None
    seconds_left: float | None = None


class Backlogs:
    """Takes backlogs, tells how far they are, and does with them what people ask for.

    Everything here touches the disk: it is called off the event loop.

    Attributes:
        shelf: where the backlogs are.
        runner: works on them.
        taking: is held while an upload is looked at, which unpacks it: one at a time, so that
            there are threads left for everybody else.
    """

    def __init__(
        self,
        shelf: BacklogShelf,
        runner: BacklogRunner,
        *,
        intake: Intake,
        now: Callable[[], datetime],
    ) -> None:
        """Takes the parts.

        Args:
            shelf: where the backlogs are.
            runner: works on them.
            intake: puts new ones on the shelf.
            now: the time, UTC.
        """
        self.shelf, self.runner = shelf, runner
        self.taking = asyncio.Semaphore(1)
        self._intake, self._now = intake, now

    def submit_upload(
        self, incoming: Path, content: Path, by: Submission, *, kind: str | None
    ) -> BacklogView:
        """Takes an upload; see `Intake.take_upload`."""
        return self._woken(self._intake.take_upload(incoming, content, by, kind=kind))

    def submit_reference(self, name: str, by: Submission) -> BacklogView:
        """Takes a reference; see `Intake.take_reference`."""
        return self._woken(self._intake.take_reference(name, by))

    def view(self, backlog_id: str) -> BacklogView:
        """Returns a backlog as it is now.

        Raises:
            UnknownBacklogError: there is none with this id.
        """
        request, state = self.shelf.request(backlog_id), self.shelf.state(backlog_id)
        work = self.runner.work_on(backlog_id)
        advance = work.advance if work else None
        if work is None or advance is None or state.status is not BacklogStatus.RUNNING:
            return BacklogView(request=request, state=state)
        counts = {
            "total_rows": advance.total_rows,
            "num_rows": advance.num_rows,
            "num_errors": advance.num_errors,
        }
        return BacklogView(
            request=request,
            state=state.model_copy(update=counts),
            rows_per_second=advance.rows_per_second(work.seconds),
            tokens_left=advance.tokens_left(),
            seconds_left=advance.seconds_left(work.seconds),
        )

    def views(
        self, *, limit: int, are_shown: Callable[[BacklogRequest], bool]
    ) -> list[BacklogView]:
        """Returns the newest of the backlogs that are to be shown, the newest first."""
        names = reversed(self.shelf.ids())
        shown = (name for name in names if are_shown(self.shelf.request(name)))
        return [self.view(name) for name in islice(shown, limit)]

    def pause(self, backlog_id: str) -> BacklogView:
        """Lets a backlog wait for `resume`; what is done of it is kept.

        Raises:
            UnknownBacklogError: there is none with this id.
            BacklogStateError: it has ended.
        """
        allowed = {BacklogStatus.QUEUED, BacklogStatus.RUNNING, BacklogStatus.PAUSED}
        return self._turn(backlog_id, BacklogStatus.PAUSED, allowed)

    def resume(self, backlog_id: str) -> BacklogView:
        """Goes on with a backlog that was paused or failed; raises as `pause`."""
        allowed = {
            BacklogStatus.PAUSED,
            BacklogStatus.FAILED,
            BacklogStatus.QUEUED,
            BacklogStatus.RUNNING,
        }
        return self._turn(backlog_id, BacklogStatus.QUEUED, allowed)

    def cancel(self, backlog_id: str) -> BacklogView:
        """Ends a backlog and removes its files; raises as `pause`."""
        allowed = set(BacklogStatus) - {BacklogStatus.COMPLETED}
        view = self._turn(backlog_id, BacklogStatus.CANCELLED, allowed)
        if self.runner.work_on(backlog_id) is None:
            self.shelf.tidy(view.request, keeps_result=False)
        return view

    def result(self, backlog_id: str) -> Path:
        """Returns the file of rows of a complete backlog; raises as `pause`."""
        return self.shelf.result_of(self._completed(backlog_id))

    def errors(self, backlog_id: str) -> Path:
        """Returns the file of errors of a complete backlog; raises as `pause`."""
        return self.shelf.errors_of(self._completed(backlog_id))

    def _completed(self, backlog_id: str) -> BacklogRequest:
        view = self.view(backlog_id)
        if view.state.status is not BacklogStatus.COMPLETED:
            raise BacklogStateError(
                status=view.state.status.value, expected=[BacklogStatus.COMPLETED.value]
            )
        return view.request

    def _turn(self, backlog_id: str, to: BacklogStatus, allowed: set[BacklogStatus]) -> BacklogView:
        def turned(state: BacklogState) -> BacklogState:
            if state.status not in allowed:
                raise BacklogStateError(
                    status=state.status.value, expected=sorted(status.value for status in allowed)
                )
            is_under_way = to is BacklogStatus.QUEUED and state.status is BacklogStatus.RUNNING
            if state.status is to or is_under_way:
                return state
            return state.now(to, self._now(), failure=None, webhook=None)

        self.shelf.change(backlog_id, turned)
        if to is not BacklogStatus.QUEUED:
            self.runner.interrupt(backlog_id)
        return self._woken(backlog_id)

    def _woken(self, backlog_id: str) -> BacklogView:
        self.runner.wake()
        return self.view(backlog_id)
