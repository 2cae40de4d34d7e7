"""Windows on their way to the engine, each only once however many wait for it.

A window that is being computed, or looked up in the shared cache, is joined by whoever needs the
same one. When the last of them leaves, a window that the engine has not taken is dropped.

Everything here runs on the event loop, so nothing is locked; `deliver` may be called from any
thread.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from model_store.engine.outputs import EngineLogits
from serving.batching.engine_worker import Outcome
from serving.batching.window_queue import Priority, WindowJob, WindowQueue
from serving.cache.logits_cache import CacheObserver, LogitsCache

Computed = EngineLogits | Exception

log = structlog.stdlib.get_logger("wherefore.batching")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedWindow:
    """A window that somebody needs.

    Attributes:
        ids: its token ids, markers included.
        name: its name in the cache; None where it is to be computed in any case.
        known: its logits, where memory held them.
    """

    ids: tuple[int, ...]
    name: bytes | None = None
    known: EngineLogits | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _Flight:
    job: WindowJob
    name: bytes | None
    waiters: "set[asyncio.Future[Computed]]" = field(default_factory=set)


class WindowFlights:
    """Has windows computed."""

    def __init__(
        self, queue: WindowQueue, *, cache: LogitsCache | None, observer: CacheObserver
    ) -> None:
        """Takes the parts; to be called on the event loop.

        Args:
            queue: where windows wait for the engine.
            cache: logits computed before; None for none.
            observer: hears of windows that were joined.
        """
        self._queue, self._cache, self._observer = queue, cache, observer
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[bytes, _Flight] = {}
        self._launching: set[asyncio.Task[None]] = set()

    async def compute(
        self, windows: Sequence[NamedWindow], *, deadline: float, priority: Priority
    ) -> list[Computed]:
        """Returns the logits of windows, in order, or why there are none.

        Args:
            windows: what is needed.
            deadline: when the answer is of no use any more, seconds of `time.monotonic`.
            priority: who waits.
        """
        seats: list[tuple[_Flight | None, asyncio.Future[Computed]]] = []
        new: list[_Flight] = []
        for window in windows:
            flight, known = self._find(window)
            seat: asyncio.Future[Computed] = self._loop.create_future()
            if known is not None:
                seat.set_result(known)
            elif flight is None:
                flight = self._open(window, deadline=deadline, priority=priority)
                new.append(flight)
            else:
                self._hurry(flight, deadline=deadline, priority=priority)
            if flight is not None:
                flight.waiters.add(seat)
            seats.append((flight, seat))
        self._launch(new)
        try:
            return [await seat for _, seat in seats]
        finally:
            for flight, seat in seats:
                if flight is not None:
                    self._leave(flight, seat)

    def deliver(self, outcomes: Sequence[Outcome]) -> None:
        """Takes the outcomes of a batch from the engine's thread."""
        try:
            self._loop.call_soon_threadsafe(self._land, outcomes)
        except RuntimeError:  # the loop was closed: nobody waits any more
            return

    def _find(self, window: NamedWindow) -> tuple[_Flight | None, EngineLogits | None]:
        if window.known is not None or window.name is None or self._cache is None:
            return None, window.known
        flight = self._under_way.get(window.name)
        if flight is not None:
            self._observer.looked_up("flight", hits=1, misses=0)
            return flight, None
        # It may have landed since the text's thread looked.
        return None, self._cache.memory.get(window.name)

    def _open(self, window: NamedWindow, *, deadline: float, priority: Priority) -> _Flight:
        job = WindowJob(ids=window.ids, deadline=deadline, priority=priority)
        flight = _Flight(job=job, name=window.name)
        job.owner = flight
        if window.name is not None:
            self._under_way[window.name] = flight
        return flight

    def _hurry(self, flight: _Flight, *, deadline: float, priority: Priority) -> None:
        """Lets a window go with those of whoever is in the greatest hurry of all that need it."""
        if not priority.goes_before(flight.job.priority):
            return
        was_waiting = self._queue.discard(flight.job)
        flight.job.priority, flight.job.deadline = priority, deadline
        if was_waiting:
            self._queue.put([flight.job])

    def _launch(self, flights: list[_Flight]) -> None:
        if self._cache is None or self._cache.shared is None:
            self._queue.put([flight.job for flight in flights])
        elif flights:
            # A task of its own: others may join what the first to ask abandons.
            task = self._loop.create_task(self._fetch_or_compute(flights, self._cache))
            self._launching.add(task)
            task.add_done_callback(self._launching.discard)

    async def _fetch_or_compute(self, flights: list[_Flight], cache: LogitsCache) -> None:
        try:
            found = await cache.fetch(
                [flight.name for flight in flights if flight.name is not None]
            )
        except Exception:  # whatever it is: a cache that fails is a miss
            log.exception("cache_failed")
            found = {}
        missing = []
        for flight in flights:
            logits = None if flight.name is None else found.get(flight.name)
            if logits is not None:
                self._settle(flight, logits)
            elif flight.waiters:
                missing.append(flight.job)
            else:
                self._forget(flight)
        self._queue.put(missing)

    def _land(self, outcomes: Sequence[Outcome]) -> None:
        for job, outcome in outcomes:
            flight: _Flight = job.owner
            self._settle(flight, self._kept(flight.name, outcome))

    def _kept(self, name: bytes | None, outcome: Computed) -> Computed:
        if self._cache is None or name is None or not isinstance(outcome, EngineLogits):
            return outcome
        return self._cache.keep(name, outcome)

    def _settle(self, flight: _Flight, outcome: Computed) -> None:
        self._forget(flight)
        for seat in flight.waiters:
            if not seat.done():
                seat.set_result(outcome)

    def _leave(self, flight: _Flight, seat: "asyncio.Future[Computed]") -> None:
        flight.waiters.discard(seat)
        if not flight.waiters and self._queue.discard(flight.job):
            self._forget(flight)

    def _forget(self, flight: _Flight) -> None:
        if flight.name is not None and self._under_way.get(flight.name) is flight:
            del self._under_way[flight.name]
