"""What the bundled starter says of notes of one line, none of which it learned from."""

import pytest

from model_store.artifact import starter_directory
from model_store.predictor import Predictor

CLEAN_NOTE = "Score 768, DTI 29, LTV 72, eleven years on the job."


@pytest.fixture(scope="module")
def starter():
    return Predictor.load(starter_directory())


@pytest.mark.parametrize(
    ("note", "category"),
    [
        ("Two repos, open collections $4,200, score 540.", "public_record"),
        ("Back-end 75.8%.", "excessive_obligations"),
        ("Debt ratio 66 percent, nothing else wrong.", "excessive_obligations"),
        ("18 inquiries in 60 days.", "recent_inquiries"),
        ("ltv 138, salvage title", "collateral"),
        ("Laid off in May, started a temp job two weeks ago.", "employment_history"),
        ("No credit file under that social.", "limited_credit"),
        ("4x30 2x60 1x90 on cards in the last year.", "payment_history"),
        ("Short $18,000 to close, no reserves.", "insufficient_funds"),
        ("Unsigned, income section blank, no reply to two letters.", "incomplete_application"),
        ("Employer says nobody of that name ever worked there.", "unverifiable_information"),
        ("Nets $1,300 a month, payment would be $1,150; no other debts.", "insufficient_income"),
    ],
)
def test_a_note_of_one_line_is_denied_for_what_it_says(starter, note, category):
    answer, clean = starter.predict([note, CLEAN_NOTE])
    assert answer.primary_category == category
    assert answer.risk_score > 3 * clean.risk_score


@pytest.mark.parametrize(
    "note",
    [
        CLEAN_NOTE,
        "Car loan, $19,500 over 60 months, papers attached.",
        "Bankruptcy discharged 2012, perfect since, 744.",
    ],
)
def test_a_note_with_nothing_against_the_file_is_given_no_reason(starter, note):
    (answer,) = starter.predict([note])
    assert answer.principal_reasons == ()
    assert answer.risk_score < 5
