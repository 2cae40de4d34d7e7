"""Loan arithmetic: debt-to-income, loan-to-value, loan-to-income and the level instalment."""

from math import expm1, isfinite, log1p

from data_pipeline.errors import DataError

_MONTHS_PER_YEAR = 12
_MAX_RATE_PERCENT = 1000


class RatioError(DataError, ValueError):
    """An amount for which the ratio is not defined; the message names it and what is expected."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise RatioError(message)


def _quotient(numerator: float, denominator: float, *, names: tuple[str, str]) -> float:
    _require(numerator >= 0 and isfinite(numerator), f"{names[0]}: expected at least 0")
    _require(denominator > 0 and isfinite(denominator), f"{names[1]}: expected above 0")
    quotient = numerator / denominator
    _require(isfinite(quotient), f"{names[1]}: expected an amount comparable to {names[0]}")
    return quotient


def monthly_instalment_usd(
    principal_usd: float, *, annual_rate_percent: float, term_months: int
) -> float:
    """Returns the level payment that repays a loan, US dollars a month.

    Args:
        principal_usd: amount borrowed, at least 0.
        annual_rate_percent: nominal rate, percent a year compounded monthly, 0 to 1000.
        term_months: number of payments, at least 1.

    Raises:
        RatioError: an argument is out of its range, or the payment is beyond any float.
    """
    _require(principal_usd >= 0 and isfinite(principal_usd), "principal_usd: expected at least 0")
    _require(
        0 <= annual_rate_percent <= _MAX_RATE_PERCENT, "annual_rate_percent: expected 0 to 1000"
    )
    _require(term_months >= 1, "term_months: expected at least 1")
    monthly_rate = annual_rate_percent / 100 / _MONTHS_PER_YEAR
    # 1 - (1 + rate)^-term, without the cancellation at tiny rates or the overflow at long terms.
    repaid_share = -expm1(-term_months * log1p(monthly_rate))
    if repaid_share == 0.0:
        return principal_usd / term_months
    instalment = principal_usd * (monthly_rate / repaid_share)
    _require(isfinite(instalment), "principal_usd: expected an instalment within a float")
    return instalment


def debt_to_income_ratio(*, monthly_debts_usd: float, annual_income_usd: float) -> float:
    """Returns monthly debt payments over gross monthly income, as a ratio (0.43, not 43).

    Raises:
        RatioError: debts are negative, income is not above 0, or the ratio is beyond any float.
    """
    return _quotient(
        monthly_debts_usd * _MONTHS_PER_YEAR,
        annual_income_usd,
        names=("monthly_debts_usd", "annual_income_usd"),
    )


def loan_to_value_ratio(*, loan_amount_usd: float, property_value_usd: float) -> float:
    """Returns loan over collateral value, as a ratio (0.80, not 80).

    Raises:
        RatioError: the loan is negative, the value is not above 0, or the ratio is beyond any
            float.
    """
    return _quotient(
        loan_amount_usd, property_value_usd, names=("loan_amount_usd", "property_value_usd")
    )


def loan_to_income_ratio(*, loan_amount_usd: float, annual_income_usd: float) -> float:
    """Returns loan over gross annual income, as a ratio.

    Raises:
        RatioError: the loan is negative, income is not above 0, or the ratio is beyond any float.
    """
    return _quotient(
        loan_amount_usd, annual_income_usd, names=("loan_amount_usd", "annual_income_usd")
    )
