"""Formats: which columns are read and how they become an application.

A format is an allow list. What it does not name is never read, so labels, outcomes and prohibited
bases cannot reach an application through any source.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from data_pipeline.domain.application import FIELD_NAMES, LoanApplication
from data_pipeline.sources import hmda, hmda_legacy, lendingclub
from data_pipeline.sources.errors import ColumnsError, UnknownFormatError
from data_pipeline.sources.rows import application_from_mapping


class FormatName(StrEnum):
    """The formats a user may name."""

    AUTO = "auto"
    TEXT = "text"
    HMDA = "hmda"
    LENDINGCLUB = "lendingclub"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFormat:
    """How the rows of one kind of source are read.

    Attributes:
        name: the format's name.
        columns: every column that is read; others are never looked at.
        id_column: the column with the id of a row; None where rows are numbered.
        to_application: turns the columns of one row into an application; raises `RowValueError`.
    """

    name: FormatName
    columns: frozenset[str]
    id_column: str | None
    to_application: Callable[[Mapping[str, object]], LoanApplication]


TEXT = SourceFormat(
    name=FormatName.TEXT,
    columns=frozenset({*FIELD_NAMES, "id"}),
    id_column="id",
    to_application=application_from_mapping,
)
HMDA = SourceFormat(
    name=FormatName.HMDA,
    columns=hmda.INPUT_COLUMNS,
    id_column=None,
    to_application=hmda.application_from_hmda,
)
HMDA_LEGACY = SourceFormat(
    name=FormatName.HMDA,
    columns=hmda_legacy.INPUT_COLUMNS,
    id_column=None,
    to_application=hmda_legacy.application_from_hmda_legacy,
)
LENDINGCLUB = SourceFormat(
    name=FormatName.LENDINGCLUB,
    columns=lendingclub.INPUT_COLUMNS,
    id_column=None,
    to_application=lendingclub.application_from_lendingclub,
)

KNOWN_COLUMNS: frozenset[str] = frozenset().union(
    *(known.columns for known in (TEXT, HMDA, HMDA_LEGACY, LENDINGCLUB))
)
"""Every column that any format reads."""

_COMPARED, _LONGEST_NAME, _ALIKE = 12, 40, 0.75


def choose_format(name: str, *, columns: Iterable[str]) -> SourceFormat:
    """Returns the format to read a source with.

    Args:
        name: a `FormatName`; "auto" decides by the columns.
        columns: the columns of the source.

    Raises:
        UnknownFormatError: there is no format of that name.
        ColumnsError: the source has none of the columns that the format needs.
    """
    if name not in list(FormatName):
        raise UnknownFormatError(name, known=FormatName)
    found = list(columns)
    chosen = _detect(set(found)) if name == FormatName.AUTO else _named(name, set(found))
    times = Counter(found)
    repeated = sorted(column for column in chosen.columns if times[column] > 1)
    if repeated:
        problem = f"the column {repeated[0]!r} repeats"
        raise ColumnsError(found, problem=problem, advice="remove or rename one of them")
    if not chosen.columns & (set(found) - {"id"}):
        raise _no_known_column(found, name=name, known=chosen.columns)
    return chosen


def _detect(columns: set[str]) -> SourceFormat:
    if "text" in columns:
        return TEXT
    if "loan_amount_000s" in columns:
        return HMDA_LEGACY
    is_register = columns & {"derived_loan_product_type", "activity_year"}
    if "action_taken" in columns or ("loan_amount" in columns and is_register):
        return HMDA
    if "loan_amnt" in columns and columns & {"desc", "title"}:
        return LENDINGCLUB
    return TEXT


def _named(name: str, columns: set[str]) -> SourceFormat:
    if name == FormatName.HMDA:
        return HMDA_LEGACY if "loan_amount_000s" in columns else HMDA
    return LENDINGCLUB if name == FormatName.LENDINGCLUB else TEXT


_EXPECTED = {
    FormatName.TEXT: "`text` or application fields such as loan_amount_usd and annual_income_usd",
    FormatName.HMDA: "the columns of a public HMDA register such as loan_amount and loan_type",
    FormatName.LENDINGCLUB: "the columns of LendingClub loans such as loan_amnt, desc and title",
}


def _no_known_column(found: list[str], *, name: str, known: frozenset[str]) -> ColumnsError:
    expected = _EXPECTED.get(FormatName(name), _EXPECTED[FormatName.TEXT])
    advice = f"expected {expected}; rename the columns or choose another --format"
    if meant := ", ".join(_meant(found, known)):
        advice = f"{advice}; perhaps {meant}"
    return ColumnsError(found, problem="no known column in the first line", advice=advice)


def _meant(found: list[str], known: frozenset[str]) -> Iterator[str]:
    """Yields which known column a column looks like, without a word of what was found."""
    for number, column in enumerate(found[:_COMPARED], start=1):
        alike = "_".join(column[:_LONGEST_NAME].lower().split())
        for name in get_close_matches(alike, sorted(known), n=1, cutoff=_ALIKE):
            yield f"column {number} is meant for {name}"
