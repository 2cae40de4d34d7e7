"""The engine as a backlog has it: behind the queue in which online requests go first."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol

from model_store.engine.outputs import EngineLogits
from serving.backlog.server.errors import BacklogStoppedError
from serving.batching.window_queue import BACKLOG_HOLD_SECONDS, Priority
from serving.errors import RetryLaterError, is_engine_away
from serving.ports import TextPredictor
from serving.window_logits import join_windows

if TYPE_CHECKING:
    from model_store.calibration import Calibration
    from model_store.engine.outputs import Engine
    from model_store.manifest import KnownAnswer
    from model_store.predictor import Prediction, ReadText

_LEAST_CHUNK_TOKENS = 2048
"""Tokens that wait in the queue as one request: few enough to be computed within its time allowed
even while online requests leave the engine only for a batch every few seconds."""

_MOST_CHUNK_TOKENS = 16_384
"""The same for an engine whose batches are larger."""

_CHUNKS_AT_ONCE = 4
"""Chunks that wait at a time, so that the engine never waits for this side."""

_LOOK_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0


class BacklogQueue(Protocol):
    """Where windows wait for the engine (`serving.batching.batcher.Batcher`)."""

    @property
    def is_draining(self) -> bool:
        """Whether nothing is accepted any more."""

    @property
    def tokens_per_second(self) -> float:
        """Speed of the engine."""

    async def compute(self, ids: Sequence[tuple[int, ...]], *, priority: Priority) -> EngineLogits:
        """Returns the logits of windows."""


class QueuedEngine:
    """Computes on the calling thread's behalf, a few windows at a time."""

    def __init__(
        self, queue: BacklogQueue, *, loop: asyncio.AbstractEventLoop, stop: Event
    ) -> None:
        """Takes the queue, its event loop, and what is set to break the work off."""
        self._queue, self._loop, self._stop = queue, loop, stop

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows; waits as long as others are served first.

        Raises:
            BacklogStoppedError: the work is to be broken off, or the queue is closing.
            Exception: whatever the engine raised for one of the windows.
        """
        done: list[EngineLogits] = []
        waiting: deque[tuple[list[tuple[int, ...]], Future[EngineLogits]]] = deque()
        try:
            for chunk in _chunks(ids, max_tokens=self._chunk_tokens()):
                waiting.append((chunk, self._submit(chunk)))
                if len(waiting) >= _CHUNKS_AT_ONCE:
                    done.append(self._result(*waiting.popleft()))
            while waiting:
                done.append(self._result(*waiting.popleft()))
        finally:
            for _, future in waiting:
                future.cancel()
        return join_windows(done)

    def _chunk_tokens(self) -> int:
        """Two batches of a backlog at the engine's present speed."""
        held = int(2 * self._queue.tokens_per_second * BACKLOG_HOLD_SECONDS)
        return min(max(held, _LEAST_CHUNK_TOKENS), _MOST_CHUNK_TOKENS)

    def _submit(self, chunk: list[tuple[int, ...]]) -> Future[EngineLogits]:
        if self._stop.is_set():
            raise BacklogStoppedError
        work = self._queue.compute(chunk, priority=Priority.BACKLOG)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _result(self, chunk: list[tuple[int, ...]], future: Future[EngineLogits]) -> EngineLogits:
        while True:
            try:
                return self._awaited(future)
            except BacklogStoppedError:
                raise
            except RetryLaterError as error:
                if not is_engine_away(error):  # one of the windows may be at fault
                    raise
                self._pause(error)
                future = self._submit(chunk)

    def _awaited(self, future: Future[EngineLogits]) -> EngineLogits:
        while True:
            if self._stop.is_set():
                future.cancel()
                raise BacklogStoppedError
            wait([future], timeout=_LOOK_SECONDS)
            if future.cancelled():  # the server is closing
                raise BacklogStoppedError
            if future.done():
                return future.result()

    def _pause(self, error: RetryLaterError) -> None:
        """Waits before the same is tried again; a server that stops is not asked again."""
        if self._queue.is_draining:
            raise BacklogStoppedError from error
        self._stop.wait(min(float(error.retry_after_seconds), _LONGEST_PAUSE_SECONDS))


class QueuedPredictor:
    """A predictor whose engine is behind the queue; all else is that of another one."""

    def __init__(self, predictor: TextPredictor, engine: "Engine") -> None:
        """Takes the predictor and the engine."""
        self._predictor = predictor
        self.engine = engine

    @property
    def model_version(self) -> str:
        """Version of the model."""
        return self._predictor.model_version

    @property
    def digest(self) -> str:
        """Identity of the model."""
        return self._predictor.digest

    @property
    def directory(self) -> Path | None:
        """Local directory of the model."""
        return self._predictor.directory

    @property
    def evaluation(self) -> Mapping[str, object]:
        """What was measured of the model when it was stored."""
        return self._predictor.evaluation

    @property
    def known_answer(self) -> "KnownAnswer | None":
        """What the model must say of one text."""
        return self._predictor.known_answer

    @property
    def calibration(self) -> "Calibration":
        """Maps and thresholds that turn logits into answers."""
        return self._predictor.calibration

    def predict(self, texts: Sequence[str]) -> "list[Prediction]":
        """Returns one prediction per text, in order."""
        read = self.read(texts)
        logits = self.engine.logits([window.ids for text in read for window in text.windows])
        return self.decode(read, logits)

    def read(self, texts: Sequence[str]) -> "list[ReadText]":
        """Masks and tokenizes texts and lays out their windows."""
        return self._predictor.read(texts)

    def decode(self, read: "Sequence[ReadText]", logits: EngineLogits) -> "list[Prediction]":
        """Turns the logits of the windows of texts into predictions, in order."""
        return self._predictor.decode(read, logits)


def _chunks(ids: Sequence[Sequence[int]], *, max_tokens: int) -> Iterator[list[tuple[int, ...]]]:
    chunk: list[tuple[int, ...]] = []
    num_tokens = 0
    for window in ids:
        if chunk and num_tokens + len(window) > max_tokens:
            yield chunk
            chunk, num_tokens = [], 0
        chunk.append(tuple(window))
        num_tokens += len(window)
    if chunk:
        yield chunk
