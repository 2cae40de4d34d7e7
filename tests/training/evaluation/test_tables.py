from dataclasses import replace

import numpy as np
import pytest

from data_pipeline.domain.taxonomy import CATEGORIES
from training.evaluation.bootstrap import Resamples
from training.evaluation.tables import NOT_DENIED, NOTHING_STATED, category_rows, primary_confusion


def test_the_confusion_matrix_counts_every_text_once(labelled, new_answers):
    confusion = primary_confusion(labelled.truth, new_answers(noise=0.5))
    counts = np.array(confusion.counts)
    assert counts.sum() == len(labelled)
    assert confusion.rows == (*CATEGORIES, NOT_DENIED)
    assert confusion.columns == (*CATEGORIES, NOTHING_STATED)
    first_N = labelled.truth.first_NC
    assert counts[:12].sum(axis=1).tolist() == first_N.sum(axis=0).tolist()


def test_right_answers_stand_on_the_diagonal(labelled, new_answers):
    counts = np.array(primary_confusion(labelled.truth, new_answers()).counts)
    assert counts.sum() == np.trace(counts)
    assert counts[12, 12] == int((labelled.truth.denied_N == 0).sum())


def test_a_text_without_statement_stands_in_the_last_column(labelled, new_answers):
    nothing = replace(new_answers(), stated_NC=np.zeros((48, 12), dtype=bool))
    counts = np.array(primary_confusion(labelled.truth, nothing).counts)
    assert counts[:, 12].sum() == 48


def test_a_text_with_an_unknown_or_coarse_first_label_is_left_out(labelled, new_answers):
    first_NC = labelled.truth.first_NC.copy()
    first_NC[1] = False
    first_NC[2, :5] = True
    truth = replace(labelled.truth, first_NC=first_NC)
    counts = np.array(primary_confusion(truth, new_answers()).counts)
    assert counts.sum() == len(labelled) - 2


def test_rows_of_the_categories_counted_by_hand(labelled, new_answers):
    answers = new_answers()
    stated_NC = answers.stated_NC.copy()
    labelled_N = labelled.truth.target_NC[:, 4]
    stated_NC[np.flatnonzero(labelled_N)[0], 4] = False
    stated_NC[np.flatnonzero(~labelled_N)[:2], 4] = True
    resamples = Resamples([text.author for text in labelled.facts], seed=1)
    row = category_rows(labelled.truth, replace(answers, stated_NC=stated_NC), resamples=resamples)[
        4
    ]
    count = int(labelled_N.sum())
    assert (row.num_labelled, row.num_stated) == (count, count + 1)
    assert row.recall.value == pytest.approx((count - 1) / count)
    assert row.precision.value == pytest.approx((count - 1) / (count + 1))
    assert row.f1.value == pytest.approx(2 * (count - 1) / (2 * count + 1))
    assert row.omission_rate.value == 0.0


def test_a_category_that_nobody_names_is_not_defined(labelled, new_answers):
    resamples = Resamples([text.id for text in labelled.facts], seed=1)
    rows = category_rows(labelled.truth, new_answers(), resamples=resamples)
    row = rows[0]  # no text of the made up ones is labelled with it
    assert row.num_labelled == 0
    assert row.f1.value is row.precision.value is row.recall.value is None
