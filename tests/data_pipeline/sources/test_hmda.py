import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication, LoanProduct, Occupancy
from data_pipeline.domain.rendering import render_text
from data_pipeline.sources import Row, RowError, RowValueError, hmda, hmda_legacy, read_rows
from data_pipeline.sources.hmda import application_from_hmda
from data_pipeline.sources.hmda_legacy import application_from_hmda_legacy
from data_pipeline.sources.labels import HMDA_LABEL_COLUMNS

DATA = Path(__file__).parents[2] / "data"
SAMPLE, LEGACY_SAMPLE = DATA / "hmda_sample.csv", DATA / "hmda_legacy_sample.csv"

NEVER_AN_INPUT = [
    "race", "ethnicity", "sex", "age", "tract", "minority", "county", "lei", "respondent", "agency",
    "msa", "median", "observed", "62", "reverse", "population", "census", "derived", "conforming",
    "interest_rate", "rate_spread", "hoepa", "costs", "points", "fees", "charges", "credits",
    "purchaser", "initially", "denial", "aus", "action", "edit_status", "year", "src",
    "family_units", "owner_occupied_units",
]  # fmt: skip


def cells_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("columns", [hmda.INPUT_COLUMNS, hmda_legacy.INPUT_COLUMNS])
@pytest.mark.parametrize("word", NEVER_AN_INPUT)
def test_no_column_that_is_never_an_input_is_on_the_allow_list(columns, word):
    assert not [name for name in columns if f"_{word}_" in f"_{name.replace('-', '_')}_"]


def test_input_and_label_columns_do_not_overlap():
    assert not (hmda.INPUT_COLUMNS | hmda_legacy.INPUT_COLUMNS) & HMDA_LABEL_COLUMNS


@pytest.mark.parametrize("path", [SAMPLE, LEGACY_SAMPLE])
@pytest.mark.parametrize("name", ["auto", "hmda"])
def test_every_row_of_a_register_becomes_one_application(path, name):
    rows = list(read_rows(path, format=name))
    assert [row.number for row in rows] == list(range(1, 41))
    assert [row.id for row in rows] == [str(n) for n in range(1, 41)]
    assert all(isinstance(row, Row) for row in rows)
    assert all(row.application.text is None for row in rows)


@pytest.mark.parametrize(
    ("path", "convert", "columns"),
    [
        (SAMPLE, application_from_hmda, hmda.INPUT_COLUMNS),
        (LEGACY_SAMPLE, application_from_hmda_legacy, hmda_legacy.INPUT_COLUMNS),
    ],
)
def test_columns_beyond_the_allow_list_change_nothing(path, convert, columns):
    for cells in cells_of(path):
        allowed = {name: value for name, value in cells.items() if name in columns}
        scrambled = cells | {name: "canary" for name in cells if name not in columns}
        assert convert(allowed) == convert(cells) == convert(scrambled)


def as_a_database_has_it(cell):
    try:
        return Decimal(cell)
    except InvalidOperation:
        return cell.encode()


@pytest.mark.parametrize(
    ("path", "convert"),
    [(SAMPLE, application_from_hmda), (LEGACY_SAMPLE, application_from_hmda_legacy)],
)
def test_cells_may_be_decimals_and_bytes(path, convert):
    for cells in cells_of(path):
        typed = {name: as_a_database_has_it(cell) for name, cell in cells.items()}
        assert convert(typed) == convert(cells)


@pytest.mark.parametrize("path", [SAMPLE, LEGACY_SAMPLE])
def test_no_prohibited_basis_or_outcome_stands_in_the_rendered_text(path):
    words = ["Hispanic", "White", "Black", "Asian", "Male", "Female", "denied", "originated"]
    for row in read_rows(path):
        text = render_text(row.application)
        assert not [word for word in words if word in text]


MORTGAGE = {
    "loan_type": "2",
    "loan_purpose": "32",
    "lien_status": "1",
    "preapproval": "1",
    "open-end_line_of_credit": "2",
    "business_or_commercial_purpose": "1",
    "loan_amount": "255000.0",
    "loan_to_value_ratio": "96.5",
    "loan_term": "360",
    "intro_rate_period": "60",
    "negative_amortization": "2",
    "interest_only_payment": "1",
    "balloon_payment": "1",
    "other_nonamortizing_features": "2",
    "property_value": "275000",
    "construction_method": "1",
    "occupancy_type": "3",
    "manufactured_home_secured_property_type": "3",
    "manufactured_home_land_property_interest": "5",
    "total_units": "4",
    "income": "78.0",
    "debt_to_income_ratio": "43",
    "state_code": "CA",
}


def test_codes_become_words_and_units_become_ours():
    assert application_from_hmda(MORTGAGE) == LoanApplication(
        product=LoanProduct.MORTGAGE,
        purpose="cash-out refinancing, primarily business or commercial",
        loan_amount_usd=255_000,
        loan_term_months=360,
        loan_features="preapproval requested, interest-only payments, balloon payment, "
        "rate may change after 60 months",
        annual_income_usd=78_000,
        debt_to_income_ratio=0.43,
        property_value_usd=275_000,
        loan_to_value_ratio=0.965,
        state="CA",
        occupancy=Occupancy.INVESTMENT,
        property_type="site-built home",
        num_units=4,
        lien_position=1,
        loan_program="FHA-insured",
    )


def test_numbers_and_text_cells_give_the_same_application():
    numbers = {
        name: float(value) if value.replace(".", "").isdigit() else value
        for name, value in MORTGAGE.items()
    }
    assert application_from_hmda(numbers) == application_from_hmda(MORTGAGE)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("<20%", "under 20%"),
        ("20%-<30%", "20% to under 30%"),
        ("30%-<36%", "30% to under 36%"),
        ("50%-60%", "50% to 60%"),
        (">60%", "over 60%"),
    ],
)
def test_a_debt_to_income_range_keeps_its_meaning(cell, words):
    application = application_from_hmda(MORTGAGE | {"debt_to_income_ratio": cell})
    assert application.debt_to_income_ratio is None
    assert application.debt_to_income_range == words


@pytest.mark.parametrize(
    ("cells", "product", "property_type", "num_units"),
    [
        ({"open-end_line_of_credit": "1"}, LoanProduct.HELOC, "site-built home", 4),
        (
            {
                "construction_method": "2",
                "manufactured_home_secured_property_type": "2",
                "manufactured_home_land_property_interest": "3",
            },
            LoanProduct.MANUFACTURED_HOME,
            "manufactured home, home without land, paid leasehold of the land",
            4,
        ),
        (
            {"total_units": ">149"},
            LoanProduct.MORTGAGE,
            "site-built home, over 149 units",
            None,
        ),
        ({"total_units": "5-24"}, LoanProduct.MORTGAGE, "site-built home, 5-24 units", None),
    ],
)
def test_product_and_property_follow_the_register(cells, product, property_type, num_units):
    application = application_from_hmda(MORTGAGE | cells)
    assert application.product is product
    assert application.property_type == property_type
    assert application.num_units == num_units


@pytest.mark.parametrize("missing", ["", "NA", "Exempt", None, float("nan")])
def test_a_missing_value_is_absent_whatever_stands_for_it(missing):
    only_amount = dict.fromkeys(MORTGAGE, missing) | {"loan_amount": 5000}
    assert application_from_hmda(only_amount) == LoanApplication(
        product=LoanProduct.MORTGAGE, loan_amount_usd=5000
    )
    with pytest.raises(RowValueError) as caught:
        application_from_hmda(dict.fromkeys(MORTGAGE, missing))
    assert caught.value.code == "empty_application"


@pytest.mark.parametrize("column", ["balloon_payment", "open-end_line_of_credit", "loan_purpose"])
def test_an_exempt_code_is_absent(column):
    assert application_from_hmda(MORTGAGE | {column: "1111"}) is not None


def test_a_loss_is_a_negative_income():
    assert application_from_hmda(MORTGAGE | {"income": "-12"}).annual_income_usd == -12_000


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("loan_type", "7"),
        ("loan_purpose", "3"),
        ("loan_amount", "a lot"),
        ("income", "inf"),
        ("total_units", "2.5"),
        ("debt_to_income_ratio", "high"),
        ("lien_status", True),
        ("occupancy_type", [1]),
    ],
)
def test_a_code_or_number_that_the_schema_does_not_know_names_its_column(column, value):
    with pytest.raises(RowValueError) as caught:
        application_from_hmda(MORTGAGE | {column: value})
    assert (caught.value.code, caught.value.field) == ("invalid_field", column)


@given(
    st.dictionaries(
        st.sampled_from(sorted(hmda.INPUT_COLUMNS | hmda_legacy.INPUT_COLUMNS)),
        st.none() | st.integers(-5, 5000) | st.floats() | st.text(max_size=5),
    )
)
def test_any_row_is_an_application_or_a_row_error(cells):
    for convert in (application_from_hmda, application_from_hmda_legacy):
        try:
            application = convert(cells)
        except RowValueError:
            continue
        assert render_text(application)


def test_outcome_columns_may_be_absent(tmp_path):
    rows = [{k: v for k, v in r.items() if k in hmda.INPUT_COLUMNS} for r in cells_of(SAMPLE)]
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert list(read_rows(path, format="hmda")) == list(read_rows(SAMPLE))


def test_a_bad_row_of_a_register_is_an_error_with_its_number(tmp_path):
    lines = SAMPLE.read_text().splitlines()
    lines[2] = lines[2].replace("515000.0", "a lot")
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines))
    rows = list(read_rows(path))
    bad = [row for row in rows if isinstance(row, RowError)]
    assert [(row.number, row.id, row.code, row.field) for row in bad] == [
        (2, "2", "invalid_field", "loan_amount")
    ]
    assert len(rows) == 40


LEGACY = {
    "loan_type": "VA-guaranteed",
    "property_type": "One-to-four family dwelling (other than manufactured housing)",
    "loan_purpose": "Refinancing",
    "owner_occupancy": "Not owner-occupied as a principal dwelling",
    "loan_amount_000s": "417",
    "preapproval": "Preapproval was requested",
    "applicant_income_000s": "60",
    "lien_status": "Not secured by a lien",
    "state_abbr": "TX",
}


def test_legacy_labels_become_words_and_thousands_dollars():
    assert application_from_hmda_legacy(LEGACY) == LoanApplication(
        product=LoanProduct.MORTGAGE,
        purpose="refinancing",
        loan_amount_usd=417_000,
        loan_features="preapproval requested, not secured by a lien",
        annual_income_usd=60_000,
        state="TX",
        property_type="one-to-four family dwelling, not owner-occupied",
        loan_program="VA-guaranteed",
    )


def test_legacy_codes_say_the_same_as_legacy_labels():
    codes = LEGACY | {
        "loan_type": 3,
        "property_type": 1,
        "loan_purpose": 3,
        "owner_occupancy": 2,
        "preapproval": 1,
        "lien_status": 3,
    }
    assert application_from_hmda_legacy(codes) == application_from_hmda_legacy(LEGACY)


def test_a_legacy_manufactured_home_is_its_own_product():
    cells = {
        "property_type": "Manufactured housing",
        "owner_occupancy": "Owner-occupied as a principal dwelling",
        "lien_status": "Secured by a subordinate lien",
    }
    application = application_from_hmda_legacy(LEGACY | cells)
    assert application.product is LoanProduct.MANUFACTURED_HOME
    assert application.occupancy is Occupancy.PRINCIPAL_RESIDENCE
    assert application.lien_position == 2
