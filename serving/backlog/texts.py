"""One shard: its rows read, its texts through the engine, its output rows.

A text at which the engine fails gets a verdict of its own and takes no other with it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

import structlog

from data_pipeline.sources import Row, RowError
from model_store.engine.outputs import EngineLogits
from serving.backlog.beside import Beside
from serving.backlog.errors import EngineFailedError
from serving.backlog.explained import explained_row
from serving.backlog.plan import InputRow, PlannedShard, plan_batches
from serving.errors import is_engine_away
from serving.rows import FailedRow, OutputRow, failed_row
from serving.scoring import NOT_SCORED, ReadRow, ScoringService
from serving.window_logits import are_finite

if TYPE_CHECKING:
    from model_store.predictor import ReadText

Explain = Literal["none", "fast", "exact"]
"""How much work goes into the evidence of principal reasons; none takes the evidence head's."""

DUPLICATE_ID = "duplicate_id"
"""Code of a row whose id was given before; the row that had it first is scored."""

NOT_EXPLAINED = "explanation_failed"
"""Code of a row that was scored and whose explanation failed."""

_SLICE_TEXTS = 64
_HARMLESS_TEXT = "Asks for a loan of $5,000 to repair a roof."

log = structlog.stdlib.get_logger("wherefore.backlog")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadShard:
    """A shard whose texts are ready for the engine.

    Attributes:
        plan: which shard it is.
        parts: in the order of its rows, what is left to be scored and what is not.
        lengths: characters of the text of each row.
        beside: what was read of each row beside its application.
    """

    plan: PlannedShard
    parts: list[ReadRow | FailedRow]
    lengths: list[int]
    beside: list[Beside | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Rows that have their verdict.

    Attributes:
        positions: their positions in the shard.
        rows: the rows.
    """

    positions: Sequence[int]
    rows: Sequence[OutputRow]


class ShardScorer:
    """Scores shards with one service."""

    def __init__(self, service: ScoringService, *, explain: Explain = "none") -> None:
        """Takes what reads texts, computes, and makes rows.

        Args:
            service: the service.
            explain: how much work goes into the evidence of principal reasons.
        """
        self._service, self._explain = service, explain

    def read(self, plan: PlannedShard, rows: Sequence[InputRow]) -> ReadShard:
        """Masks and tokenizes the texts of a shard."""
        parts: list[ReadRow | FailedRow] = []
        for start in range(0, len(rows), _SLICE_TEXTS):
            parts += self._read(rows[start : start + _SLICE_TEXTS])
        for position, first in plan.duplicates:
            parts[position] = self._duplicate(rows[position].row, first)
        return ReadShard(
            plan=plan,
            parts=parts,
            lengths=[len(given.text) for given in rows],
            beside=[given.beside for given in rows],
        )

    def score(
        self, shard: ReadShard, *, finisher: Executor, told: Callable[[Finished], None]
    ) -> list[OutputRow]:
        """Returns the output rows of a shard, in order.

        Args:
            shard: the shard.
            finisher: makes rows of what the engine said while the engine goes on.
            told: is called, on this thread, with rows as they get their verdict.

        Raises:
            EngineFailedError: the engine fails at any text.
            RetryLaterError: the engine cannot compute now.
        """
        by_position: dict[int, OutputRow] = {}

        def take(finished: Finished) -> None:
            by_position.update(zip(finished.positions, finished.rows, strict=True))
            told(finished)

        take(_without_engine(shard))
        running: deque[Future[Finished]] = deque()
        for positions, reads in _batches(shard):
            logits = self._logits(reads)
            if self._explain != "none":  # asks the engine again, and so stays on this thread
                for finished in self._explained(positions, reads, logits):
                    take(finished)
                continue
            running.append(finisher.submit(self._finish, positions, reads, logits))
            if len(running) > 1:
                take(running.popleft().result())
        for future in running:
            take(future.result())
        return [by_position[position] for position in range(len(shard.parts))]

    def _read(self, rows: Sequence[InputRow]) -> list[ReadRow | FailedRow]:
        texts = [given.text for given in rows if isinstance(given.row, Row)]
        try:
            read = iter(self._service.predictor.read(texts) if texts else [])
        except Exception as error:  # noqa: BLE001 - one of them is found below
            log.warning("texts_not_read_together", kind=type(error).__name__)
            return [self._read_alone(given) for given in rows]
        return [self._joined(given.row, read) for given in rows]

    def _joined(self, row: Row | RowError, read: "Iterator[ReadText]") -> ReadRow | FailedRow:
        if isinstance(row, RowError):
            return self._service.reject(row)
        return ReadRow(row=row, text=next(read))

    def _read_alone(self, given: InputRow) -> ReadRow | FailedRow:
        if isinstance(given.row, RowError):
            return self._service.reject(given.row)
        try:
            return self._service.read(given.row)
        except Exception as error:  # noqa: BLE001 - a verdict of its own
            return self._failed(given.row, error)

    def _logits(self, reads: Sequence[ReadRow]) -> list[EngineLogits | None]:
        """What the engine says of each text; None where it fails at it."""
        try:
            return self._compute(reads)
        except Exception as error:
            if is_engine_away(error):
                raise
            # Whether it is the text's fault is found out.
            log.warning("engine_failed", kind=type(error).__name__, texts=len(reads))
        try:  # once more as planned: what passes must leave no trace in the results
            return self._compute(reads)
        except Exception as error:
            if is_engine_away(error):
                raise
            return self._halved(reads, error)

    def _halved(self, reads: Sequence[ReadRow], error: Exception) -> list[EngineLogits | None]:
        if len(reads) > 1:
            middle = len(reads) // 2
            return [*self._logits(reads[:middle]), *self._logits(reads[middle:])]
        self._require_working(error)
        return [None]

    def _require_working(self, error: Exception) -> None:
        """Finds out whether the engine fails at any text, and if so says that it does."""
        try:
            [harmless] = self._service.predictor.read([_HARMLESS_TEXT])
            self._service.predictor.engine.logits([w.ids for w in harmless.windows])
        except Exception as failure:
            if is_engine_away(failure):
                raise
            raise EngineFailedError(type(error).__name__) from None

    def _compute(self, reads: Sequence[ReadRow]) -> list[EngineLogits | None]:
        ids = [window.ids for read in reads for window in read.text.windows]
        logits = self._service.predictor.engine.logits(ids)
        ends = list(accumulate(len(read.text.windows) for read in reads))
        parts = [_part(logits, s, e) for s, e in zip([0, *ends], ends, strict=False)]
        return [part if are_finite(part) else None for part in parts]

    def _finish(
        self,
        positions: Sequence[int],
        reads: Sequence[ReadRow],
        logits: Sequence[EngineLogits | None],
    ) -> Finished:
        rows = [self._row(read, found) for read, found in zip(reads, logits, strict=True)]
        return Finished(positions=positions, rows=rows)

    def _explained(
        self,
        positions: Sequence[int],
        reads: Sequence[ReadRow],
        logits: Sequence[EngineLogits | None],
    ) -> Iterator[Finished]:
        for position, read, found in zip(positions, reads, logits, strict=True):
            yield Finished(positions=[position], rows=[self._explained_row(read, found)])

    def _explained_row(self, read: ReadRow, logits: EngineLogits | None) -> OutputRow:
        """A row with the quotes that leaving words out has chosen; tried once more if need be."""
        if logits is None or self._explain == "none":
            return self._row(read, logits)
        for is_last in (False, True):
            try:
                return explained_row(self._service, read, logits, method=self._explain)
            except Exception as error:
                if is_engine_away(error):
                    raise
                # Whether it is the text's fault is found out.
                log.warning("explanation_failed", kind=type(error).__name__)
                if is_last:
                    self._require_working(error)
        return self._not_explained(read.row)

    def _row(self, read: ReadRow, logits: EngineLogits | None) -> OutputRow:
        if logits is None:
            return self._failed(read.row, None)
        try:
            return self._service.finish(read, logits)
        except Exception as error:  # noqa: BLE001 - a verdict of its own
            return self._failed(read.row, error)

    def _failed(self, row: Row, error: Exception | None) -> FailedRow:
        log.warning("text_not_scored", number=row.number, kind=type(error).__name__)
        return failed_row(
            row_id=row.id,
            code=NOT_SCORED,
            message="the model fails at this text, and not at others: expected a text that it can "
            "read, decide this application without it and report the text's row",
            model_version=self._service.predictor.model_version,
        )

    def _not_explained(self, row: Row) -> FailedRow:
        return failed_row(
            row_id=row.id,
            code=NOT_EXPLAINED,
            message="the model scored this text and failed at its explanation: expected a text "
            "whose parts it can read, score this row again with --explain none and report it",
            model_version=self._service.predictor.model_version,
        )

    def _duplicate(self, row: Row | RowError, first: int) -> FailedRow:
        return failed_row(
            row_id=row.id,
            code=DUPLICATE_ID,
            message=f"found an id that row {first} has: expected one id per application, look "
            "there for its scores or give this row an id of its own",
            model_version=self._service.predictor.model_version,
        )


def _without_engine(shard: ReadShard) -> Finished:
    failed = {i: part for i, part in enumerate(shard.parts) if isinstance(part, FailedRow)}
    return Finished(positions=list(failed), rows=list(failed.values()))


def _batches(shard: ReadShard) -> Iterator[tuple[list[int], list[ReadRow]]]:
    waiting = [(i, part) for i, part in enumerate(shard.parts) if isinstance(part, ReadRow)]
    lengths = [sum(len(window.ids) for window in read.text.windows) for _, read in waiting]
    for batch in plan_batches(lengths):
        yield [waiting[i][0] for i in batch], [waiting[i][1] for i in batch]


def _part(logits: EngineLogits, start: int, stop: int) -> EngineLogits:
    return EngineLogits(
        category_WC=logits.category_WC[start:stop],
        reason_WR=logits.reason_WR[start:stop],
        risk_W=logits.risk_W[start:stop],
        evidence=logits.evidence[start:stop],
    )
