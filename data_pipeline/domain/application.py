"""A loan application: the facts known when credit is asked for, and nothing else.

No field of `LoanApplication` is a prohibited basis (12 CFR 1002.2(z)), a proxy kept for monitoring,
or an outcome known only after the decision; the record cannot be given one. Age, sex, marital
status, ethnicity and the like have no place to go.

Errors::

    DataError
    └── ApplicationError              an application, as given, cannot be one
        ├── FieldValueError           a field has a value outside its range
        └── EmptyApplicationError     neither text nor any field
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import get_args

from data_pipeline.errors import DataError

MAX_TEXT_BYTES = 64 * 1024
"""Longest free text accepted, bytes of UTF-8."""


class ApplicationError(DataError, ValueError):
    """An application, as given, cannot be one."""


class FieldValueError(ApplicationError):
    """A field has a value outside its range.

    Attributes:
        field: name of the field.
        expected: what would have been accepted, in words.
    """

    def __init__(self, field: str, expected: str) -> None:
        """Keeps the field and what it accepts; the value itself stays out of the message."""
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class EmptyApplicationError(ApplicationError):
    """An application with neither text nor any field."""

    def __init__(self) -> None:
        """Takes nothing: there is nothing to tell but the absence."""
        super().__init__("the application is empty: give `text` or at least one field")


class LoanProduct(StrEnum):
    """What is asked for."""

    MORTGAGE = "mortgage"
    HELOC = "heloc"
    AUTO = "auto"
    PERSONAL = "personal"
    CREDIT_CARD = "credit_card"
    STUDENT_REFI = "student_refi"
    SMALL_BUSINESS = "small_business"
    FARM = "farm"
    MANUFACTURED_HOME = "manufactured_home"


class Occupancy(StrEnum):
    """How the property that secures the loan is to be used."""

    PRINCIPAL_RESIDENCE = "principal_residence"
    SECOND_RESIDENCE = "second_residence"
    INVESTMENT = "investment"


_ANY_AMOUNT = (0.0, 1e12)
_RANGES: dict[str, tuple[float, float]] = {
    "annual_income_usd": (-1e12, 1e12),
    "loan_term_months": (0, 1200),
    "interest_rate_percent": (0, 1000),
    "debt_to_income_ratio": (0, 10),
    "loan_to_value_ratio": (0, 10),
    "revolving_utilization_ratio": (0, 10),
    "employment_length_years": (0, 100),
    "residence_length_years": (0, 150),
    "credit_history_years": (0, 150),
    "business_age_years": (0, 1000),
    "credit_score": (0, 1000),
    "lien_position": (1, 9),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanApplication:
    """The facts of an application. None always means "not provided".

    Attributes:
        text: free text as submitted (memo, letter, notes), up to 64 KiB of UTF-8.
        product: what is asked for.
        purpose: use of the money, in words.
        loan_amount_usd: amount asked for, US dollars.
        loan_term_months: term asked for, months.
        loan_features: terms asked for beyond amount and length, in words (interest-only payments,
            balloon payment, open-end line of credit and the like).
        interest_rate_percent: rate asked for or quoted in the application, percent a year. Never
            the rate that was set by the decision.
        annual_income_usd: gross income of all applicants, US dollars a year; below 0 where a
            business loss exceeds all other income.
        monthly_debt_payments_usd: payments on existing debts, US dollars a month, without the
            requested loan.
        debt_to_income_ratio: debts with the requested loan over gross income, as a ratio (0.43,
            not 43), up to 10.
        debt_to_income_range: the same in words where only a range is known ("30% to under 36%").
        property_value_usd: value of the property or vehicle that secures the loan, US dollars.
        loan_to_value_ratio: loan over value, as a ratio, up to 10.
        down_payment_usd: own money put in, US dollars.
        liquid_assets_usd: funds at hand before closing, US dollars.
        employment_length_years: time with the present employer, years.
        employment_status: kind of employment, in words.
        credit_score: consumer credit score (300-850 for the usual models), up to 1000.
        num_open_accounts: open credit accounts.
        num_delinquencies_2y: payments 30 or more days late in the last two years.
        num_public_records: derogatory public records.
        num_inquiries_6m: inquiries on the credit report in the last six months.
        credit_history_years: age of the oldest account, years.
        revolving_utilization_ratio: revolving balances over limits, as a ratio, up to
            10.
        housing_status: own, mortgage, rent and the like, in words.
        residence_length_years: time at the present address, years.
        state: US state or territory of the property or applicant, two letters.
        occupancy: how the property is to be used.
        property_type: kind of property or vehicle, in words.
        num_units: dwelling units of the property.
        lien_position: 1 first lien, 2 subordinate lien.
        loan_program: conventional, FHA, VA, USDA and the like, in words.
        business_annual_revenue_usd: gross revenue of an applying business, US dollars a year.
        business_age_years: age of an applying business, years.

    Raises:
        FieldValueError: a value is of the wrong type, a number is not finite or out of its range,
            or a text is blank or holds what UTF-8 or a database cannot store.
        EmptyApplicationError: nothing is provided at all.
    """

    text: str | None = None
    product: LoanProduct | None = None
    purpose: str | None = None
    loan_amount_usd: float | None = None
    loan_term_months: float | None = None
    loan_features: str | None = None
    interest_rate_percent: float | None = None
    annual_income_usd: float | None = None
    monthly_debt_payments_usd: float | None = None
    debt_to_income_ratio: float | None = None
    debt_to_income_range: str | None = None
    property_value_usd: float | None = None
    loan_to_value_ratio: float | None = None
    down_payment_usd: float | None = None
    liquid_assets_usd: float | None = None
    employment_length_years: float | None = None
    employment_status: str | None = None
    credit_score: float | None = None
    num_open_accounts: int | None = None
    num_delinquencies_2y: int | None = None
    num_public_records: int | None = None
    num_inquiries_6m: int | None = None
    credit_history_years: float | None = None
    revolving_utilization_ratio: float | None = None
    housing_status: str | None = None
    residence_length_years: float | None = None
    state: str | None = None
    occupancy: Occupancy | None = None
    property_type: str | None = None
    num_units: int | None = None
    lien_position: int | None = None
    loan_program: str | None = None
    business_annual_revenue_usd: float | None = None
    business_age_years: float | None = None

    def __post_init__(self) -> None:
        """Checks every field given."""
        provided = [(f.name, getattr(self, f.name)) for f in fields(self)]
        provided = [(name, value) for name, value in provided if value is not None]
        if not provided:
            raise EmptyApplicationError
        for name, value in provided:
            _check(name, value)


_KINDS: dict[str, type] = {f.name: get_args(f.type)[0] for f in fields(LoanApplication)}


def _check(name: str, value: object) -> None:
    kind = _KINDS[name]
    if issubclass(kind, StrEnum):
        _require(isinstance(value, kind), name, f"one of {', '.join(kind)}")
    elif kind is str:
        _check_text(name, value)
    else:
        _check_number(name, value, kind=kind)


def _check_text(name: str, value: object) -> None:
    _require(isinstance(value, str) and value.strip(), name, "a text that is not blank, or nothing")
    assert isinstance(value, str)  # noqa: S101  (narrows the type)
    _require("\0" not in value, name, "a text without NUL characters")
    _require(_is_encodable(value), name, "a text without lone surrogates")
    if name == "state":
        is_code = len(value) == 2 and value.isascii() and value.isalpha()  # noqa: PLR2004
        _require(is_code, name, "a two-letter US state or territory code")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_number(name: str, value: object, *, kind: type) -> None:
    low, high = _RANGES.get(name, _ANY_AMOUNT)
    word = "a whole number" if kind is int else "a number"
    is_number = isinstance(value, int if kind is int else int | float)
    in_range = is_number and not isinstance(value, bool) and low <= value <= high  # type: ignore[operator]
    _require(in_range, name, f"{word} from {low:,.0f} to {high:,.0f}{_hint(name)}")


def _hint(name: str) -> str:
    return " (0.43 means 43 percent)" if name.endswith("_ratio") else ""


def _require(condition: object, name: str, expected: str) -> None:
    if not condition:
        raise FieldValueError(name, expected)


FIELD_NAMES: tuple[str, ...] = tuple(f.name for f in fields(LoanApplication))
"""The names of every field, `text` first."""
