from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import FIELD_NAMES, LoanApplication, LoanProduct
from data_pipeline.domain.taxonomy import DenialReason
from serving.what_if.changes import UnknownFieldError, changed
from serving.what_if.errors import (
    NotActionableError,
    OutOfBoundsError,
    ProhibitedBasisError,
    StrikeError,
)
from serving.what_if.table import table

TEXT = "Asks for $24,000 over 60 months; DTI 52.0%. A judgment of $6,300 is unpaid."
APPLICATION = LoanApplication(
    text=TEXT,
    product=LoanProduct.PERSONAL,
    loan_amount_usd=24000,
    loan_term_months=60,
    interest_rate_percent=12,
    annual_income_usd=60000,
    monthly_debt_payments_usd=2066.13,
    debt_to_income_ratio=0.52,
    property_value_usd=30000,
    loan_to_value_ratio=0.8,
    down_payment_usd=1000,
    credit_score=610,
    state="TX",
    num_inquiries_6m=7,
)


def after(changes, **options):
    made = changed(APPLICATION, changes, **options)
    return made.application, {change.field: change for change in made.changes}


def test_a_change_moves_what_follows_from_it_and_the_figures_of_the_text():
    application, changes = after({"loan_amount_usd": 18000})
    assert application.loan_to_value_ratio == pytest.approx(0.6)
    # 12 % over 60 months: the payment falls from $533.87 to $400.40.
    assert application.debt_to_income_ratio == pytest.approx(0.52 - 133.47 * 12 / 60000, abs=1e-3)
    assert application.text.startswith("Asks for $18,000 over 60 months; DTI 49.3%.")
    assert changes["loan_amount_usd"].mentions == changes["debt_to_income_ratio"].mentions == 1
    assert [change.is_derived for change in changes.values()] == [False, True, True]


def test_paid_debts_lower_the_ratio_by_their_payments():
    application, _ = after({"monthly_debt_payments_usd": 1066.13})
    assert application.debt_to_income_ratio == pytest.approx(0.52 - 0.2, abs=1e-3)


def test_further_income_lowers_the_ratio():
    application, _ = after({"annual_income_usd": 78000})
    assert application.debt_to_income_ratio == pytest.approx(0.4, abs=1e-3)


TOLD_TEXT = "Back end 52 percent on a $24,000 note; LTV 80. Limit 45 percent."


def test_ratios_that_the_text_alone_gives_follow_from_the_fields_given():
    application = replace(
        APPLICATION, text=TOLD_TEXT, debt_to_income_ratio=None, loan_to_value_ratio=None
    )
    made = changed(application, {"loan_amount_usd": 18000})
    assert made.application.text == (
        "Back end 49 percent on a $18,000 note; LTV 60. Limit 45 percent."
    )
    assert made.application.debt_to_income_ratio is made.application.loan_to_value_ratio is None
    derived = {change.field: change for change in made.changes if change.is_derived}
    assert {name: change.before for name, change in derived.items()} == {
        "debt_to_income_ratio": 0.52,
        "loan_to_value_ratio": 0.8,
    }
    assert all(change.mentions == 1 for change in derived.values())


@pytest.mark.parametrize(
    "text",
    ["Back end 61 percent.", "Back end 52 percent, limit for the back end 45.", "Near 52 percent."],
)
def test_a_ratio_of_the_text_that_does_not_follow_from_the_fields_stays(text):
    application = replace(APPLICATION, text=text, debt_to_income_ratio=None)
    made = changed(application, {"monthly_debt_payments_usd": 1066.13})
    assert made.application.text == text
    assert [change.field for change in made.changes] == ["monthly_debt_payments_usd"]


def test_own_money_lowers_the_amount_and_its_ratio():
    application, _ = after({"down_payment_usd": 4000})
    assert application.loan_amount_usd == 21000
    assert application.loan_to_value_ratio == pytest.approx(0.7)


def test_a_struck_clause_is_gone_and_the_rest_stays():
    start = TEXT.index(" A judgment")
    application, _ = after({}, strike=[(start, len(TEXT))])
    assert application.text == TEXT[:start]


@pytest.mark.parametrize(
    "strike",
    [[(5, 5)], [(7, 3)], [(0, 10_000)], [(10, 20), (15, 30)], [(10, 20), (0, 5)], [(-1, 4)]],
)
def test_stretches_that_do_not_fit_are_refused(strike):
    with pytest.raises(StrikeError):
        after({}, strike=strike)


def test_what_would_leave_nothing_is_refused():
    with pytest.raises(StrikeError, match="nothing that would be left"):
        changed(LoanApplication(text="Alone."), {}, strike=[(0, 6)])


@pytest.mark.parametrize("name", [n for names in table().prohibited.values() for n in names])
def test_every_prohibited_name_is_refused_by_name_with_the_clause(name):
    for written in (name, name.upper(), name.replace("_", "-"), name.replace("_", " ").title()):
        with pytest.raises(ProhibitedBasisError, match=rf"^{name}: .*12 CFR 1002\.2\(z\)"):
            after({written: 1})


@pytest.mark.parametrize("name", table().refused)
def test_every_field_that_cannot_be_acted_on_is_refused_by_name_with_a_clause(name):
    with pytest.raises(NotActionableError, match=rf"^{name}: cannot be changed") as refused:
        after({name: 1})
    assert refused.value.clause in str(refused.value)


def test_a_name_that_is_no_field_is_refused_without_being_repeated():
    with pytest.raises(UnknownFieldError) as refused:
        after({"xkcanaryqz": 1})
    assert "xkcanaryqz" not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"loan_amount_usd": 1},
        {"loan_amount_usd": 1e9},
        {"loan_amount_usd": "18000"},
        {"loan_amount_usd": True},
        {"loan_amount_usd": None},
        {"loan_term_months": 85},
        {"num_inquiries_6m": 1.5},
        {"num_inquiries_6m": -1},
    ],
)
def test_values_out_of_bounds_are_refused(changes):
    with pytest.raises(OutOfBoundsError, match="expected a number from"):
        after(changes)


@pytest.mark.parametrize("name", ["debt_to_income_ratio", "loan_to_value_ratio"])
def test_a_ratio_that_follows_from_given_fields_is_refused_and_otherwise_taken(name):
    with pytest.raises(NotActionableError, match="it follows from"):
        after({name: 0.4})
    alone = LoanApplication(text="DTI 52.0%", **{name: 0.52})
    assert getattr(changed(alone, {name: 0.4}).application, name) == 0.4


def test_a_field_that_is_not_given_cannot_be_changed():
    with pytest.raises(NotActionableError, match="does not give it"):
        changed(LoanApplication(text="a"), {"liquid_assets_usd": 5000})


def test_the_table_speaks_of_every_field_once_and_of_every_reason():
    assert sorted([*table().fields, *table().refused]) == sorted(FIELD_NAMES)
    assert set(table().reasons) == set(DenialReason)
    for recourse in table().reasons.values():
        assert set(recourse.fields) <= set(table().fields)


@pytest.mark.parametrize(
    "basis",
    [
        "race",
        "color",
        "religion",
        "national origin",
        "sex",
        "marital status",
        "age",
        "public assistance",
        "Consumer Credit Protection Act",
    ],
)
def test_the_table_names_every_basis_of_the_regulation(basis):
    assert any(basis in named for named in table().prohibited)


@given(st.lists(st.integers(0, len(TEXT)), max_size=8, unique=True).map(sorted))
def test_what_is_left_is_the_text_without_what_was_struck(cuts):
    strike = list(zip(cuts[::2], cuts[1::2], strict=False))
    made = changed(LoanApplication(text=TEXT, num_inquiries_6m=1), {}, strike=strike)
    struck = {position for start, end in strike for position in range(start, end)}
    left = "".join(c for position, c in enumerate(TEXT) if position not in struck)
    assert (made.application.text or "") == (left if left.strip() else "")
    assert made.struck == tuple(strike)


def test_a_range_of_the_debt_to_income_ratio_goes_with_the_old_ratio_and_stays_without_one():
    fields = {
        "text": "Asks for a loan.",
        "annual_income_usd": 60000,
        "monthly_debt_payments_usd": 3000,
        "debt_to_income_range": ">60%",
    }
    after = changed(LoanApplication(**fields), {"monthly_debt_payments_usd": 1000})
    assert after.application.debt_to_income_range == ">60%"
    after = changed(
        LoanApplication(**fields, debt_to_income_ratio=0.62), {"monthly_debt_payments_usd": 1000}
    )
    assert after.application.debt_to_income_range is None
    assert after.application.debt_to_income_ratio == pytest.approx(0.22)
