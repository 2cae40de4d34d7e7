"""The quantities of free text, whatever they are of: how large each is, and how two compare.

What a number is of, its sentence says, and that is for the model to read; how large it is, and
whether it is more than the one beside it ("verified 3,200 of 4,800 needed", "15.9 % against a limit
of 21"), is lost among the pieces of digits. Found here are amounts, shares, spans of time and
counts, each with its size, and for each that follows another of its sort shortly behind it how the
two compare. A date is as old as it lies before the latest one in the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data_pipeline.domain.figures import Figure

NEAR_CODE_POINTS = 160
"""Two quantities that lie farther apart are not compared."""

SIZE_KINDS = ("amount", "months", "share")
"""Kinds of figures that say how large a quantity is."""

COMPARISON_KINDS = (
    "amount_to_last",
    "amount_to_last_but_one",
    "count_to_last",
    "months_to_last",
    "share_to_last",
)
"""Kinds of figures that say how a quantity compares: its part of both, 0-1."""

QUANTITY_KINDS = frozenset({*SIZE_KINDS, *COMPARISON_KINDS})
"""All kinds of figures that are found here."""

_TIMES = (
    .01, .03, .05, .07, .09, .11, .13, .15, .18, .21, .24, .27, .3, .33, .36, .4, .44, .48, .52,
    .56, .6, .65, .7, .75, .8, .85, .9, .95, 1, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 1.75, 2, 2.5, 3,
    4, 6, 10, 20, 50, 100,
)  # fmt: skip
COMPARISON_EDGES = tuple(times / (1 + times) for times in _TIMES)
"""Between these lie the ranges of comparisons: fine where limits are, with an edge at "equal"."""

NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip
"""How counts are written in words, by the count."""

_MONTHS_PER_YEAR, _DAYS_PER_MONTH, _DAYS_PER_WEEK = 12, 30.4, 7
_LEAST_AMOUNT = 100  # a bare number below it is a count
_YEARS = range(1950, 2050)  # a bare number of these is a year
_MONTH_NAMES = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip

_LEFT = r"(?<![\w.,/:$-])"
_RIGHT = r"(?!\w|[.,/:-]\d)"
_UNIT_END = r"(?![a-z])"
_MONTH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DATES = (
    rf"{_LEFT}(?:\d{{1,2}}\s)?(?P<month_name>{_MONTH_NAME})\s(?:\d{{1,2}},?\s)?"
    rf"(?P<named_year>{_YEAR})\b"
    rf"|(?P<day>\b{_MONTH_NAME}\s\d{{1,2}}\b)"
    rf"|{_LEFT}(?P<month>\d{{1,2}})/(?:\d{{1,2}}/)?(?P<year>{_YEAR})\b"
    rf"|{_LEFT}(?P<iso_year>{_YEAR})-(?P<iso_month>\d\d)(?:-\d\d)?\b"
)
_SHARES = (
    rf"{_LEFT}(?P<percent>\d{{1,3}}(?:\.\d+)?)\s?(?:%|percent\b|pct\b)"
    rf"|{_LEFT}(?P<fraction>0?\.(?!0+\b)\d{{2,4}}){_RIGHT}"
)
_TIMES_SPANNED = (
    rf"{_LEFT}(?P<years>\d{{1,2}}(?:\.\d+)?)[\s-]?(?:years?|yrs?|y)"
    rf"(?:\s?(?P<odd_months>\d{{1,2}})\s?(?:months?|mos?|m))?{_UNIT_END}"
    rf"|{_LEFT}(?P<months>\d{{1,3}}(?:\.\d)?)[\s-]?(?:months?|mos?|mths?|m){_UNIT_END}"
    rf"|{_LEFT}(?P<weeks>\d{{1,3}})[\s-]?(?:weeks?|wks?){_UNIT_END}"
    rf"|{_LEFT}(?P<days>\d{{1,3}})[\s-]?(?:days?|d){_UNIT_END}"
)
_BARE_NUMBERS = (
    rf"{_LEFT}(?P<sign>\$\s?)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,12}(?:\.\d{1,2})?)"
    rf"(?P<thousands>\s?k)?{_RIGHT}"
)
_WORDS = rf"\b(?P<word>{'|'.join(NUMBER_WORDS)})\b"
_QUANTITY = re.compile(
    f"{_DATES}|{_SHARES}|{_TIMES_SPANNED}|{_BARE_NUMBERS}|{_WORDS}", re.IGNORECASE
)
_CENTS = re.compile(r"\.\d\d$")
_UNITS = {
    "percent": ("share", 1.0),
    "fraction": ("share", 100.0),
    "years": ("months", float(_MONTHS_PER_YEAR)),
    "odd_months": ("months", 1.0),
    "months": ("months", 1.0),
    "weeks": ("months", _DAYS_PER_WEEK / _DAYS_PER_MONTH),
    "days": ("months", 1 / _DAYS_PER_MONTH),
}
"""By name of a group: the sort of what it gives, and its unit in that of the sort."""


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A quantity; `value` in the unit of its sort: US dollars or a bare number, percent, months."""

    sort: str
    value: float
    start: int
    end: int


def find_quantities(text: str, *, named: Sequence[Figure] = ()) -> list[Figure]:
    """Returns the sizes and comparisons of the quantities of a text, in order of position.

    Args:
        text: a rendered application, masked or not.
        named: figures whose meaning is known; their sizes are told already.

    Returns:
        Figures of `QUANTITY_KINDS`. Sizes in US dollars (or whatever is
        counted), percent or months; a comparison is the quantity over the sum of it and the one
        before it, 0-1, one half where both are nothing, and has both as its parts.
    """
    told = {figure.start for figure in named}
    last: dict[str, list[_Quantity]] = {}
    found: list[Figure] = []
    for quantity in _dated(list(_quantities(text))):
        if quantity.sort != "count" and quantity.start not in told:
            found.append(_figure(quantity.sort, quantity.value, quantity))
        before = last.setdefault(quantity.sort, [])
        near = [other for other in before if quantity.start - other.end <= NEAR_CODE_POINTS]
        for other, name in zip(reversed(near), ("last", "last_but_one"), strict=False):
            kind = f"{quantity.sort}_to_{name}"
            if kind in COMPARISON_KINDS:
                found.append(_figure(kind, _part(quantity.value, other.value), quantity, other))
        before[:] = [*before[-1:], quantity]
    return found


def _figure(kind: str, value: float, quantity: _Quantity, other: _Quantity | None = None) -> Figure:
    parts = () if other is None else ((other.start, other.end), (quantity.start, quantity.end))
    return Figure(kind=kind, value=value, start=quantity.start, end=quantity.end, parts=parts)


def _part(value: float, other: float) -> float:
    both = value + other
    return value / both if both > 0 else 0.5


def _quantities(text: str) -> Iterator[_Quantity]:
    """Quantities in order of position; a date counts the months since the year 0, for now."""
    for match in _QUANTITY.finditer(text):
        if (sized := _sized(match)) is not None:
            sort, value = sized
            yield _Quantity(sort, value, match.start(), match.end())


def _sized(match: re.Match[str]) -> tuple[str, float] | None:
    """The sort and value of a quantity; None for a day of no year and what is no number else."""
    given = {name: value for name, value in match.groupdict().items() if value is not None}
    units = [(*_UNITS[name], float(value)) for name, value in given.items() if name in _UNITS]
    if units:
        return units[0][0], sum(unit * value for _, unit, value in units)
    if "word" in given:
        return "count", float(NUMBER_WORDS.index(given["word"].lower()))
    if "number" in given:
        return _bare(given)
    return None if "day" in given else _date(given)


def _date(given: dict[str, str]) -> tuple[str, float] | None:
    """The months since the year 0; None for a month that there is not."""
    year = int(given.get("named_year") or given.get("year") or given["iso_year"])
    name = given.get("month_name", "")[:3].lower()
    month = given.get("month") or given.get("iso_month") or 1 + _MONTH_NAMES.index(name)
    is_month = 1 <= int(month) <= _MONTHS_PER_YEAR
    return ("date", float(_MONTHS_PER_YEAR * year + int(month))) if is_month else None


def _bare(given: dict[str, str]) -> tuple[str, float] | None:
    """An amount, a share written as a decimal, or a count; None for a year."""
    number = given["number"]
    value = float(number.replace(",", "")) * (1000 if "thousands" in given else 1)
    if given.keys() & {"sign", "thousands"} or "," in number:
        return "amount", value
    if value in _YEARS and "." not in number:
        return None
    if value >= _LEAST_AMOUNT or _CENTS.search(number):
        return "amount", value
    return ("share", value) if "." in number else ("count", value)


def _dated(quantities: Sequence[_Quantity]) -> Iterator[_Quantity]:
    """The same, each date as its months before the latest one, which is left out itself."""
    dates = [quantity.value for quantity in quantities if quantity.sort == "date"]
    latest = max(dates, default=0.0)
    for quantity in quantities:
        if quantity.sort != "date":
            yield quantity
        elif quantity.value < latest:
            yield _Quantity("months", latest - quantity.value, quantity.start, quantity.end)
