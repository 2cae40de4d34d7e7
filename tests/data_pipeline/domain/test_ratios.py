import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_pipeline.domain.ratios import (
    RatioError,
    debt_to_income_ratio,
    loan_to_income_ratio,
    loan_to_value_ratio,
    monthly_instalment_usd,
)

amounts = st.floats(1, 1e9)
rates = st.floats(0, 1000)
terms = st.integers(1, 1200)


@given(amounts, rates, terms)
def test_instalments_repay_at_least_the_principal(principal, rate, term):
    instalment = monthly_instalment_usd(principal, annual_rate_percent=rate, term_months=term)
    assert instalment * term >= principal * (1 - 1e-9)


@given(amounts, rates, terms)
def test_an_instalment_covers_the_first_interest_and_no_more_than_all_of_it(principal, rate, term):
    instalment = monthly_instalment_usd(principal, annual_rate_percent=rate, term_months=term)
    interest = principal * rate / 1200
    assert interest * (1 - 1e-9) <= instalment <= (principal + interest) * (1 + 1e-9)


@given(st.floats(1000, 1e6), st.floats(0.01, 60), st.integers(1, 360))
def test_paying_the_instalment_for_the_term_leaves_no_balance(principal, rate, term):
    instalment = monthly_instalment_usd(principal, annual_rate_percent=rate, term_months=term)
    balance = principal
    for _ in range(term):
        balance += balance * rate / 1200 - instalment
    growth = (1 + rate / 1200) ** term
    assert abs(balance) <= 1e-9 * principal * growth


def test_a_textbook_mortgage_costs_what_the_textbook_says():
    instalment = monthly_instalment_usd(200_000, annual_rate_percent=6, term_months=360)
    assert instalment == pytest.approx(1199.10, abs=0.01)


@given(st.integers(1, 10**7))
def test_any_term_at_the_highest_rate_is_finite(term):
    assert monthly_instalment_usd(1000, annual_rate_percent=1000, term_months=term) < 2000


@given(st.floats(0, 1e-9), terms)
def test_a_rate_near_zero_gives_equal_shares(rate, term):
    instalment = monthly_instalment_usd(1200, annual_rate_percent=rate, term_months=term)
    assert instalment == pytest.approx(1200 / term, rel=1e-6)


@given(amounts, amounts, st.floats(1, 100))
def test_ratios_do_not_depend_on_the_currency_unit(loan, value, factor):
    ratio = loan_to_value_ratio(loan_amount_usd=loan, property_value_usd=value)
    scaled = loan_to_value_ratio(loan_amount_usd=loan * factor, property_value_usd=value * factor)
    assert scaled == pytest.approx(ratio)


@given(amounts, amounts)
def test_debt_to_income_is_twelve_times_monthly_debt_over_annual_income(debts, income):
    ratio = debt_to_income_ratio(monthly_debts_usd=debts, annual_income_usd=income)
    yearly = loan_to_income_ratio(loan_amount_usd=debts, annual_income_usd=income)
    assert ratio == pytest.approx(12 * yearly)


def test_known_ratios():
    assert debt_to_income_ratio(monthly_debts_usd=2150, annual_income_usd=60_000) == 0.43
    assert loan_to_value_ratio(loan_amount_usd=80_000, property_value_usd=100_000) == 0.80
    assert loan_to_income_ratio(loan_amount_usd=150_000, annual_income_usd=50_000) == 3.0


@given(st.floats(), st.floats())
def test_any_two_numbers_give_a_finite_ratio_or_a_ratio_error(numerator, denominator):
    try:
        ratio = loan_to_value_ratio(loan_amount_usd=numerator, property_value_usd=denominator)
        dti = debt_to_income_ratio(monthly_debts_usd=numerator, annual_income_usd=denominator)
    except RatioError:
        return
    assert 0 <= ratio < float("inf")
    assert 0 <= dti < float("inf")


@pytest.mark.parametrize("name", ["loan_amount_usd", "property_value_usd"])
def test_an_amount_below_zero_is_refused_by_its_name(name):
    amounts = {"loan_amount_usd": 1.0, "property_value_usd": 1.0, name: -1.0}
    with pytest.raises(RatioError, match=f"^{name}: expected"):
        loan_to_value_ratio(**amounts)


@example(sys.float_info.max, 1.0, 1)
@given(st.floats(), st.floats(), st.integers())
def test_any_loan_has_a_finite_instalment_or_a_ratio_error(principal, rate, term):
    try:
        instalment = monthly_instalment_usd(principal, annual_rate_percent=rate, term_months=term)
    except RatioError:
        return
    assert 0 <= instalment < float("inf")
