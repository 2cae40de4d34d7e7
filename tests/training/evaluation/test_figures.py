import math
from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.figures import FIGURE_BY_NAME, FIGURES


@pytest.fixture
def value(labelled):
    def compute(name, answers, truth=labelled.truth):
        return FIGURE_BY_NAME[name].of(truth, answers, np.ones((1, len(truth)))).item()

    return compute


NO_QUOTES = {"evidence_top_hit_rate", "evidence_any_hit_rate", "reason_micro_f1", "reason_ece"}


def test_right_answers_are_perfect_in_what_is_about_right_and_wrong(value, new_answers):
    answers = new_answers()
    for name in ["primary_accuracy", "any_listed_accuracy", "top3_accuracy", "micro_f1"]:
        assert value(name, answers) == 1.0, name
    assert value("denied_auc", answers) == value("denied_ks", answers) == 1.0
    assert value("omission_rate", answers) == 0.0
    assert value("denied_precision_at_10", answers) == 1.0


def test_worse_answers_have_worse_figures_in_the_direction_that_a_figure_names(value, new_answers):
    good, bad = new_answers(noise=0.05), new_answers(noise=0.6)
    judged = [f for f in FIGURES if f.name not in NO_QUOTES and f.head != "risk"]
    for figure in judged:
        difference = value(figure.name, bad) - value(figure.name, good)
        assert difference * (1 if figure.lower_is_better else -1) > 0, figure.name


def test_a_baseline_without_reasons_and_quotes_leaves_those_undefined(value, new_answers):
    for name in NO_QUOTES:
        assert math.isnan(value(name, new_answers())), name


def test_a_model_without_risk_leaves_risk_undefined(value, new_answers):
    answers = new_answers(risk=False)
    for figure in FIGURES:
        if figure.head == "risk":
            assert math.isnan(value(figure.name, answers)), figure.name


def test_risk_is_compared_in_percentage_points(value, new_answers, labelled):
    truth = labelled.truth
    answers = replace(new_answers(), default_probability_N=truth.default_probability_N + 0.07)
    assert value("risk_mae", answers) == pytest.approx(7.0)


def test_partial_labels_leave_what_needs_complete_ones_undefined(value, new_answers, labelled):
    truth = replace(labelled.truth, complete_N=np.zeros(48, dtype=bool))
    for name in ["micro_f1", "macro_f1", "omission_rate", "category_ece", "category_brier"]:
        assert math.isnan(value(name, new_answers(), truth)), name
    for name in ["any_listed_accuracy", "denied_auc", "top_category_ece"]:
        assert not math.isnan(value(name, new_answers(), truth)), name


def test_a_denied_text_that_names_no_reason_is_no_miss_of_the_likeliest_category(
    value, new_answers, labelled
):
    answers, truth = new_answers(noise=0.5), labelled.truth
    unexplained_N = (truth.denied_N == 1) & (np.arange(48) < 24)
    unlabelled = replace(truth, target_NC=truth.target_NC & ~unexplained_N[:, None])
    found = value("top_category_ece", answers, unlabelled)
    assert found == value("top_category_ece", answers.at(~unexplained_N), truth.at(~unexplained_N))


def test_incompletely_labelled_texts_do_not_count_where_complete_ones_do(
    value, new_answers, labelled
):
    answers = new_answers(noise=0.5)
    complete_N = np.arange(48) < 24
    part = value("micro_f1", answers, replace(labelled.truth, complete_N=complete_N))
    assert part == value("micro_f1", answers.at(complete_N), labelled.truth.at(complete_N))
    assert part != value("micro_f1", answers)


def test_names_and_titles_are_unique_and_every_figure_says_when_it_is_not_defined():
    assert len({f.name for f in FIGURES}) == len({f.title for f in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        assert figure.meaning.endswith("."), figure.name
        assert figure.undefined, figure.name
        assert not figure.undefined.endswith("."), figure.name
