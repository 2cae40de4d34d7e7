"""The windows that wait for the engine, and which of them make the next batch.

A batch is closed when the engine is free to take it, never by a clock. It begins with the window
whose deadline comes first, or with the oldest one once that has waited longer than the age cap, so
that nothing starves; it is filled with the windows nearest to that one in length, so that little
is padded. Windows of explanations and backlogs are taken when no other waits, in batches short
enough to hold the engine for a set time only, and once in a while even if others always wait.
"""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

DEFAULT_QUEUED_TOKENS = 262_144
"""Tokens that may wait: about a thousand applications of 250 tokens."""

DEFAULT_BATCH_TOKENS = 1024
"""Padded tokens of a batch: on CPU cores more makes each wait longer and all hardly faster."""

AGE_CAP_SECONDS = 1.0
"""A window that has waited this long goes first, whatever its deadline."""

BACKLOG_HOLD_SECONDS = 0.025
"""Longest time for which a backlog's batch may hold the engine; one window is always taken."""

BACKLOG_TURN_SECONDS = 5.0
"""After this long without one, a backlog's batch goes before windows that people wait for."""

EXPLANATION_TURN_SECONDS = 0.25
"""The same for an explanation, for which a person waits who has no answer yet."""

_MOST_STALE = 64  # entries of windows that left: as many more than windows that wait are kept

_EXPLANATION_HOLDS = 2  # an explanation holds the engine for as many times as long as a backlog


class Priority(Enum):
    """Who waits for a window, the most urgent first."""

    ONLINE = "online"
    EXPLANATION = "explanation"
    BACKLOG = "backlog"

    def goes_before(self, other: "Priority") -> bool:
        """Tells whether its windows are taken before another's."""
        order = list(Priority)
        return order.index(self) < order.index(other)


_TURN_SECONDS = {
    Priority.BACKLOG: BACKLOG_TURN_SECONDS,
    Priority.EXPLANATION: EXPLANATION_TURN_SECONDS,
}


AHEAD_OF_ALL = float("-inf")
"""Deadline of a window that goes before every other of its priority, however long these wait."""


@dataclass(slots=True, kw_only=True, eq=False)
class WindowJob:
    """A window to be computed.

    Attributes:
        ids: its token ids, markers included.
        deadline: when its answer is of no use any more, seconds of `time.monotonic`.
        arrived: when it came, likewise.
        priority: who waits for it.
        owner: what the one who put it here wants to find in it again.
    """

    ids: tuple[int, ...]
    deadline: float
    arrived: float = field(default_factory=time.monotonic)
    priority: Priority = Priority.ONLINE
    owner: Any = None


class WaitingWindows:
    """Windows of one priority, found by deadline, by age and by length. Not thread-safe.

    A window that leaves stays behind by deadline and by age until it comes up there; its number,
    which is that of one stay, tells it from the same window that came back.
    """

    def __init__(self) -> None:
        """Begins empty."""
        self._by_length: dict[int, dict[int, WindowJob]] = {}
        self._by_deadline: list[tuple[float, int, WindowJob]] = []
        self._by_age: deque[tuple[int, WindowJob]] = deque()
        self._numbers: dict[WindowJob, int] = {}
        self._counter = itertools.count()

    def __len__(self) -> int:
        """Returns how many wait."""
        return len(self._numbers)

    @property
    def num_held(self) -> int:
        """How many entries by deadline there are, those of windows that left included."""
        return len(self._by_deadline)

    def add(self, job: WindowJob) -> None:
        """Takes a window in."""
        number = next(self._counter)
        self._numbers[job] = number
        self._by_length.setdefault(len(job.ids), {})[number] = job
        heapq.heappush(self._by_deadline, (job.deadline, number, job))
        self._by_age.append((number, job))

    def remove(self, job: WindowJob) -> bool:
        """Lets a window out; says whether it was here."""
        if job not in self._numbers:
            return False
        same_length = self._by_length[len(job.ids)]
        del same_length[self._numbers.pop(job)]
        if not same_length:
            del self._by_length[len(job.ids)]
        if len(self._by_deadline) > 2 * len(self._numbers) + _MOST_STALE:
            self._forget_who_left()
        return True

    def oldest(self) -> WindowJob | None:
        """Returns the window that has waited longest; None where none waits."""
        while self._by_age and not self._is_here(*self._by_age[0]):
            self._by_age.popleft()
        return self._by_age[0][1] if self._by_age else None

    def take(self, max_tokens: int, *, now: float, age_cap_seconds: float) -> list[WindowJob]:
        """Takes the next batch out.

        Args:
            max_tokens: tokens of the batch when padded to its longest window; the first window is
                taken even where it is longer.
            now: seconds of `time.monotonic`.
            age_cap_seconds: age at which the oldest window goes first.
        """
        head = self._head(now, age_cap_seconds)
        if head is None:
            return []
        batch, longest = [head], len(head.ids)
        self.remove(head)
        for job in self._nearest(len(head.ids)):
            longest = max(longest, len(job.ids))
            if (len(batch) + 1) * longest > max_tokens:
                break
            batch.append(job)
        for job in batch[1:]:
            self.remove(job)
        return batch

    def _head(self, now: float, age_cap_seconds: float) -> WindowJob | None:
        oldest = self.oldest()
        if oldest is None:
            return None
        while not self._is_here(*self._by_deadline[0][1:]):
            heapq.heappop(self._by_deadline)
        earliest = self._by_deadline[0][2]
        is_due = now - oldest.arrived >= age_cap_seconds
        return oldest if is_due and earliest.deadline > AHEAD_OF_ALL else earliest

    def _is_here(self, number: int, job: WindowJob) -> bool:
        return self._numbers.get(job) == number

    def _forget_who_left(self) -> None:
        here = [(number, job) for job, number in self._numbers.items()]
        self._by_age = deque(here)
        self._by_deadline = [(job.deadline, number, job) for number, job in here]
        heapq.heapify(self._by_deadline)

    def _nearest(self, length: int) -> Iterator[WindowJob]:
        """Yields the windows from the nearest in length to the farthest, the oldest first."""
        for near in sorted(self._by_length, key=lambda other: (abs(other - length), other)):
            yield from self._by_length[near].values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the engine is to compute next.

    Attributes:
        jobs: the windows, from the shortest to the longest.
        priority: of all of them.
        was_idle: whether the engine had to wait for them.
    """

    jobs: tuple[WindowJob, ...]
    priority: Priority
    was_idle: bool

    @property
    def num_tokens(self) -> int:
        """Tokens of its windows, padding left out."""
        return sum(len(job.ids) for job in self.jobs)


class WindowQueue:
    """Windows waiting for the engine; put in by one thread, taken out by others."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins empty.

        Args:
            clock: gives the time, seconds.
        """
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting = {priority: WaitingWindows() for priority in Priority}
        self._last_batch = dict.fromkeys(_TURN_SECONDS, clock())
        self._is_closed = False

    def __len__(self) -> int:
        """Returns how many windows wait."""
        return sum(map(len, self._waiting.values()))

    def put(self, jobs: Iterable[WindowJob]) -> None:
        """Puts windows in."""
        with self._changed:
            for job in jobs:
                self._waiting[job.priority].add(job)
            self._changed.notify_all()

    def discard(self, job: WindowJob) -> bool:
        """Takes out a window that nobody waits for any more; says whether it was still here."""
        with self._changed:
            return self._waiting[job.priority].remove(job)

    def take(self, *, max_tokens: int, max_backlog_tokens: int) -> Batch | None:
        """Waits for windows and returns the next batch; None when closed and empty.

        Args:
            max_tokens: padded tokens of a batch.
            max_backlog_tokens: likewise of a backlog's batch; an explanation's may have twice
                as many.
        """
        with self._changed:
            was_idle = not len(self)
            while not len(self):
                if self._is_closed:
                    return None
                self._changed.wait()
            now = self._clock()
            priority = self._next_priority(now)
            if priority is not Priority.ONLINE:
                self._last_batch[priority] = now
                holds = _EXPLANATION_HOLDS if priority is Priority.EXPLANATION else 1
                max_tokens = min(max_tokens, holds * max_backlog_tokens)
            jobs = self._waiting[priority].take(
                max_tokens, now=now, age_cap_seconds=AGE_CAP_SECONDS
            )
        jobs.sort(key=lambda job: len(job.ids))
        return Batch(jobs=tuple(jobs), priority=priority, was_idle=was_idle)

    def close(self) -> None:
        """Lets the takers go once nothing waits any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _next_priority(self, now: float) -> Priority:
        """What is due for its turn, the backlog first; else whoever waits, in order of priority."""
        due = (priority for priority in _TURN_SECONDS if self._is_due(priority, now))
        waiting = (priority for priority in Priority if self._waiting[priority])
        return next(due, None) or next(waiting)

    def _is_due(self, priority: Priority, now: float) -> bool:
        oldest = self._waiting[priority].oldest()
        if oldest is None:
            return False
        since = max(self._last_batch[priority], oldest.arrived)
        return now - since >= _TURN_SECONDS[priority]
