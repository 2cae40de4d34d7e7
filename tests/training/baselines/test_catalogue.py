import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.examples import UNKNOWN
from model_store.calibration import Calibration
from training.baselines import (
    field_baselines,
    frozen_encoder_linear,
    majority,
    text_baselines,
    tfidf_logistic,
)
from training.baselines.features import TfidfFeatures
from training.baselines.models import Variant
from training.baselines.tuned import TunedBaseline
from training.errors import ConfigError
from training.evaluation.answers import truth_of_examples
from training.metrics import micro_f1, primary_accuracy

FACTS = {1: "dti far over the limit", 3: "cards ninety days past due", 7: "appraisal below price"}


@pytest.fixture(scope="session")
def new_file(new_example):
    """Makes the nth of some files, by six authors in turn."""

    def make(n, told, **labels):
        return new_example(
            f"file {n} asks for money, {told}",
            id=f"x{n}",
            group=f"x{n}",
            author=f"author {n % 6}",
            **labels,
        )

    return make


@pytest.fixture(scope="session")
def examples(new_file):
    """60 examples by six authors: three categories told by their words, and approvals."""
    made = []
    for n in range(60):
        category = [1, 3, 7, None][n % 4]
        fact = "all in order" if category is None else FACTS[category]
        made.append(
            new_file(
                n,
                f"{fact}, signed {n % 5}",
                categories=() if category is None else (category,),
                risk=0.02 if category is None else 0.4,
            )
        )
    return made


@pytest.fixture(scope="session")
def halves(examples):
    train = [e for e in examples if e.author not in ("author 4", "author 5")]
    return train, [e for e in examples if e.author in ("author 4", "author 5")]


def _same(first, second):
    return bool(
        (first.probability_NC == second.probability_NC).all()
        and (first.ranked_by_NC == second.ranked_by_NC).all()
        and (first.default_probability_N == second.default_probability_N).all()
    )


def test_words_that_tell_the_category_are_learned(halves):
    train, held_out = halves
    baseline = tfidf_logistic(seed=1)
    baseline.fit(train)
    answers, truth = baseline.answers(held_out), truth_of_examples(held_out)
    assert primary_accuracy(answers.probability_NC, truth.first_NC).item() == 1.0
    assert micro_f1(answers.stated_NC, truth.target_NC).item() == 1.0
    assert (answers.stated_NC <= answers.listed_NC).all()
    denied_N = truth.denied_N == 1
    risk_N = answers.default_probability_N
    assert risk_N[denied_N].mean() > 0.3
    assert risk_N[~denied_N].mean() < 0.1
    assert answers.reason_stated_NR is None


def test_categories_learned_on_denied_texts_alone_are_no_likelier_than_a_denial(halves):
    train, held_out = halves
    baseline = tfidf_logistic(given_denial=True, seed=1)
    baseline.fit(train)
    answers, truth = baseline.answers(held_out), truth_of_examples(held_out)
    assert primary_accuracy(answers.probability_NC, truth.first_NC).item() == 1.0
    top_N = answers.probability_NC.max(axis=1)
    assert top_N[truth.denied_N == 1].min() > top_N[truth.denied_N == 0].max()


@pytest.fixture(scope="session")
def ordered(new_file):
    """Files of six authors with two reasons each, the one told of 'above all' first."""
    made = []
    for n in range(72):
        first, second = [(1, 3), (3, 1), (3, 7), (7, 3), (1, 7), (7, 1)][n // 6 % 6]
        facts = sorted([f"above all {FACTS[first].split()[0]}", FACTS[second]])
        made.append(new_file(n, ", ".join(facts), categories=(first, second)))
    return made


def test_the_order_of_two_reasons_is_learned_where_it_is_asked_for(ordered):
    held_out = [e for e in ordered if e.author == "author 5"]
    truth = truth_of_examples(held_out)
    found = {}
    for order_learned in (False, True):
        baseline = tfidf_logistic(given_denial=True, order_learned=order_learned, seed=1)
        baseline.fit([e for e in ordered if e.author != "author 5"])
        answers = baseline.answers(held_out)
        assert micro_f1(answers.stated_NC, truth.target_NC).item() == 1.0
        found[order_learned] = primary_accuracy(answers.ranked_by_NC, truth.first_NC).item()
    assert found[True] == 1.0
    assert found[False] < 0.8


@pytest.mark.parametrize("num_unordered", [10, 40])
def test_where_little_or_no_order_is_known_the_likeliest_is_named_first(halves, num_unordered):
    train, held_out = halves
    by_author = sorted(train, key=lambda e: e.author)
    unordered = [replace(e, category_order=()) for e in by_author[:num_unordered]]
    baseline = tfidf_logistic(given_denial=True, order_learned=True, seed=1)
    baseline.fit([*unordered, *by_author[num_unordered:]])
    answers, truth = baseline.answers(held_out), truth_of_examples(held_out)
    assert np.isfinite(answers.ranked_by_NC).all()
    assert primary_accuracy(answers.ranked_by_NC, truth.first_NC).item() == 1.0


def test_default_is_told_by_a_classifier_of_its_own(halves):
    train, _ = halves
    seeing = tfidf_logistic(seed=1)._variants[0]
    blind = replace(seeing, new_classifier=lambda: Constant(0.3))
    for variants in ([blind, seeing], [seeing, blind]):
        baseline = TunedBaseline("either", TfidfFeatures, [blind], risk_variants=variants, seed=1)
        baseline.fit(train)
        answers = baseline.answers(train)
        assert np.ptp(answers.probability_NC, axis=0).max() < 1e-6
        assert np.ptp(answers.default_probability_N) > 0.1


def test_the_majority_says_the_same_of_every_text_and_the_shares_are_right(halves):
    train, held_out = halves
    baseline = majority(seed=1)
    baseline.fit(train)
    probability_NC = baseline.answers(held_out).probability_NC
    assert (probability_NC == probability_NC[0]).all()
    assert probability_NC[0, 1] == pytest.approx(0.25, abs=0.02)
    assert probability_NC[0, 0] < 0.03
    assert baseline.answers(held_out).default_probability_N == pytest.approx(
        np.mean([e.risk_probability for e in train]), abs=0.01
    )


def test_two_fits_give_the_same_answers(halves):
    train, held_out = halves
    for make in (majority, tfidf_logistic):
        first, second = make(seed=1), make(seed=1)
        first.fit(train)
        second.fit(train)
        assert _same(first.answers(held_out), second.answers(held_out))


def test_fitting_again_forgets_what_was_learned(halves):
    train, held_out = halves
    fresh, used = tfidf_logistic(seed=1), tfidf_logistic(seed=1)
    used.fit(held_out)
    for baseline in (fresh, used):
        baseline.fit(train)
    assert _same(fresh.answers(held_out), used.answers(held_out))


class Watched:
    """Features that remember whose examples they learned from and were asked about."""

    log: ClassVar[list] = []

    def fit(self, examples):
        self._learned = {e.author for e in examples}
        return np.zeros((len(examples), 1))

    def transform(self, examples):
        self.log.append((self._learned, {e.author for e in examples}))
        return np.zeros((len(examples), 1))


class Constant:
    """A classifier that gives one probability."""

    def __init__(self, probability):
        self._probability = probability

    def fit(self, *_, **__):
        return self

    def predict_proba(self, table):
        return np.tile([1 - self._probability, self._probability], (table.shape[0], 1))


def test_tuning_scores_whole_authors_that_were_left_out(halves):
    train, _ = halves
    Watched.log.clear()
    variant = Variant(new_classifier=lambda: Constant(0.3))
    TunedBaseline("watched", Watched, [variant], seed=1).fit(train)
    assert len(Watched.log) == 4
    assert all(not learned & asked for learned, asked in Watched.log)
    assert set.union(*(asked for _, asked in Watched.log)) == {e.author for e in train}


def test_the_better_variant_is_chosen_on_what_was_left_out(halves):
    train, held_out = halves
    blind = Variant(new_classifier=lambda: Constant(0.3))
    seeing = tfidf_logistic(seed=1)._variants[0]
    for variants in ([blind, seeing], [seeing, blind]):
        baseline = TunedBaseline("either", TfidfFeatures, variants, seed=1)
        baseline.fit(train)
        truth = truth_of_examples(held_out)
        found = primary_accuracy(baseline.answers(held_out).probability_NC, truth.first_NC).item()
        assert found == 1.0


def test_examples_of_one_group_are_learned_without_tuning(new_example):
    texts = [
        new_example(f"{fact} {i}", categories=(c,), author="one", group="one", id=f"{c}{i}")
        for i in range(3)
        for c, fact in FACTS.items()
    ]
    baseline = tfidf_logistic(seed=1)
    baseline.fit(texts)
    assert baseline.calibration.num_texts == 0
    assert baseline.answers(texts).probability_NC.argmax(axis=1).tolist() == [1, 3, 7] * 3


def test_a_baseline_that_was_not_fitted_says_so(examples):
    with pytest.raises(RuntimeError, match="call fit first"):
        majority(seed=1).answers(examples)


def register_row(new_example, n, *, denied, **changes):
    """A row as HMDA gives it: coarse or no labels, no author, a lender as group."""
    values = {
        "id": f"row {n}",
        "group": f"lender {n % 8}",
        "author": "",
        "reason_targets": (UNKNOWN,) * 29,
        "category_order": (),
        "risk_probability": math.nan,
    }
    if denied:
        values |= {"category_targets": (UNKNOWN,) * 12, "coarse_sets": ((0, 1),)}
    return new_example(f"row {n}", **{**values, **changes})


@pytest.fixture
def register(new_example):
    """80 rows of eight lenders; a high debt ratio is denied with a coarse reason."""
    generator = np.random.default_rng(0)
    ratios = [float(r) for r in generator.uniform(0.1, 0.9, size=80)]
    rows = [register_row(new_example, n, denied=r > 0.5) for n, r in enumerate(ratios)]
    applications = {
        row.id: LoanApplication(
            debt_to_income_ratio=r if n % 10 else None,
            loan_amount_usd=100_000,
            purpose="refinancing" if n % 2 else "home purchase",
        )
        for n, (row, r) in enumerate(zip(rows, ratios, strict=True))
    }
    return rows, applications


def test_fields_alone_tell_denial_and_a_coarse_reason(register):
    rows, applications = register
    train = [row for row in rows if row.group not in ("lender 6", "lender 7")]
    held_out = [row for row in rows if row.group in ("lender 6", "lender 7")]
    truth = truth_of_examples(held_out)
    assert 0 < truth.denied_N.sum() < len(held_out)
    names = []
    for baseline in field_baselines(applications, seed=1):
        names.append(baseline.name)
        baseline.fit(train)
        answers = baseline.answers(held_out)
        score_N = answers.probability_NC.max(axis=1)
        denied_N = truth.denied_N == 1
        known_N = np.array([applications[e.id].debt_to_income_ratio is not None for e in held_out])
        separated = score_N[denied_N & known_N].mean() - score_N[~denied_N & known_N].mean()
        assert separated > 0.3, baseline.name
        assert set(answers.probability_NC[denied_N & known_N].argmax(axis=1)) <= {0, 1}
        assert np.isnan(answers.default_probability_N).all()
    assert names == ["fields: logistic regression", "fields: lightgbm", "fields: random forest"]


def test_rows_with_nothing_but_an_outcome_teach_the_risk(new_example):
    generator = np.random.default_rng(0)
    scores = [float(s) for s in generator.uniform(500, 800, size=120)]
    rows = [
        register_row(
            new_example,
            n,
            denied=False,
            category_targets=(UNKNOWN,) * 12,
            risk_probability=float(score < 640),
        )
        for n, score in enumerate(scores)
    ]
    applications = {
        row.id: LoanApplication(credit_score=s) for row, s in zip(rows, scores, strict=True)
    }
    for baseline in field_baselines(applications, seed=1):
        baseline.fit(rows)
        risk_N = baseline.answers(rows).default_probability_N
        bad_N = np.array(scores) < 640
        assert risk_N[bad_N].mean() > 0.6 + risk_N[~bad_N].mean(), baseline.name
        answers = baseline.answers(rows)
        assert np.isnan(answers.probability_NC).all()
        assert not answers.stated_NC.any()


@pytest.mark.parametrize("given_denial", [True, False])
def test_what_is_known_may_all_lie_in_one_part(new_example, given_denial):
    unlabelled = {"category_targets": (UNKNOWN,) * 12}
    rows = [
        register_row(
            new_example,
            n,
            denied=n % 8 == 3 and n % 16 < 8,
            **({"risk_probability": float(n % 16 < 8)} if n % 8 == 3 else unlabelled),
        )
        for n in range(80)
    ]
    baseline = tfidf_logistic(given_denial=given_denial, seed=1)
    baseline.fit(rows)
    # No part was fitted without lender 3 and asked about others that anything is known of.
    assert baseline.calibration.categories == Calibration().categories
    assert baseline.calibration.risk == Calibration().risk
    answers = baseline.answers(rows)
    assert not np.isnan(answers.probability_NC).any()
    assert not np.isnan(answers.default_probability_N).any()


def test_examples_drawn_as_they_come_say_how_likely_an_outcome_is(new_example):
    def rows(start, *, count, denied_ratio):
        generator = np.random.default_rng(start)
        found = []
        for n in range(start, start + count):
            denied = bool(generator.random() < denied_ratio)
            row = register_row(new_example, n, denied=denied, risk_probability=float(denied))
            tells = denied and generator.random() < 0.7
            found.append(replace(row, text=f"file {n % 5} {'late' if tells else 'fine'}"))
        return found

    thinned, natural = (
        rows(0, count=400, denied_ratio=0.5),
        rows(400, count=400, denied_ratio=0.1),
    )
    held_out = rows(800, count=800, denied_ratio=0.1)
    risks = []
    for as_they_come in ([], natural):
        baseline = tfidf_logistic(seed=1)
        baseline.fit([*thinned, *([] if as_they_come else natural)], as_they_come=as_they_come)
        risks.append(baseline.answers(held_out).default_probability_N.mean())
    together, apart = risks
    assert apart == pytest.approx(0.1, abs=0.03)
    assert together > apart + 0.05
    baseline = tfidf_logistic(seed=1)
    fine = [row for row in natural if row.risk_probability == 0.0]
    baseline.fit(thinned, as_they_come=fine)  # they tell nothing of denials and defaults
    assert baseline.answers(held_out).default_probability_N.max() < 1
    assert baseline.calibration.state_C.min() > 1e-3


def test_a_frozen_encoder_is_learned_from_and_never_changed(halves, tiny_encoder):
    train, held_out = halves
    baseline = frozen_encoder_linear(tiny_encoder, seed=1)
    baseline.fit(train)
    answers, truth = baseline.answers(held_out), truth_of_examples(held_out)
    assert primary_accuracy(answers.probability_NC, truth.first_NC).item() > 0.6
    again = frozen_encoder_linear(tiny_encoder, seed=1)
    again.fit(train)
    assert _same(again.answers(held_out), baseline.answers(held_out))


def test_an_encoder_that_is_not_there_is_a_sentence(halves, tmp_path):
    with pytest.raises(ConfigError, match="no RoBERTa encoder"):
        frozen_encoder_linear(str(tmp_path / "none"), seed=1).fit(halves[0])


def test_without_an_encoder_there_is_no_baseline_on_one(tiny_encoder):
    assert len(text_baselines(encoder=None, seed=1)) == 4
    names = [baseline.name for baseline in text_baselines(encoder=tiny_encoder, seed=1)]
    assert len(set(names)) == 5
