"""From applications to output rows: render, predict, name the risk band.

The same service stands behind the HTTP routes and `wherefore score`, so both say the same about
the same application. It computes on the calling thread, all at once (`score`) or in the steps
between which `serving.batching.batcher` has the engine compute (`read`, `finish`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_pipeline.domain.rendering import render_text
from data_pipeline.sources import Row, RowError
from model_store.engine.outputs import DescribedEngine, EngineLogits
from model_store.errors import TextTooLongError
from serving.borderline import Borderline, borderline
from serving.policy import DEFAULT_POLICY, Policy
from serving.ports import TextPredictor
from serving.rows import FailedRow, OutputRow, ScoredRow, failed_row, scored_row

if TYPE_CHECKING:
    from model_store.predictor import Prediction, ReadText

NOT_SCORED = "internal_error"
"""Code of a row that the server failed to score, through no fault of the row's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """A row whose text was read; the engine has not seen it yet.

    Attributes:
        row: the row.
        text: its rendered application: masked, tokenized, laid out in windows.
    """

    row: Row
    text: "ReadText"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringService:
    """Scores applications with one model under one policy.

    Attributes:
        predictor: the model.
        policy: the creditor's policy.
    """

    predictor: TextPredictor
    policy: Policy = DEFAULT_POLICY

    def score(self, rows: Sequence[Row | RowError]) -> list[OutputRow]:
        """Returns one output row per row, in order; a row error becomes a failed row."""
        scored = iter(self._predict([row for row in rows if isinstance(row, Row)]))
        return [next(scored) if isinstance(row, Row) else self.reject(row) for row in rows]

    def read(self, row: Row) -> ReadRow | FailedRow:
        """Reads the text of a row; one over the limit is a failed row."""
        try:
            [text] = self.predictor.read([render_text(row.application)])
        except TextTooLongError as error:
            return failed_row(
                row_id=row.id,
                code="text_too_long",
                message=str(error),
                model_version=self.predictor.model_version,
            )
        return ReadRow(row=row, text=text)

    def finish(self, read: ReadRow, logits: EngineLogits) -> ScoredRow:
        """Returns the output row of a row that was read.

        Args:
            read: the row.
            logits: the engine's logits of its windows, in order.
        """
        [prediction] = self.predictor.decode([read.text], logits)
        return self.scored(read.row, prediction)

    def reject(self, row: RowError) -> FailedRow:
        """Returns the output row of a row that was not read."""
        return failed_row(
            row_id=row.id,
            code=row.code,
            message=row.message,
            model_version=self.predictor.model_version,
        )

    def fail(self, row: Row) -> FailedRow:
        """Returns the output row of a row that the server failed to score."""
        return failed_row(
            row_id=row.id,
            code=NOT_SCORED,
            message="the server failed to score this application: try again, and report the "
            "request_id if it recurs",
            model_version=self.predictor.model_version,
        )

    def borderline(self, row: ScoredRow) -> tuple[Borderline, ...]:
        """Returns what of a scored row could have been told otherwise; see `serving.borderline`."""
        engine = self.predictor.engine
        return borderline(
            row,
            calibration=self.predictor.calibration,
            bound=engine.composition_bound if isinstance(engine, DescribedEngine) else 0.0,
            policy=self.policy,
        )

    def _predict(self, rows: Sequence[Row]) -> list[ScoredRow]:
        if not rows:
            return []
        predictions = self.predictor.predict([render_text(row.application) for row in rows])
        return [self.scored(row, found) for row, found in zip(rows, predictions, strict=True)]

    def scored(self, row: Row, prediction: "Prediction") -> ScoredRow:
        """Returns the output row of a prediction."""
        return scored_row(
            prediction,
            row_id=row.id,
            policy=self.policy,
            num_text_characters=len(row.application.text or ""),
        )
