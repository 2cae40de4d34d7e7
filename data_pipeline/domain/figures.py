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
from data_pipeline.domain.rendering import FIELD_LABELS

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
    """

    kind: str
    value: float
    start: int
    end: int


_LINE = re.compile(
    rf"^(?P<label>{'|'.join(map(re.escape, FIELD_LABELS))}): (?P<number>-?\$?{_NUMBER})(?![\d-])",
    re.MULTILINE,
)


# Between a name and its number: a colon, a bar, "comes to"; no other word and no line end.
_LINK = r"[^\w\n]{0,3}(?:(?:of|is|was|at|now|comes|to|ratio|stated|about)[^\w\n]{1,2}){0,3}"


def _named(names: str, *, num_digits: int = 3) -> re.Pattern[str]:
    """Finds a number behind its name ("DTI: 47.5") or before it ("a 47 % DTI")."""
    number = rf"\d{{1,{num_digits}}}(?:\.\d{{1,2}})?"
    return re.compile(
        rf"(?<![^\W_])(?:{names})(?![^\W_]){_LINK}(?<![\d.,$])(?P<after>{number})(?!\d|[.,]\d)"
        rf"|(?<![\d.,$/])(?P<before>{number})[^\S\n]?%?[^\S\n](?:{names})(?![^\W_])",
        re.IGNORECASE,
    )


_PROSE: tuple[tuple[str, re.Pattern[str], tuple[float, float]], ...] = (
    (
        "debt_to_income_ratio",
        _named(r"DTI|debt[- ]to[- ]income|back[- ]?end|debt ratio|BE"),
        (1, 200),
    ),
    ("loan_to_value_ratio", _named(r"C?LTV|loan[- ]to[- ]value"), (1, 250)),
    (
        "credit_score",
        _named(r"FICO|credit scores?|scores?|beacon|vantage(?:score)?|middle score"),
        (300, 850),
    ),
    ("revolving_utilization_ratio", _named(r"(?:revolving )?utili[sz]ation|util"), (0, 200)),
    (
        "num_inquiries_6m",
        _named(r"inq(?:uir(?:y|ies)|s)?(?:[_ ]6m)?", num_digits=2),
        (0, 99),
    ),
)


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
        value = float(match["value"].replace(",", ""))
        yield Figure(
            kind=FIELD_LABELS[match["label"]],
            value=-value if match["number"].startswith("-") else value,
            start=match.start("number"),
            end=match.end("number"),
        )


def _of_prose(text: str) -> Iterator[Figure]:
    for kind, pattern, (least, most) in _PROSE:
        for match in pattern.finditer(text):
            group = "after" if match["after"] else "before"
            if least <= (value := float(match[group])) <= most:
                yield Figure(kind=kind, value=value, start=match.start(group), end=match.end(group))


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
            last = max((first[part] for part in parts), key=lambda figure: figure.end)
            yield Figure(kind=kind, value=value, start=last.start, end=last.end)


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
