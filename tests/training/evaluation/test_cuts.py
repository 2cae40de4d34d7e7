import numpy as np
import pytest

from training.evaluation.cuts import (
    CUT_FIGURES,
    MAX_PARTS,
    TextFacts,
    cuts,
    group_names,
    length_band,
)
from training.evaluation.figures import FIGURE_BY_NAME


def facts(number, **changes):
    values = {
        "id": f"id {number}",
        "group": f"pair {number // 2}",
        "author": "",
        "lender": "",
        "style": "",
        "product": "",
        "num_words": 120,
    }
    return TextFacts(**{**values, **changes})


@pytest.mark.parametrize(
    ("num_words", "band"),
    [
        (0, "under 100 words"),
        (99, "under 100 words"),
        (100, "100 to 199 words"),
        (399, "200 to 399 words"),
        (400, "400 words and more"),
        (90_000, "400 words and more"),
    ],
)
def test_length_bands(num_words, band):
    assert length_band(num_words) == band


def test_every_way_parts_all_texts_once(labelled, new_answers):
    found = list(cuts(labelled.facts, labelled.truth, new_answers(), seed=1))
    for by in ("style", "product", "author"):
        assert sum(cut.num_texts for cut in found if cut.by == by) == len(labelled), by
    assert {cut.by for cut in found} == {"style", "product", "author"}  # one length, no lender
    assert {tuple(cut.figures) for cut in found} == {CUT_FIGURES}


def test_a_cut_counts_its_own_texts_alone(labelled, new_answers):
    answers = new_answers(noise=0.4)
    found = list(cuts(labelled.facts, labelled.truth, answers, seed=1))
    cut = next(c for c in found if (c.by, c.value) == ("style", "branch_note"))
    inside_N = np.array([text.style == "branch_note" for text in labelled.facts])
    figure = FIGURE_BY_NAME["micro_f1"]
    once = np.ones((1, inside_N.sum()))
    expected = figure.of(labelled.truth.at(inside_N), answers.at(inside_N), once).item()
    assert cut.figures["micro_f1"].value == expected
    assert cut.num_denied == int((labelled.truth.denied_N[inside_N] == 1).sum())


def test_a_cut_with_one_class_leaves_the_ranking_undefined(labelled, new_answers):
    found = list(cuts(labelled.facts, labelled.truth, new_answers(), seed=1))
    # Author 0 wrote only texts that are not denied.
    cut = next(c for c in found if c.value == "author 0")
    assert cut.num_denied == 0
    assert cut.figures["denied_auc"].value is None
    assert cut.figures["primary_accuracy"].value is None
    assert cut.figures["risk_mae"].value is not None


def test_the_smallest_of_many_lenders_are_put_together(labelled, new_answers):
    num_texts = len(labelled)
    lenders = [f"lender {i}" if i < 40 else "lender 0" for i in range(num_texts)]
    texts = [facts(i, lender=lender) for i, lender in enumerate(lenders)]
    found = [c for c in cuts(texts, labelled.truth, new_answers(), seed=1) if c.by == "lender"]
    assert len(found) == MAX_PARTS + 1
    assert {c.value: c.num_texts for c in found}["lender 0"] == 9
    assert {c.value: c.num_texts for c in found}["all others"] == 40 - MAX_PARTS


def test_a_text_without_a_value_is_not_lost(labelled, new_answers):
    texts = [facts(i, style="memo" if i else "") for i in range(len(labelled))]
    found = {c.value: c.num_texts for c in cuts(texts, labelled.truth, new_answers(), seed=1)}
    assert found == {"memo": 47, "not given": 1}


def test_intervals_are_drawn_by_authors_where_there_are_enough():
    assert group_names([facts(i, author=f"a{i % 10}") for i in range(40)])[0] == "author"
    assert group_names([facts(i, author=f"a{i % 9}") for i in range(40)])[0] == "contrast pair"
    assert group_names([facts(i, author="a" if i else "") for i in range(40)])[0] == "contrast pair"
    assert group_names([facts(i, lender=f"l{i % 11}") for i in range(40)])[0] == "lender"


def test_a_handful_of_texts_is_drawn_text_by_text():
    unit, groups = group_names([facts(i) for i in range(6)])
    assert (unit, len(set(groups))) == ("text", 6)
