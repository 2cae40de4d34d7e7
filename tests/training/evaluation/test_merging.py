from dataclasses import replace

import numpy as np
import pytest

from data_pipeline.domain.taxonomy import CATEGORIES, categories_of_hmda_code
from training.evaluation.answers import Answers, truth_of_examples
from training.evaluation.merging import HMDA_GROUPS, merged_answers, merged_truth
from training.metrics import top_k_accuracy


def test_the_groups_are_the_categories_of_the_coarse_codes():
    expected = [{CATEGORIES.index(c) for c in categories_of_hmda_code(code)} for code in (1, 3)]
    assert [set(group) for group in HMDA_GROUPS] == expected


def answers_of_codes(probability_C):
    probability_NC = np.array([probability_C])
    return Answers(
        probability_NC=probability_NC,
        stated_NC=probability_NC >= 0.5,
        listed_NC=probability_NC >= 0.1,
        default_probability_N=np.array([np.nan]),
    )


def test_a_code_said_of_all_its_categories_takes_one_place_among_the_likeliest(new_example):
    example = new_example("denied", categories=(7,))
    truth = merged_truth(truth_of_examples([example]), HMDA_GROUPS)
    answers = answers_of_codes([0.3, 0.3, 0, 0.9, 0.9, 0.9, 0.9, 0.2, 0, 0, 0, 0])
    merged = merged_answers(answers, HMDA_GROUPS)
    assert top_k_accuracy(answers.probability_NC, truth.first_NC).item() == 0.0
    assert top_k_accuracy(merged.probability_NC, truth.first_NC).item() == 1.0
    assert merged.stated_NC[0].nonzero()[0].tolist() == [3]
    assert merged.listed_NC[0].nonzero()[0].tolist() == [0, 3, 7]


def test_a_code_is_as_likely_as_that_one_of_its_categories_holds():
    answers = answers_of_codes([0.3, 0.0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.35, 0, 0, 0, 0])
    merged = merged_answers(answers, HMDA_GROUPS)
    assert merged.probability_NC[0, :8] == pytest.approx([0.3, 0, 0.1, 1 - 0.8**4, 0, 0, 0, 0.35])
    assert merged.ranked_by_NC[0].argmax() == 3


def test_a_code_is_named_where_the_first_of_its_categories_is():
    answers = answers_of_codes([0.3, 0.3, 0, 0.9, 0.9, 0.9, 0.9, 0.8, 0, 0, 0, 0])
    naming_NC = -np.array([[11.0, 10, 9, 8, 7, 1, 6, 0, 2, 3, 4, 5]])
    merged = merged_answers(replace(answers, naming_NC=naming_NC), HMDA_GROUPS)
    assert merged.ranked_by_NC[0].argsort()[::-1][:3].tolist() == [7, 3, 8]
    assert merged_answers(answers, HMDA_GROUPS).ranked_by_NC.argmax() == 3
    far = merged_answers(replace(answers, naming_NC=naming_NC - 90), HMDA_GROUPS)
    assert far.ranked_by_NC[0].argsort()[::-1][:3].tolist() == [7, 3, 8]


def test_any_category_of_a_coarse_label_is_the_label(new_example):
    example = new_example(
        "denied", category_targets=(-1.0,) * 12, coarse_sets=((3, 4, 5, 6),), category_order=()
    )
    truth = merged_truth(truth_of_examples([example]), HMDA_GROUPS)
    assert truth.target_NC[0].nonzero()[0].tolist() == [3]
    assert truth.first_NC[0].nonzero()[0].tolist() == [3]


def test_without_groups_nothing_changes():
    answers = answers_of_codes([0.3, 0.4] + [0.1] * 10)
    np.testing.assert_array_equal(
        merged_answers(answers, ()).probability_NC, answers.probability_NC
    )
