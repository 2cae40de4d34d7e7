"""A prediction quoted otherwise than by the evidence head."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from model_store.predictor import Evidence, Prediction


def requoted(
    prediction: Prediction, places: Sequence[Iterable[tuple[int, int]]], text: str
) -> Prediction:
    """Returns a prediction whose principal reasons are quoted from other places.

    Args:
        prediction: the prediction.
        places: for each principal reason where its quotes begin and end in the text, code points.
        text: the text as submitted.
    """
    return replace(
        prediction,
        principal_reasons=tuple(
            replace(
                reason,
                evidence=tuple(
                    Evidence(start=start, end=end, quote=text[start:end]) for start, end in found
                ),
            )
            for reason, found in zip(prediction.principal_reasons, places, strict=True)
        ),
    )
