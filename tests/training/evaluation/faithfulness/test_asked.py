"""The suite's measures on the tiny model, which states every category."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from data_pipeline.corpus.narratives import EvidenceQuote
from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import Calibration, CategoryCalibration
from model_store.predictor import Predictor
from training.evaluation.faithfulness.asked import RememberingEngine, ask, quotes_of, spans_of
from training.evaluation.faithfulness.labelled_text import (
    compared,
    correctly_stated,
    judge_edits,
    judge_labelled,
)
from training.evaluation.faithfulness.orderings import exact_order, fast_order, judge_orderings
from training.evaluation.faithfulness.quotes import judge_quotes, word_f1
from training.evaluation.faithfulness.simulated_text import (
    best_four,
    denied_files,
    judge_simulated,
    text_of,
)
from training.evaluation.faithfulness.slow_methods import judge_attributions, judge_replay
from training.evaluation.quotes import overlap_any

TEXT = (
    "Back-end DTI of 51.2% is over the 45% limit, and two cards are 30 days past due. "
    "Employed for only 3 months; income could not be verified.\nReserves cover one month."
)


@pytest.fixture(scope="module")
def stating_artifact(new_artifact):
    calibration = Calibration(
        categories=(CategoryCalibration(state=1e-6, review=1e-6),) * len(CATEGORIES)
    )
    return new_artifact(calibration=calibration)


@pytest.fixture(scope="module")
def reader(stating_artifact):
    return Predictor.from_artifact(stating_artifact)


@pytest.fixture(scope="module")
def asked(reader):
    return ask(reader, TEXT)


@pytest.fixture
def narrative(new_narrative, asked):
    """Labelled with the likeliest category, at the words that `exact` quotes first."""
    category = asked.stated[0]
    quote = quotes_of(asked.exact, category)[0].quote
    return new_narrative(
        0,
        categories=(CATEGORIES.index(category),),
        text=TEXT,
        evidence=(EvidenceQuote(category=category, quote=quote),),
    )


def test_an_engine_that_remembers_answers_as_the_engine_does(reader):
    ids = [[0, 7, 8, 2], [0, 9, 2], [0, 7, 8, 2]]
    plain, kept = reader.engine.logits(ids), RememberingEngine(reader.engine)
    for _ in range(2):
        found = kept.logits(ids)
        np.testing.assert_allclose(found.category_WC, plain.category_WC, atol=1e-5)
        np.testing.assert_allclose(found.risk_W, plain.risk_W, atol=1e-5)
        assert [len(e) for e in found.evidence] == [4, 3, 4]


def test_the_words_of_quotes_are_left_out_and_no_other(asked):
    category = asked.stated[0]
    spans = spans_of(quotes_of(asked.exact, category))
    left = {w.quote for w in asked.layout.words} - {
        w.quote
        for w in asked.layout.words
        if any(first <= w.first_token < stop for first, stop in asked.drop(spans))
    }
    quoted = [w for w in asked.layout.words if overlap_any((w.start, w.end), spans)]
    assert left == {w.quote for w in asked.layout.words} - {w.quote for w in quoted}
    assert left
    assert sum(stop - first for first, stop in asked.drop(spans)) == sum(
        word.num_tokens for word in quoted
    )


def test_a_quote_that_is_labelled_is_a_hit_and_one_of_a_category_not_stated_a_miss(
    asked, narrative
):
    tally = judge_quotes(asked, narrative)
    assert tally.sums["quote_top_hit_exact"] == (1.0, 1.0)
    assert tally.sums["quote_any_hit_exact"] == (1.0, 1.0)
    assert 0 < tally.sums["quote_word_f1_exact"][0] <= 1


def test_a_category_left_for_review_is_quoted_in_what_is_shown_and_nowhere_else(
    asked, new_narrative
):
    prediction = asked.fast.prediction
    stated = prediction.principal_reasons[0]
    label = EvidenceQuote(category=stated.category, quote=stated.evidence[0].quote)
    narrative = new_narrative(
        0, categories=(CATEGORIES.index(stated.category),), text=TEXT, evidence=(label,)
    )
    moved = replace(
        prediction,
        principal_reasons=(),
        review_reasons=(*prediction.principal_reasons, *prediction.review_reasons),
    )
    unstated = replace(
        asked,
        fast=replace(asked.fast, prediction=moved, reasons=()),
        exact=replace(asked.exact, prediction=moved, reasons=()),
    )
    tally = judge_quotes(unstated, narrative)
    assert tally.sums["quote_any_hit_exact"] == tally.sums["quote_any_hit_head"] == (0.0, 1.0)
    assert tally.sums["quote_any_hit_shown"] == (1.0, 1.0)
    assert (
        judge_quotes(asked, narrative).sums["quote_word_f1_shown"]
        == (judge_quotes(asked, narrative).sums["quote_word_f1_exact"])
    )


def test_f1_of_words_is_between_nothing_and_the_same_words():
    words = [(0, 3), (4, 7), (8, 11), (12, 15)]
    assert word_f1([(0, 7)], [(0, 7)], words) == 1.0
    assert word_f1([(0, 7)], [(4, 15)], words) == pytest.approx(2 / 5)
    assert word_f1([(0, 3)], [(8, 11)], words) == 0.0
    assert word_f1([], [(8, 11)], words) == 0.0


def test_a_labelled_text_tells_of_flips_and_of_agreement(asked, narrative):
    assert correctly_stated(asked, narrative) == list(narrative.categories)
    tally = judge_labelled(asked, narrative, random=Random(0))
    assert tally.sums["flip_rate_exact"][1] == tally.sums["flip_rate_fast"][1] == 1
    assert tally.sums["flip_rate_random"][1] == pytest.approx(1)
    assert -1 <= tally.sums["rank_correlation"][0] <= 1
    assert 0 <= tally.sums["methods_jaccard"][0] <= 1


def test_rankings_hold_every_clause_once_and_exact_is_by_worth(asked):
    category = asked.stated[0]
    places = list(range(len(asked.layout.clauses)))
    order = exact_order(asked, category)
    assert sorted(order) == sorted(fast_order(asked, category)) == places
    said = asked.fast.clauses.of(str(category))
    assert list(said[fast_order(asked, category)]) == sorted(said, reverse=True)
    worths = asked.exact.clauses.of(str(category))
    assert list(worths[order]) == sorted(worths, reverse=True)


def test_no_ranking_is_better_than_the_best_found_or_worse_than_the_worst(asked, stating_artifact):
    tally = judge_orderings(
        asked, asked.stated[0], network=stating_artifact.network, width=2, random=Random(0)
    )
    assert len(tally.sums) == 12
    for total, number in tally.sums.values():
        assert number == 1
        assert 0 <= total <= 1


def test_an_explanation_compared_with_itself_is_the_same(asked):
    clauses = [(clause.start, clause.end) for clause in asked.layout.clauses]
    tally = compared(asked, asked, clauses, name="seed")
    number = len(asked.stated)
    assert tally.sums["stability_jaccard_seed"] == (number, number)
    assert tally.sums["stability_rbo_seed"] == (pytest.approx(number), number)


def test_changed_texts_are_asked_again(reader, asked):
    tally = judge_edits(reader, asked, random=Random(0))
    for name in ("reworded", "irrelevant"):
        assert tally.sums[f"stability_stated_{name}"][1] == len(asked.stated)
        assert 0 < tally.sums[f"stability_rbo_{name}"][0] <= len(asked.stated)


def test_attributions_are_judged_by_their_gaps_and_rankings(reader, asked, stating_artifact):
    tally = judge_attributions(
        reader,
        asked,
        asked.stated[:1],
        network=stating_artifact.network,
        num_steps=8,
        max_evaluations=60,
    )
    assert {"methods_rbo_gradients", "methods_rbo_shap"} <= tally.sums.keys()
    assert all(gap < 1e-4 for gap in tally.values.get("shap_gap_p95", []))


def test_a_replay_is_the_same_bytes_and_another_model_is_not(reader, new_artifact):
    assert judge_replay(reader, reader, TEXT).sums["replay_identical"] == (1.0, 1.0)
    other = Predictor.from_artifact(new_artifact(seed=5))
    assert judge_replay(reader, other, TEXT).sums["replay_identical"] == (0.0, 1.0)


def test_simulated_files_are_denied_ones_of_held_out_families():
    files = denied_files(5, seed=3)
    assert len(files) == 5
    assert {file.family for file in files} <= {"branch_note", "decision_log"}
    assert all(file.denied for file in files)
    assert all(len(best) == 4 for best in best_four(files))


def test_what_is_planted_is_counted_against_what_can_be_reached(reader):
    (file,) = denied_files(1, seed=3)
    (best,) = best_four([file])
    asked = ask(reader, text_of(file), exact=False)
    sums = judge_simulated(asked, file, best).sums
    stated = set(asked.stated[:4])
    assert sums["planted_recall_of_best"] == (
        len(set(file.categories) & stated),
        len(set(file.categories) & best),
    )
    assert sums["planted_omission"][0] == 0  # everything is stated
    assert sums["direction_errors"][1] == len(asked.fast.reasons)


def test_a_reason_without_any_words_that_lower_it_is_a_direction_error(reader):
    (file,) = denied_files(1, seed=3)
    asked = ask(reader, text_of(file), exact=False)
    reason = asked.fast.reasons[0]
    effects = asked.effects(reason.category)
    assert effects.min() <= 0 < effects.max()
    for place, errors in ((effects.argmin(), 1.0), (effects.argmax(), 0.0)):
        clause = asked.layout.clauses[int(place)]
        span = replace(reason.spans[0], start=clause.start, end=clause.end, quote=clause.quote)
        quoting = replace(asked.fast, reasons=(replace(reason, spans=(span,)),))
        sums = judge_simulated(replace(asked, fast=quoting), file, set()).sums
        assert sums["direction_errors"] == (errors, 1.0)
