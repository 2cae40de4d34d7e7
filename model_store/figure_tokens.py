"""Figures as tokens of their own: each number whose meaning is known is followed by its size.

Behind the tokens of a number stands one that says of which kind it is and in which of some equally
frequent ranges it lies, such as the tenth of sixteen ranges of debt-to-income. The encoder and the
lexical reading learn these tokens like words; engines, caches and servers see token ids as ever. A
token of a figure stands for the same stretch of the text as the number, so it is left out with it
and quoted with it.

A model may also be told of the quantities whose meaning only their sentence tells: how large each
is, and how it compares with the one before it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from pydantic import BaseModel, ConfigDict, field_validator

from data_pipeline.domain.figures import Figure, find_figures
from data_pipeline.domain.quantities import (
    COMPARISON_EDGES,
    COMPARISON_KINDS,
    QUANTITY_KINDS,
    find_quantities,
)

MIN_VALUES_PER_RANGE = 15
"""Values of a kind, at least, in each of its ranges; a kind with fewer than two ranges has none."""


class FigureRanges(BaseModel):
    """Between which values the ranges of each kind of figure lie.

    Attributes:
        edges: by kind, ascending values; a value equal to one belongs above it. No kinds: figures
            are read as words alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    edges: Mapping[str, tuple[float, ...]] = {}

    @field_validator("edges")
    @classmethod
    def _ascending(cls, edges: Mapping[str, tuple[float, ...]]) -> Mapping[str, tuple[float, ...]]:
        for kind, values in edges.items():
            if not values or any(a >= b for a, b in pairwise(values)):
                raise ValueError(f"edges of {kind}: expected ascending values, at least one")
        return edges

    @classmethod
    def fit(
        cls, texts: Sequence[str], *, max_ranges: int, quantities: bool = False
    ) -> "FigureRanges":
        """Returns ranges in which the figures of texts are about equally frequent.

        The ranges of comparisons are the same whatever the texts are.

        Args:
            texts: masked texts.
            max_ranges: most ranges of a kind; 1 gives no kinds at all.
            quantities: whether the quantities of free text have tokens, too.
        """
        values: dict[str, list[float]] = {}
        for text in texts:
            for figure in _figures(text, quantities=quantities):
                values.setdefault(figure.kind, []).append(figure.value)
        edges = {
            kind: _edges(kind, found, max_ranges=max_ranges)
            for kind, found in sorted(values.items())
        }
        return cls(edges={kind: inner for kind, inner in edges.items() if inner})

    def extended(self, other: "FigureRanges") -> "FigureRanges":
        """Returns these ranges, and behind them those of the kinds that only another has."""
        new = {kind: edges for kind, edges in other.edges.items() if kind not in self.edges}
        return FigureRanges(edges={**self.edges, **new})

    def of_quantities(self) -> "FigureRanges":
        """Returns the ranges of the quantities of free text alone."""
        return FigureRanges(edges={k: v for k, v in self.edges.items() if k in QUANTITY_KINDS})

    @property
    def reads_quantities(self) -> bool:
        """Whether there are tokens for the quantities of free text."""
        return not self.edges.keys().isdisjoint(QUANTITY_KINDS)

    @property
    def num_tokens(self) -> int:
        """Tokens there are: one per kind and range."""
        return sum(len(values) + 1 for values in self.edges.values())

    def tokens_of(self, text: str) -> list[tuple[Figure, int]]:
        """Returns the figures of a text, in order, each with the number of its token, from 0."""
        if not self.edges:
            return []
        first, count = {}, 0
        for kind, values in self.edges.items():
            first[kind] = count
            count += len(values) + 1
        return [
            (figure, first[figure.kind] + bisect_right(self.edges[figure.kind], figure.value))
            for figure in _figures(text, quantities=self.reads_quantities)
            if figure.kind in first
        ]


def _figures(text: str, *, quantities: bool) -> list[Figure]:
    """The figures of a text, in order of their ends."""
    named = find_figures(text)
    if not quantities:
        return named
    return sorted([*named, *find_quantities(text, named=named)], key=lambda figure: figure.end)


def _edges(kind: str, values: Sequence[float], *, max_ranges: int) -> tuple[float, ...]:
    """The inner edges of the ranges of a kind, none where there are too few values."""
    num_ranges = min(max_ranges, len(values) // MIN_VALUES_PER_RANGE)
    if num_ranges < 2:  # noqa: PLR2004 - one range tells nothing
        return ()
    if kind in COMPARISON_KINDS:
        return COMPARISON_EDGES
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    positions = np.arange(1, num_ranges) * len(ordered) // num_ranges
    edges = np.unique(ordered[positions])
    return tuple(float(edge) for edge in edges[edges > ordered[0]])
