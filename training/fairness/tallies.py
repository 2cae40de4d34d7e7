"""Sums over the applicants of a group, from which every figure is made.

The bootstrap draws whole lenders, so each lender's rows are summed up once; a draw then only adds
up lenders.

Arrays: N rows, U units that are drawn whole, B rows of weights, K bins of the denial score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.score_metrics import equal_mass_edges
from training.weighting import Figures, Weights

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What a model says of N applications, and what the lenders decided.

    Attributes:
        favourable_N: True where the model states no principal reason.
        risk_N: risk score, percent (0-100).
        score_N: denial score, 0-1: the highest category probability.
        approved_N: True where the lender originated the loan, False where it denied.
    """

    favourable_N: NDArray[np.bool_]
    risk_N: _Array
    score_N: _Array
    approved_N: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.approved_N)

    @property
    def matched_cut(self) -> float:
        """The denial score below which as many applications lie as the lenders approved."""
        num_approved = int(self.approved_N.sum())
        ordered = np.sort(self.score_N)
        return float(ordered[num_approved]) if num_approved < len(ordered) else float("inf")

    @property
    def matched_N(self) -> NDArray[np.bool_]:
        """True where the denial score is below `matched_cut`."""
        return np.asarray(self.score_N < self.matched_cut)

    @property
    def edges(self) -> _Array:
        """Edges of ten bins of the denial score that hold about equally many applications."""
        return equal_mass_edges(self.score_N)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over the rows of a group, one per row of weights; B, or B x K by bin.

    Attributes:
        rows: rows.
        favourable: rows for which the model states no reason.
        matched: rows with a denial score below the matched cut.
        approved: rows that the lenders approved.
        favourable_approved: rows that are both.
        matched_approved: rows that are both.
        risk: risk scores, and the squares of them.
        risk_squares: see `risk`.
        score: denial scores, and the squares of them.
        score_squares: see `score`.
        bin_rows: rows by bin of the denial score.
        bin_denied: denied rows by bin.
        bin_score: denial scores by bin.
    """

    rows: Figures
    favourable: Figures
    matched: Figures
    approved: Figures
    favourable_approved: Figures
    matched_approved: Figures
    risk: Figures
    risk_squares: Figures
    score: Figures
    score_squares: Figures
    bin_rows: _Array
    bin_denied: _Array
    bin_score: _Array


class GroupTallies:
    """The tallies of one group under any weights of the units."""

    def __init__(self, sums_UC: _Array, *, num_bins: int) -> None:
        """Takes the sums of each unit, in the columns that `group_tallies` makes."""
        self._sums_UC = sums_UC
        self._num_bins = num_bins
        self._weight_BU: Weights | None = None
        self._tally: Tally | None = None

    def under(self, weight_BU: Weights) -> Tally:
        """Returns the tally under weights; the last one is kept, as many figures ask for it."""
        if self._tally is None or self._weight_BU is not weight_BU:
            self._weight_BU, self._tally = weight_BU, self._counted(weight_BU)
        return self._tally

    def _counted(self, weight_BU: Weights) -> Tally:
        sums_BC = weight_BU @ self._sums_UC
        plain, k = sums_BC[:, : -3 * self._num_bins], self._num_bins
        binned = sums_BC[:, -3 * k :]
        names = [n for n in Tally.__dataclass_fields__ if not n.startswith("bin_")]
        return Tally(
            **dict(zip(names, plain.T, strict=True)),
            bin_rows=binned[:, :k],
            bin_denied=binned[:, k : 2 * k],
            bin_score=binned[:, 2 * k :],
        )


def group_tallies(
    outcomes: Outcomes, groups: Sequence[str], *, units: Sequence[str]
) -> Mapping[str, GroupTallies]:
    """Returns the tallies of every group, by name, and those of all rows under "".

    Args:
        outcomes: what was said and decided.
        groups: group of each row; rows with "" belong to no group, but to all rows.
        units: what each row is drawn with, its lender say.
    """
    column_NC, num_bins = _columns(outcomes)
    _, unit_N = np.unique(np.array(units, dtype=object), return_inverse=True)
    group_N = np.array(groups, dtype=object)
    num_units = int(unit_N.max(initial=-1)) + 1

    def summed(inside_N: NDArray[np.bool_]) -> GroupTallies:
        sums_UC = np.zeros((num_units, column_NC.shape[1]))
        np.add.at(sums_UC, unit_N[inside_N], column_NC[inside_N])
        return GroupTallies(sums_UC, num_bins=num_bins)

    found = {name: summed(group_N == name) for name in sorted(set(groups) - {""})}
    return {**found, "": summed(np.ones(len(outcomes), dtype=np.bool_))}


def _columns(outcomes: Outcomes) -> tuple[_Array, int]:
    """What is summed up, in the order of `Tally`; and the number of bins."""
    favourable_N, matched_N = outcomes.favourable_N, outcomes.matched_N
    approved_N, score_N = outcomes.approved_N, outcomes.score_N
    edges = outcomes.edges
    num_bins = len(edges) - 1
    bin_N = np.clip(np.searchsorted(edges, score_N, side="right") - 1, 0, num_bins - 1)
    inside_NK = bin_N[:, None] == np.arange(num_bins)
    plain = (
        np.ones(len(outcomes)),
        favourable_N,
        matched_N,
        approved_N,
        favourable_N & approved_N,
        matched_N & approved_N,
        outcomes.risk_N,
        outcomes.risk_N**2,
        score_N,
        score_N**2,
    )
    binned = (inside_NK, inside_NK & ~approved_N[:, None], inside_NK * score_N[:, None])
    return np.column_stack([*plain, *binned]).astype(np.float64), num_bins
