"""LendingClub loans (2007 and later), as applications.

Rows are read through an allow list of facts known when credit is asked for. Never read as input:
what was decided or happened later (funded amounts, rate, grade, instalment, payments, recoveries,
collections, settlements, last dates) and what points at a person (employer, url, zip code). The
month of issue is read for one thing: how old the credit history was.

Units as LendingClub publishes them: `dti` is existing debt payments over income, percent, without
mortgage and without the requested loan, so it becomes `monthly_debt_payments_usd`; `emp_length`
"10+ years" is read as 10 (a lower bound) and "< 1 year" as 0.5; `revol_util` is a percentage where
it has a "%" or is above 2, and a ratio otherwise.

Source: LendingClub data dictionary.
"""

import html
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.sources.cells import Cells, wrong_cell
from data_pipeline.sources.rows import build_application

INPUT_COLUMNS = frozenset(
    {
        "addr_state",
        "annual_inc",
        "delinq_2yrs",
        "desc",
        "dti",
        "earliest_cr_line",
        "emp_length",
        "fico_range_low",
        "home_ownership",
        "inq_last_6mths",
        "issue_d",
        "loan_amnt",
        "open_acc",
        "pub_rec",
        "purpose",
        "revol_util",
        "term",
        "title",
    }
)
"""The columns that are read; no other ever is."""

_HOUSING = {
    "OWN": "owns",
    "MORTGAGE": "mortgage",
    "RENT": "rents",
    "OTHER": "other",
    "NONE": None,
    "ANY": None,
}
_EMPLOYMENT_YEARS = {"< 1 year": 0.5, "1 year": 1.0, "10+ years": 10.0} | {
    f"{years} years": float(years) for years in range(2, 10)
}
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
# Whoever typed an addition is named by a member number; the stamp says nothing about the loan.
_ADDITION_STAMP = re.compile(r"(?:Borrower|\d+) added on \d\d/\d\d/\d\d >\s*")
_MAX_RATIO = 2.0
_DAYS_PER_YEAR = 365.25


def application_from_lendingclub(row: Mapping[str, object]) -> LoanApplication:
    """Returns the application that a loan's row describes.

    Args:
        row: cells by column, as numbers or text; columns outside `INPUT_COLUMNS` are not read.

    Raises:
        RowValueError: a cell does not hold what its column should, or nothing at all is given.
    """
    cells = Cells(row)
    values: dict[str, Any] = {
        "text": _text(cells),
        "purpose": _words(cells.text("purpose")),
        "loan_amount_usd": cells.number("loan_amnt"),
        "loan_term_months": _leading_number(cells, "term"),
        "annual_income_usd": cells.number("annual_inc"),
        "monthly_debt_payments_usd": _monthly_debts_usd(cells),
        "employment_length_years": cells.choice("emp_length", _EMPLOYMENT_YEARS),
        "credit_score": cells.number("fico_range_low"),
        "num_open_accounts": cells.whole("open_acc"),
        "num_delinquencies_2y": cells.whole("delinq_2yrs"),
        "num_public_records": cells.whole("pub_rec"),
        "num_inquiries_6m": cells.whole("inq_last_6mths"),
        "credit_history_years": _credit_history_years(cells),
        "revolving_utilization_ratio": _utilization(cells),
        "housing_status": cells.choice("home_ownership", _HOUSING),
        "state": cells.text("addr_state"),
    }
    given = {name: value for name, value in values.items() if value is not None}
    return build_application(given | {"product": LoanProduct.PERSONAL} if given else given)


def _text(cells: Cells) -> str | None:
    parts = (_plain(cells.text(column) or "") for column in ("title", "desc"))
    return "\n".join(part for part in parts if part) or None


def _plain(markup: str) -> str:
    return html.unescape(_BREAK.sub("\n", _ADDITION_STAMP.sub("", markup))).strip()


def _words(identifier: str | None) -> str | None:
    return identifier.replace("_", " ") if identifier else None


def _leading_number(cells: Cells, column: str) -> float | None:
    text = cells.text(column)
    if text is None:
        return None
    first = text.split()[0]
    if not first.isdecimal():
        raise wrong_cell(column, expected="a number of months")
    return float(first)


def _monthly_debts_usd(cells: Cells) -> float | None:
    ratio = cells.number("dti", scale=0.01)
    income_usd = cells.number("annual_inc")
    return None if ratio is None or income_usd is None else round(ratio * income_usd / 12, 2)


def _utilization(cells: Cells) -> float | None:
    text = cells.text("revol_util")
    if text is None:
        return None
    if text.endswith("%"):
        return Cells({"revol_util": text[:-1]}).number("revol_util", scale=0.01)
    value = cells.number("revol_util") or 0.0
    return value if value <= _MAX_RATIO else value / 100


def _credit_history_years(cells: Cells) -> float | None:
    earliest, issued = (month_of(cells, column) for column in ("earliest_cr_line", "issue_d"))
    return (
        None
        if earliest is None or issued is None
        else round((issued - earliest).days / _DAYS_PER_YEAR, 1)
    )


def month_of(cells: Cells, column: str) -> date | None:
    """Returns the first day of the month that a cell states ("2011-09-01" or "Sep-2011").

    Raises:
        RowValueError: the cell states none.
    """
    text = cells.text(column)
    if text is None:
        return None
    for layout in ("%Y-%m-%d", "%b-%Y"):
        try:
            return datetime.strptime(text, layout).date()  # noqa: DTZ007  (a month, no instant)
        except ValueError:
            continue
    raise wrong_cell(column, expected="a month such as Sep-2011 or 2011-09-01")
