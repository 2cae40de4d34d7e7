"""Demographic columns of HMDA registers, for measuring disparities and for nothing else.

This is the one place where prohibited bases of real applicants are read. It reads no other column,
and gives groups by row number, never beside an application. Import rules in `pyproject.toml` let
only `training.fairness` use it.

Schema of 2018 and later: the register's own aggregates (`derived_race`, ...) and ages. Schema of
2007-2017: what the first applicant told; it has no age.

Source: 12 CFR 1003.4(a)(10); FFIEC public HMDA data fields.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.sources.cells import Cells
from data_pipeline.sources.errors import ColumnsError
from data_pipeline.sources.files import open_table
from data_pipeline.sources.rows import RowValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristic:
    """A way to part applicants into groups.

    Attributes:
        name: its key.
        title: its name for people.
        reference: the group that the others are compared with.
        meaning: what it is, and by which rule it is looked at.
    """

    name: str
    title: str
    reference: str
    meaning: str


CHARACTERISTICS: tuple[Characteristic, ...] = (
    Characteristic(
        name="race",
        title="Race",
        reference="White",
        meaning="Race as the register aggregates it; “Joint” are applicants of whom one alone is "
        "White. A prohibited basis: 12 CFR 1002.2(z).",
    ),
    Characteristic(
        name="ethnicity",
        title="Ethnicity",
        reference="Not Hispanic or Latino",
        meaning="Ethnicity as the register aggregates it; “Joint” are applicants of whom one alone "
        "is Hispanic or Latino. Part of national origin: 12 CFR 1002.2(z).",
    ),
    Characteristic(
        name="sex",
        title="Sex",
        reference="Male",
        meaning="Sex as the register aggregates it; “Joint” are a woman and a man together. A "
        "prohibited basis: 12 CFR 1002.2(z).",
    ),
    Characteristic(
        name="age",
        title="Age",
        reference="under 62",
        meaning="Whether the applicant is 62 or older, “elderly” in 12 CFR 1002.2(o).",
    ),
    Characteristic(
        name="neighbourhood",
        title="Neighbourhood",
        reference="under 50 % minority",
        meaning="Share of minority residents of the census tract: no characteristic of the "
        "applicant, but one that follows race and ethnicity.",
    ),
)
"""What applicants are parted by."""

CHARACTERISTIC_BY_NAME: dict[str, Characteristic] = {c.name: c for c in CHARACTERISTICS}
"""The characteristics by their key."""

_NOT_PROVIDED = frozenset(
    {
        "Race Not Available",
        "Ethnicity Not Available",
        "Sex Not Available",
        "Free Form Text Only",
        "Information not provided by applicant in mail, Internet, or telephone application",
        "Not applicable",
    }
)
_LEGACY_RACES = {
    "1": "American Indian or Alaska Native",
    "2": "Asian",
    "3": "Black or African American",
    "4": "Native Hawaiian or Other Pacific Islander",
    "5": "White",
    "6": None,
    "7": None,
}
_LEGACY_ETHNICITIES = {
    "1": "Hispanic or Latino",
    "2": "Not Hispanic or Latino",
    "3": None,
    "4": None,
}
_LEGACY_SEXES = {"1": "Male", "2": "Female", "3": None, "4": None, "6": "Male and female"}
_ELDERLY = {"Yes": "62 or older", "No": "under 62"}
_MAJORITY_PERCENT = 50.0

_Reader = Callable[[Cells], str | None]


def _aggregate(column: str) -> _Reader:
    def read(cells: Cells) -> str | None:
        label = cells.text(column)
        return None if label in _NOT_PROVIDED else label

    return read


def _legacy(column: str, by_code: Mapping[str, str | None]) -> _Reader:
    def read(cells: Cells) -> str | None:
        label = cells.text(column)
        return None if label is None or label in _NOT_PROVIDED else by_code.get(label, label)

    return read


def _elderly(cells: Cells) -> str | None:
    return _ELDERLY.get(cells.text("applicant_age_above_62") or "")


def _tract(column: str) -> _Reader:
    def read(cells: Cells) -> str | None:
        percent = cells.number(column)
        if not percent:  # a register has 0 where the tract is not known
            return None
        return "under 50 % minority" if percent < _MAJORITY_PERCENT else "50 % minority or more"

    return read


# `applicant_sex` is a column of both schemas; the aggregate, named first, goes before it.
_READERS: dict[str, dict[str, _Reader]] = {
    "race": {
        "derived_race": _aggregate("derived_race"),
        "applicant_race_1": _legacy("applicant_race_1", _LEGACY_RACES),
    },
    "ethnicity": {
        "derived_ethnicity": _aggregate("derived_ethnicity"),
        "applicant_ethnicity": _legacy("applicant_ethnicity", _LEGACY_ETHNICITIES),
    },
    "sex": {
        "derived_sex": _aggregate("derived_sex"),
        "applicant_sex": _legacy("applicant_sex", _LEGACY_SEXES),
    },
    "age": {"applicant_age_above_62": _elderly},
    "neighbourhood": {
        "tract_minority_population_percent": _tract("tract_minority_population_percent"),
        "minority_population": _tract("minority_population"),
    },
}

DEMOGRAPHIC_COLUMNS = frozenset(column for by in _READERS.values() for column in by)
"""The columns that are read; no other ever is."""


def read_demographics(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields number and groups of every row of a register that can be read, in order.

    The groups are keyed by the names of `CHARACTERISTICS`; what was not provided is left out.

    Raises:
        ColumnsError: the file has no demographic column.
        SourceError: the file cannot be read.
    """
    table = open_table(path)
    readers = _readers(table.columns)
    for number, cells in table.records(DEMOGRAPHIC_COLUMNS):
        if not isinstance(cells, RowValueError):
            yield number, _groups(Cells(cells), readers)


def _readers(columns: tuple[str, ...]) -> dict[str, _Reader]:
    found = {
        name: next(reader for column, reader in by_column.items() if column in columns)
        for name, by_column in _READERS.items()
        if set(columns) & set(by_column)
    }
    if not found:
        raise ColumnsError(
            columns,
            problem="no demographic column",
            advice="expected a public HMDA register with columns such as derived_race, derived_sex "
            "or applicant_race_1; give the whole register",
        )
    return found


def _groups(cells: Cells, readers: Mapping[str, _Reader]) -> dict[str, str]:
    groups = {}
    for name, read in readers.items():
        try:
            group = read(cells)
        except RowValueError:
            group = None  # a cell that nobody can read tells no group
        if group is not None:
            groups[name] = group
    return groups
