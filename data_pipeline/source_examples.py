"""Examples from files of applications, with the partial labels that public data sets carry.

Input and labels are read in two passes over the same file, through two disjoint allow lists, and
meet only here.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.masking import mask
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, DenialCategory
from data_pipeline.examples import UNKNOWN, Example
from data_pipeline.sources.errors import UnreadableFileError
from data_pipeline.sources.files import file_format, open_table, read_rows
from data_pipeline.sources.formats import FormatName
from data_pipeline.sources.labels import (
    HMDA_LABEL_COLUMNS,
    LENDINGCLUB_LABEL_COLUMNS,
    HmdaLabels,
    LendingClubLabels,
    hmda_labels,
    lendingclub_labels,
)
from data_pipeline.sources.rows import Row, RowError, RowValueError

_ALL_UNKNOWN = (UNKNOWN,) * len(CATEGORIES)
_ALL_REASONS_UNKNOWN = (UNKNOWN,) * len(REASONS)
_NONE_HOLDS = (0.0,) * len(CATEGORIES)
_NO_REASON_HOLDS = (0.0,) * len(REASONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialLabels:
    """What is known of one row besides its text.

    Attributes:
        group: rows of one group must stay in one split (a lender, a month of issue); "" where a row
            stands for itself.
        category_targets: as `Example.category_targets`.
        coarse_sets: as `Example.coarse_sets`.
        reason_targets: as `Example.reason_targets`.
        category_order: as `Example.category_order`.
        risk_probability: as `Example.risk_probability`.
    """

    group: str = ""
    category_targets: tuple[float, ...] = _ALL_UNKNOWN
    coarse_sets: tuple[tuple[int, ...], ...] = ()
    reason_targets: tuple[float, ...] = _ALL_REASONS_UNKNOWN
    category_order: tuple[int, ...] = ()
    risk_probability: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRules:
    """How labels that leave something open become targets.

    Attributes:
        unlisted_target: target of what a denied row of a register does not list although it lists
            reasons: the chance that it held all the same, 0-1, or `UNKNOWN`.
        lifetime_default: whether the risk of a LendingClub loan is that it failed at any time;
            otherwise that it failed within 12 months.
    """

    unlisted_target: float = UNKNOWN
    lifetime_default: bool = False


AS_LISTED = LabelRules()
"""Rules that add nothing to what is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow:
    """A row of a file: what was applied for, and the same as a training example.

    Attributes:
        application: the application.
        example: its masked text with whatever labels are known.
    """

    application: LoanApplication
    example: Example


def examples_from_file(path: Path, *, format: str = "auto") -> Iterator[Example | RowError]:  # noqa: A002
    """Returns an iterator of one `Example` or `RowError` per row of a file.

    Rows of the "text" format carry no labels: every target is unknown.

    Raises:
        SourceError: see `data_pipeline.sources.read_rows`.
    """
    rows = labelled_rows(path, format=format)
    return (row if isinstance(row, RowError) else row.example for row in rows)


def labelled_rows(
    path: Path,
    *,
    format: str = "auto",  # noqa: A002
    rules: LabelRules = AS_LISTED,
) -> Iterator[LabelledRow | RowError]:
    """Returns an iterator of one `LabelledRow` or `RowError` per row of a file.

    Args:
        path: a file that `data_pipeline.sources.read_rows` reads.
        format: as there.
        rules: how labels become targets.

    Raises:
        SourceError: see `data_pipeline.sources.read_rows`.
    """
    name = file_format(path, format=format).name
    rows = read_rows(path, format=format)
    labels = _labels(path, name=name, rules=rules)
    return (_labelled_row(row, next(labels), style=name.value) for row in rows)


def _labelled_row(
    row: Row | RowError, labels: PartialLabels | RowValueError, *, style: str
) -> LabelledRow | RowError:
    if isinstance(row, RowError):
        return row
    if isinstance(labels, RowValueError):
        return RowError(
            number=row.number,
            id=row.id,
            code=labels.code,
            field=labels.field,
            message=labels.message,
        )
    return LabelledRow(application=row.application, example=_example(row, labels, style=style))


def _example(row: Row, labels: PartialLabels, *, style: str) -> Example:
    product = row.application.product
    return Example(
        id=row.id,
        group=labels.group or row.id,
        author="",
        product=product.value if product else "",
        style=style,
        text=mask(render_text(row.application)).text,
        category_targets=labels.category_targets,
        coarse_sets=labels.coarse_sets,
        reason_targets=labels.reason_targets,
        category_order=labels.category_order,
        risk_probability=labels.risk_probability,
        evidence=(),
    )


def _labels(
    path: Path, *, name: FormatName, rules: LabelRules
) -> Iterator[PartialLabels | RowValueError]:
    """Yields the labels of every row, in step with `read_rows`."""
    if name is FormatName.HMDA:
        yield from _read_labels(
            path,
            HMDA_LABEL_COLUMNS,
            lambda row: labels_of_hmda(hmda_labels(row), unlisted_target=rules.unlisted_target),
        )
    elif name is FormatName.LENDINGCLUB:
        yield from _read_labels(
            path,
            LENDINGCLUB_LABEL_COLUMNS,
            lambda row: labels_of_lendingclub(
                lendingclub_labels(row), lifetime=rules.lifetime_default
            ),
        )
    while True:
        yield PartialLabels()


def _read_labels(
    path: Path,
    columns: frozenset[str],
    convert: Callable[[Mapping[str, object]], PartialLabels],
) -> Iterator[PartialLabels | RowValueError]:
    for _, cells in open_table(path).records(columns):
        if isinstance(cells, RowValueError):
            yield cells
            continue
        try:
            yield convert(cells)
        except RowValueError as error:
            yield error
    problem = "has more rows than when it was opened"
    raise UnreadableFileError(path, problem=problem, advice="leave it alone while it is read")


def labels_of_hmda(labels: HmdaLabels, *, unlisted_target: float = UNKNOWN) -> PartialLabels:
    """Returns the targets that a register row supports.

    An originated loan has no reason. A denied one has every reason listed; codes for several
    categories become coarse sets, a denial without listed reasons the set of all twelve. What a
    denied row does not list is no certain negative: lenders list at most four reasons and often
    only one. Rows neither denied nor originated carry no label.

    Args:
        labels: what the row says.
        unlisted_target: see `LabelRules`; it holds for rows that list a reason.
    """
    group = labels.lender_id or ""
    if labels.denied is None:
        return PartialLabels(group=group)
    if not labels.denied:
        return PartialLabels(
            group=group, category_targets=_NONE_HOLDS, reason_targets=_NO_REASON_HOLDS
        )
    sets = [_indices(categories) for categories in labels.category_sets]
    certain = [indices[0] for indices in sets if len(indices) == 1]
    coarse = [indices for indices in sets if len(indices) > 1]
    order = tuple(dict.fromkeys(certain)) if not coarse else ()
    targets = [unlisted_target if sets else UNKNOWN] * len(CATEGORIES)
    for index in {index for indices in coarse for index in indices}:
        targets[index] = UNKNOWN
    for index in certain:
        targets[index] = 1.0
    return PartialLabels(
        group=group,
        category_targets=tuple(targets),
        coarse_sets=tuple(coarse) if sets else (tuple(range(len(CATEGORIES))),),
        category_order=order,
    )


def labels_of_lendingclub(labels: LendingClubLabels, *, lifetime: bool = False) -> PartialLabels:
    """Returns the one target of a loan that was made: whether it failed.

    Args:
        labels: what became of the loan.
        lifetime: whether a failure at any time counts; otherwise one within 12 months.
    """
    failed = labels.defaulted if lifetime else labels.defaulted_within_12_months
    return PartialLabels(
        group=labels.issue_month or "",
        risk_probability=math.nan if failed is None else float(failed),
    )


def _indices(categories: frozenset[DenialCategory]) -> tuple[int, ...]:
    return tuple(i for i, category in enumerate(CATEGORIES) if category in categories)
