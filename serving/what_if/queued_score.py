"""Scores through the batcher's queue for a search that runs on a thread."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row
from serving.batching.batcher import Batcher
from serving.batching.window_queue import Priority
from serving.errors import RowRejectedError
from serving.rows import FailedRow, OutputRow, ScoredRow


class QueuedScore:
    """Scores applications for one search, behind whatever people wait for. Made on the loop."""

    def __init__(self, batcher: Batcher) -> None:
        """Takes the way to the engine."""
        self._batcher, self._loop = batcher, asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._pending: Future[list[OutputRow]] | None = None

    def __call__(self, applications: Sequence[LoanApplication]) -> list[ScoredRow]:
        """Returns the answers, in order; blocks until the engine has taken its turn.

        Raises:
            RowRejectedError: one of them cannot be scored.
            CancelledError: nobody waits for the search any more.
            RetryLaterError: the queue is full, the time is over, or the engine cannot compute.
        """
        rows = [
            Row(number=number, id=str(number), application=application)
            for number, application in enumerate(applications, start=1)
        ]
        return [_answered(row) for row in self._submit(rows).result()]

    def cancel(self) -> None:
        """Drops what the engine has not taken and lets the thread go."""
        with self._lock:
            self._is_cancelled = True
            if self._pending is not None:
                self._pending.cancel()

    def _submit(self, rows: Sequence[Row]) -> "Future[list[OutputRow]]":
        with self._lock:
            if self._is_cancelled:
                raise CancelledError
            work = self._batcher.score(rows, priority=Priority.EXPLANATION)
            self._pending = asyncio.run_coroutine_threadsafe(work, self._loop)
            return self._pending


def _answered(row: OutputRow) -> ScoredRow:
    if isinstance(row, FailedRow):
        raise RowRejectedError(code=row.error.code, message=row.error.message)
    return row
