"""Weights of texts, and figures that depend on them.

A metric takes weights, one row per way of counting the texts, and returns one figure per row:
without weights there is one row in which every text counts once; the rows of a bootstrap say how
often each text was drawn. NaN stands where a figure is not defined.

Arrays: B rows of weights, N texts.
"""

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
"""B x N: how often each text counts, at least 0."""

Figures = NDArray[np.float64]
"""One figure per row of weights."""


def row_weights(weight_BN: Weights | None, num_texts: int) -> Weights:
    """Returns the weights given, or one row in which every text counts once."""
    return np.ones((1, num_texts)) if weight_BN is None else weight_BN


def ratio(numerator: Figures, denominator: Figures) -> Figures:
    """Divides, NaN where the denominator is not above zero."""
    defined = denominator > 0
    return np.where(defined, numerator / np.where(defined, denominator, 1.0), np.nan)
