"""The way of a request through the process: read, computed in batches with others, answered.

The event loop never computes. Texts are read and answers made on threads of their own
(`text_stage`), a slice of a request at a time so that a large request does not hold up a
small one. The engine has its own thread (`engine_worker`) and takes a new batch from all
that wait (`window_queue`) whenever it is free. How much may wait is bounded
(`admission`), and who is turned away is told when to come back. A request whose client is
gone, or whose time is over, is dropped before the engine takes it (`flights`).
"""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import structlog

from data_pipeline.sources import Row, RowError
from model_store.engine.outputs import EngineLogits
from serving.batching.admission import Admission, BatchLimits, Request, estimated_tokens
from serving.batching.engine_worker import EngineObserver, EngineWorker
from serving.batching.flights import NamedWindow, WindowFlights
from serving.batching.text_stage import PendingRow, TextStage, joined, sliced
from serving.batching.window_queue import AHEAD_OF_ALL, Priority, WindowQueue
from serving.cache.logits_cache import CacheObserver, LogitsCache
from serving.errors import NotReadyError
from serving.rows import OutputRow
from serving.scoring import ScoringService

T = TypeVar("T")

log = structlog.stdlib.get_logger("wherefore.batching")


class BatchObserver(EngineObserver, CacheObserver, Protocol):
    """Hears what becomes of requests, too."""

    def abandoned(self, reason: str) -> None:
        """A request was dropped.

        Args:
            reason: `disconnected` where its client left, `called_off` where an explanation or a
                backlog dropped work of its own, `timeout`.
        """


class Batcher:
    """Scores rows for many requests at once. Made, used and closed on one event loop."""

    def __init__(
        self,
        service: ScoringService,
        *,
        limits: BatchLimits,
        observer: BatchObserver,
        cache: LogitsCache | None = None,
    ) -> None:
        """Starts the engine's threads.

        Args:
            service: what reads texts and makes rows.
            limits: how much and how long.
            observer: hears what happens.
            cache: logits computed before; None for none.
        """
        engine = service.predictor.engine
        self._is_trusted, self._num_distrusts = True, 0
        self._observer, self._cache = observer, cache
        self._texts = TextStage(service, cache=cache)
        self._queue = WindowQueue()
        self._flights = WindowFlights(self._queue, cache=cache, observer=observer)
        self._worker = EngineWorker(
            engine,
            self._queue,
            max_tokens=limits.max_batch_tokens,
            deliver=self._flights.deliver,
            observer=observer,
            num_threads=getattr(engine, "max_concurrent_calls", 1),
        )
        self._admission = Admission(limits, tokens_per_second=lambda: self.tokens_per_second)
        self._worker.start()

    @property
    def num_queued(self) -> int:
        """Applications waiting or being scored."""
        return self._admission.num_applications

    @property
    def num_queued_tokens(self) -> int:
        """Tokens waiting or being computed."""
        return self._admission.num_tokens

    @property
    def num_queued_windows(self) -> int:
        """Windows that wait for the engine."""
        return len(self._queue)

    @property
    def tokens_per_second(self) -> float:
        """Speed of the engine, as measured lately."""
        return self._worker.tokens_per_second

    @property
    def batch_tokens(self) -> int:
        """Padded tokens of a batch at present: fewer than set after memory ran out."""
        return self._worker.budget.tokens

    @property
    def is_draining(self) -> bool:
        """Whether nothing is accepted any more."""
        return self._admission.is_draining

    @property
    def is_engine_lost(self) -> bool:
        """Whether the GPU has failed, so that nothing will be computed any more."""
        return self._worker.is_lost

    @property
    def degraded(self) -> list[str]:
        """What does not work as set, though answers are whole: `cache_unavailable`."""
        is_degraded = self._cache is not None and self._cache.is_degraded
        return ["cache_unavailable"] if is_degraded else []

    async def score(
        self, rows: Sequence[Row | RowError], *, priority: Priority = Priority.ONLINE
    ) -> list[OutputRow]:
        """Returns one output row per row, in order; a row that cannot be scored is a failed row.

        Cancelling the call drops what the engine has not taken. A request is accepted whenever
        nothing waits, however large it is.

        Raises:
            OverloadedError: the rows do not fit into the queue.
            ScoringTimeoutError: the time allowed is over.
            NotReadyError: the batcher is closing, or the engine is wrong.
            RetryLaterError: the engine cannot compute now.
        """
        with self.trusted(), self._admission.accepted(rows, priority) as request:
            return await self._in_time(request, self._score(request))

    async def compute(self, ids: Sequence[tuple[int, ...]], *, priority: Priority) -> EngineLogits:
        """Returns the logits of windows, which wait in the same queue as those of rows.

        Only what somebody waits for online is looked up in the cache and kept there.

        Args:
            ids: token ids of each window, markers included; at least one window.
            priority: who waits.

        Raises:
            OverloadedError: the windows do not fit into the queue.
            ScoringTimeoutError: the time allowed is over.
            NotReadyError: the batcher is closing, or the engine is wrong.
            RetryLaterError: the engine cannot compute now.
            Exception: whatever the engine raised for one of the windows.
        """
        num_tokens = sum(map(len, ids))
        accepted = self._admission.accepted((), priority, num_tokens=num_tokens)
        with self.trusted(), accepted as request:
            return await self._in_time(request, self._compute(ids, request))

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Refuses work while the engine is wrong, and what it was found to be wrong during.

        Raises:
            NotReadyError: the engine is wrong, or was found to be while the block ran.
        """
        if not self._is_trusted:
            raise NotReadyError
        num_distrusts = self._num_distrusts
        yield
        if self._num_distrusts != num_distrusts:
            raise NotReadyError

    @property
    def num_kept(self) -> int:
        """How often something computed was handed to the shared cache so far."""
        return 0 if self._cache is None else self._cache.num_kept

    def trust(self, *, num_kept: int) -> None:
        """Takes the engine for right.

        Args:
            num_kept: as it was when the engine was asked what shows that it is.
        """
        self._is_trusted = True
        if self._cache is not None:
            self._cache.prove(num_kept)

    def distrust(self) -> None:
        """Scores nothing from now on, and forgets what the wrong engine may have computed.

        Who waits for an answer is told to come back.
        """
        self._is_trusted = False
        self._num_distrusts += 1
        if self._cache is not None:
            self._cache.disown()

    async def compute_ahead(self, ids: Sequence[tuple[int, ...]]) -> EngineLogits:
        """Returns what the engine says of windows now, ahead of all others and past the cache.

        Args:
            ids: token ids of each window, markers included; at least one window.

        Raises:
            Exception: whatever the engine raised.
        """
        windows = [NamedWindow(ids=row) for row in ids]
        return joined(
            await self._flights.compute(windows, deadline=AHEAD_OF_ALL, priority=Priority.ONLINE)
        )

    def drain(self, *, seconds: float | None = None) -> None:
        """Refuses what comes from now on, and gives what was accepted some time to be answered.

        What is not answered then is told to come back, rather than cut off.

        Args:
            seconds: how long; None means the grace time of the limits.
        """
        limits = self._admission.limits
        self._admission.drain(seconds=limits.grace_seconds if seconds is None else seconds)

    async def close(self) -> None:
        """Answers what was accepted, within the grace time, and ends the threads."""
        if not self.is_draining:
            self.drain()
        await self._admission.all_done()
        self._queue.close()
        grace_seconds = self._admission.limits.grace_seconds
        if not await asyncio.to_thread(self._worker.join, grace_seconds):
            log.error("engine_left", reason="a call did not end within the grace time")
        self._texts.close()
        if self._cache is not None:
            await asyncio.to_thread(self._cache.close)
        log.info(
            "drained",
            requests_accepted=self._admission.num_accepted,
            requests_answered=self._admission.num_answered,
        )

    async def _in_time(self, request: Request, work: Coroutine[Any, Any, T]) -> T:
        """Returns what some work for a request gives, within the time allowed."""
        try:
            async with asyncio.timeout(self._admission.limits.timeout_seconds) as timeout:
                with self._admission.opened(request, timeout):
                    return await work
        except TimeoutError as error:
            self._observer.abandoned("timeout")
            raise self._admission.too_late(request) from error
        except asyncio.CancelledError:
            # Explanations and backlogs call off their own work.
            is_asked = bool(request.rows) and request.priority is Priority.ONLINE
            self._observer.abandoned("disconnected" if is_asked else "called_off")
            raise

    async def _compute(self, ids: Sequence[tuple[int, ...]], request: Request) -> EngineLogits:
        is_online = request.priority is Priority.ONLINE
        windows = [self._texts.named(row) if is_online else NamedWindow(ids=row) for row in ids]
        return joined(
            await self._flights.compute(
                windows, deadline=request.deadline, priority=request.priority
            )
        )

    async def _score(self, request: Request) -> list[OutputRow]:
        slices = list(sliced(request.rows))
        if len(slices) == 1:
            return await self._score_slice(slices[0], request)
        tasks = [asyncio.ensure_future(self._score_slice(rows, request)) for rows in slices]
        try:
            scored = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return [row for rows in scored for row in rows]

    async def _score_slice(
        self, rows: Sequence[Row | RowError], request: Request
    ) -> list[OutputRow]:
        async with request.turn:  # one slice of a request at a time stands in line for a thread
            parts = await self._texts.read(rows)
        windows = [w for part in parts if isinstance(part, PendingRow) for w in part.windows]
        num_tokens = sum(len(window.ids) for window in windows if window.known is None)
        self._admission.count(request, num_tokens - estimated_tokens(rows))
        if not windows:
            return [part for part in parts if not isinstance(part, PendingRow)]
        computed = await self._flights.compute(
            windows, deadline=request.deadline, priority=request.priority
        )
        self._admission.count(request, -num_tokens)
        return await self._texts.finish(parts, computed)
