"""Cells of public data sets: the same column is a number in one file and text in another."""

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import TypeVar

from data_pipeline.sources.rows import RowValueError, plain_cell, require_clean_text

Value = TypeVar("Value")

_WHOLE = re.compile(r"(-?\d+)\.0+")  # as pandas writes a column with blanks
_ABSENT = frozenset({"", "NA", "N/A", "n/a", "Exempt", "nan", "None"})


class Cells:
    """One row, read column by column; a column is looked at only when it is asked for.

    A column that is missing, blank, NaN, "NA" or "Exempt" is absent: None.
    """

    def __init__(self, row: Mapping[str, object]) -> None:
        """Keeps the row; reads nothing yet."""
        self._row = row

    def text(self, column: str) -> str | None:
        """Returns a cell as trimmed text, whole numbers without a point.

        Raises:
            RowValueError: the cell is neither a number nor text that can be stored.
        """
        value = self._row.get(column)
        if value is None:
            return None
        text = value.strip() if isinstance(value, str) else _number_text(value, column=column)
        if whole := _WHOLE.fullmatch(text):
            text = whole[1]
        if text in _ABSENT:
            return None
        require_clean_text(text, field=column)
        return text

    def number(self, column: str, *, scale: float = 1.0) -> float | None:
        """Returns the number that a cell states, times a scale.

        Raises:
            RowValueError: the cell states none.
        """
        text = self.text(column)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("inf")
        if not isfinite(value):
            raise wrong_cell(column, expected="a number")
        return value * scale

    def whole(self, column: str) -> int | None:
        """Returns the whole number that a cell states.

        Raises:
            RowValueError: the cell states none.
        """
        value = self.number(column)
        if value is None:
            return None
        if not value.is_integer():
            raise wrong_cell(column, expected="a whole number")
        return int(value)

    def choice(self, column: str, values: Mapping[str, Value]) -> Value | None:
        """Returns what a cell's code or label stands for.

        Args:
            column: the column.
            values: what each code or label stands for.

        Raises:
            RowValueError: the cell holds none of them.
        """
        text = self.text(column)
        if text is None:
            return None
        if text not in values:
            raise wrong_cell(column, expected=f"one of {', '.join(values)}")
        return values[text]


def _number_text(value: object, *, column: str) -> str:
    value = plain_cell(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise wrong_cell(column, expected="a number or text")


def wrong_cell(column: str, *, expected: str) -> RowValueError:
    """Returns the error of a cell that does not hold what its column should."""
    message = f"{column}: found something else, expected {expected}"
    return RowValueError("invalid_field", field=column, message=message)


def joined(words: Iterable[str | None]) -> str | None:
    """Returns the words given, with commas; None where there is none."""
    return ", ".join(word for word in words if word) or None
