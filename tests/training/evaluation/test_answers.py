import math
from dataclasses import replace

import numpy as np
import pytest

from data_pipeline.domain.taxonomy import CATEGORIES, CATEGORY_REASONS, REASONS
from data_pipeline.examples import UNKNOWN, Example
from model_store.predictor import Evidence, Prediction, ReasonPrediction
from training.evaluation.answers import (
    answers_of_predictions,
    joined,
    truth_of_examples,
    truth_of_narratives,
    with_quotes,
)
from training.evaluation.figures import FIGURES


def example(**changes):
    values = {
        "id": "x",
        "group": "x",
        "author": "",
        "product": "",
        "style": "hmda",
        "text": "text",
        "category_targets": (UNKNOWN,) * 12,
        "coarse_sets": (),
        "reason_targets": (UNKNOWN,) * 29,
        "category_order": (),
        "risk_probability": math.nan,
        "evidence": (),
    }
    return Example(**{**values, **changes})


def reason(category, *quotes, probability=0.8):
    return ReasonPrediction(
        reason=CATEGORY_REASONS[CATEGORIES[category]][0],
        category=CATEGORIES[category],
        probability=probability,
        evidence=tuple(Evidence(start=s, end=s + len(q), quote=q) for s, q in quotes),
    )


def prediction(*, stated=(), review=(), risk=20.0):
    return Prediction(
        risk_score=risk,
        primary_category=stated[0].category if stated else None,
        categories=dict.fromkeys(CATEGORIES, 0.1),
        ranked=tuple(dict.fromkeys([*(r.category for r in (*stated, *review)), *CATEGORIES])),
        principal_reasons=tuple(stated),
        review_reasons=tuple(review),
        num_tokens=9,
        num_windows=1,
        model_version="m",
    )


def test_narratives_are_completely_labelled(new_narrative):
    truth = truth_of_narratives(
        [new_narrative(1, categories=(3, 5)), new_narrative(2, categories=())]
    )
    assert np.flatnonzero(truth.target_NC[0]).tolist() == [3, 5]
    assert np.flatnonzero(truth.first_NC[0]).tolist() == [3]
    assert truth.denied_N.tolist() == [1.0, 0.0]
    assert truth.complete_N.all()
    assert truth.default_probability_N.tolist() == [0.3, 0.05]
    assert truth.reason_NR[0].sum() == 2


def test_a_coarse_label_lists_every_category_it_may_mean_and_alone_it_is_the_first():
    truth = truth_of_examples([example(coarse_sets=((3, 4, 5, 6),))])
    assert np.flatnonzero(truth.target_NC[0]).tolist() == [3, 4, 5, 6]
    assert np.flatnonzero(truth.first_NC[0]).tolist() == [3, 4, 5, 6]
    assert truth.denied_N.tolist() == [1.0]
    assert not truth.complete_N.any()


def test_beside_another_label_it_is_not_known_which_of_them_is_the_first():
    targets = tuple(1.0 if c == 7 else UNKNOWN for c in range(12))
    truth = truth_of_examples([example(category_targets=targets, coarse_sets=((0, 1),))])
    assert np.flatnonzero(truth.target_NC[0]).tolist() == [0, 1, 7]
    assert not truth.first_NC.any()


def test_a_denial_for_whatever_reason_is_a_denial_and_no_hit_for_every_guess():
    truth = truth_of_examples([example(coarse_sets=(tuple(range(12)),))])
    assert truth.denied_N.tolist() == [1.0]
    assert not truth.target_NC.any()
    assert not truth.first_NC.any()


def test_beside_a_denied_row_with_incomplete_labels_no_row_counts_as_complete():
    approved = example(category_targets=(0.0,) * 12)
    assert truth_of_examples([approved]).complete_N.all()
    assert not truth_of_examples([approved, example(coarse_sets=((0, 1),))]).complete_N.any()


def test_a_row_without_any_label_is_neither_denied_nor_approved():
    unknown, approved = example(risk_probability=1.0), example(category_targets=(0.0,) * 12)
    truth = truth_of_examples([unknown, approved])
    assert math.isnan(truth.denied_N[0])
    assert truth.denied_N[1] == 0.0
    assert truth.complete_N.tolist() == [False, True]
    assert truth.default_probability_N[0] == 1.0


def test_a_denied_row_with_partial_labels_keeps_its_order():
    targets = tuple(1.0 if c in (7, 2) else UNKNOWN for c in range(12))
    truth = truth_of_examples([example(category_targets=targets, category_order=(7, 2))])
    assert np.flatnonzero(truth.first_NC[0]).tolist() == [7]
    assert np.flatnonzero(truth.target_NC[0]).tolist() == [2, 7]


def test_what_a_model_says_becomes_arrays():
    answers = answers_of_predictions(
        [prediction(stated=[reason(3)], review=[reason(5, probability=0.2)], risk=12.5)]
    )
    assert np.flatnonzero(answers.stated_NC[0]).tolist() == [3]
    assert np.flatnonzero(answers.listed_NC[0]).tolist() == [3, 5]
    assert answers.default_probability_N.tolist() == [0.125]
    stated, reviewed = (REASONS.index(CATEGORY_REASONS[CATEGORIES[c]][0]) for c in (3, 5))
    assert answers.reason_probability_NR[0, [stated, reviewed]].tolist() == [0.8, 0.2]
    assert np.isnan(answers.reason_probability_NR).sum() == len(REASONS) - 2
    assert np.flatnonzero(answers.reason_stated_NR[0]).tolist() == [stated]


def test_categories_are_ranked_as_the_model_names_them_not_by_their_probability(new_narrative):
    named = prediction(stated=[reason(7, probability=0.6), reason(2, probability=0.9)])
    answers = answers_of_predictions([named])
    assert answers.ranked_by_NC[0].argsort()[::-1][:2].tolist() == [7, 2]
    assert replace(answers, naming_NC=None).ranked_by_NC is answers.probability_NC
    primary = next(figure for figure in FIGURES if figure.name == "primary_accuracy")
    for first, expected in ((7, 1.0), (2, 0.0)):
        truth = truth_of_narratives([new_narrative(1, categories=(first,))])
        assert primary.of(truth, answers, np.ones((1, 1))).tolist() == [expected]


def test_answers_joined_of_which_some_are_ranked_otherwise_keep_their_order():
    named = answers_of_predictions(
        [prediction(stated=[reason(7, probability=0.6), reason(2, probability=0.9)])]
    )
    by_probability = replace(
        named, naming_NC=None, probability_NC=np.eye(12)[[4]] * 0.5 + np.eye(12)[[1]] * 0.2
    )
    ranked_NC = np.argsort(-joined([named, by_probability]).ranked_by_NC, axis=1)
    assert ranked_NC[:, :2].tolist() == [[7, 2], [4, 1]]


def test_quotes_are_judged_for_labelled_categories_alone(new_narrative):
    narrative = new_narrative(1, categories=(3, 5))
    at = narrative.text.index("fact 3 of file 1")
    said = prediction(stated=[reason(3, (0, "Applicant"), (at + 2, "ct 3")), reason(7, (0, "App"))])
    answers = with_quotes(answers_of_predictions([said]), [said], [narrative])
    # The first quote lies elsewhere, the second overlaps; category 5 is not stated.
    assert answers.top_quote_NC[0, [3, 5]].tolist() == [0.0, 0.0]
    assert answers.any_quote_NC[0, [3, 5]].tolist() == [1.0, 0.0]
    assert np.isnan(answers.top_quote_NC[0]).sum() == 10


def test_a_quote_that_only_touches_a_labelled_one_is_a_miss(new_narrative):
    narrative = new_narrative(1, categories=(3,))
    at = narrative.text.index("fact 3")
    said = prediction(stated=[reason(3, (at - 2, ". "))])
    answers = with_quotes(answers_of_predictions([said]), [said], [narrative])
    assert answers.any_quote_NC[0, 3] == 0.0


def test_no_text_at_all_gives_empty_arrays():
    answers = answers_of_predictions([])
    assert answers.probability_NC.shape == (0, 12)
    assert answers.reason_stated_NR.shape == (0, 29)
    assert len(truth_of_examples([])) == len(truth_of_narratives([])) == 0


def test_parts_are_joined_in_order(new_answers):
    whole = new_answers(noise=0.3)
    parts = [whole.at(np.arange(0, 20)), whole.at(np.arange(20, 48))]
    again = joined(parts)
    assert (again.probability_NC == whole.probability_NC).all()
    assert again.reason_stated_NR is None
    assert len(again) == 48


@pytest.mark.parametrize("chosen", [np.array([2, 0]), np.arange(48) < 2])
def test_some_of_the_texts_keep_their_answers(new_answers, labelled, chosen):
    positions = np.arange(48)[chosen]
    answers, truth = new_answers(noise=0.3), labelled.truth
    assert (answers.at(chosen).probability_NC == answers.probability_NC[positions]).all()
    assert (truth.at(chosen).target_NC == truth.target_NC[positions]).all()
