"""What every engine backend takes and returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS

Precision = Literal["fp32", "bf16", "int8"]
"""Number format that the large matrix products are computed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLogits:
    """Logits of windows, fp32, in the order the windows were given.

    Attributes:
        category_WC: windows x 12 category logits.
        reason_WR: windows x 29 joint reason logits.
        risk_W: one risk logit per window.
        evidence: per window, tokens (markers included) x 12 evidence logits.
    """

    category_WC: NDArray[np.float32]
    reason_WR: NDArray[np.float32]
    risk_W: NDArray[np.float32]
    evidence: list[NDArray[np.float32]]

    @classmethod
    def empty(cls, lengths: Sequence[int]) -> "EngineLogits":
        """Returns room for windows of the given lengths, to be filled in any order."""
        num_windows = len(lengths)
        return cls(
            category_WC=np.zeros((num_windows, len(CATEGORIES)), dtype=np.float32),
            reason_WR=np.zeros((num_windows, len(REASONS)), dtype=np.float32),
            risk_W=np.zeros(num_windows, dtype=np.float32),
            evidence=[np.zeros((n, len(CATEGORIES)), dtype=np.float32) for n in lengths],
        )


@runtime_checkable
class Engine(Protocol):
    """A backend that turns token ids into logits."""

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows of token ids, in the order given."""
        ...


@runtime_checkable
class DescribedEngine(Engine, Protocol):
    """A backend that says what it is and how much its answers depend on company."""

    @property
    def identity(self) -> str:
        """Backend, version and precision: whatever differs in it may answer differently."""
        ...

    @property
    def composition_bound(self) -> float:
        """Largest difference of a category, reason or risk logit between two batches.

        The same window may be computed alone or among others. A decision whose logit lies no
        further than this from a threshold could have gone the other way.
        """
        ...
