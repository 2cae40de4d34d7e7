"""The one way an application becomes text.

`render_text` gives the free text as submitted, then one "Label: value" line per field given. It is
total over every valid `LoanApplication`, stable (equal applications give equal text, on any
machine) and keeps offsets: position i of the free text is position i of the rendering. A field
that is absent leaves no trace, because a rendered "not provided" would itself be a signal of who
reported it.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from data_pipeline.domain.application import LoanApplication, LoanProduct, Occupancy

RENDERING_VERSION = "1"
"""Raised whenever the same application may render to another text."""

_PRODUCT_WORDS = {
    LoanProduct.MORTGAGE: "mortgage",
    LoanProduct.HELOC: "home equity line of credit",
    LoanProduct.AUTO: "auto loan",
    LoanProduct.PERSONAL: "personal loan",
    LoanProduct.CREDIT_CARD: "credit card",
    LoanProduct.STUDENT_REFI: "student loan refinance",
    LoanProduct.SMALL_BUSINESS: "small business loan",
    LoanProduct.FARM: "farm loan",
    LoanProduct.MANUFACTURED_HOME: "manufactured home loan",
}

_OCCUPANCY_WORDS = {
    Occupancy.PRINCIPAL_RESIDENCE: "principal residence",
    Occupancy.SECOND_RESIDENCE: "second residence",
    Occupancy.INVESTMENT: "investment property",
}

_LIEN_WORDS = {1: "first lien", 2: "subordinate lien"}


def _fixed(value: float, *, decimals: int, grouped: bool = False) -> str:
    """Returns a number without exponent or trailing zeros; a negative zero loses its sign."""
    number = round(Decimal(repr(float(value))), decimals) + 0
    text = f"{number:,.{decimals}f}" if grouped else f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _usd(value: float) -> str:
    whole, _, cents = _fixed(abs(value), decimals=2, grouped=True).partition(".")
    amount = f"${whole}.{cents:0<2}" if cents else f"${whole}"
    return f"-{amount}" if value < 0 and amount != "$0" else amount


def _usd_a_year(value: float) -> str:
    return f"{_usd(value)} a year"


def _usd_a_month(value: float) -> str:
    return f"{_usd(value)} a month"


def _ratio(value: float) -> str:
    return f"{Decimal(repr(float(value))) * 100 + 0:.1f}%"


def _percent(value: float) -> str:
    return f"{_fixed(value, decimals=3)}%"


def _count(value: int) -> str:
    return _fixed(value, decimals=0)


def _number(value: float) -> str:
    return _fixed(value, decimals=2)


def _unit(value: float, unit: str) -> str:
    number = _number(value)
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def _years(value: float) -> str:
    return _unit(value, "year")


def _months(value: float) -> str:
    return _unit(value, "month")


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _lien(value: int) -> str:
    return _LIEN_WORDS.get(value, f"position {_count(value)}")


_LINES: tuple[tuple[str, str, Callable[..., str]], ...] = (
    ("product", "Product", _PRODUCT_WORDS.__getitem__),
    ("purpose", "Loan purpose", _one_line),
    ("loan_amount_usd", "Loan amount", _usd),
    ("loan_term_months", "Loan term", _months),
    ("loan_features", "Loan features", _one_line),
    ("interest_rate_percent", "Interest rate requested", _percent),
    ("annual_income_usd", "Gross income", _usd_a_year),
    ("monthly_debt_payments_usd", "Existing debt payments", _usd_a_month),
    ("debt_to_income_ratio", "Debt-to-income ratio", _ratio),
    ("debt_to_income_range", "Debt-to-income range", _one_line),
    ("property_value_usd", "Collateral value", _usd),
    ("loan_to_value_ratio", "Loan-to-value ratio", _ratio),
    ("down_payment_usd", "Down payment", _usd),
    ("liquid_assets_usd", "Liquid assets", _usd),
    ("employment_length_years", "Time with employer", _years),
    ("employment_status", "Employment", _one_line),
    ("credit_score", "Credit score", _number),
    ("num_open_accounts", "Open credit accounts", _count),
    ("num_delinquencies_2y", "Delinquencies in the last 2 years", _count),
    ("num_public_records", "Public records", _count),
    ("num_inquiries_6m", "Credit inquiries in the last 6 months", _count),
    ("credit_history_years", "Length of credit history", _years),
    ("revolving_utilization_ratio", "Revolving utilization", _ratio),
    ("housing_status", "Housing", _one_line),
    ("residence_length_years", "Time at address", _years),
    ("state", "State", str.upper),
    ("occupancy", "Occupancy", _OCCUPANCY_WORDS.__getitem__),
    ("property_type", "Collateral type", _one_line),
    ("num_units", "Dwelling units", _count),
    ("lien_position", "Lien", _lien),
    ("loan_program", "Loan program", _one_line),
    ("business_annual_revenue_usd", "Business revenue", _usd_a_year),
    ("business_age_years", "Time in business", _years),
)

FIELD_LABELS: dict[str, str] = {label: name for name, label, _ in _LINES}
"""Name of the application field that each label of a rendering stands for."""

_UNITS: dict[Callable[..., str], tuple[str, ...]] = {
    _usd_a_year: (" a year",),
    _usd_a_month: (" a month",),
    _ratio: ("%",),
    _percent: ("%",),
    _years: (" year", " years"),
    _months: (" month", " months"),
}

FIELD_UNITS: dict[str, tuple[str, ...]] = {
    name: _UNITS.get(words, ("",)) for name, _, words in _LINES
}
"""What a rendering writes behind the number of each field, its sign and currency left out."""

_LINE = re.compile(rf"(?P<label>{'|'.join(map(re.escape, FIELD_LABELS))}): ")


class FieldLine(NamedTuple):
    """A rendered field in a text.

    Attributes:
        field: name of the application field.
        start: first code point of the line.
        end: one past its last, without the line break.
    """

    field: str
    start: int
    end: int


def render_text(application: LoanApplication) -> str:
    """Returns the application as text, the only form in which a model reads it.

    The free text comes first, verbatim, so that every offset into it stays valid; then, where any
    field is given, a blank line and one "Label: value" line per field in fixed order. Money is in
    US dollars with thousands separators, ratios are percentages with one decimal, a field of
    several lines becomes one line.
    """
    lines = [
        f"{label}: {words(value)}"
        for name, label, words in _LINES
        if (value := getattr(application, name)) is not None
    ]
    parts = [application.text] if application.text is not None else []
    return "\n\n".join([*parts, "\n".join(lines)] if lines else parts)


def field_lines(text: str) -> tuple[FieldLine, ...]:
    """Returns the block of "Label: value" lines that ends a text, in their order there.

    Lines of the free text just above, if they are written the same way, count as fields.
    """
    found: list[FieldLine] = []
    end = len(text)
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        match = _LINE.match(text, start, end)
        if match is None:
            break
        found.append(FieldLine(FIELD_LABELS[match["label"]], start, end))
        end = start - 1
    return tuple(reversed(found))
