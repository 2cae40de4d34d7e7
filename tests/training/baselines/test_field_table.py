import math

import numpy as np
import pytest

from data_pipeline.domain.application import FIELD_NAMES, LoanApplication, LoanProduct
from training.baselines.field_table import MAX_LEVELS, MIN_LEVEL_COUNT, feature_table


def column(table, name):
    return table.values_NF[:, table.names.index(name)].tolist()


def test_numbers_stay_amounts_become_logarithms_and_absence_is_nan():
    table = feature_table(
        [
            LoanApplication(credit_score=700, annual_income_usd=99_999),
            LoanApplication(annual_income_usd=-99_999, num_units=2),
        ]
    )
    assert column(table, "credit_score")[0] == 700.0
    assert math.isnan(column(table, "credit_score")[1])
    assert column(table, "annual_income_usd") == pytest.approx(
        [math.log(100_000), -math.log(100_000)]
    )
    assert column(table, "num_units")[1] == 2.0


def test_ratios_follow_from_amounts_where_they_are_defined():
    table = feature_table(
        [
            LoanApplication(
                loan_amount_usd=200_000,
                annual_income_usd=50_000,
                property_value_usd=250_000,
                monthly_debt_payments_usd=1_000,
            ),
            LoanApplication(loan_amount_usd=200_000, annual_income_usd=0),
        ]
    )
    assert column(table, "loan_to_income")[0] == 4.0
    assert column(table, "loan_to_value")[0] == 0.8
    assert column(table, "debts_to_income")[0] == pytest.approx(0.24)
    assert math.isnan(column(table, "loan_to_income")[1])


def test_words_become_one_column_per_level_whatever_their_case():
    applications = [LoanApplication(purpose="Home  purchase")] * MIN_LEVEL_COUNT
    applications += [LoanApplication(purpose="home purchase"), LoanApplication(num_units=1)]
    table = feature_table(applications)
    assert column(table, "purpose=home purchase") == [1.0] * 6 + [0.0]


def test_rare_levels_and_those_beyond_the_limit_have_no_column():
    rare = [LoanApplication(purpose="rare")] * (MIN_LEVEL_COUNT - 1)
    assert "purpose=rare" not in feature_table(rare).names
    many = [
        LoanApplication(purpose=f"purpose {i}")
        for i in range(MAX_LEVELS + 5)
        for _ in range(MIN_LEVEL_COUNT)
    ]
    names = [n for n in feature_table(many).names if n.startswith("purpose=")]
    assert len(names) == MAX_LEVELS


def test_later_tables_have_the_columns_of_the_first():
    first = feature_table([LoanApplication(product=LoanProduct.AUTO)] * 9)
    later = feature_table([LoanApplication(product=LoanProduct.FARM)], levels=first.levels)
    assert later.names == first.names
    assert column(later, "product=auto") == [0.0]


def test_every_field_but_the_text_has_a_place_and_the_text_has_none():
    applications = [
        LoanApplication(
            text="free text",
            purpose="a",
            product=LoanProduct.AUTO,
            loan_features="b",
            debt_to_income_range="c",
            employment_status="d",
            housing_status="e",
            state="CA",
            property_type="f",
            loan_program="g",
        )
    ] * MIN_LEVEL_COUNT
    covered = {name.partition("=")[0] for name in feature_table(applications).names}
    assert set(FIELD_NAMES) - covered == {"text", "occupancy"}  # occupancy is not given here
    assert "text" not in covered


def test_no_application_gives_an_empty_table():
    table = feature_table([])
    assert table.values_NF.shape == (0, len(table.names))
    assert not np.isnan(table.values_NF).any()
