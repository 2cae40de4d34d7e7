"""From applications to output rows: render, predict, name the risk band.

The same service stands behind the HTTP routes and `wherefore score`, so both say the same about
the same application. It computes on the calling thread; `serving.queueing` keeps it off the event
loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from data_pipeline.domain.rendering import render_text
from data_pipeline.sources import Row, RowError
from serving.policy import DEFAULT_POLICY, Policy
from serving.ports import TextPredictor
from serving.rows import OutputRow, ScoredRow, failed_row, scored_row


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

    def reject(self, row: RowError) -> OutputRow:
        """Returns the output row of a row that was not read."""
        return failed_row(
            row_id=row.id,
            code=row.code,
            message=row.message,
            model_version=self.predictor.model_version,
        )

    def _predict(self, rows: Sequence[Row]) -> list[ScoredRow]:
        if not rows:
            return []
        predictions = self.predictor.predict([render_text(row.application) for row in rows])
        return [
            scored_row(
                prediction,
                row_id=row.id,
                policy=self.policy,
                num_text_characters=len(row.application.text or ""),
            )
            for row, prediction in zip(rows, predictions, strict=True)
        ]
