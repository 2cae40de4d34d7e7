from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import (
    FIELD_NAMES,
    MAX_TEXT_BYTES,
    LoanApplication,
    LoanProduct,
    Occupancy,
)
from data_pipeline.sources import RowValueError, application_from_mapping
from data_pipeline.sources.rows import row_id

KINDS = {f.name: get_args(f.type)[0] for f in fields(LoanApplication)}
NUMBER_FIELDS = [name for name, kind in KINDS.items() if kind in {int, float}]
CANARY = "canary-4711"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_every_field_may_come_as_text_as_a_csv_gives_it():
    cells = {
        name: "AZ" if name == "state" else next(iter(kind)).value if issubclass(kind, StrEnum)
        else "1" for name, kind in KINDS.items()
    }  # fmt: skip
    application = application_from_mapping(cells)
    for name, kind in KINDS.items():
        assert isinstance(getattr(application, name), kind)


def test_a_value_may_come_as_a_database_has_it():
    application = application_from_mapping(
        {
            "text": "Needs a truck. é".encode(),
            "purpose": memoryview(b" "),
            "state": b"TX",
            "loan_amount_usd": Decimal("12500.50"),
            "num_units": Decimal("2.00"),
        }
    )
    assert application == LoanApplication(
        text="Needs a truck. é", state="TX", loan_amount_usd=12500.5, num_units=2
    )


def test_columns_that_are_no_field_are_never_looked_at():
    class Untouchable(dict):
        def get(self, key, default=None):
            assert key in FIELD_NAMES
            return super().get(key, default)

        def __getitem__(self, key):
            assert key in FIELD_NAMES
            return super().__getitem__(key)

    row = Untouchable(text="a truck", denied=True, applicant_sex="female")
    assert application_from_mapping(row) == LoanApplication(text="a truck")


def test_names_of_products_are_understood_in_any_spelling():
    row = {"product": "Credit Card", "occupancy": "second-residence"}
    application = application_from_mapping(row)
    assert application.product is LoanProduct.CREDIT_CARD
    assert application.occupancy is Occupancy.SECOND_RESIDENCE


def test_the_free_text_is_kept_verbatim_while_other_texts_are_trimmed():
    application = application_from_mapping({"text": "  two\n\nlines  ", "state": " CA "})
    assert application.text == "  two\n\nlines  "
    assert application.state == "CA"


@pytest.mark.parametrize("row", [{}, {"text": " \n"}, {"text": None, "num_units": ""}, {"x": 1}])
def test_a_row_without_any_value_is_an_empty_application(row):
    with pytest.raises(RowValueError) as caught:
        application_from_mapping(row)
    assert (caught.value.code, caught.value.field) == ("empty_application", None)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("text", 12, "text: found a number, expected text"),
        ("text", ["a"], "text: found a list, expected text"),
        ("text", {"a": 1}, "text: found an object, expected text"),
        ("loan_amount_usd", "abc", "loan_amount_usd: found text, expected a finite number"),
        ("loan_amount_usd", True, "loan_amount_usd: found true or false, expected a finite number"),
        (
            "loan_amount_usd",
            float("nan"),
            "loan_amount_usd: found a number that is not finite, expected a finite number",
        ),
        ("num_units", 2.5, "num_units: found a number, expected a whole number"),
        ("num_units", 10**400, None),
        ("loan_amount_usd", 10**400, None),
        ("loan_amount_usd", "9" * 400, None),
        ("loan_amount_usd", -1, "loan_amount_usd: expected a number from 0 to 1,000,000,000,000"),
        ("product", "yacht", None),
        ("state", "California", "state: expected a two-letter US state or territory code"),
        ("debt_to_income_ratio", 43, None),
    ],
)
def test_a_value_of_the_wrong_type_or_range_names_its_field(field, value, message):
    with pytest.raises(RowValueError) as caught:
        application_from_mapping({"purpose": "a truck", field: value})
    assert (caught.value.code, caught.value.field) == ("invalid_field", field)
    assert message in {None, str(caught.value)}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\0b", "nul_byte"),
        ("\ud800", "invalid_utf8"),
        (b"a\0b", "nul_byte"),
        (b"\xff", "invalid_utf8"),
    ],
)
@pytest.mark.parametrize("field", ["text", "purpose", "loan_amount_usd"])
def test_text_that_cannot_be_stored_is_named_as_such(field, value, code):
    with pytest.raises(RowValueError) as caught:
        application_from_mapping({field: value})
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("character", ["a", "é", "€", "𝄞"])
def test_the_limit_counts_bytes_of_the_rendered_text(character):
    longest = character * (MAX_TEXT_BYTES // len(character.encode()))
    assert application_from_mapping({"text": longest}).text == longest
    for too_long in [{"text": longest + "aa"}, {"text": longest, "num_units": 1}]:
        with pytest.raises(RowValueError) as caught:
            application_from_mapping(too_long)
        assert (caught.value.code, caught.value.field) == ("text_too_long", "text")
        assert "65,536" in str(caught.value)


@given(st.dictionaries(st.sampled_from(FIELD_NAMES), json_values))
def test_any_json_object_is_an_application_or_an_error_with_a_code(row):
    try:
        application = application_from_mapping(row)
    except RowValueError as error:
        assert error.field is None or error.field in row  # noqa: PT017
        return
    assert isinstance(application, LoanApplication)


@given(st.sampled_from(FIELD_NAMES))
def test_a_message_never_quotes_the_value(field):
    kinds = {name for name, kind in KINDS.items() if kind is str and name != "state"}
    value = [CANARY] if field in kinds else CANARY
    with pytest.raises(RowValueError) as caught:
        application_from_mapping({field: value})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [
        ("a-1", "a-1"),
        (17, "17"),
        (17.0, "17"),
        (Decimal("17.00"), "17"),
        (Decimal(10**37), f"1{'0' * 37}"),
        (UUID(int=17), "00000000-0000-0000-0000-000000000011"),
        ("é-1".encode(), "é-1"),
        (None, "5"),
        (" ", "5"),
        (b"", "5"),
    ],
)
def test_an_id_is_kept_as_text_or_replaced_by_the_row_number(given_id, expected):
    assert row_id(given_id, number=5) == expected


@pytest.mark.parametrize(
    ("given_id", "code"),
    [
        (True, "invalid_field"),
        ([1], "invalid_field"),
        (1.5, "invalid_field"),
        (Decimal("1.5"), "invalid_field"),
        (Decimal("NaN"), "invalid_field"),
        (Decimal("1E+9999"), "invalid_field"),
        ("\0", "nul_byte"),
        (b"\0", "nul_byte"),
        (b"\xff", "invalid_utf8"),
    ],
)
def test_an_id_of_another_type_is_refused(given_id, code):
    with pytest.raises(RowValueError) as caught:
        row_id(given_id, number=5)
    assert (caught.value.code, caught.value.field) == (code, "id")
