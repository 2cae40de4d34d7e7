import math
import re
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from data_pipeline.examples import examples_from_narratives
from training.augmentation import (
    add_noise,
    augment,
    change_case,
    change_spelling,
    leave_out_reason,
    reorder_paragraphs,
    scale_amounts,
)
from training.config import AugmentationConfig

ALWAYS = AugmentationConfig(
    left_out_reason_ratio=1,
    scaled_amounts_ratio=1,
    abbreviated_ratio=1,
    reordered_ratio=1,
    changed_case_ratio=1,
    noise_ratio=1,
    excerpt_ratio=1,
)
CHANGES = [scale_amounts, change_spelling, reorder_paragraphs, change_case, add_noise]
SEEDS = range(12)
(EXAMPLE,) = examples_from_narratives(load_corpus()[:1])


@pytest.fixture(scope="module")
def examples():
    return examples_from_narratives(load_corpus())[::40]


def quotes(example):
    return [example.text[span.start : span.end] for span in example.evidence]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_changes_some_texts_and_no_label_but_the_place_of_quotes(change, examples):
    random = Random(1)
    changed = [change(example, random) for example in examples]
    assert any(new.text != old.text for new, old in zip(changed, examples, strict=True))
    for new, old in zip(changed, examples, strict=True):
        for name in ("category_targets", "reason_targets", "category_order", "risk_probability"):
            assert getattr(new, name) == getattr(old, name)
        assert len(new.evidence) == len(old.evidence)
        assert sorted(s.category_index for s in new.evidence) == sorted(
            s.category_index for s in old.evidence
        )
        assert all(0 <= s.start < s.end <= len(new.text) for s in new.evidence)


def test_quotes_move_with_their_paragraphs(examples):
    moved = 0
    for example in examples:
        new = reorder_paragraphs(example, Random(2))
        assert sorted(quotes(new)) == sorted(quotes(example))
        moved += new.text != example.text
    assert moved > 10


def test_a_reason_left_out_goes_with_its_label_and_its_words(examples):
    denied = [example for example in examples if example.category_order]
    changed = [leave_out_reason(example, Random(3)) for example in denied]
    gone = Counter()
    for old, new in zip(denied, changed, strict=True):
        if new is old:
            continue
        (category,) = set(old.category_order) - set(new.category_order)
        gone[len(new.category_order)] += 1
        assert new.category_order == tuple(c for c in old.category_order if c != category)
        assert new.category_targets[category] == 0.0
        assert math.isnan(new.risk_probability)
        lost = [r for r, t in enumerate(old.reason_targets) if t != new.reason_targets[r]]
        assert {REASON_CATEGORY_INDEX[r] for r in lost} == {category}
        assert quotes(new) == [
            old.text[s.start : s.end] for s in old.evidence if s.category_index != category
        ]
        length = sum(s.end - s.start for s in old.evidence if s.category_index == category)
        assert len(old.text) - length <= len(new.text) < len(old.text)
    assert gone[0] > 10 < gone[1]


def test_a_reason_without_a_quote_and_one_whose_words_carry_another_too_stay(new_example):
    shared = new_example(
        "DTI of 61 % on a job of 3 months.",
        categories=(1, 2),
        quotes=((1, "DTI of 61 % on a job"), (2, "a job of 3 months")),
    )
    unquoted = new_example("DTI of 61 %.", categories=(1, 2), quotes=((1, "DTI of 61 %"),))
    approved = new_example("All is well.", categories=(), quotes=())
    assert leave_out_reason(shared, Random(0)) is shared
    assert leave_out_reason(approved, Random(0)) is approved
    assert {leave_out_reason(unquoted, Random(s)).category_order for s in SEEDS} == {(2,)}


def test_a_quote_keeps_its_words_when_words_before_and_inside_it_are_written_short(new_example):
    text = "The borrower is fine. Bankruptcy filed without any payment. Two years."
    example = new_example(text, categories=(4,), quotes=((4, "Bankruptcy filed without"),))
    found = {quotes(change_spelling(example, Random(seed)))[0] for seed in SEEDS}
    assert {"Bankruptcy filed without", "Bk filed w/o"} <= found
    assert all(re.fullmatch(r"(Bankruptcy|Bk) filed (without|w/o)", quote) for quote in found)


def test_amounts_keep_their_ratio_and_other_figures_their_value(new_example):
    example = new_example("Income $4,150 a month, debts $2,490, DTI 60.0%, score 640, since 2019.")
    for seed in SEEDS:
        text = scale_amounts(example, Random(seed)).text
        income, debts = (int(a.replace(",", "")) for a in re.findall(r"\$([\d,]+\d)", text))
        assert debts / income == pytest.approx(0.6, rel=0.02)
        assert 0.75 < income / 4150 < 1.32
        assert text.endswith("DTI 60.0%, score 640, since 2019.")


def test_amounts_keep_their_order_and_nothing_becomes_something(new_example):
    amounts = (0, 980, 1000, 4990, 5000, 5001)
    example = new_example("Short of " + ", of ".join(f"${a:,}" for a in amounts) + ".")
    found = set()
    for seed in range(200):
        text = scale_amounts(example, Random(seed)).text
        scaled = [int(a.replace(",", "")) for a in re.findall(r"\$([\d,]+\d|\d)", text)]
        assert scaled[0] == 0
        assert scaled == sorted(set(scaled))
        found.add(tuple(scaled))
    assert len(found) > 100


def test_equal_amounts_stay_equal_and_the_closest_ones_apart(new_example):
    example = new_example("Asked $5,001, paid $5,000, owed $5,000, verified $0.")
    for seed in range(200):
        text = scale_amounts(example, Random(seed)).text
        asked, paid, owed = (int(a.replace(",", "")) for a in re.findall(r"\$(\d,\d+)", text))
        assert paid == owed < asked
        assert text.endswith("verified $0.")


@pytest.mark.parametrize("text", ["bk stmts in the file", "Apex Inc.", "Sole prop, coll. of tools"])
def test_short_words_that_may_mean_another_are_not_written_out(text, new_example):
    written = {change_spelling(new_example(text), Random(seed)).text.lower() for seed in SEEDS}
    words = ("bankruptcy", "income", "property", "collections")
    assert not any(word in one for one in written for word in words)


@pytest.mark.parametrize(
    "text",
    [
        "Income $4,150, rent 1,200.",
        "Income $4,150, loan 25k.",
        "Income $4,150 and 90000 a year.",
        "A line of $1.5M.",
        "Owed $1.2 million against $4.5 million.",
        "Rent 950 and car 410, income $2,400.",
        "Income $4,150, payment is 310.",
        "Sales of $90 thousand, debts of $4,150.",
    ],
)
def test_amounts_stay_where_some_may_not_be_recognised(text, new_example):
    example = new_example(text)
    assert all(scale_amounts(example, Random(seed)).text == text for seed in SEEDS)


def test_days_behind_a_payment_are_no_amount(new_example):
    example = new_example("Income $4,150, rent $1,200, two payments 60 days late.")
    assert any(scale_amounts(example, Random(seed)).text != example.text for seed in SEEDS)


def test_a_dialogue_keeps_its_order(new_example):
    example = new_example("A: one\n\nB: two\n\nA: three\n\nB: four", style="chat_log")
    assert all(reorder_paragraphs(example, Random(seed)) is example for seed in SEEDS)


def test_capitals_and_slips_leave_every_position_where_it_was(examples):
    for example in examples:
        for change in (change_case, add_noise):
            new = change(example, Random(3))
            assert new.evidence == example.evidence
            assert len(new.text) == len(example.text)
            assert re.findall(r"\d", example.text) == [
                new.text[m.start()] for m in re.finditer(r"\d", example.text)
            ]


def test_nothing_is_changed_where_nothing_is_asked_for(examples):
    off = AugmentationConfig()
    assert all(augment(example, off, Random(4)) is example for example in examples)


def test_the_same_draw_makes_the_same_text(examples):
    first, second = (
        [augment(example, ALWAYS, random) for example in examples]
        for random in (Random("a"), Random("a"))
    )
    assert first == second


@given(st.text(max_size=300), st.integers(0, 100))
def test_any_text_can_be_changed(text, seed):
    unlabelled = replace(EXAMPLE, text=text, evidence=())
    assert isinstance(augment(unlabelled, ALWAYS, Random(seed)).text, str)
