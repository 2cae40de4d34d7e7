"""What is done with texts before and after the engine, on threads of its own.

Texts are masked and tokenized, and what the engine said of them becomes rows. A row that fails
here fails alone. Texts that were read before are answered at once where memory holds all their
logits.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import structlog

from data_pipeline.sources import Row, RowError
from model_store.engine.outputs import EngineLogits
from serving.batching.admission import characters_of
from serving.batching.flights import Computed, NamedWindow
from serving.cache.logits_cache import LogitsCache
from serving.errors import RetryLaterError, is_engine_away
from serving.rows import OutputRow
from serving.scoring import ReadRow, ScoringService
from serving.window_logits import join_windows

T = TypeVar("T")

TEXT_THREADS = 2
"""Threads that read texts and make rows: one goes on where the other has a long text."""

MAX_SLICE_TEXTS = 8
"""Texts of a request that are read in one go, so that others get their turn soon."""

MAX_SLICE_CHARACTERS = 16_384
"""Characters of them; a longer text comes alone."""

log = structlog.stdlib.get_logger("wherefore.batching")


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRow:
    """A row that needs the engine.

    Attributes:
        read: the row, its text read.
        windows: the windows of the text.
    """

    read: ReadRow
    windows: tuple[NamedWindow, ...]


class TextStage:
    """Runs the text steps of a scoring service on a few threads."""

    def __init__(self, service: ScoringService, *, cache: LogitsCache | None) -> None:
        """Starts no thread before it is needed.

        Args:
            service: what reads texts and makes rows.
            cache: names windows and may know their logits; None for none.
        """
        self._service, self._cache = service, cache
        self._threads = ThreadPoolExecutor(TEXT_THREADS, thread_name_prefix="texts")

    async def read(self, rows: Sequence[Row | RowError]) -> list[OutputRow | PendingRow]:
        """Reads the texts of rows, in order."""
        return await self._run(lambda: [self._read(row) for row in rows])

    async def finish(
        self, parts: Sequence[OutputRow | PendingRow], computed: Sequence[Computed]
    ) -> list[OutputRow]:
        """Returns the output rows of what was read, in order.

        Args:
            parts: what `read` gave.
            computed: what came of the windows of the pending rows, in order.

        Raises:
            RetryLaterError: the engine cannot compute now.
        """
        return await self._run(lambda: self._finish_all(parts, computed))

    def close(self) -> None:
        """Ends the threads; what has not begun is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _read(self, row: Row | RowError) -> OutputRow | PendingRow:
        if isinstance(row, RowError):
            return self._service.reject(row)
        try:
            read = self._service.read(row)
            return self._answered_or_pending(read) if isinstance(read, ReadRow) else read
        except Exception:
            log.exception("row_not_read")
            return self._service.fail(row)

    def _answered_or_pending(self, read: ReadRow) -> OutputRow | PendingRow:
        windows = tuple(self.named(window.ids) for window in read.text.windows)
        known = [window.known for window in windows if window.known is not None]
        if len(known) == len(windows):
            return self._service.finish(read, join_windows(known))
        return PendingRow(read=read, windows=windows)

    def named(self, ids: tuple[int, ...]) -> NamedWindow:
        """Returns a window with its name in the cache, and its logits where memory holds them."""
        if self._cache is None:
            return NamedWindow(ids=ids)
        name = self._cache.name(ids)
        return NamedWindow(ids=ids, name=name, known=self._cache.get(name))

    def _finish_all(
        self, parts: Sequence[OutputRow | PendingRow], computed: Sequence[Computed]
    ) -> list[OutputRow]:
        _require_answers(computed)
        following = iter(computed)
        return [
            self._finish(part, [next(following) for _ in part.windows])
            if isinstance(part, PendingRow)
            else part
            for part in parts
        ]

    def _finish(self, part: PendingRow, computed: Sequence[Computed]) -> OutputRow:
        if any(isinstance(outcome, Exception) for outcome in computed):  # the worker told of it
            return self._service.fail(part.read.row)
        try:
            return self._service.finish(part.read, joined(computed))
        except Exception:
            log.exception("row_not_finished")
            return self._service.fail(part.read.row)


def _require_answers(computed: Sequence[Computed]) -> None:
    """Raises what ends the whole request: the engine is away, or answers nothing that is of use.

    A window among others at which the engine fails is the error of its own row.
    """
    later = [outcome for outcome in computed if isinstance(outcome, RetryLaterError)]
    away = [error for error in later if is_engine_away(error)]
    is_any_answered = any(not isinstance(outcome, Exception) for outcome in computed)
    if away or (later and not is_any_answered):
        raise (away or later)[0]


def sliced(rows: Sequence[Row | RowError]) -> Iterator[list[Row | RowError]]:
    """Yields rows in order, in slices of a few texts that are soon read; at least one slice."""
    part: list[Row | RowError] = []
    num_characters = 0
    for row in rows:
        length = characters_of(row) if isinstance(row, Row) else 0
        is_full = len(part) >= MAX_SLICE_TEXTS or num_characters + length > MAX_SLICE_CHARACTERS
        if part and is_full:
            yield part
            part, num_characters = [], 0
        part.append(row)
        num_characters += length
    yield part


def joined(computed: Sequence[Computed]) -> EngineLogits:
    """Returns the logits of windows together, in order.

    Args:
        computed: what came of each window; at least one.

    Raises:
        Exception: whatever the engine raised for one of them.
    """
    return join_windows([_given(outcome) for outcome in computed])


def _given(outcome: Computed) -> EngineLogits:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
