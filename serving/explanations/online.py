"""A prediction explained while its client waits.

The text is read and scored as ever. Then a thread looks for the quotes, and what it wants computed
waits behind everything that others wait for online. An explanation that does not fit, takes too
long or fails never takes the prediction with it: the answer says that it was left out, and why.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from data_pipeline.sources import Row
from model_store.engine.outputs import EngineLogits
from model_store.explain.explainer import ExplainMethod, Explanation, explain_read
from model_store.explain.references import Comparison, References, compare, factor_scores
from model_store.explain.targets import RISK
from model_store.requoted import requoted
from serving.batching.batcher import Batcher
from serving.batching.window_queue import Priority
from serving.errors import RetryLaterError
from serving.explanations.errors import ExplanationsFullError, ExplanationTooLargeError
from serving.explanations.kept import KeptExplanation, KeptExplanations, Place, ReasonPlaces
from serving.explanations.queued_engine import QueuedEngine
from serving.rows import FailedRow, OutputRow
from serving.scoring import ReadRow, ScoringService

T = TypeVar("T")

EXPLAIN_THREADS = 4
"""Explanations under way at once; they mostly wait for the engine."""

READ_THREADS = 2
"""Threads that read the texts of what is explained or compared."""

MAX_WAITING = 32
"""Explained predictions and searches that may be open; more predictions go unexplained."""

_BUSY_SECONDS = 5

log = structlog.stdlib.get_logger("wherefore.explanations")


class ExplanationObserver(Protocol):
    """Hears what becomes of explanations."""

    def explained(self, method: str, outcome: str) -> None:
        """An explanation was `computed` or `kept`, or left out: see `ExplainedRow.left_out`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedRow:
    """An output row, and what its reasons rest on.

    Attributes:
        row: the row; the evidence of its principal reasons is the explanation's, if there is one.
        explanation: places of quotes and what they weigh; None where it was left out or the row
            failed.
        comparisons: the factors beside each reference population; empty where none is set.
        text: the text that was scored, which the places count in.
        left_out: why there is none: `explanation_overloaded`, `explanation_timeout`,
            `explanation_too_large` or `explanation_failed`; None where there is one.
    """

    row: OutputRow
    explanation: KeptExplanation | None = None
    comparisons: tuple[Comparison, ...] = ()
    text: str = ""
    left_out: str | None = None


class OnlineExplainer:
    """Explains predictions. Made, used and closed on one event loop."""

    def __init__(
        self,
        service: ScoringService,
        batcher: Batcher,
        *,
        observer: ExplanationObserver,
        max_tokens: int,
        timeout_seconds: float,
        kept_bytes: int,
        references: References | None = None,
    ) -> None:
        """Starts no thread before it is needed.

        Args:
            service: what reads texts and makes rows.
            batcher: the way to the engine.
            observer: hears what happens.
            max_tokens: tokens that one explanation may have computed.
            timeout_seconds: longest time for one explanation.
            kept_bytes: memory for explanations given lately; 0 keeps none.
            references: populations that answers are compared with; None for none.
        """
        self._service, self._batcher, self._observer = service, batcher, observer
        self._max_tokens, self._timeout_seconds = max_tokens, timeout_seconds
        self._kept, self._references = KeptExplanations(kept_bytes), references
        self._threads = ThreadPoolExecutor(EXPLAIN_THREADS, thread_name_prefix="explanations")
        self._searching = ThreadPoolExecutor(EXPLAIN_THREADS, thread_name_prefix="searches")
        # Not the loop's own threads: those of the desk wait there for what is read here.
        self._reading = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="readings")
        self._num_open = self._num_compared = 0

    @property
    def num_applications(self) -> int:
        """Applications being explained, searched for or compared with reference populations."""
        return self._num_open + self._num_compared

    @property
    def num_kept_bytes(self) -> int:
        """Bytes of explanations kept."""
        return self._kept.num_bytes

    async def explain(self, row: Row, *, method: ExplainMethod) -> ExplainedRow:
        """Scores and explains an application. Cancelling drops what the engine has not taken.

        Raises:
            OverloadedError: the prediction itself does not fit into the queue.
            ScoringTimeoutError: its time is over.
            NotReadyError: the batcher is closing, or the engine is wrong.
            RetryLaterError: the engine cannot compute now.
        """
        if self._num_open >= MAX_WAITING:
            [scored] = await self._batcher.score([row])
            return self._without(scored, method, "explanation_overloaded")
        self._num_open += 1
        try:
            with self._batcher.trusted():
                return await self._explain(row, method)
        finally:
            self._num_open -= 1

    async def score(self, row: Row) -> ExplainedRow:
        """Scores an application and sets it beside the reference populations, unexplained.

        Raises:
            OverloadedError: it does not fit into the queue.
            ScoringTimeoutError: its time is over.
            NotReadyError: the batcher is closing, or the engine is wrong.
            RetryLaterError: the engine cannot compute now.
        """
        if self._references is None:
            [scored] = await self._batcher.score([row])
            return ExplainedRow(row=scored)
        self._num_compared += 1
        try:
            return await self._score_beside(row)
        finally:
            self._num_compared -= 1

    async def search(self, work: Callable[[], T]) -> T:
        """Returns what some work gives that asks the engine again and again, such as a what-if.

        It runs on a thread of its own kind, so that it holds up no prediction and no explanation.

        Raises:
            ExplanationsFullError: as many explanations and searches are open as may be.
        """
        if self._num_open >= MAX_WAITING:
            raise ExplanationsFullError(limit=MAX_WAITING, retry_after_seconds=_BUSY_SECONDS)
        self._num_open += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._searching, work)
        finally:
            self._num_open -= 1

    def forget(self) -> None:
        """Keeps no explanation that was given: the engine is wrong, and may have been."""
        self._kept.clear()

    def close(self) -> None:
        """Ends the threads; what has not begun is dropped."""
        for threads in (self._threads, self._searching, self._reading):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _score_beside(self, row: Row) -> ExplainedRow:
        found = await self._answered(row)
        if isinstance(found, FailedRow):
            return ExplainedRow(row=found)
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._beside, *found)

    async def _explain(self, row: Row, method: ExplainMethod) -> ExplainedRow:
        answered = await self._answered(row)
        if isinstance(answered, FailedRow):
            return ExplainedRow(row=answered)
        read, logits = answered
        scored = await asyncio.to_thread(self._service.finish, read, logits)
        text = read.text.masked.original
        name = self._kept.name(text, method=method)
        reasons = tuple(reason.reason for reason in scored.principal_reasons)
        kept = self._kept.get(name, reasons=reasons)
        if kept is not None:
            self._observer.explained(method, "kept")
            return await asyncio.to_thread(self._explained, read, logits, kept)
        with self._batcher.trusted():  # else what is kept below would outlive what was forgotten
            found = await self._in_time(read, logits, method)
        if isinstance(found, str):
            return self._without(scored, method, found)
        self._kept.put(name, found)
        self._observer.explained(method, "computed")
        return await asyncio.to_thread(self._explained, read, logits, found)

    async def _answered(self, row: Row) -> tuple[ReadRow, EngineLogits] | FailedRow:
        """An application as read, and the engine's answer; a failed row where there is none."""
        try:
            read = await self._read(row)
            return read if isinstance(read, FailedRow) else (read, await self._computed(read))
        except RetryLaterError:
            raise
        except Exception:
            log.exception("application_not_scored")
            return self._service.fail(row)

    async def _read(self, row: Row) -> ReadRow | FailedRow:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._service.read, row)

    async def _computed(self, read: ReadRow) -> EngineLogits:
        ids = [window.ids for window in read.text.windows]
        return await self._batcher.compute(ids, priority=Priority.ONLINE)

    async def _in_time(
        self, read: ReadRow, logits: EngineLogits, method: ExplainMethod
    ) -> KeptExplanation | str:
        """The explanation, or why there is none."""
        engine = QueuedEngine(self._batcher, max_tokens=self._max_tokens)
        predictor = self._service.predictor
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads,
                    lambda: _kept_of(
                        explain_read(predictor, read.text, logits, method=method, engine=engine)
                    ),
                )
        except TimeoutError:
            return "explanation_timeout"
        except ExplanationTooLargeError:
            return "explanation_too_large"
        except RetryLaterError:
            return "explanation_overloaded"
        except Exception:
            log.exception("explanation_failed")
            return "explanation_failed"
        finally:
            engine.cancel()

    def _explained(
        self, read: ReadRow, logits: EngineLogits, kept: KeptExplanation
    ) -> ExplainedRow:
        text = read.text.masked.original
        [prediction] = self._service.predictor.decode([read.text], logits)
        places = [[(place.start, place.end) for place in found.places] for found in kept.reasons]
        quoted = requoted(prediction, places, text)
        return ExplainedRow(
            row=self._service.scored(read.row, quoted),
            explanation=kept,
            comparisons=self._compared(read, logits),
            text=text,
        )

    def _beside(self, read: ReadRow, logits: EngineLogits) -> ExplainedRow:
        return ExplainedRow(
            row=self._service.finish(read, logits), comparisons=self._compared(read, logits)
        )

    def _compared(self, read: ReadRow, logits: EngineLogits) -> tuple[Comparison, ...]:
        if self._references is None:
            return ()
        calibration = self._service.predictor.calibration
        [score_C] = factor_scores(calibration, logits, [read.text])
        return compare(self._references, score_C)

    def _without(self, scored: OutputRow, method: str, left_out: str) -> ExplainedRow:
        self._observer.explained(method, left_out)
        is_failed = isinstance(scored, FailedRow)
        return ExplainedRow(row=scored, left_out=None if is_failed else left_out)


def _kept_of(explanation: Explanation) -> KeptExplanation:
    """An explanation without its words, and only with the effects on what is stated."""
    clauses = explanation.clauses
    shown = [*dict.fromkeys(str(reason.category) for reason in explanation.reasons), RISK]
    return KeptExplanation(
        reasons=tuple(
            ReasonPlaces(
                reason=reason.reason,
                places=tuple(
                    Place(
                        start=span.start,
                        end=span.end,
                        field=span.field,
                        effects={str(reason.reason): span.effect_logit},
                    )
                    for span in reason.spans
                ),
                category_probability=reason.category_probability,
                category_probability_without=reason.category_probability_without,
                is_below_threshold_without=reason.is_below_threshold_without,
            )
            for reason in explanation.reasons
        ),
        clauses=tuple(
            Place(
                start=unit.start,
                end=unit.end,
                field=unit.field,
                effects={target: float(value_X[clauses.targets.index(target)]) for target in shown},
            )
            for unit, value_X in zip(clauses.units, clauses.value_UX, strict=True)
        ),
        num_windows=explanation.num_windows_computed,
    )
