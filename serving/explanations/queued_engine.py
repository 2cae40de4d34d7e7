"""An engine whose windows wait in the batcher's queue, at the priority of an explanation.

Finding quotes asks an engine several times, each time depending on the answer before, and so runs
on a thread. What it asks goes through the same queue as everything else, after whatever people
wait for online.
"""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future

from model_store.engine.outputs import EngineLogits
from serving.batching.batcher import Batcher
from serving.batching.window_queue import Priority
from serving.explanations.errors import ExplanationTooLargeError


class QueuedEngine:
    """Computes for one explanation, on whatever thread it runs. Made on the event loop."""

    def __init__(self, batcher: Batcher, *, max_tokens: int) -> None:
        """Takes the way to the engine.

        Args:
            batcher: where windows wait.
            max_tokens: tokens that may be asked for in all.
        """
        self._batcher, self._loop = batcher, asyncio.get_running_loop()
        self._tokens_left = max_tokens
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._pending: Future[EngineLogits] | None = None

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows; blocks until the engine has taken its turn.

        Raises:
            ExplanationTooLargeError: that would be more tokens than allowed.
            CancelledError: nobody waits for the explanation any more.
            RetryLaterError: the queue is full, the time is over, or the engine cannot compute.
        """
        rows = [tuple(row) for row in ids]
        self._tokens_left -= sum(map(len, rows))
        if self._tokens_left < 0:
            raise ExplanationTooLargeError
        return self._submit(rows).result()

    def cancel(self) -> None:
        """Drops what the engine has not taken and lets the thread go."""
        with self._lock:
            self._is_cancelled = True
            if self._pending is not None:
                self._pending.cancel()

    def _submit(self, rows: list[tuple[int, ...]]) -> "Future[EngineLogits]":
        with self._lock:
            if self._is_cancelled:
                raise CancelledError
            work = self._batcher.compute(rows, priority=Priority.EXPLANATION)
            self._pending = asyncio.run_coroutine_threadsafe(work, self._loop)
            return self._pending
