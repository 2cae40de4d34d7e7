import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.figures import find_figures
from data_pipeline.domain.rendering import FIELD_LABELS, render_text


def figures(text):
    return {figure.kind: figure.value for figure in find_figures(text)}


def test_the_numbers_of_field_lines_are_those_of_the_application():
    application = LoanApplication(
        text="Please see the file.",
        loan_amount_usd=240_000,
        loan_term_months=360,
        annual_income_usd=84_500.5,
        monthly_debt_payments_usd=1_200,
        property_value_usd=300_000,
        credit_score=688,
        num_inquiries_6m=4,
        employment_length_years=0.5,
        revolving_utilization_ratio=0.974,
    )
    found = figures(render_text(application))
    assert found["loan_amount_usd"] == 240_000
    assert found["annual_income_usd"] == 84_500.5
    assert found["credit_score"] == 688
    assert found["revolving_utilization_ratio"] == 97.4
    assert found["employment_length_years"] == 0.5
    assert found["loan_to_value"] == pytest.approx(80)
    assert found["loan_to_income"] == pytest.approx(100 * 240_000 / 84_500.5)
    assert found["debts_to_income"] == pytest.approx(100 * 14_400 / 84_500.5)
    assert found["instalment_to_income"] == pytest.approx(100 * 8_000 / 84_500.5)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("DTI 47", "debt_to_income_ratio", 47),
        ("back-end ratio is 51.2%, high", "debt_to_income_ratio", 51.2),
        ("BE 33 w/ pmt", "debt_to_income_ratio", 33),
        ("stretches to a 58% DTI on this", "debt_to_income_ratio", 58),
        ("Score: 612 / thin", "credit_score", 612),
        ("| fico=688; late=1", "credit_score", 688),
        ("744 FICO. Appraised", "credit_score", 744),
        ("CLTV 100.3", "loan_to_value_ratio", 100.3),
        ("loan to value comes to 85 percent", "loan_to_value_ratio", 85),
        ("Utilization 22, paid perfectly", "revolving_utilization_ratio", 22),
        ("14 inquiries in four months", "num_inquiries_6m", 14),
        ("inq_6m=9", "num_inquiries_6m", 9),
        ("inq 6mo 4", "num_inquiries_6m", 4),
        ("INQ 90d: 16 (12 not auto)", "num_inquiries_6m", 16),
        ("INQ: 6mo 11, NEW 3", "num_inquiries_6m", 11),
        ("Inquiries 12 mo: 6", "num_inquiries_6m", 6),
        ("19 inq / 4 mo, 13 of them last month", "num_inquiries_6m", 19),
        ("16 inqs/60d", "num_inquiries_6m", 16),
        ("inq 13/6mo", "num_inquiries_6m", 13),
        ("22:41:09 inq 6m = 1", "num_inquiries_6m", 1),
        ("3 inq 60d = 2 lenders", "num_inquiries_6m", 2),
        ("R07 inq 6mo 2", "num_inquiries_6m", 2),
        ("10:12 LTV final, DTI 33", "debt_to_income_ratio", 33),
        ("FE 36.1 BE 44.1", "debt_to_income_ratio", 44.1),
        ("BACK END 44. IT MUST BE 12 MONTHS", "debt_to_income_ratio", 44),
        ("PTI 12.9  DTI 33.1", "debt_to_income_ratio", 33.1),
        ("R184 DTI 37.0", "debt_to_income_ratio", 37),
        ("B1 DTI 45", "debt_to_income_ratio", 45),
    ],
)
def test_ratios_and_scores_in_prose_are_found(text, kind, value):
    [found] = find_figures(text)
    assert (found.kind, found.value) == (kind, value)
    assert float(text[found.start : found.end]) == value


@pytest.mark.parametrize(
    "text",
    [
        "score 20",  # no credit score
        "DTI and 3 cards",  # another word between
        "DTI\n45",  # another line
        "LTV: $240,000",
        "DTI 1,200",
        "FICO 7123456",
        "the scoreboard 700",
        "inquiries 2024-05-01",
        "last inq 2 mo ago",
        "rule INQ-6M fired",
        "09:14 LTV to follow",  # a time of day
        "",
        "Credit score: unknown",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert find_figures(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Her payment will be 36 months behind",
        "He will be 67 at maturity",
        "We would be at 118% of book value",
        "LTV would be high; it could be 60 months",
        "HE WILL BE 67 AT MATURITY, WE'D BE AT 118 AND IT MAY NOT BE 12",
        "be 33",
    ],
)
def test_the_verb_is_no_ratio(text):
    assert find_figures(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "FICO 690 DTI 45 LTV 80",
        "FICO 690, DTI 45%, LTV 80",
        "LTV 80 DTI 45 FICO 690",
        "690 FICO 45 DTI 80 LTV",
        "690 FICO, 45% DTI, 80% LTV",
        "FICO 690 | LTV 80 | DTI 45",
        "DTI 45 690 FICO LTV 80",
    ],
)
def test_in_a_run_of_figures_each_name_has_its_own(text):
    assert figures(text) == {
        "credit_score": 690,
        "debt_to_income_ratio": 45,
        "loan_to_value_ratio": 80,
    }


@pytest.mark.parametrize(
    "line",
    [
        "Loan term: 30 years",
        "Loan amount: $250k",
        "Loan amount: $1.2M",
        "Gross income: $7,500 a month",
        "Time with employer: 8 months",
        "Down payment: 5%",
        "Collateral value: 2024-05-01",
    ],
)
def test_a_line_in_another_unit_than_the_field_has_gives_no_figure(line):
    assert find_figures(line) == []


@pytest.mark.parametrize("end", ["", ".", " ", "\r"])
def test_a_line_in_the_unit_of_the_field_gives_it(end):
    assert figures(f"Loan term: 60 months{end}\nLoan amount: $9,000{end}") == {
        "loan_term_months": 60,
        "loan_amount_usd": 9_000,
    }


def test_every_mention_counts_and_they_come_in_order():
    text = "Scores 751 and FICO 688, DTI 40. Later: DTI 44"
    found = find_figures(text)
    assert [figure.value for figure in found] == [751, 688, 40, 44]
    assert [figure.end for figure in found] == sorted(figure.end for figure in found)


def test_a_ratio_that_follows_stands_where_its_last_part_does():
    text = "Loan amount: $50,000\nGross income: $100,000 a year"
    by_kind = {figure.kind: figure for figure in find_figures(text)}
    income, ratio = by_kind["annual_income_usd"], by_kind["loan_to_income"]
    assert ratio.value == 50
    assert (ratio.start, ratio.end) == (income.start, income.end)
    loan = by_kind["loan_amount_usd"]
    assert ratio.parts == ((loan.start, loan.end), (income.start, income.end))
    assert loan.parts == income.parts == ()


def test_without_an_income_nothing_follows_from_it():
    assert set(figures("Loan amount: $50,000\nGross income: $0 a year")) == {
        "loan_amount_usd",
        "annual_income_usd",
    }


def test_a_line_is_found_once_though_prose_reads_like_it():
    assert len(find_figures("Debt-to-income ratio: 45.0%")) == 1


PIECES = st.sampled_from([*"0123456789.,:$%- \n", "DTI ", "FICO", "LTV", *list(FIELD_LABELS)[:8]])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_gives_figures_that_stand_in_it(text):
    for figure in find_figures(text):
        assert 0 <= figure.start < figure.end <= len(text)
        assert any(character.isdigit() for character in text[figure.start : figure.end])
