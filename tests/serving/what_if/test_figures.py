import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.what_if.figures import rewritten


def with_one(text, *, field, old, new):
    """A text after a change of the one field that is given, and how many figures changed."""
    found, counts = rewritten(text, {field: (old, new)}, given={field: old})
    return found, counts[field]


@pytest.mark.parametrize(
    ("field", "old", "new", "text", "expected"),
    [
        ("loan_amount_usd", 24000, 18000, "Asks for $24,000 now", "Asks for $18,000 now"),
        ("loan_amount_usd", 24000, 18500, "$24k, 24000 and 24K", "$18.5k, 18500 and 18.5K"),
        ("loan_amount_usd", 24000, 18000, "at 24,000.00 flat", "at 18,000.00 flat"),
        ("loan_amount_usd", 836, 1200, "on $836 of debts", "on $1,200 of debts"),
        ("loan_amount_usd", 836, 1200, "number 836, room 836", "number 836, room 836"),
        ("loan_amount_usd", 24000, 18000, "$240,000 and $24,000.50x", "$240,000 and $24,000.50x"),
        ("debt_to_income_ratio", 0.407, 0.351, "full stack 40.7%", "full stack 35.1%"),
        ("debt_to_income_ratio", 0.407, 0.351, "41 percent of gross", "35 percent of gross"),
        ("debt_to_income_ratio", 0.407, 0.351, "dti .407, back 40.7.", "dti .351, back 35.1."),
        ("debt_to_income_ratio", 0.41, 0.35, "for 41 months at 41 Elm", "for 41 months at 41 Elm"),
        ("debt_to_income_ratio", 0.407, 0.351, "ratios 31/40.7", "ratios 31/40.7"),
        ("debt_to_income_ratio", 0.52, 0.45, "DTI 52, FICO 52", "DTI 45, FICO 52"),
        ("debt_to_income_ratio", 0.52, 0.451, "a back end of 52.0", "a back end of 45.1"),
        ("debt_to_income_ratio", 0.52, 0.45, "LTV 52%, DTI 52%", "LTV 52%, DTI 45%"),
        ("debt_to_income_ratio", 0.52, 0.45, "DTI 58% then, 52% now", "DTI 58% then, 45% now"),
        ("loan_term_months", 60, 84, "over 60 months (60-mo)", "over 84 months (84-mo)"),
        ("loan_term_months", 60, 84, "60 days late", "60 days late"),
        ("num_inquiries_6m", 11, 2, "11 inquiries in 6 months", "2 inquiries in 6 months"),
        ("num_inquiries_6m", 11, 2, "INQ 11, ACCTS 11", "INQ 2, ACCTS 11"),
        ("num_inquiries_6m", 11, 2, "14 inquiries and 11 cards", "14 inquiries and 11 cards"),
        ("loan_amount_usd", 24000, 18250, "Asks for $24k", "Asks for $18,250"),
        ("loan_amount_usd", 24000, 18250.5, "wants 24K", "wants $18,250.50"),
        ("loan_amount_usd", 24000, 18000, "Truck has 24,000 miles", "Truck has 24,000 miles"),
        ("loan_amount_usd", 24000, 18000, "24,000 sq ft", "24,000 sq ft"),
        ("loan_amount_usd", 24000, 18000, "File 24000, 24000 asked", "File 24000, 18000 asked"),
        ("loan_to_value_ratio", 0.8, 0.7, "80% of his pay is so", "80% of his pay is so"),
        ("loan_to_value_ratio", 0.8, 0.7, "80% is all overtime", "80% is all overtime"),
        ("loan_to_value_ratio", 0.8, 0.7, "LTV 80% rate 7%", "LTV 70% rate 7%"),
        ("revolving_utilization_ratio", 0.14, 0.05, "Asks 14% APR", "Asks 14% APR"),
        ("revolving_utilization_ratio", 0.14, 0.05, "rate of 14%", "rate of 14%"),
        ("debt_to_income_ratio", 0.61, 0.4, "61% of her income", "40% of her income"),
        (
            "loan_term_months", 60, 84,
            "Wants 60 months. No lates in the last 60 months; 60 months on the job.",
            "Wants 84 months. No lates in the last 60 months; 60 months on the job.",
        ),
        (
            "loan_term_months", 24, 36,
            "Has been with the city 24 months. Bankruptcy discharged 24 months ago.",
            "Has been with the city 24 months. Bankruptcy discharged 24 months ago.",
        ),
        ("loan_term_months", 60, 84, "60-month note, term: 60 mos", "84-month note, term: 84 mos"),
        ("loan_term_months", 60, 84, "employed for 60 months", "employed for 60 months"),
    ],
)  # fmt: skip
def test_sure_mentions_of_a_figure_change_and_others_stay(field, old, new, text, expected):
    found, num_changed = with_one(text, field=field, old=old, new=new)
    assert found == expected
    assert (num_changed > 0) == (text != expected)


@given(
    st.text(max_size=80),
    st.floats(0.01, 1e7),
    st.sampled_from(["loan_amount_usd", "loan_to_value_ratio"]),
)
def test_a_text_without_figures_stays_as_it_is(text, value, field):
    plain = "".join(character for character in text if not character.isdigit())
    assert with_one(plain, field=field, old=value, new=value / 2) == (plain, 0)


@given(st.integers(10_000, 9_999_999), st.integers(1_000, 9_999_999))
def test_an_amount_goes_there_and_back(old, new):
    text = f"Wants ${old:,} for a roof."
    there, _ = with_one(text, field="loan_amount_usd", old=old, new=new)
    assert there == f"Wants ${new:,} for a roof."
    assert with_one(there, field="loan_amount_usd", old=new, new=old) == (text, 1)


def test_what_one_field_writes_no_other_takes_for_its_own():
    text = "Down payment is $10,000. Wants $20,000 for the truck."
    moves = {"down_payment_usd": (10000.0, 20000.0), "loan_amount_usd": (20000.0, 10000.0)}
    found, counts = rewritten(text, moves, given={name: old for name, (old, _) in moves.items()})
    assert found == "Down payment is $20,000. Wants $10,000 for the truck."
    assert counts == {"down_payment_usd": 1, "loan_amount_usd": 1}


@pytest.mark.parametrize(
    ("text", "field", "old", "other"),
    [
        ("Asks for $50,000. Earns $50,000 a year.", "loan_amount_usd", 50000, "annual_income_usd"),
        (
            "House 80%, cards at 80%.",
            "revolving_utilization_ratio",
            0.8,
            "loan_to_value_ratio",
        ),
    ],
)
def test_a_figure_that_may_be_another_field_s_stays(text, field, old, other):
    given = {field: float(old), other: float(old)}
    assert rewritten(text, {field: (old, old / 4)}, given=given) == (text, {field: 0})
    assert rewritten(text, {field: (old, old / 4)}, given={field: float(old)})[1] == {field: 2}


@pytest.mark.parametrize(
    ("text", "field", "old", "other"),
    [
        ("Asks 24 months, for 24 months.", "loan_term_months", 24, {"employment_length_years": 2}),
        (
            "Cards 14%, asks 14%.",
            "revolving_utilization_ratio",
            0.14,
            {"interest_rate_percent": 14},
        ),
    ],
)
def test_a_figure_that_may_be_a_field_of_another_unit_stays(text, field, old, other):
    assert rewritten(text, {field: (old, old / 2)}, given={field: old} | other) == (
        text,
        {field: 0},
    )
    assert rewritten(text, {field: (old, old / 2)}, given={field: old})[1] == {field: 2}
