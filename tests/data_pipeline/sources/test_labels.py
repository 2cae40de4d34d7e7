import csv
from collections import Counter
from pathlib import Path

import pytest

from data_pipeline.domain.taxonomy import DenialCategory, categories_of_hmda_code
from data_pipeline.sources import lendingclub
from data_pipeline.sources.labels import hmda_labels, lendingclub_labels
from data_pipeline.sources.rows import RowValueError

DATA = Path(__file__).parents[2] / "data"


def labels_of(name):
    with (DATA / name).open(newline="") as file:
        return [hmda_labels(row) for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("hmda_sample.csv", {True: 21, False: 12, None: 7}),
        ("hmda_legacy_sample.csv", {True: 21, False: 11, None: 8}),
    ],
)
def test_only_denials_and_originations_are_labelled(name, counts):
    labels = labels_of(name)
    assert Counter(label.denied for label in labels) == counts
    assert all(not label.reason_codes for label in labels if not label.denied)
    assert all(label.lender_id for label in labels)


@pytest.mark.parametrize("name", ["hmda_sample.csv", "hmda_legacy_sample.csv"])
def test_every_reason_code_occurs_in_the_samples_and_gives_its_categories(name):
    labels = labels_of(name)
    assert {code for label in labels for code in label.reason_codes} == set(range(1, 10))
    for label in labels:
        expected = tuple(categories_of_hmda_code(code) for code in label.reason_codes)
        assert label.category_sets == expected


def test_codes_keep_their_order_and_codes_without_reason_are_left_out():
    row = {"action_taken": 3, "denial_reason-1": 9.0, "denial_reason-2": "4", "denial_reason-3": 10}
    labels = hmda_labels(row)
    assert labels.denied is True
    assert labels.reason_codes == (9, 4)
    assert labels.category_sets[1] == {DenialCategory.COLLATERAL}
    assert hmda_labels({"action_taken": "3", "denial_reason-1": "1111"}).reason_codes == ()


def test_the_coarse_codes_stand_for_several_categories():
    row = {
        "action_taken": "Application denied by financial institution",
        "denial_reason_1": "Credit history",
        "denial_reason_2": "Debt-to-income ratio",
    }
    assert [len(categories) for categories in hmda_labels(row).category_sets] == [4, 2]


def test_a_row_without_outcome_has_no_label():
    labels = hmda_labels({})
    assert (labels.denied, labels.reason_codes, labels.lender_id) == (None, (), None)


@pytest.mark.parametrize(
    ("status", "last_payment", "defaulted", "within_12_months"),
    [
        ("Fully Paid", "2013-01-01", False, False),
        ("Does not meet the credit policy. Status:Fully Paid", None, False, False),
        ("Charged Off", "Jul-2010", True, True),
        ("Charged Off", "2010-08-01", True, False),
        ("Charged Off", None, True, True),
        ("Current", "2011-01-01", None, None),
        (None, None, None, None),
    ],
)
def test_default_is_a_charge_off_and_early_where_payments_stopped_early(
    status, last_payment, defaulted, within_12_months
):
    row = {"loan_status": status, "issue_d": "2009-12-01", "last_pymnt_d": last_payment}
    labels = lendingclub_labels(row)
    assert (labels.defaulted, labels.defaulted_within_12_months) == (defaulted, within_12_months)


def test_no_outcome_of_a_loan_is_read_as_input():
    assert not lendingclub.INPUT_COLUMNS & {"loan_status", "last_pymnt_d"}


def test_codes_with_a_point_are_codes():
    row = {"action_taken": "3.0", "denial_reason-1": "4", "denial_reason-2": "1.0"}
    labels = hmda_labels(row)
    assert (labels.denied, labels.reason_codes) == (True, (4, 1))


@pytest.mark.parametrize("found", ["Collaterol", "1.5", "-1", "3;4"])
def test_a_reason_that_is_none_is_told(found):
    with pytest.raises(RowValueError, match="denial_reason-2"):
        hmda_labels({"action_taken": "3", "denial_reason-1": "4", "denial_reason-2": found})
