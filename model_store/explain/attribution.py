"""What every method of attribution returns.

Arrays: U units, X targets (see `model_store.explain.targets`).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model_store.explain.layout import Unit
from model_store.predictor import ReadText


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """How much each stretch of a text adds to each target, in logits.

    Attributes:
        method: name of the method.
        units: words or clauses, in order; those that the method looked at.
        targets: names of the columns.
        value_UX: what each unit adds to each target.
        full_X: targets of the whole text.
        baseline_X: targets of the text that the method compares with; None where it has none.
        gap_X: difference between the sum of the values and `full_X - baseline_X`, to be read as
            an error bar; None where the method promises no such sum.
        is_evidence: false for a view that says nothing on what an answer rests on.
    """

    method: str
    units: tuple[Unit, ...]
    targets: tuple[str, ...]
    value_UX: NDArray[np.float64]
    full_X: NDArray[np.float64]
    baseline_X: NDArray[np.float64] | None = None
    gap_X: NDArray[np.float64] | None = None
    is_evidence: bool = True

    def of(self, target: str) -> NDArray[np.float64]:
        """Returns the values of one target, one per unit.

        Raises:
            ValueError: the target was not explained.
        """
        return self.value_UX[:, self.targets.index(target)]


class AttributionMethod(Protocol):
    """Tells what the words of a text add to an answer."""

    def __call__(self, text: ReadText, /) -> Attribution:
        """Returns the attribution of a text that a predictor has read."""
        ...


def summed(attribution: Attribution, units: tuple[Unit, ...]) -> Attribution:
    """Returns an attribution to larger units: the sum over the smaller ones that lie in each.

    Args:
        attribution: of units each of which lies in one of the larger.
        units: the larger units.
    """
    value_UX = np.zeros((len(units), len(attribution.targets)))
    for unit, value_X in zip(attribution.units, attribution.value_UX, strict=True):
        for position, larger in enumerate(units):
            if larger.first_token <= unit.first_token < larger.stop_token:
                value_UX[position] += value_X
    return Attribution(
        method=attribution.method,
        units=units,
        targets=attribution.targets,
        value_UX=value_UX,
        full_X=attribution.full_X,
        baseline_X=attribution.baseline_X,
        gap_X=attribution.gap_X,
        is_evidence=attribution.is_evidence,
    )
