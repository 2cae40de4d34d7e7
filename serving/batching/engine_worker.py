"""The threads that keep the engine busy: take batches, compute them, hand the outcomes back.

A batch that fails is halved until the window that makes it fail stands alone, so that one poison
text harms no other. A batch that does not fit into memory is halved too, and so is the token
budget of the batches after it. What fails for a reason that lies in no window (the engine cannot
be reached, say) fails as a whole and at once. Once a GPU has failed, everything does: the process
has to be started again.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from model_store.engine.outputs import Engine, EngineLogits
from model_store.errors import DeviceLostError
from serving.batching.window_queue import (
    BACKLOG_HOLD_SECONDS,
    Batch,
    Priority,
    WindowJob,
    WindowQueue,
)
from serving.errors import EngineLostError, is_engine_away
from serving.window_logits import are_finite, split_windows

Outcome = tuple[WindowJob, "EngineLogits | Exception"]
Deliver = Callable[[Sequence[Outcome]], None]

MIN_BATCH_TOKENS = 64
"""The token budget is never halved below this; one window is always tried."""

_RESTORE_AFTER_BATCHES = 256
_FIRST_GUESS_TOKENS_PER_SECOND = 5_000.0
_MEMORY_TOKENS = 200_000.0
_NO_MEMORY = re.compile(r"out of memory|not enough memory|alloc", re.IGNORECASE)

log = structlog.stdlib.get_logger("wherefore.engine")


class NotFiniteError(Exception):
    """The engine gave something else than numbers for a window."""


class EngineObserver(Protocol):
    """Hears what the engine does; called from its threads."""

    def computed(self, *, priority: str, windows: int, tokens: int, seconds: float) -> None:
        """A batch was computed: so many windows of it were answered, at least one."""

    def engine_failed(self, kind: str) -> None:
        """A batch failed: `memory`, `engine` (none of its windows is to blame) or `window`."""


class Speed:
    """Tokens per second, the last few hundred thousand tokens counting most. Thread-safe."""

    def __init__(self) -> None:
        """Begins with a guess, which the first batches replace."""
        self._lock = threading.Lock()
        self._tokens = 1.0
        self._seconds = 1.0 / _FIRST_GUESS_TOKENS_PER_SECOND

    @property
    def tokens_per_second(self) -> float:
        """The present speed; always above 0."""
        with self._lock:
            return self._tokens / self._seconds

    def record(self, *, tokens: int, seconds: float) -> None:
        """Takes one batch into account."""
        with self._lock:
            kept = max(0.0, 1.0 - tokens / _MEMORY_TOKENS)
            self._tokens = self._tokens * kept + tokens
            self._seconds = self._seconds * kept + max(seconds, 1e-9)


class SharedTime:
    """A clock for calls that share a machine: it goes `n` times slower while `n` are under way.

    What it shows at the end of a call less what it showed at the beginning is the call's share of
    the machine; the shares of all calls add up to the time in which any was under way. Thread-safe.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins at 0, with no call.

        Args:
            clock: gives the time, seconds.
        """
        self._clock, self._lock = clock, threading.Lock()
        self._num_calls, self._shown, self._at = 0, 0.0, clock()

    def enter(self) -> float:
        """Begins a call; returns what the clock shows, seconds."""
        return self._turn(1)

    def leave(self) -> float:
        """Ends a call; returns what the clock shows, seconds."""
        return self._turn(-1)

    def _turn(self, change: int) -> float:
        with self._lock:
            now = self._clock()
            if self._num_calls:
                self._shown += (now - self._at) / self._num_calls
            self._at = now
            self._num_calls += change
            return self._shown


class TokenBudget:
    """Padded tokens of a batch: as set, less after memory ran out, more again later."""

    def __init__(self, max_tokens: int) -> None:
        """Begins with all of it."""
        self._max_tokens = max_tokens
        self._tokens = max_tokens
        self._num_good = 0

    @property
    def tokens(self) -> int:
        """The present budget."""
        return self._tokens

    def shrink(self) -> None:
        """Halves the budget: memory ran out."""
        self._tokens = max(MIN_BATCH_TOKENS, self._tokens // 2)
        self._num_good = 0

    def record_good(self) -> None:
        """Doubles the budget again after many batches that did fit."""
        self._num_good += 1
        if self._tokens < self._max_tokens and self._num_good >= _RESTORE_AFTER_BATCHES:
            self._tokens = min(self._max_tokens, self._tokens * 2)
            self._num_good = 0


class EngineWorker:
    """Runs an engine on threads of its own until the queue is closed and empty.

    Attributes:
        speed: how fast it is.
        budget: how much it takes at a time.
        is_lost: whether its GPU has failed, so that nothing will be computed any more.
    """

    def __init__(
        self,
        engine: Engine,
        queue: WindowQueue,
        *,
        max_tokens: int,
        deliver: Deliver,
        observer: EngineObserver,
        num_threads: int = 1,
    ) -> None:
        """Takes the parts; `start` starts the threads.

        Args:
            engine: what computes.
            queue: where the windows wait.
            max_tokens: padded tokens of a batch.
            deliver: takes the outcomes of a batch; called from the threads, must not raise.
            observer: hears what happens.
            num_threads: calls of the engine that may be under way at once.
        """
        self.speed, self.budget, self.is_lost = Speed(), TokenBudget(max_tokens), False
        self._engine, self._queue = engine, queue
        self._deliver, self._observer = deliver, observer
        self._shared_time = SharedTime()
        self._threads = [
            threading.Thread(target=self._run, name=f"engine-{i}", daemon=True)
            for i in range(num_threads)
        ]

    @property
    def tokens_per_second(self) -> float:
        """Speed of all threads together."""
        return self.speed.tokens_per_second

    def start(self) -> None:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()

    def join(self, timeout_seconds: float) -> bool:
        """Waits for the threads to end after the queue was closed; says whether they did."""
        ends = time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        ended = time.monotonic()
        while (batch := self._take()) is not None:
            # What passes between two batches while windows wait is part of the speed.
            waited = 0.0 if batch.was_idle else time.monotonic() - ended
            began = self._shared_time.enter()
            outcomes = self._compute(batch.jobs)
            self._deliver(outcomes)
            share = self._shared_time.leave() - began
            ended = time.monotonic()
            answered = [job for job, outcome in outcomes if not isinstance(outcome, Exception)]
            if answered:
                seconds = share + waited / len(self._threads)
                self._record(answered, priority=batch.priority, seconds=seconds)

    def _take(self) -> Batch | None:
        share = self.speed.tokens_per_second / len(self._threads)
        hold = int(share * BACKLOG_HOLD_SECONDS)
        return self._queue.take(max_tokens=self.budget.tokens, max_backlog_tokens=hold)

    def _record(self, answered: Sequence[WindowJob], *, priority: Priority, seconds: float) -> None:
        num_tokens = sum(len(job.ids) for job in answered)
        self.speed.record(tokens=num_tokens, seconds=seconds)
        self._observer.computed(
            priority=priority.value, windows=len(answered), tokens=num_tokens, seconds=seconds
        )

    def _compute(self, jobs: Sequence[WindowJob]) -> list[Outcome]:
        try:
            found = split_windows(self._engine.logits([job.ids for job in jobs]))
            outcomes = [(job, self._checked(x)) for job, x in zip(jobs, found, strict=True)]
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own
            return self._recover(jobs, error)
        self.budget.record_good()
        return outcomes

    def _recover(self, jobs: Sequence[WindowJob], error: Exception) -> list[Outcome]:
        if isinstance(error, DeviceLostError):
            if not self.is_lost:
                log.critical("device_lost", exc_info=error)
            self.is_lost, error = True, EngineLostError()
        if is_engine_away(error):
            self._observer.engine_failed("engine")
            return [(job, error) for job in jobs]
        if is_out_of_memory(error):
            self.budget.shrink()
            self._observer.engine_failed("memory")
            log.warning("engine_out_of_memory", budget_tokens=self.budget.tokens)
        if len(jobs) == 1:
            self._observer.engine_failed("window")
            log.error("window_failed", tokens=len(jobs[0].ids), exc_info=error)
            return [(jobs[0], error)]
        half = len(jobs) // 2
        return self._compute(jobs[:half]) + self._compute(jobs[half:])

    def _checked(self, logits: EngineLogits) -> EngineLogits | Exception:
        if are_finite(logits):
            return logits
        self._observer.engine_failed("window")
        log.error("window_not_finite", tokens=len(logits.evidence[0]))
        return NotFiniteError("a logit is not a finite number")


def is_out_of_memory(error: Exception) -> bool:
    """Tells whether an engine's error means that memory ran out.

    torch raises a RuntimeError for either device, OpenVINO one with the message of what failed
    below it ("bad_alloc", "Failed to allocate"); neither has a class that the other knows.
    """
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error)) is not None
    )
