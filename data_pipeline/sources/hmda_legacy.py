"""Rows of the public HMDA register, schema of 2007-2017.

The same allow-list rule as for the later schema (`data_pipeline.sources.hmda`). Columns hold the
register's labels or, in files downloaded as codes, their numbers; both are understood.

Source: 12 CFR 1003, Appendix A, as in force until 2017; FFIEC LAR code sheet.
"""

from collections.abc import Mapping
from typing import Any

from data_pipeline.domain.application import LoanApplication, LoanProduct, Occupancy
from data_pipeline.sources.cells import Cells, joined
from data_pipeline.sources.hmda import build_secured


def _by_label_or_code(*rows: tuple[str, Any]) -> dict[str, Any]:
    """Returns values by label, and by code: codes count from 1 in the order of the rows."""
    return dict(rows) | {str(code): value for code, (_, value) in enumerate(rows, start=1)}


_PROGRAMS = _by_label_or_code(
    ("Conventional", "conventional"),
    ("FHA-insured", "FHA-insured"),
    ("VA-guaranteed", "VA-guaranteed"),
    ("FSA/RHS-guaranteed", "guaranteed by USDA Rural Housing Service or Farm Service Agency"),
)
_PROPERTY_TYPES = _by_label_or_code(
    (
        "One-to-four family dwelling (other than manufactured housing)",
        "one-to-four family dwelling",
    ),
    ("Manufactured housing", "manufactured home"),
    ("Multifamily dwelling", "multifamily dwelling"),
)
_PURPOSES = _by_label_or_code(
    ("Home purchase", "home purchase"),
    ("Home improvement", "home improvement"),
    ("Refinancing", "refinancing"),
)
_IS_OWNER_OCCUPIED = _by_label_or_code(
    ("Owner-occupied as a principal dwelling", True),
    ("Not owner-occupied as a principal dwelling", False),
    ("Not applicable", None),
)
_PREAPPROVALS = _by_label_or_code(
    ("Preapproval was requested", "preapproval requested"),
    ("Preapproval was not requested", None),
    ("Not applicable", None),
)
_LIENS = _by_label_or_code(
    ("Secured by a first lien", 1),
    ("Secured by a subordinate lien", 2),
    ("Not secured by a lien", 0),
    ("Not applicable", None),
)

INPUT_COLUMNS = frozenset(
    {
        "applicant_income_000s",
        "lien_status",
        "loan_amount_000s",
        "loan_purpose",
        "loan_type",
        "owner_occupancy",
        "preapproval",
        "property_type",
        "state_abbr",
    }
)
"""The columns that are read; no other ever is."""


def application_from_hmda_legacy(row: Mapping[str, object]) -> LoanApplication:
    """Returns the application that a row of the 2007-2017 register describes.

    Args:
        row: cells by column, as labels or codes; columns outside `INPUT_COLUMNS` are not read.

    Raises:
        RowValueError: a label, code or number is none of the schema's, or nothing is given.
    """
    cells = Cells(row)
    lien = cells.choice("lien_status", _LIENS)
    owner_occupied = cells.choice("owner_occupancy", _IS_OWNER_OCCUPIED)
    property_type = cells.choice("property_type", _PROPERTY_TYPES)
    # The old schema does not tell a second residence from an investment.
    elsewhere = "not owner-occupied" if owner_occupied is False else None
    values: dict[str, Any] = {
        "purpose": cells.choice("loan_purpose", _PURPOSES),
        "loan_amount_usd": cells.number("loan_amount_000s", scale=1000),
        "loan_features": joined(
            [
                cells.choice("preapproval", _PREAPPROVALS),
                "not secured by a lien" if lien == 0 else None,
            ]
        ),
        "annual_income_usd": cells.number("applicant_income_000s", scale=1000),
        "state": cells.text("state_abbr"),
        "occupancy": Occupancy.PRINCIPAL_RESIDENCE if owner_occupied else None,
        "property_type": joined([property_type, elsewhere]),
        "lien_position": lien or None,
        "loan_program": cells.choice("loan_type", _PROGRAMS),
    }
    is_manufactured = property_type == "manufactured home"
    product = LoanProduct.MANUFACTURED_HOME if is_manufactured else LoanProduct.MORTGAGE
    return build_secured(values, product=product)
