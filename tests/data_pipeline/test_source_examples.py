import csv
import json
import math
from pathlib import Path

import pytest

from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from data_pipeline.examples import UNKNOWN, Example
from data_pipeline.source_examples import (
    examples_from_file,
    labels_of_hmda,
    labels_of_lendingclub,
)
from data_pipeline.sources import RowError, read_rows
from data_pipeline.sources.errors import SourceNotFoundError
from data_pipeline.sources.labels import LendingClubLabels, hmda_labels

DATA = Path(__file__).parents[1] / "data"
DENIED = {"action_taken": "3", "lei": "LENDER"}


def index(*categories):
    return tuple(CATEGORIES.index(category) for category in categories)


@pytest.mark.parametrize("name", ["hmda_sample.csv", "hmda_legacy_sample.csv"])
def test_a_register_gives_one_example_per_row_with_the_text_that_serving_would_read(name):
    examples = list(examples_from_file(DATA / name))
    rows = list(read_rows(DATA / name))
    assert [e.id for e in examples] == [row.id for row in rows]
    for example, row in zip(examples, rows, strict=True):
        assert example.text == render_text(row.application)
        assert example.product == row.application.product
        assert example.group != example.id
        assert math.isnan(example.risk_probability)


def test_an_originated_loan_has_no_reason():
    labels = labels_of_hmda(hmda_labels({"action_taken": "1"}))
    assert set(labels.category_targets) == {0.0}
    assert set(labels.reason_targets) == {0.0}
    assert labels.coarse_sets == ()


def test_a_code_for_one_category_is_certain_and_leaves_the_others_unknown():
    labels = labels_of_hmda(hmda_labels(DENIED | {"denial_reason-1": 4, "denial_reason-2": 2}))
    collateral, employment = index(DenialCategory.COLLATERAL, DenialCategory.EMPLOYMENT_HISTORY)
    assert labels.category_order == (collateral, employment)
    assert labels.category_targets[collateral] == labels.category_targets[employment] == 1.0
    assert labels.category_targets.count(UNKNOWN) == 10
    assert set(labels.reason_targets) == {UNKNOWN}
    assert labels.group == "LENDER"


def test_a_code_for_several_categories_is_a_coarse_set_and_hides_the_order():
    labels = labels_of_hmda(hmda_labels(DENIED | {"denial_reason-1": 1, "denial_reason-2": 4}))
    assert labels.coarse_sets == (
        index(DenialCategory.INSUFFICIENT_INCOME, DenialCategory.EXCESSIVE_OBLIGATIONS),
    )
    assert labels.category_order == ()


def test_a_denial_without_reasons_says_that_some_category_holds():
    labels = labels_of_hmda(hmda_labels(DENIED | {"denial_reason-1": 1111}))
    assert labels.coarse_sets == (tuple(range(12)),)
    assert set(labels.category_targets) == {UNKNOWN}


@pytest.mark.parametrize("action", ["2", "4", "5", "6", "7", "8", ""])
def test_other_actions_carry_no_label(action):
    labels = labels_of_hmda(hmda_labels({"action_taken": action, "denial_reason-1": "4"}))
    assert set(labels.category_targets) == set(labels.reason_targets) == {UNKNOWN}
    assert labels.coarse_sets == ()


@pytest.mark.parametrize(("early", "probability"), [(True, 1.0), (False, 0.0)])
def test_a_loan_that_was_made_teaches_risk_and_no_reason(early, probability):
    labels = labels_of_lendingclub(
        LendingClubLabels(defaulted=early, defaulted_within_12_months=early)
    )
    assert labels.risk_probability == probability
    assert set(labels.category_targets) == {UNKNOWN}


def test_a_loan_that_is_not_over_teaches_nothing():
    labels = labels_of_lendingclub(
        LendingClubLabels(defaulted=None, defaulted_within_12_months=None)
    )
    assert math.isnan(labels.risk_probability)


def test_rows_without_labels_are_unlabelled_examples_and_bad_rows_stay_errors(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [{"text": "Write to a@example.com."}, {"text": 12}, {"text": "b", "denied": True}]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    first, bad, last = examples_from_file(path)
    assert "a@example.com" not in first.text
    assert set(first.category_targets) == {UNKNOWN}
    assert first.group == first.id == "1"
    assert isinstance(bad, RowError)
    assert isinstance(last, Example)
    assert set(last.category_targets) == {UNKNOWN}


def test_a_label_that_cannot_be_read_is_an_error_of_its_row(tmp_path):
    path = tmp_path / "loans.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["loan_amnt", "title", "loan_status", "issue_d", "last_pymnt_d"])
        writer.writerow([5000, "a", "Charged Off", "Sep-2011", "Jan-2012"])
        writer.writerow([5000, "a", "Charged Off", "Sep-2011", "never"])
        writer.writerow([5000, "a", "Fully Paid", "Sep-2011", ""])
    first, bad, last = examples_from_file(path)
    assert (first.risk_probability, last.risk_probability) == (1.0, 0.0)
    assert (bad.number, bad.code, bad.field) == (2, "invalid_field", "last_pymnt_d")


def test_a_missing_file_is_refused_at_the_call(tmp_path):
    with pytest.raises(SourceNotFoundError):
        examples_from_file(tmp_path / "rows.csv")


def test_what_a_denied_row_does_not_list_may_be_a_weak_negative():
    listed = hmda_labels(DENIED | {"denial_reason-1": 1, "denial_reason-2": 4})
    targets = labels_of_hmda(listed, unlisted_target=0.05).category_targets
    income, obligations, collateral = index(
        DenialCategory.INSUFFICIENT_INCOME,
        DenialCategory.EXCESSIVE_OBLIGATIONS,
        DenialCategory.COLLATERAL,
    )
    assert targets[income] == targets[obligations] == UNKNOWN
    assert targets[collateral] == 1.0
    assert targets.count(0.05) == 9
    nothing_listed = labels_of_hmda(
        hmda_labels(DENIED | {"denial_reason-1": 1111}), unlisted_target=0.05
    )
    assert set(nothing_listed.category_targets) == {UNKNOWN}


def test_a_loan_belongs_to_its_month_and_may_be_judged_by_its_whole_life():
    labels = LendingClubLabels(
        defaulted=True, defaulted_within_12_months=False, issue_month="2010-03"
    )
    assert labels_of_lendingclub(labels).risk_probability == 0.0
    assert labels_of_lendingclub(labels, lifetime=True).risk_probability == 1.0
    assert labels_of_lendingclub(labels).group == "2010-03"
