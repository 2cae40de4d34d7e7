"""An application as it would be after some changes, with what follows from them.

Fields that follow from others move along (the loan-to-value ratio with the amount, the
debt-to-income ratio with debts, income, amount and term), and figures that the free text repeats
are written anew, so that the model does not read two truths. A ratio that only the text gives, by
name, is written anew too where it follows from fields that are given. Where only a range of the
debt-to-income ratio is known it stays: where in it an applicant would come to lie is not known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_pipeline.domain.application import FIELD_NAMES, FieldValueError, LoanApplication
from data_pipeline.domain.ratios import monthly_instalment_usd
from serving.what_if.errors import (
    NotActionableError,
    OutOfBoundsError,
    ProhibitedBasisError,
    StrikeError,
    WhatIfError,
)
from serving.what_if.figures import rewritten, told_ratios
from serving.what_if.table import ActionableField, table

MAX_STRIKES = 20
"""Stretches that may be struck at once."""

_MONTHS_PER_YEAR = 12
_MAX_RATIO = 10.0
_SAME_RATIO = 0.02  # what texts round, and what an assumed rate is off
_WHOLE = {"num_inquiries_6m", "num_open_accounts"}


class UnknownFieldError(WhatIfError):
    """A name that is no field; it is not repeated."""

    def __init__(self) -> None:
        """Takes nothing: the name is the client's text."""
        super().__init__(
            "changes: found a name that is no field of an application, expected one of "
            f"{', '.join(table().fields)}: correct it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field before and after.

    Attributes:
        field: its name.
        before: its value; None where the application gave it neither as a field nor, a ratio, by
            name in its text.
        after: its value after the change.
        is_derived: whether it follows from what was changed.
        mentions: figures of the free text that were written anew.
    """

    field: str
    before: float | None
    after: float
    is_derived: bool
    mentions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedApplication:
    """An application after changes.

    Attributes:
        application: as it would be.
        changes: every field that differs, those asked for first.
        struck: stretches of the text as submitted that were left out.
    """

    application: LoanApplication
    changes: tuple[FieldChange, ...]
    struck: tuple[tuple[int, int], ...]


def changed(
    application: LoanApplication,
    changes: Mapping[str, Any],
    *,
    strike: Sequence[tuple[int, int]] = (),
) -> ChangedApplication:
    """Returns the application after changes of fields, and without stretches of its text.

    Args:
        application: as it is.
        changes: new value of each field to change.
        strike: half-open stretches of the text, in code points.

    Raises:
        ProhibitedBasisError: a name states a prohibited basis.
        NotActionableError: a field cannot be changed by acting, or is not given.
        OutOfBoundsError: a value is further off than the table allows, or no number.
        UnknownFieldError: a name is no field.
        StrikeError: the stretches do not fit the text, or leave nothing.
    """
    wanted = {name: _checked(application, name, value) for name, value in changes.items()}
    text = _without(application.text, strike)
    told = _told_alone(application)
    stated = replace(application, **told)  # type: ignore[arg-type]
    values = dict(wanted)
    values |= {
        name: value for name, value in _derived(stated, wanted).items() if name not in wanted
    }
    given = _figures_of(stated)
    moves = {name: (given[name], value) for name, value in values.items() if name in given}
    mentions: dict[str, int] = {}
    if text is not None:
        text, mentions = rewritten(text, moves, given=given)
    return ChangedApplication(
        application=_replaced(
            application, {n: value for n, value in values.items() if n not in told}, text=text
        ),
        changes=tuple(
            FieldChange(
                field=name,
                before=getattr(stated, name),
                after=value,
                is_derived=name not in wanted,
                mentions=mentions.get(name, 0),
            )
            for name, value in values.items()
            if name not in told or mentions.get(name)
        ),
        struck=tuple(strike),
    )


def refuse_unless_actionable(application: LoanApplication, name: str) -> ActionableField:
    """Returns what the table says of a field that may be changed.

    Raises:
        ProhibitedBasisError: the name states a prohibited basis.
        NotActionableError: the field cannot be changed by acting, or is not given.
        UnknownFieldError: the name is no field.
    """
    if (found := table().basis_of(name)) is not None:
        raise ProhibitedBasisError(field=found[0], basis=found[1])
    if name in table().refused:
        refused = table().refused[name]
        raise NotActionableError(field=name, because=refused.because, clause=refused.clause)
    if name not in table().fields or name not in FIELD_NAMES:
        raise UnknownFieldError
    entry = table().fields[name]
    given = [getattr(application, other) is not None for other in entry.unless_given]
    if given and all(given):
        raise NotActionableError(field=name, because=entry.because, clause="comment 9(b)(2)-4")
    if getattr(application, name) is None:
        raise NotActionableError(
            field=name,
            because="the application does not give it: give it, so that there is a value to change",
            clause=None,
        )
    return entry


def _checked(application: LoanApplication, name: str, value: object) -> float:
    entry = refuse_unless_actionable(application, name)
    low, high = entry.bounds(name, application)
    expected = f"a number from {low:,.6g} to {high:,.6g}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OutOfBoundsError(field=name, expected=expected)
    if not low <= value <= high or (name in _WHOLE and value != int(value)):
        raise OutOfBoundsError(field=name, expected=expected)
    return int(value) if name in _WHOLE else float(value)


def _without(text: str | None, strike: Sequence[tuple[int, int]]) -> str | None:
    if not strike:
        return text
    if text is None:
        raise StrikeError("no text")
    if len(strike) > MAX_STRIKES:
        raise StrikeError(f"{len(strike):,} stretches, more than {MAX_STRIKES}")
    kept, position = [], 0
    for start, end in strike:
        if not position <= start < end <= len(text):
            raise StrikeError("a stretch that is empty, out of order or outside the text")
        kept.append(text[position:start])
        position = end
    left = "".join([*kept, text[position:]])
    return left if left.strip() else None


def _figures_of(application: LoanApplication) -> dict[str, float]:
    values = {name: getattr(application, name) for name in FIELD_NAMES}
    return {name: float(v) for name, v in values.items() if isinstance(v, int | float)}


def _told_alone(application: LoanApplication) -> dict[str, float]:
    """The ratios that the text gives and no field does, as far as they follow from fields."""
    told = told_ratios(application.text or "")
    amount, value = application.loan_amount_usd, application.property_value_usd
    debts, income = application.monthly_debt_payments_usd, application.annual_income_usd
    following: dict[str, float] = {}
    if amount is not None and value:
        following["loan_to_value_ratio"] = amount / value
    if debts is not None and income is not None and income > 0:
        monthly = debts + _payment(application, {})
        following["debt_to_income_ratio"] = monthly * _MONTHS_PER_YEAR / income
    return {
        name: told[name]
        for name, expected in following.items()
        if getattr(application, name) is None
        and name in told
        and abs(told[name] - expected) <= _SAME_RATIO
    }


def _replaced(
    application: LoanApplication, values: Mapping[str, float], *, text: str | None
) -> LoanApplication:
    ranges: dict[str, Any] = {}
    if "debt_to_income_ratio" in values:  # the ratio says more, and the range would be the old one
        ranges["debt_to_income_range"] = None
    try:
        return replace(application, text=text, **values, **ranges)  # type: ignore[arg-type]
    except FieldValueError as error:
        raise OutOfBoundsError(field=error.field, expected=error.expected) from error
    except ValueError:
        raise StrikeError("nothing that would be left") from None


def _derived(application: LoanApplication, wanted: Mapping[str, float]) -> dict[str, float]:
    """Values of fields that follow from those changed, where the application gives both."""
    after = dict(wanted)
    if "down_payment_usd" in wanted and application.loan_amount_usd is not None:
        more = wanted["down_payment_usd"] - (application.down_payment_usd or 0.0)
        after.setdefault("loan_amount_usd", max(0.0, application.loan_amount_usd - more))
    derived = {name: value for name, value in after.items() if name not in wanted}
    for name, value in (
        ("loan_to_value_ratio", _loan_to_value(application, after)),
        ("debt_to_income_ratio", _debt_to_income(application, after)),
    ):
        if value is not None:
            derived[name] = round(min(max(value, 0.0), _MAX_RATIO), 4)
    return derived


def _loan_to_value(application: LoanApplication, after: Mapping[str, float]) -> float | None:
    ratio, value = application.loan_to_value_ratio, application.property_value_usd
    amount = application.loan_amount_usd
    if ratio is None or not value or amount is None or "loan_amount_usd" not in after:
        return None
    # Loans that stand before this one are part of the ratio and stay.
    return ratio + (after["loan_amount_usd"] - amount) / value


def _debt_to_income(application: LoanApplication, after: Mapping[str, float]) -> float | None:
    ratio, income = application.debt_to_income_ratio, application.annual_income_usd
    moves = {"loan_amount_usd", "loan_term_months", "monthly_debt_payments_usd"}
    if ratio is None or not income or income <= 0:
        return None
    if not moves.union({"annual_income_usd"}) & set(after):
        return None
    monthly = ratio * income / _MONTHS_PER_YEAR
    debts = application.monthly_debt_payments_usd
    if debts is not None and "monthly_debt_payments_usd" in after:
        monthly += after["monthly_debt_payments_usd"] - debts
    monthly += _payment(application, after) - _payment(application, {})
    new_income = after.get("annual_income_usd", income)
    return monthly * _MONTHS_PER_YEAR / new_income if new_income > 0 else None


def _payment(application: LoanApplication, after: Mapping[str, float]) -> float:
    """Payment of the requested loan, US dollars a month; assumptions fill what is not given."""
    amount = after.get("loan_amount_usd", application.loan_amount_usd)
    if amount is None:
        return 0.0
    assumed = table().assumed
    given = application.loan_term_months or assumed.term_months
    term = after.get("loan_term_months", given)
    rate = application.interest_rate_percent
    if rate is None:
        rates = assumed.rate_percent
        rate = rates[application.product] if application.product else max(rates.values())
    return monthly_instalment_usd(amount, annual_rate_percent=rate, term_months=max(1, round(term)))


def names_of(changes: Iterable[FieldChange]) -> list[str]:
    """Returns the names of the fields that were asked for, for a log: never a value."""
    return [change.field for change in changes if not change.is_derived]
