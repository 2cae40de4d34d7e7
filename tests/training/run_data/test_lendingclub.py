import pytest

from data_pipeline.splits import LeakError, SplitError, require_in_time
from training.data_config import LendingClubData
from training.run_data.lendingclub import lendingclub_data

MONTHS = {"calibration_from": "2010-10", "test_from": "2010-11"}


def months(examples):
    return {example.id: example.group for example in examples}


def test_what_is_measured_on_was_issued_after_all_that_was_learned_from(loans):
    data = lendingclub_data(LendingClubData(files=(loans,), **MONTHS))
    parts = [months(part) for part in (data.train, data.calibration, data.test.examples)]
    train, calibration, test = parts
    assert set(train.values()) == {"2010-07", "2010-08", "2010-09"}
    assert set(calibration.values()) == {"2010-10"}
    assert set(test.values()) == {"2010-11", "2010-12"}
    require_in_time({"train": train, "calibration": calibration, "test": test})
    late = {**train, "late": "2010-11"}
    with pytest.raises(LeakError, match="time"):
        require_in_time({"train": late, "test": test})


def test_the_outcome_is_that_of_the_whole_life_or_of_twelve_months(loans):
    lifetime = lendingclub_data(LendingClubData(files=(loans,), **MONTHS))
    assert {e.risk_probability for e in lifetime.train} == {0.0, 1.0}
    early = lendingclub_data(LendingClubData(files=(loans,), outcome="within_12_months", **MONTHS))
    assert {e.risk_probability for e in early.train} == {0.0}  # they paid for a year


def test_defaults_may_be_more_of_what_is_learned_and_stay_as_they_are_elsewhere(loans):
    data = lendingclub_data(
        LendingClubData(files=(loans,), max_train_rows=14, default_ratio=0.5, **MONTHS)
    )
    assert len(data.train) + len(data.calibration) == 14
    assert sum(e.risk_probability for e in data.train) == 6
    assert data.test.truth.default_probability_N.mean() == 0.2
    as_they_come = [e.risk_probability for e in data.calibration]
    drawn = [e.risk_probability for e in data.refit]
    assert {e.id for e in data.refit} <= {e.id for e in data.calibration}
    assert sum(drawn) == sum(as_they_come)
    assert len(drawn) == min(len(as_they_come), 2 * sum(as_they_come))


def test_without_a_share_of_defaults_all_that_calibrates_may_be_learned_from(loans):
    config = LendingClubData(files=(loans,), max_train_rows=30, **MONTHS)
    data = lendingclub_data(config)
    assert [e.id for e in data.refit] == [e.id for e in data.calibration]


def test_no_figure_of_the_outcome_is_in_a_text_and_the_card_says_what_it_must(loans):
    data = lendingclub_data(LendingClubData(files=(loans,), **MONTHS))
    for example in data.train:
        assert "Charged" not in example.text
        assert "2010" not in example.text
    assert "without an explicit licence" in data.origin.trained_on
    assert set(data.digests) == {"lendingclub"}


def test_a_loan_without_a_month_counts_in_no_file(loans, tmp_path):
    content = loans.read_text().replace("2010-07-01", "", 1).replace("2010-12-01", "", 1)
    undated = tmp_path / "undated.csv"
    undated.write_text(content)
    data = lendingclub_data(LendingClubData(files=(loans, undated), **MONTHS))
    parts = [months(part) for part in (data.train, data.calibration, data.test.examples)]
    assert sum(map(len, parts)) == 60 + 58
    assert {month for part in parts for month in part.values()} == {
        f"2010-{month:02}" for month in range(7, 13)
    }


def test_months_without_loans_are_refused(loans):
    with pytest.raises(SplitError, match="test_from"):
        lendingclub_data(
            LendingClubData(files=(loans,), calibration_from="2010-10", test_from="2011-05")
        )
