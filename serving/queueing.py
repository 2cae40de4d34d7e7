"""One inference worker with a bounded queue in front of it.

The event loop never computes: applications are handed to a thread, one request after the other.
How many may wait is bounded, and who is turned away is told when to come back, from the speed
measured so far.
"""

import asyncio
import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from data_pipeline.sources import Row, RowError
from serving.errors import NotReadyError, OverloadedError, ScoringTimeoutError
from serving.rows import OutputRow
from serving.scoring import ScoringService

_FIRST_GUESS_SECONDS = 0.1
_SMOOTHING = 0.2


class ScoringQueue:
    """Queues requests for a scoring service.

    Attributes:
        max_applications: most applications waiting or being scored.
        timeout_seconds: longest wait for an answer.
    """

    def __init__(
        self, service: ScoringService, *, max_applications: int, timeout_seconds: float
    ) -> None:
        """Starts the worker thread."""
        self.max_applications = max_applications
        self.timeout_seconds = timeout_seconds
        self._service = service
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inference")
        self._lock = threading.Lock()
        self._num_queued = 0
        self._closed = False
        self._seconds_each = _FIRST_GUESS_SECONDS

    @property
    def num_queued(self) -> int:
        """Applications waiting or being scored."""
        return self._num_queued

    @property
    def retry_after_seconds(self) -> int:
        """When the queue will have been worked off at the present speed, whole seconds."""
        return max(1, math.ceil(self._num_queued * self._seconds_each))

    async def score(self, rows: Sequence[Row | RowError]) -> list[OutputRow]:
        """Returns one output row per row, in order.

        A request is taken whenever nothing waits, however large it is.

        Raises:
            OverloadedError: the rows do not fit into the queue.
            ScoringTimeoutError: the time allowed is over.
            NotReadyError: the queue was closed.
        """
        future = self._submit(rows)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.timeout_seconds)
        except TimeoutError as error:
            raise ScoringTimeoutError(
                limit_seconds=self.timeout_seconds, retry_after_seconds=self.retry_after_seconds
            ) from error

    def close(self) -> None:
        """Finishes what is being scored, drops what waits and refuses whatever comes later."""
        with self._lock:
            self._closed = True
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _submit(self, rows: Sequence[Row | RowError]) -> "Future[list[OutputRow]]":
        with self._lock:
            if self._closed:
                raise NotReadyError
            if self._num_queued and self._num_queued + len(rows) > self.max_applications:
                raise OverloadedError(
                    num_queued=self._num_queued, retry_after_seconds=self.retry_after_seconds
                )
            self._num_queued += len(rows)
        future = self._executor.submit(self._work, rows)
        future.add_done_callback(lambda _: self._release(len(rows)))
        return future

    def _work(self, rows: Sequence[Row | RowError]) -> list[OutputRow]:
        started = time.perf_counter()
        scored = self._service.score(rows)
        seconds_each = (time.perf_counter() - started) / max(1, len(rows))
        self._seconds_each += _SMOOTHING * (seconds_each - self._seconds_each)
        return scored

    def _release(self, num_applications: int) -> None:
        with self._lock:
            self._num_queued -= num_applications
