"""What serving needs of the outside, as protocols; `serving.adapters` holds the shipped fakes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from model_store.predictor import Prediction


class TextPredictor(Protocol):
    """Reads rendered applications and says how risky they are, and why.

    Attributes:
        model_version: version of the model, as every answer carries it.
        evaluation: what was measured of the model when it was stored, by metric name.
    """

    @property
    def model_version(self) -> str:
        """Version of the model."""

    @property
    def evaluation(self) -> Mapping[str, object]:
        """What was measured of the model when it was stored."""

    def predict(self, texts: Sequence[str]) -> "list[Prediction]":
        """Returns one prediction per text, in order."""
