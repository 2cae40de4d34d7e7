"""The report on faithfulness, as data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.bootstrap import Estimate, Resamples
from training.evaluation.faithfulness.figures import FAITHFULNESS_FIGURES, Part
from training.evaluation.faithfulness.tally import Tally, counted, number_of

MIN_REASONS = 1000
"""Reasons in which direction errors are to be looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTexts:
    """The texts of a part and what each of them told.

    Attributes:
        name: what they are, in a few words.
        digest: sha256 of where they come from.
        ids: their ids, in order.
        groups: what the bootstrap draws: the author, contrast pair or id of each.
        drawn_by: what a group is, in a word.
        tallies: one per text.
    """

    name: str
    digest: str
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    drawn_by: str
    tallies: tuple[Tally, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFigure:
    """A figure as found.

    Attributes:
        name: see `training.evaluation.faithfulness.figures`.
        estimate: its value with its interval; without a value where nothing was measured.
        number: cases that it rests on: categories, reasons, or texts.
        is_met: whether it is what is asked for; None where nothing is asked, or it has no value.
    """

    name: str
    estimate: Estimate
    number: int
    is_met: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSet:
    """What a part was measured on.

    Attributes:
        name: what the texts are.
        num_texts: how many.
        drawn_by: what the bootstrap draws, in a word.
        num_groups: how many of these there are.
    """

    name: str
    num_texts: int
    drawn_by: str
    num_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaithfulnessReport:
    """Everything a report shows.

    Attributes:
        title: what was measured, in a line.
        conditions: what the figures depend on, by name.
        seed: decides samples, random orderings and the draws of intervals.
        texts: what each part was measured on.
        figures: every figure, in the order of the report.
        notes: sentences that a reader must know.
    """

    title: str
    conditions: Mapping[str, object]
    seed: int
    texts: Mapping[Part, TextSet]
    figures: tuple[MeasuredFigure, ...]
    notes: tuple[str, ...]

    @property
    def missed(self) -> list[MeasuredFigure]:
        """The figures that are not what is asked for."""
        return [figure for figure in self.figures if figure.is_met is False]

    @property
    def asked(self) -> list[MeasuredFigure]:
        """The figures of which a value is asked and that were measured."""
        return [figure for figure in self.figures if figure.is_met is not None]

    def named(self, name: str) -> MeasuredFigure:
        """Returns a figure.

        Raises:
            KeyError: there is none of that name.
        """
        return {figure.name: figure for figure in self.figures}[name]


def build_faithfulness_report(
    parts: Mapping[Part, MeasuredTexts],
    *,
    title: str,
    seed: int,
    conditions: Mapping[str, object],
    notes: Sequence[str] = (),
) -> FaithfulnessReport:
    """Counts everything.

    Args:
        parts: the texts of each part, those that there are.
        title: what was measured, in a line.
        seed: decides the draws of the intervals.
        conditions: what the figures depend on.
        notes: sentences that a reader must know.
    """
    figures = tuple(_figures(parts, seed=seed))
    return FaithfulnessReport(
        title=title,
        conditions=conditions,
        seed=seed,
        texts={part: _text_set(texts) for part, texts in parts.items()},
        figures=figures,
        notes=(*notes, *_too_few(figures)),
    )


def _too_few(figures: Sequence[MeasuredFigure]) -> Iterator[str]:
    """Says so where an error that must not happen was looked for in few cases only."""
    found = next(figure for figure in figures if figure.name == "direction_errors")
    if found.number < MIN_REASONS:
        yield (
            f"Direction errors were looked for in {found.number:,} reasons, where at least "
            f"{MIN_REASONS:,} are asked for: the model states few reasons on simulated files, or "
            "--faithfulness-simulated is small."
        )


def _figures(parts: Mapping[Part, MeasuredTexts], *, seed: int) -> Iterator[MeasuredFigure]:
    found: dict[str, Estimate] = {}
    for part, texts in parts.items():
        functions = {
            figure.name: function
            for figure in FAITHFULNESS_FIGURES
            if figure.part == part and (function := counted(figure, texts.tallies)) is not None
        }
        found |= Resamples(texts.groups, seed=seed).estimates(functions)
    for figure in FAITHFULNESS_FIGURES:
        estimate = found.get(figure.name, Estimate(value=None))
        yield MeasuredFigure(
            name=figure.name,
            estimate=estimate,
            number=number_of(figure, parts[figure.part].tallies) if figure.part in parts else 0,
            is_met=None if estimate.value is None else figure.is_met(estimate.value),
        )


def _text_set(texts: MeasuredTexts) -> TextSet:
    return TextSet(
        name=texts.name,
        num_texts=len(texts),
        drawn_by=texts.drawn_by,
        num_groups=len(np.unique(np.array(texts.groups, dtype=object))),
    )
