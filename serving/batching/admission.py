"""Which requests are accepted, how many tokens they hold, and how they end when the server stops.

What may wait is bounded in tokens. A request is counted by an estimate from its characters when it
comes, and by the tokens of the windows it really needs once its texts were read. Backlogs and
explanations are counted apart, so that they never crowd out anybody who waits for an answer.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from data_pipeline.domain.application import FIELD_NAMES
from data_pipeline.sources import Row, RowError
from serving.batching.window_queue import DEFAULT_BATCH_TOKENS, DEFAULT_QUEUED_TOKENS, Priority
from serving.errors import NotReadyError, OverloadedError, RetryLaterError, ScoringTimeoutError

BACKLOG_SHARE = 0.25
"""Tokens of backlogs that may wait, as a share of those of everybody else."""

EXPLANATION_SHARE = 0.5
"""Likewise of explanations."""

_SHARES = {
    Priority.ONLINE: 1.0,
    Priority.EXPLANATION: EXPLANATION_SHARE,
    Priority.BACKLOG: BACKLOG_SHARE,
}
_CHARACTERS_PER_TOKEN = 4  # of English in RoBERTa's vocabulary; the true number follows soon
_CHARACTERS_PER_LINE = 30  # of a field: its label, and its value where that is a number
_MAX_RETRY_AFTER_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How much and how long.

    Attributes:
        max_queued_tokens: tokens that may wait or be computed; one request is taken in any case.
        max_batch_tokens: padded tokens of a batch.
        timeout_seconds: longest wait for an answer.
        grace_seconds: time given to what was accepted when the server stops.
    """

    max_queued_tokens: int = DEFAULT_QUEUED_TOKENS
    max_batch_tokens: int = DEFAULT_BATCH_TOKENS
    timeout_seconds: float = 60.0
    grace_seconds: float = 30.0


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """A request that was accepted.

    Attributes:
        rows: what it asks about.
        priority: who waits for it.
        deadline: when its time is over, seconds of `time.monotonic`.
        turn: held by the slice of it that stands in line to be read.
        num_tokens: tokens it is counted with at present.
    """

    rows: Sequence[Row | RowError]
    priority: Priority
    deadline: float
    turn: asyncio.Lock
    num_tokens: int = 0


class Admission:
    """Counts what was accepted and refuses what is too much. Used on one event loop.

    Attributes:
        limits: how much and how long.
        num_accepted: requests accepted so far.
        num_answered: accepted requests that got rows, or were told to come back.
    """

    def __init__(self, limits: BatchLimits, *, tokens_per_second: Callable[[], float]) -> None:
        """Begins with nothing accepted.

        Args:
            limits: how much and how long.
            tokens_per_second: reads the speed of the engine.
        """
        self.limits = limits
        self.num_accepted = self.num_answered = 0
        self._tokens_per_second = tokens_per_second
        self._num_tokens = dict.fromkeys(Priority, 0)
        self._open: dict[Request, asyncio.Timeout] = {}
        self._all_done = asyncio.Event()
        self._all_done.set()
        self._ends_at: float | None = None

    @property
    def num_applications(self) -> int:
        """Applications of the requests that are open."""
        return sum(len(request.rows) for request in self._open)

    @property
    def num_tokens(self) -> int:
        """Tokens waiting or being computed."""
        return sum(self._num_tokens.values())

    @property
    def is_draining(self) -> bool:
        """Whether nothing is accepted any more."""
        return self._ends_at is not None

    @contextmanager
    def accepted(
        self,
        rows: Sequence[Row | RowError],
        priority: Priority,
        *,
        num_tokens: int | None = None,
    ) -> Iterator[Request]:
        """Counts a request from its acceptance to its end.

        Args:
            rows: what it asks about.
            priority: who waits for it.
            num_tokens: tokens it needs; None to estimate them from the rows.

        Raises:
            OverloadedError: its tokens do not fit; a request is accepted whenever nothing waits.
            NotReadyError: nothing is accepted any more.
        """
        num_tokens = estimated_tokens(rows) if num_tokens is None else num_tokens
        self._admit(num_tokens, priority)
        deadline = time.monotonic() + self.limits.timeout_seconds
        request = Request(rows=rows, priority=priority, deadline=deadline, turn=asyncio.Lock())
        self.count(request, num_tokens)
        self.num_accepted += 1
        try:
            yield request
            self.num_answered += 1
        except RetryLaterError:
            self.num_answered += 1
            raise
        finally:
            self.count(request, -request.num_tokens)

    @contextmanager
    def opened(self, request: Request, timeout: asyncio.Timeout) -> Iterator[None]:
        """Keeps the timeout of a request, for `drain` to shorten."""
        self._open[request] = timeout
        self._all_done.clear()
        try:
            yield
        finally:
            del self._open[request]
            if not self._open:
                self._all_done.set()

    def count(self, request: Request, num_tokens: int) -> None:
        """Counts a request with more tokens than before, or with fewer."""
        request.num_tokens += num_tokens
        self._num_tokens[request.priority] += num_tokens

    def too_late(self, request: Request) -> RetryLaterError:
        """Returns the error of a request whose time is over."""
        if self.is_draining:
            return NotReadyError()
        return ScoringTimeoutError(
            limit_seconds=self.limits.timeout_seconds,
            retry_after_seconds=self._retry_after_seconds(request.priority),
        )

    def drain(self, *, seconds: float) -> None:
        """Refuses what comes from now on, and gives what was accepted some time to be answered."""
        self._ends_at = asyncio.get_running_loop().time() + seconds
        for timeout in self._open.values():
            when = timeout.when()
            if not timeout.expired() and (when is None or when > self._ends_at):
                timeout.reschedule(self._ends_at)

    async def all_done(self) -> None:
        """Waits until every accepted request has ended."""
        await self._all_done.wait()

    def _admit(self, num_tokens: int, priority: Priority) -> None:
        if self.is_draining:
            raise NotReadyError
        waiting = self._num_tokens[priority]
        if waiting and waiting + num_tokens > self.limits.max_queued_tokens * _SHARES[priority]:
            raise OverloadedError(
                num_queued_tokens=waiting, retry_after_seconds=self._retry_after_seconds(priority)
            )

    def _retry_after_seconds(self, priority: Priority) -> int:
        """When all that goes before will have been computed at the present speed."""
        is_online = priority is Priority.ONLINE
        num_tokens = self._num_tokens[Priority.ONLINE] if is_online else self.num_tokens
        seconds = math.ceil(num_tokens / self._tokens_per_second())
        return min(max(1, seconds), _MAX_RETRY_AFTER_SECONDS)


def estimated_tokens(rows: Sequence[Row | RowError]) -> int:
    """Returns about how many tokens rows have, without reading their texts."""
    return sum(
        2 + characters_of(row) // _CHARACTERS_PER_TOKEN for row in rows if isinstance(row, Row)
    )


def characters_of(row: Row) -> int:
    """Returns about how many characters a row is read as: its text, and a line for each field."""
    values = (getattr(row.application, name) for name in FIELD_NAMES if name != "text")
    lines = sum(
        _CHARACTERS_PER_LINE + (len(value) if isinstance(value, str) else 0)
        for value in values
        if value is not None
    )
    return len(row.application.text or "") + lines
