"""Rows of the public HMDA loan application register, schema of 2018 and later.

Rows are read through an allow list of facts known when credit is asked for. Never read as input:
the outcome and what is known only after it (rates, costs, points, credits, purchaser, HOEPA
status, underwriting system results, denial reasons), prohibited bases and their proxies (ethnicity,
race, sex, age, reverse mortgage, census tract, county, metropolitan area, tract figures), and who
the lender is.

Exempt values (1111), "NA" and blanks are absent. Amounts are the register's midpoints of $10,000
intervals, taken as they are. A debt-to-income range keeps its meaning in words
(`debt_to_income_range`), because no single number in it is known to be true.

Source: 12 CFR 1003.4(a) and Appendix A; FFIEC public HMDA data fields.
"""

from collections.abc import Mapping
from typing import Any

from data_pipeline.domain.application import LoanApplication, LoanProduct, Occupancy
from data_pipeline.sources.cells import Cells, joined
from data_pipeline.sources.rows import build_application

_EXEMPT: dict[str, Any] = {"1111": None}
_PURPOSES = _EXEMPT | {
    "1": "home purchase",
    "2": "home improvement",
    "31": "refinancing",
    "32": "cash-out refinancing",
    "4": "other purpose",
    "5": None,
}
_PROGRAMS = {
    "1": "conventional",
    "2": "FHA-insured",
    "3": "VA-guaranteed",
    "4": "guaranteed by USDA Rural Housing Service or Farm Service Agency",
}
_OCCUPANCIES = {
    "1": Occupancy.PRINCIPAL_RESIDENCE,
    "2": Occupancy.SECOND_RESIDENCE,
    "3": Occupancy.INVESTMENT,
}
_CONSTRUCTIONS = {"1": "site-built home", "2": "manufactured home"}
_SECURED_PROPERTIES = _EXEMPT | {"1": "home and land", "2": "home without land", "3": None}
_LAND_INTERESTS = _EXEMPT | {
    "1": "direct ownership of the land",
    "2": "indirect ownership of the land",
    "3": "paid leasehold of the land",
    "4": "unpaid leasehold of the land",
    "5": None,
}
_LIENS = {"1": 1, "2": 2}
_YES_NO = _EXEMPT | {"1": True, "2": False}
_FEATURES = {
    "preapproval": "preapproval requested",
    "interest_only_payment": "interest-only payments",
    "negative_amortization": "negative amortization",
    "balloon_payment": "balloon payment",
    "other_nonamortizing_features": "other non-amortizing features",
}
_DTI_RANGES = {
    "<20%": "under 20%",
    "20%-<30%": "20% to under 30%",
    "30%-<36%": "30% to under 36%",
    "50%-60%": "50% to 60%",
    ">60%": "over 60%",
}

INPUT_COLUMNS = frozenset(
    {
        *_FEATURES,
        "business_or_commercial_purpose",
        "construction_method",
        "debt_to_income_ratio",
        "income",
        "intro_rate_period",
        "lien_status",
        "loan_amount",
        "loan_purpose",
        "loan_term",
        "loan_to_value_ratio",
        "loan_type",
        "manufactured_home_land_property_interest",
        "manufactured_home_secured_property_type",
        "occupancy_type",
        "open-end_line_of_credit",
        "property_value",
        "state_code",
        "total_units",
    }
)
"""The columns that are read; no other ever is."""


def application_from_hmda(row: Mapping[str, object]) -> LoanApplication:
    """Returns the application that a row of the register describes.

    Args:
        row: cells by column, as numbers or text; columns outside `INPUT_COLUMNS` are not read.

    Raises:
        RowValueError: a code or number is none of the schema's, or nothing at all is given.
    """
    cells = Cells(row)
    values: dict[str, Any] = {
        "purpose": _purpose(cells),
        "loan_amount_usd": cells.number("loan_amount"),
        "loan_term_months": cells.number("loan_term"),
        "loan_features": _features(cells),
        "annual_income_usd": cells.number("income", scale=1000),
        "property_value_usd": cells.number("property_value"),
        "loan_to_value_ratio": cells.number("loan_to_value_ratio", scale=0.01),
        "state": cells.text("state_code"),
        "occupancy": cells.choice("occupancy_type", _OCCUPANCIES),
        "property_type": _property_type(cells),
        "num_units": None if _has_unit_range(cells) else cells.whole("total_units"),
        "lien_position": cells.choice("lien_status", _LIENS),
        "loan_program": cells.choice("loan_type", _PROGRAMS),
        **_debt_to_income(cells),
    }
    return build_secured(values, product=_product(cells))


def build_secured(values: Mapping[str, Any], *, product: LoanProduct) -> LoanApplication:
    """Returns the application of a register row.

    That a row is secured by a dwelling goes without saying; alone it makes no application.

    Raises:
        RowValueError: a value is out of its range, or every value is None.
    """
    given = {name: value for name, value in values.items() if value is not None}
    return build_application(given | {"product": product} if given else given)


def _product(cells: Cells) -> LoanProduct:
    if cells.choice("open-end_line_of_credit", _YES_NO):
        return LoanProduct.HELOC
    if cells.text("construction_method") == "2":
        return LoanProduct.MANUFACTURED_HOME
    return LoanProduct.MORTGAGE


def _purpose(cells: Cells) -> str | None:
    is_business = cells.choice("business_or_commercial_purpose", _YES_NO)
    business = "primarily business or commercial" if is_business else None
    return joined([cells.choice("loan_purpose", _PURPOSES), business])


def _features(cells: Cells) -> str | None:
    words = [text for column, text in _FEATURES.items() if cells.choice(column, _YES_NO)]
    fixed_months = cells.whole("intro_rate_period")
    if fixed_months is not None:
        months = "1 month" if fixed_months == 1 else f"{fixed_months} months"
        words.append(f"rate may change after {months}")
    return joined(words)


def _property_type(cells: Cells) -> str | None:
    units = cells.text("total_units") if _has_unit_range(cells) else None
    return joined(
        [
            cells.choice("construction_method", _CONSTRUCTIONS),
            cells.choice("manufactured_home_secured_property_type", _SECURED_PROPERTIES),
            cells.choice("manufactured_home_land_property_interest", _LAND_INTERESTS),
            f"{units.replace('>', 'over ')} units" if units else None,
        ]
    )


_UNIT_RANGES = frozenset({"5-24", "25-49", "50-99", "100-149", ">149"})


def _has_unit_range(cells: Cells) -> bool:
    return cells.text("total_units") in _UNIT_RANGES


def _debt_to_income(cells: Cells) -> dict[str, Any]:
    words = _DTI_RANGES.get(cells.text("debt_to_income_ratio") or "")
    if words:
        return {"debt_to_income_range": words}
    return {"debt_to_income_ratio": cells.number("debt_to_income_ratio", scale=0.01)}
