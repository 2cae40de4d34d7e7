"""Small registers and loan files, made up, in the columns of the real ones."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

REASONS = ("1", "3", "4", "2;1")
"""Denial reasons of the rows, several parted by semicolons."""


@pytest.fixture
def new_register(tmp_path: Path) -> Callable[..., Path]:
    """Writes a register: of each lender so many denied rows, and as many originated ones."""

    def write(num_denied: dict[str, int], *, name: str = "register.csv") -> Path:
        rows = [
            {
                "lei": lender,
                "action_taken": action,
                "loan_amount": 105000 + 10000 * number,
                "income": 40 + number,
                "derived_loan_product_type": "Conventional:First Lien",
                **_reasons(number if action == 3 else None),
            }
            for lender, num in num_denied.items()
            for number in range(num)
            for action in (1, 3)
        ]
        return _write(tmp_path / name, rows)

    return write


def _reasons(number: int | None) -> dict[str, str]:
    codes = [] if number is None else REASONS[number % len(REASONS)].split(";")
    return {f"denial_reason-{n}": code for n, code in enumerate([*codes, "", ""][:2], start=1)}


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    """Writes 60 loans of six months, ten in each, two of which failed."""
    rows = [
        {
            "loan_amnt": 5000 + 100 * number,
            "desc": f"Debt consolidation, loan {number} of the month.",
            "title": "One payment",
            "annual_inc": 50000,
            "issue_d": f"2010-{month:02}-01",
            "last_pymnt_d": "2011-09-01",
            "loan_status": "Charged Off" if number < 2 else "Fully Paid",
        }
        for month in range(7, 13)
        for number in range(10)
    ]
    return _write(tmp_path / "loans.csv", rows)


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
