"""Application-time fields as a table of numbers, for baselines that read no text.

Source of the columns: the fields of `LoanApplication`, which has no place for a prohibited basis
or for anything known only after the decision.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.ratios import (
    RatioError,
    debt_to_income_ratio,
    loan_to_income_ratio,
    loan_to_value_ratio,
)

MAX_LEVELS = 40
"""Levels of a field in words that get a column of their own, the most frequent first."""

MIN_LEVEL_COUNT = 5
"""A level that occurs less often gets no column."""

_KINDS = {f.name: get_args(f.type)[0] for f in fields(LoanApplication) if f.name != "text"}
_NUMBERS = tuple(name for name, kind in _KINDS.items() if issubclass(kind, int | float))
_WORDS = tuple(name for name, kind in _KINDS.items() if issubclass(kind, str))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """A table of features.

    Attributes:
        names: name of each column.
        values_NF: applications x columns; NaN where a number is not provided.
        levels: levels with a column of their own, by field.
    """

    names: tuple[str, ...]
    values_NF: NDArray[np.float64]
    levels: Mapping[str, tuple[str, ...]]


def feature_table(
    applications: Sequence[LoanApplication],
    *,
    levels: Mapping[str, tuple[str, ...]] | None = None,
) -> FeatureTable:
    """Returns applications as numbers.

    A number stays as it is, an amount in US dollars becomes its signed logarithm, a field in words
    becomes one column of 0 and 1 per level, and three ratios are added that follow from amounts.

    Args:
        applications: the applications.
        levels: levels of an earlier table, so that the columns are the same; None learns them.
    """
    levels = _levels(applications) if levels is None else levels
    columns: dict[str, list[float]] = {
        **{name: [_number(a, name) for a in applications] for name in _NUMBERS},
        **{name: [ratio(a) for a in applications] for name, ratio in _RATIOS.items()},
        **{
            f"{name}={level}": [float(_word(a, name) == level) for a in applications]
            for name in _WORDS
            for level in levels[name]
        },
    }
    values_NF = np.array(list(columns.values()), dtype=np.float64).T
    return FeatureTable(
        names=tuple(columns),
        values_NF=values_NF.reshape(len(applications), len(columns)),
        levels=levels,
    )


def _levels(applications: Sequence[LoanApplication]) -> dict[str, tuple[str, ...]]:
    counts = {name: Counter(_word(a, name) for a in applications) for name in _WORDS}
    return {
        name: tuple(
            level
            for level, count in counter.most_common(MAX_LEVELS + 1)
            if level and count >= MIN_LEVEL_COUNT
        )[:MAX_LEVELS]
        for name, counter in counts.items()
    }


def _word(application: LoanApplication, name: str) -> str:
    value = getattr(application, name)
    return "" if value is None else " ".join(str(value).casefold().split())


def _number(application: LoanApplication, name: str) -> float:
    value = getattr(application, name)
    if value is None:
        return float("nan")
    return float(np.sign(value) * np.log1p(abs(value))) if name.endswith("_usd") else float(value)


def _ratio(compute: Callable[..., float], **arguments: str) -> Callable[[LoanApplication], float]:
    def of(application: LoanApplication) -> float:
        values = {name: getattr(application, source) for name, source in arguments.items()}
        if any(value is None for value in values.values()):
            return float("nan")
        try:
            return compute(**values)
        except RatioError:
            return float("nan")

    return of


_RATIOS: dict[str, Callable[[LoanApplication], float]] = {
    "loan_to_income": _ratio(
        loan_to_income_ratio,
        loan_amount_usd="loan_amount_usd",
        annual_income_usd="annual_income_usd",
    ),
    "loan_to_value": _ratio(
        loan_to_value_ratio,
        loan_amount_usd="loan_amount_usd",
        property_value_usd="property_value_usd",
    ),
    "debts_to_income": _ratio(
        debt_to_income_ratio,
        monthly_debts_usd="monthly_debt_payments_usd",
        annual_income_usd="annual_income_usd",
    ),
}
