import csv

import pytest

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.sources import Row, RowValueError, read_rows
from data_pipeline.sources.lendingclub import INPUT_COLUMNS, application_from_lendingclub

INVENTED = {
    "loan_amnt": 7000,
    "term": " 36 months",
    "emp_length": "10+ years",
    "home_ownership": "RENT",
    "annual_inc": 60000.0,
    "issue_d": "2011-09-01",
    "desc": "  Borrower added on 09/01/11 > New roof &amp; gutters.<br/><br>Thanks.<br/>",
    "purpose": "home_improvement",
    "title": "Roof",
    "addr_state": "OH",
    "dti": 12.0,
    "delinq_2yrs": "0",
    "earliest_cr_line": "2001-09-01",
    "inq_last_6mths": "1",
    "open_acc": "8",
    "pub_rec": "0",
    "revol_util": 0.452,
}
OUTCOMES = {
    "funded_amnt": 6900, "int_rate": 0.1, "grade": "B", "sub_grade": "B3", "installment": 220.1,
    "total_pymnt": 7900.0, "recoveries": 0.0, "last_pymnt_d": "2013-01-01", "settlement_status": "",
    "loan_status": "Charged Off", "emp_title": "canary", "url": "canary", "zip_code": "432xx",
    "collection_recovery_fee": 0.0, "debt_settlement_flag": "N", "verification_status": "Verified",
}  # fmt: skip


def test_a_loan_becomes_an_application_in_our_units():
    assert application_from_lendingclub(INVENTED) == LoanApplication(
        text="Roof\nNew roof & gutters.\n\nThanks.",
        product=LoanProduct.PERSONAL,
        purpose="home improvement",
        loan_amount_usd=7000,
        loan_term_months=36,
        annual_income_usd=60_000,
        monthly_debt_payments_usd=600,
        employment_length_years=10,
        num_open_accounts=8,
        num_delinquencies_2y=0,
        num_public_records=0,
        num_inquiries_6m=1,
        credit_history_years=10,
        revolving_utilization_ratio=0.452,
        housing_status="rents",
        state="OH",
    )


def test_outcomes_and_what_points_at_a_person_are_never_read():
    assert not INPUT_COLUMNS & set(OUTCOMES)
    with_outcomes = application_from_lendingclub(INVENTED | OUTCOMES)
    assert with_outcomes == application_from_lendingclub(INVENTED)


def test_the_stamp_of_an_addition_takes_its_member_number_along():
    cells = {"desc": " 123456 added on 11/19/09 > First.<br/> Borrower added on 11/20/09 > More."}
    assert application_from_lendingclub(cells).text == "First.\nMore."


@pytest.mark.parametrize(
    ("value", "ratio"), [("45.2%", 0.452), (45.2, 0.452), (0.452, 0.452), ("0%", 0.0), (1.2, 1.2)]
)
def test_utilization_is_understood_in_either_unit(value, ratio):
    application = application_from_lendingclub(INVENTED | {"revol_util": value})
    assert application.revolving_utilization_ratio == pytest.approx(ratio)


@pytest.mark.parametrize(("cell", "years"), [("< 1 year", 0.5), ("1 year", 1), ("9 years", 9)])
def test_employment_length_is_read_from_its_words(cell, years):
    application = application_from_lendingclub(INVENTED | {"emp_length": cell})
    assert application.employment_length_years == years


def test_dates_are_understood_in_either_layout():
    cells = {"earliest_cr_line": "Sep-2001", "issue_d": "Sep-2011"}
    assert application_from_lendingclub(INVENTED | cells).credit_history_years == 10


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("term", "long"),
        ("emp_length", "ages"),
        ("home_ownership", "CASTLE"),
        ("issue_d", "yesterday"),
        ("open_acc", 1.5),
        ("annual_inc", "plenty"),
        ("desc", "a\0b"),
    ],
)
def test_a_cell_that_its_column_does_not_know_is_an_error_with_its_column(column, value):
    with pytest.raises(RowValueError) as caught:
        application_from_lendingclub(INVENTED | {column: value})
    assert caught.value.field == column


def test_an_empty_loan_is_an_empty_application():
    with pytest.raises(RowValueError) as caught:
        application_from_lendingclub(dict.fromkeys(INVENTED))
    assert caught.value.code == "empty_application"


@pytest.mark.parametrize("name", ["auto", "lendingclub"])
def test_a_file_of_loans_is_detected_by_its_columns(tmp_path, name):
    path = tmp_path / "loans.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*INVENTED, *OUTCOMES])
        writer.writeheader()
        writer.writerows([INVENTED | OUTCOMES, INVENTED | OUTCOMES | {"desc": "", "title": ""}])
    rows = list(read_rows(path, format=name))
    assert all(isinstance(row, Row) for row in rows)
    assert rows[0].application == application_from_lendingclub(INVENTED)
    assert rows[1].application.text is None
