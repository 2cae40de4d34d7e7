import re
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import FIELD_NAMES, FieldValueError, LoanApplication
from data_pipeline.errors import DataError

PROHIBITED_BASIS_WORDS = [
    "race", "color", "religion", "ethnic", "national", "origin", "citizen", "immigra", "language",
    "sex", "gender", "marital", "married", "spouse", "child", "dependent", "pregnan", "birth",
    "assistance", "welfare", "disab", "name", "ssn", "minority", "tract", "county", "zip", "lei",
]  # fmt: skip
POST_DECISION_WORDS = [
    "denial", "denied", "approved", "action", "decision", "outcome", "default", "charged",
    "rate_spread", "hoepa", "points", "fees", "origination", "lender_credits", "purchaser", "aus",
    "grade", "funded", "recover", "settlement", "collection", "status_of_loan", "loan_status",
]  # fmt: skip


@pytest.mark.parametrize("word", [*PROHIBITED_BASIS_WORDS, *POST_DECISION_WORDS])
def test_no_field_names_a_prohibited_basis_or_an_outcome(word):
    assert not [name for name in FIELD_NAMES if re.search(rf"(^|_){word}", name)]


def test_the_only_ages_are_those_of_a_business():
    ages = [name for name in FIELD_NAMES if "age" in name.split("_")]
    assert ages == ["business_age_years"]


def test_a_field_that_does_not_exist_cannot_be_given():
    with pytest.raises(TypeError):
        LoanApplication(text="x", applicant_sex="female")
    with pytest.raises((AttributeError, FrozenInstanceError, TypeError)):
        LoanApplication(text="x").applicant_sex = "female"


@given(st.sampled_from(FIELD_NAMES), st.binary() | st.lists(st.integers()) | st.booleans())
def test_a_value_of_a_foreign_type_is_refused_with_its_field(name, value):
    with pytest.raises(FieldValueError) as caught:
        LoanApplication(**{name: value})
    assert caught.value.field == name


NUMBER_FIELDS = [f.name for f in fields(LoanApplication) if f.type in {float | None, int | None}]


@pytest.mark.parametrize("name", NUMBER_FIELDS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e13, 1e13, "12", True])
def test_a_number_out_of_range_is_refused(name, value):
    with pytest.raises(FieldValueError):
        LoanApplication(**{name: value})


@pytest.mark.parametrize("name", [n for n in NUMBER_FIELDS if n != "annual_income_usd"])
def test_only_income_may_be_negative(name):
    assert LoanApplication(annual_income_usd=-1).annual_income_usd == -1
    with pytest.raises(FieldValueError):
        LoanApplication(**{name: -1})


def test_a_percentage_given_as_a_ratio_is_refused_with_a_hint():
    with pytest.raises(FieldValueError, match=r"0\.43 means 43 percent"):
        LoanApplication(debt_to_income_ratio=43)


@pytest.mark.parametrize("text", ["", "  \n", "a\0b", "\ud800"])
def test_a_text_that_cannot_be_stored_is_refused(text):
    with pytest.raises(FieldValueError):
        LoanApplication(text=text)


def test_a_message_never_quotes_the_value():
    with pytest.raises(DataError) as caught:
        LoanApplication(state="canary-4711")
    assert "canary" not in str(caught.value)
