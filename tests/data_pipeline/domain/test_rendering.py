import re
from dataclasses import fields
from enum import StrEnum
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import (
    FIELD_NAMES,
    EmptyApplicationError,
    LoanApplication,
    LoanProduct,
    Occupancy,
)
from data_pipeline.domain.rendering import FieldLine, field_lines, render_text

_UPPER = {"lien_position": 9, "loan_term_months": 1200, "credit_score": 1000}
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def _upper_bound(name: str) -> float:
    if name.endswith("_ratio"):
        return 10
    if name.endswith("_years"):
        return 100
    if name == "interest_rate_percent":
        return 1000
    return _UPPER.get(name, 1e12)


def _values(name: str, kind: type) -> st.SearchStrategy[object]:
    if name == "state":
        return st.text("abcXYZ", min_size=2, max_size=2)
    if issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    if kind is str:
        return _texts.filter(str.strip)
    low = 1 if name == "lien_position" else -1e12 if name == "annual_income_usd" else 0
    if kind is int:
        return st.integers(int(low), int(_upper_bound(name)))
    return st.floats(low, _upper_bound(name)) | st.integers(int(low), int(_upper_bound(name)))


applications = (
    st.fixed_dictionaries(
        {}, optional={f.name: _values(f.name, get_args(f.type)[0]) for f in fields(LoanApplication)}
    )
    .filter(bool)
    .map(lambda given_fields: LoanApplication(**given_fields))
)


@given(applications)
def test_every_valid_application_renders_and_renders_the_same_again(application):
    assert render_text(application) == render_text(application)
    assert render_text(application).strip()


@given(applications)
def test_the_free_text_stands_first_and_verbatim(application):
    rendered = render_text(application)
    if application.text is not None:
        assert rendered.startswith(application.text)
        rest = rendered.removeprefix(application.text)
        assert rest == "" or rest.startswith("\n\n")


@given(applications)
def test_each_given_field_is_exactly_one_line_and_an_absent_field_none(application):
    rendered = render_text(application).removeprefix(application.text or "").lstrip("\n")
    num_given = sum(getattr(application, name) is not None for name in FIELD_NAMES[1:])
    lines = rendered.splitlines()
    assert len(lines) == num_given
    assert all(re.match(r"[A-Z][A-Za-z0-9 -]+: \S", line) for line in lines)


@given(applications)
def test_no_number_is_in_scientific_notation(application):
    numbers_only = LoanApplication(
        text="x",
        **{
            name: value
            for name in FIELD_NAMES[1:]
            if isinstance(value := getattr(application, name), int | float)
        },
    )
    assert not re.search(r"\d[eE][-+]?\d", render_text(numbers_only))


@given(st.integers(0, 10**9))
def test_a_whole_float_renders_like_the_integer(amount):
    as_float = LoanApplication(loan_amount_usd=float(amount))
    assert render_text(as_float) == render_text(LoanApplication(loan_amount_usd=amount))


@pytest.mark.parametrize("name", FIELD_NAMES[1:])
def test_every_field_of_the_application_has_a_line(name):
    kind = get_args(next(f.type for f in fields(LoanApplication) if f.name == name))[0]
    value = "ab" if kind is str else next(iter(kind)) if issubclass(kind, StrEnum) else kind(1)
    assert render_text(LoanApplication(**{name: value})).count("\n") == 0


def test_values_read_as_lenders_write_them():
    application = LoanApplication(
        text="Please see the attached file.\n",
        product=LoanProduct.HELOC,
        loan_amount_usd=12500.0,
        loan_term_months=360,
        interest_rate_percent=6.875,
        annual_income_usd=-1234.5,
        debt_to_income_ratio=0.4567,
        employment_length_years=1,
        credit_score=712.0,
        occupancy=Occupancy.PRINCIPAL_RESIDENCE,
        purpose="kitchen,\r\n then\troof",
        lien_position=2,
        state="ny",
    )
    assert render_text(application) == (
        "Please see the attached file.\n\n\n"
        "Product: home equity line of credit\n"
        "Loan purpose: kitchen, then roof\n"
        "Loan amount: $12,500\n"
        "Loan term: 360 months\n"
        "Interest rate requested: 6.875%\n"
        "Gross income: -$1,234.50 a year\n"
        "Debt-to-income ratio: 45.7%\n"
        "Time with employer: 1 year\n"
        "Credit score: 712\n"
        "State: NY\n"
        "Occupancy: principal residence\n"
        "Lien: subordinate lien"
    )


def test_a_negative_zero_loses_its_sign():
    application = LoanApplication(annual_income_usd=-0.0, debt_to_income_ratio=-0.0)
    assert render_text(application) == "Gross income: $0 a year\nDebt-to-income ratio: 0.0%"


def test_nothing_at_all_is_no_application():
    with pytest.raises(EmptyApplicationError):
        LoanApplication()


def test_the_rendered_fields_are_found_again_behind_the_text():
    application = LoanApplication(
        text="Asks for 5,000.\nState: of mind\nand more", state="ny", credit_score=700
    )
    text = render_text(application)
    lines = field_lines(text)
    assert [line.field for line in lines] == ["credit_score", "state"]
    assert [text[line.start : line.end] for line in lines] == ["Credit score: 700", "State: NY"]


def test_a_text_of_fields_alone_and_one_without_any():
    assert field_lines("State: NY") == (FieldLine("state", 0, 9),)
    assert field_lines("State: NY\n") == field_lines("") == field_lines("no field") == ()
