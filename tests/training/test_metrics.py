import math

import numpy as np
import pytest

from training.metrics import category_metrics, f1, indicator, recall_at_k

LABELS = [[0, 2], [1], [], [3]]
PROBABILITY_NC = np.array(
    [
        [0.8, 0.1, 0.7, 0.0],  # likeliest is the first label
        [0.6, 0.5, 0.1, 0.2],  # likeliest is none of its labels; the first label comes second
        [0.3, 0.2, 0.1, 0.0],  # not denied
        [0.9, 0.8, 0.7, 0.1],  # the only label comes last
    ]
)


def measured(probability_NC=PROBABILITY_NC, labels=LABELS, *, state=0.65, review=0.15):
    return category_metrics(
        probability_NC,
        labels,
        stated_NC=probability_NC >= state,
        listed_NC=probability_NC >= review,
    )


def test_a_small_case_counted_by_hand():
    found = measured()
    assert (found.num_texts, found.num_denied) == (4, 3)
    assert found.primary_accuracy == pytest.approx(1 / 3)
    assert found.any_listed_accuracy == pytest.approx(1 / 3)
    assert found.top3_accuracy == pytest.approx(2 / 3)
    # Stated: 0 and 2; none; none; 0, 1 and 2. Agreed are two of five, labelled are four.
    assert found.micro_f1 == pytest.approx(2 * 2 / (5 + 4))
    assert found.macro_f1 == pytest.approx((2 / 3 + 0 + 2 / 3 + 0) / 4)
    # The text not denied has the lowest score of all.
    assert found.denied_auc == 1.0
    # Of the labels 0, 2, 1 and 3 only the last is neither stated nor up for review.
    assert found.omission_rate == pytest.approx(1 / 4)


def test_any_listed_counts_a_label_that_is_not_the_first():
    found = measured(np.array([[0.1, 0.9]]), [[0, 1]])
    assert found.primary_accuracy == 0.0
    assert found.any_listed_accuracy == 1.0


def test_auc_is_the_share_of_pairs_in_the_right_order():
    probability_NC = np.array([[0.9], [0.4], [0.6], [0.1]])
    assert measured(probability_NC, [[0], [0], [], []]).denied_auc == pytest.approx(3 / 4)


def test_what_cannot_be_counted_is_no_number():
    found = measured(labels=[[], [], [], []])
    for name in ["primary_accuracy", "any_listed_accuracy", "denied_auc", "omission_rate"]:
        assert math.isnan(found.as_dict()[name]), name
    assert found.micro_f1 == 0.0
    assert math.isnan(measured(labels=[[0], [1], [2], [3]]).denied_auc)


def test_a_perfect_prediction_is_perfect():
    probability_NC = indicator(LABELS, 4).astype(float)
    found = measured(probability_NC)
    assert (found.any_listed_accuracy, found.micro_f1, found.omission_rate) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("stated", "target", "expected"),
    [
        ([True, True], [True, True], 1.0),
        ([True, False], [False, True], 0.0),
        ([True, True, True], [True, False, False], 0.5),
        ([False], [False], 0.0),
    ],
)
def test_f1_of_a_few_entries(stated, target, expected):
    assert f1(np.array(stated), np.array(target)) == expected


def test_labels_become_an_indicator():
    assert indicator([[2, 0], []], 3).tolist() == [[True, False, True], [False, False, False]]


def test_recall_counts_labels_among_the_likeliest_and_texts_by_their_labels():
    target_NC = indicator(LABELS, 4)
    assert recall_at_k(PROBABILITY_NC, target_NC, k=2).item() == pytest.approx(3 / 4)
    assert recall_at_k(PROBABILITY_NC, target_NC, k=4).item() == 1.0
    without_last = np.array([[1.0, 1.0, 1.0, 0.0]])
    assert recall_at_k(PROBABILITY_NC, target_NC, k=2, weight_BN=without_last).item() == 1.0
    assert np.isnan(recall_at_k(PROBABILITY_NC, np.zeros((4, 4), dtype=bool)).item())
