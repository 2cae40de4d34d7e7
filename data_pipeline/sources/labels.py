"""Labels of public data sets: outcomes, read apart from the input.

The functions that make applications live in other modules and read other columns, so no outcome
can find its way into a text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data_pipeline.domain.taxonomy import DenialCategory, categories_of_hmda_code
from data_pipeline.sources.cells import Cells, wrong_cell
from data_pipeline.sources.lendingclub import month_of

_ORIGINATED = frozenset({"1", "Loan originated"})
_DENIED = frozenset({"3", "Application denied by financial institution"})
_REASON_LABELS = {
    "Debt-to-income ratio": 1,
    "Employment history": 2,
    "Credit history": 3,
    "Collateral": 4,
    "Insufficient cash (downpayment, closing costs)": 5,
    "Unverifiable information": 6,
    "Credit application incomplete": 7,
    "Mortgage insurance denied": 8,
    "Other": 9,
}
_REASON_CODES = range(1, 10)
_REASON_COLUMNS = (
    *(f"denial_reason-{n}" for n in range(1, 5)),
    *(f"denial_reason_{n}" for n in range(1, 4)),
)

HMDA_LABEL_COLUMNS = frozenset({"action_taken", "lei", "respondent_id", *_REASON_COLUMNS})
"""The columns that `hmda_labels` reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HmdaLabels:
    """What a row of the HMDA register says about the decision.

    Attributes:
        denied: True where the lender denied, False where the loan was originated, None where
            neither happened (withdrawn, incomplete, purchased, preapproval only): no label.
        reason_codes: HMDA denial reason codes 1-9 in the order listed; empty unless denied, and
            on denied rows of lenders exempt from reporting them.
        category_sets: for each code, the categories of which at least one holds.
        lender_id: who reported the row, for splits by lender; None where not given. Never an
            input.
    """

    denied: bool | None
    reason_codes: tuple[int, ...]
    category_sets: tuple[frozenset[DenialCategory], ...]
    lender_id: str | None


def hmda_labels(row: Mapping[str, object]) -> HmdaLabels:
    """Returns the partial labels of a register row of either schema.

    Args:
        row: cells by column; only `HMDA_LABEL_COLUMNS` are read. Codes that name no reason
            (10 not applicable, 1111 exempt) are left out.

    Raises:
        RowValueError: a denial reason is neither a code nor a label of one.
    """
    cells = Cells(row)
    action = cells.text("action_taken")
    denied = True if action in _DENIED else False if action in _ORIGINATED else None
    codes = tuple(_reason_codes(cells)) if denied else ()
    return HmdaLabels(
        denied=denied,
        reason_codes=codes,
        category_sets=tuple(categories_of_hmda_code(code) for code in codes),
        lender_id=cells.text("lei") or cells.text("respondent_id"),
    )


def _reason_codes(cells: Cells) -> Iterable[int]:
    listed = (_reason_code(cells, column) for column in _REASON_COLUMNS)
    return dict.fromkeys(code for code in listed if code is not None and code in _REASON_CODES)


def _reason_code(cells: Cells, column: str) -> int | None:
    text = cells.text(column)
    code = _REASON_LABELS.get(text, text) if text else None
    if code is not None and not str(code).isdecimal():
        raise wrong_cell(column, expected="the code or the label of a denial reason")
    return None if code is None else int(code)


LENDINGCLUB_LABEL_COLUMNS = frozenset({"issue_d", "last_pymnt_d", "loan_status"})
"""The columns that `lendingclub_labels` reads."""

_LAST_PAYMENT_MONTHS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingClubLabels:
    """What became of a loan.

    Attributes:
        defaulted: charged off at any time of the loan's life; None while it is not over.
        defaulted_within_12_months: charged off with the last payment, if any, at most 7 months
            after issue, as a charge-off follows about 150 days later; None where not known.
        issue_month: when it was made, ISO 8601 ("2011-09"), for splits by time; None where not
            given.
    """

    defaulted: bool | None
    defaulted_within_12_months: bool | None
    issue_month: str | None = None


def lendingclub_labels(row: Mapping[str, object]) -> LendingClubLabels:
    """Returns the outcome of a loan; only `LENDINGCLUB_LABEL_COLUMNS` are read.

    Raises:
        RowValueError: a date is none.
    """
    cells = Cells(row)
    status = cells.text("loan_status") or ""
    issued = month_of(cells, "issue_d")
    month = None if issued is None else f"{issued:%Y-%m}"
    if status.endswith("Fully Paid"):
        return LendingClubLabels(
            defaulted=False, defaulted_within_12_months=False, issue_month=month
        )
    if not status.endswith("Charged Off"):
        return LendingClubLabels(defaulted=None, defaulted_within_12_months=None, issue_month=month)
    paid = month_of(cells, "last_pymnt_d")
    early = None
    if issued is not None:
        num_months = (
            0 if paid is None else (paid.year - issued.year) * 12 + paid.month - issued.month
        )
        early = num_months <= _LAST_PAYMENT_MONTHS
    return LendingClubLabels(defaulted=True, defaulted_within_12_months=early, issue_month=month)
