"""Explained rows: principal reasons with the quotes that leaving words out has chosen.

What a text is asked about depends on that text alone, so an explained row is the same wherever and
whenever it is made. It holds the quotes that `POST /api/v1/predict?explain=` gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_store.engine.outputs import Engine, EngineLogits
from serving.rows import ScoredRow
from serving.scoring import ReadRow, ScoringService
from serving.window_logits import are_finite

if TYPE_CHECKING:
    from model_store.explain.explainer import ExplainMethod


@dataclass(frozen=True, slots=True)
class FiniteEngine:
    """An engine whose answers are numbers, or an error.

    Attributes:
        engine: what computes.
    """

    engine: Engine

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows.

        Raises:
            ArithmeticError: one of them is no number.
        """
        found = self.engine.logits(ids)
        if not are_finite(found):
            raise ArithmeticError
        return found


def explained_row(
    service: ScoringService, read: ReadRow, logits: EngineLogits, *, method: "ExplainMethod"
) -> ScoredRow:
    """Returns the row of a text, its principal reasons quoted by omission.

    Args:
        service: what decodes, and computes what is left out.
        read: the row.
        logits: the engine's logits of its windows.
        method: how much is computed.

    Raises:
        ArithmeticError: the engine says of a part of the text what is no number.
        Exception: whatever the engine raised at a part of the text.
    """
    from model_store.explain.explainer import explain_read  # noqa: PLC0415 - not needed without
    from model_store.requoted import requoted  # noqa: PLC0415 - likewise

    predictor = service.predictor
    (prediction,) = predictor.decode([read.text], logits)
    if prediction.principal_reasons:
        found = explain_read(
            predictor, read.text, logits, method=method, engine=FiniteEngine(predictor.engine)
        )
        places = [[(span.start, span.end) for span in reason.spans] for reason in found.reasons]
        prediction = requoted(found.prediction, places, read.text.masked.original)
    return service.scored(read.row, prediction)
