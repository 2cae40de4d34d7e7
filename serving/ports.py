"""What serving needs of the outside, as protocols; `serving.adapters` holds the shipped fakes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from model_store.calibration import Calibration
    from model_store.engine.outputs import Engine, EngineLogits
    from model_store.manifest import KnownAnswer
    from model_store.predictor import Prediction, ReadText


class TextPredictor(Protocol):
    """Reads rendered applications and says how risky they are, and why.

    `predict` does it all; `read`, the engine and `decode` are its three steps.
    """

    @property
    def model_version(self) -> str:
        """Version of the model, as every answer carries it."""

    @property
    def digest(self) -> str:
        """Identity of the model: sha256, hexadecimal."""

    @property
    def directory(self) -> Path | None:
        """Local directory of the model; None for one that lies in none."""

    @property
    def evaluation(self) -> Mapping[str, object]:
        """What was measured of the model when it was stored."""

    @property
    def known_answer(self) -> "KnownAnswer | None":
        """What the model must say of one text on any backend; None for a model without one."""

    @property
    def engine(self) -> "Engine":
        """What computes the logits of windows."""

    @property
    def calibration(self) -> "Calibration":
        """Maps and thresholds that turn logits into answers."""

    def predict(self, texts: Sequence[str]) -> "list[Prediction]":
        """Returns one prediction per text, in order."""

    def read(self, texts: Sequence[str]) -> "list[ReadText]":
        """Masks and tokenizes texts and lays out their windows."""

    def decode(self, read: "Sequence[ReadText]", logits: "EngineLogits") -> "list[Prediction]":
        """Turns the logits of the windows of texts into predictions, in order."""
