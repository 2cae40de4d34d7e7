"""The figures of a rendered application: which number says what, and what follows from them.

A language model reads a number as pieces of digits and learns little of its size from a few
thousand texts. Found here are the numbers whose meaning the text itself tells: those of the
"Label: value" lines of a rendering, and in prose the ratios and scores that underwriters write
behind or before their names. Three ratios and the instalment follow from others; each stands where
the last of its parts does. Amounts in prose are left alone: what they are is what the sentence
says, and that is for the model to read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

from data_pipeline.domain.ratios import (
    RatioError,
    debt_to_income_ratio,
    loan_to_income_ratio,
    loan_to_value_ratio,
)
from data_pipeline.domain.rendering import FIELD_LABELS, FIELD_UNITS

_MONTHS_PER_YEAR = 12
_NUMBER = r"(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of a text and what it says.

    Attributes:
        kind: name of the field it gives, or of the ratio it is a part of.
        value: the number; US dollars, years or months as the field has them, ratios in percent.
        start: first code point of the number, with its sign or currency.
        end: one past the last.
        parts: of one that follows from others, the stretches of these; none of one that is written.
    """

    kind: str
    value: float
    start: int
    end: int
    parts: tuple[tuple[int, int], ...] = ()


_LINE = re.compile(
    rf"^(?P<label>{'|'.join(map(re.escape, FIELD_LABELS))}): (?P<number>-?\$?{_NUMBER})"
    r"(?P<unit>[^\n]*)$",
    re.MULTILINE,
)

# Between a name and its number: a colon, a bar, "comes to"; no other word and no line end.
_LINK = r"[^\w\n]{0,3}(?:(?:of|is|was|at|now|comes|to|ratio|stated|about)[^\w\n]{1,2}){0,3}"
_SMALL = r"\d{1,3}(?:\.\d{1,2})?"
_AFTER = re.compile(rf"{_LINK}(?<![\d.,$])(?P<value>{_SMALL})(?!\d|[.,]\d)", re.IGNORECASE)
_BEFORE = re.compile(rf"(?<![\w.,:$/])(?!0\d)(?P<value>{_SMALL})[^\S\n]?%?[^\S\n](?=[^\W\d])")

# "BE" is short for the back-end ratio where it is no verb, as it is in "WOULD BE 104".
_VERB = "".join(
    f"(?<!{word} )"
    for word in (
        "to", "will", "would", "'ll", "’ll", "'d", "’d", "can", "could", "may", "might", "must",
        "shall", "should", "not", "n't", "n’t", "only", "also", "still", "then", "now",
    )
)  # fmt: skip
# Of the inquiries "INQ 90d: 16", "inq 6mo 4", "19 inq / 4 mo": in which time, not how many.
_PERIOD = r"(?P<period>[ _/:.,-]{0,3}\d{1,3}[ -]?(?:days?|d|months?|mos?|m)(?![^\W_]))"
_NAMES = {
    "debt_to_income_ratio": (
        rf"DTI|debt[- ]to[- ]income|back[- ]?end|debt ratio|{_VERB}(?-i:BE)(?! AT\b)"
    ),
    "loan_to_value_ratio": r"C?LTV|loan[- ]to[- ]value",
    "credit_score": r"FICO|credit scores?|scores?|beacon|vantage(?:score)?|middle score",
    "revolving_utilization_ratio": r"(?:revolving )?utili[sz]ation|util",
    "num_inquiries_6m": rf"inq(?:uir(?:y|ies)|s)?{_PERIOD}?",
}
_RANGES = {
    "debt_to_income_ratio": (1, 200),
    "loan_to_value_ratio": (1, 250),
    "credit_score": (300, 850),
    "revolving_utilization_ratio": (0, 200),
    "num_inquiries_6m": (0, 99),
}
_COUNTS = frozenset({"credit_score", "num_inquiries_6m"})
_ANY_NAME = "|".join(f"(?P<{kind}>{names})" for kind, names in _NAMES.items())
_EQUALS = re.compile(r"\s?[=:]")
_NAME = re.compile(rf"(?<![^\W_])(?:{_ANY_NAME})(?![^\W_])", re.IGNORECASE)


def find_figures(text: str) -> list[Figure]:
    """Returns the figures of a text, in order of position, derived ones behind their last part.

    Args:
        text: a rendered application, masked or not.
    """
    lines = list(_of_lines(text))
    told = {figure.start for figure in lines}
    prose = [figure for figure in _of_prose(text) if figure.start not in told]
    first: dict[str, Figure] = {}
    for figure in sorted([*lines, *prose], key=lambda figure: figure.end):
        first.setdefault(figure.kind, figure)
    return sorted([*lines, *prose, *_derived(first)], key=lambda figure: figure.end)


def _of_lines(text: str) -> Iterator[Figure]:
    for match in _LINE.finditer(text):
        kind = FIELD_LABELS[match["label"]]
        if match["unit"].rstrip().removesuffix(".") not in FIELD_UNITS[kind]:
            continue
        value = float(match["value"].replace(",", ""))
        yield Figure(
            kind=kind,
            value=-value if match["number"].startswith("-") else value,
            start=match.start("number"),
            end=match.end("number"),
        )


def _of_prose(text: str) -> Iterator[Figure]:
    """Figures behind their names ("DTI: 47.5") or before them ("a 47 % DTI").

    Between two numbers a name belongs to the one on the side on which the name before it has its
    own, at first to the one behind it, but with a period of time to the one before it ("3 inq 60d,
    2 of them"); no number belongs to two names.
    """
    before = {match.end(): match for match in _BEFORE.finditer(text)}
    is_behind, last_end = True, 0
    for name in _NAME.finditer(text):
        kind = str(name.lastgroup)
        found = {
            True: _value_of(kind, _AFTER.match(text, name.end())),
            False: _value_of(kind, before.get(name.start()), from_=last_end),
        }
        wanted = is_behind and not (name["period"] and not _EQUALS.match(text, name.end()))
        side = wanted if found[wanted] else not wanted
        if (figure := found[side]) is not None:
            is_behind, last_end = side, figure.end
            yield figure


def _value_of(kind: str, match: re.Match[str] | None, *, from_: int = 0) -> Figure | None:
    """The figure of a kind that a match gives, if it lies behind a position and in range."""
    if match is None or match.start("value") < from_:
        return None
    least, most = _RANGES[kind]
    value = float(match["value"])
    if not least <= value <= most or (kind in _COUNTS and not value.is_integer()):
        return None
    return Figure(kind=kind, value=value, start=match.start("value"), end=match.end("value"))


def _derived(first: Mapping[str, Figure]) -> Iterator[Figure]:
    """What follows from the first figure of each kind."""
    for kind, parts, compute in _DERIVED:
        if not all(part in first for part in parts):
            continue
        try:
            value = compute(*(first[part].value for part in parts))
        except (RatioError, ZeroDivisionError):
            continue
        if isfinite(value):
            stretches = sorted((first[part].start, first[part].end) for part in parts)
            start, end = stretches[-1]
            yield Figure(kind=kind, value=value, start=start, end=end, parts=tuple(stretches))


def _instalment_to_income(loan: float, months: float, income: float) -> float:
    """The part of the income that repays the loan without interest, percent."""
    return 100 * loan_to_income_ratio(
        loan_amount_usd=loan / months * _MONTHS_PER_YEAR, annual_income_usd=income
    )


_DERIVED = (
    (
        "loan_to_income",
        ("loan_amount_usd", "annual_income_usd"),
        lambda loan, income: (
            100 * loan_to_income_ratio(loan_amount_usd=loan, annual_income_usd=income)
        ),
    ),
    (
        "loan_to_value",
        ("loan_amount_usd", "property_value_usd"),
        lambda loan, value: (
            100 * loan_to_value_ratio(loan_amount_usd=loan, property_value_usd=value)
        ),
    ),
    (
        "debts_to_income",
        ("monthly_debt_payments_usd", "annual_income_usd"),
        lambda debts, income: (
            100 * debt_to_income_ratio(monthly_debts_usd=debts, annual_income_usd=income)
        ),
    ),
    (
        "instalment_to_income",
        ("loan_amount_usd", "loan_term_months", "annual_income_usd"),
        _instalment_to_income,
    ),
)
