import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.corpus.narratives import load_corpus, load_narratives
from data_pipeline.examples import Example, examples_from_narratives
from data_pipeline.splits import (
    LeakError,
    SplitError,
    author_folds,
    authors_apart,
    group_parts,
    holdout_by_group,
    near_duplicates,
    near_repeats,
    require_disjoint,
    require_in_time,
    require_no_leak,
)

SENTENCE = "the quick brown fox asks for a used truck and pays in cash on friday at noon"
WORDS = SENTENCE.split()


def example(name, *, group=None, author="a", text=None, primary=None):
    return Example(
        id=name,
        group=group or name,
        author=author,
        product="auto",
        style="",
        text=text if text is not None else " ".join(f"{name}{word}" for word in WORDS),
        category_targets=(0.0,) * 12,
        coarse_sets=(),
        reason_targets=(0.0,) * 29,
        category_order=() if primary is None else (primary,),
        risk_probability=math.nan,
        evidence=(),
    )


@pytest.fixture(scope="module")
def corpus():
    return load_corpus()


@pytest.mark.parametrize("num_folds", [2, 5, 12])
def test_every_author_of_the_corpus_is_held_out_exactly_once_and_whole(corpus, num_folds):
    folds = author_folds(corpus, num_folds=num_folds, seed=1)
    held = Counter(author for fold in folds for author in {n.author for n in fold.held_out})
    assert held == Counter({n.author for n in corpus})
    for fold in folds:
        assert len(fold.train) + len(fold.held_out) == len(corpus)
        assert not {n.author for n in fold.train} & {n.author for n in fold.held_out}


def test_folds_of_the_corpus_differ_in_size_by_less_than_an_author(corpus):
    sizes = [len(fold.held_out) for fold in author_folds(corpus, num_folds=4, seed=0)]
    assert max(sizes) - min(sizes) <= 150


def test_the_seed_decides_the_folds(corpus):
    same = author_folds(corpus, num_folds=4, seed=7)
    assert author_folds(corpus, num_folds=4, seed=7) == same
    assert author_folds(corpus, num_folds=4, seed=8) != same


@pytest.mark.parametrize("num_folds", [0, 1, 3])
def test_folds_that_the_authors_cannot_fill_are_refused(num_folds):
    items = [example("x", author="a"), example("y", author="b")]
    with pytest.raises(SplitError, match="expected 2 to 2"):
        author_folds(items, num_folds=num_folds, seed=0)


def test_authors_set_apart_are_held_out_whole_and_alone(corpus):
    split = authors_apart(corpus, ["tx7", "auto"])
    assert {n.author for n in split.held_out} == {"tx7", "auto"}
    assert not {"tx7", "auto"} & {n.author for n in split.train}
    assert sorted(n.id for n in (*split.train, *split.held_out)) == sorted(n.id for n in corpus)


def test_authors_that_cannot_be_set_apart_are_refused():
    items = [example("x", author="a"), example("y", author="b")]
    with pytest.raises(SplitError, match="no text by c: expected some of a, b"):
        authors_apart(items, ["a", "c"])
    with pytest.raises(SplitError, match="leave some"):
        authors_apart(items, ["b", "a"])
    with pytest.raises(SplitError, match="an author for every item"):
        authors_apart([*items, example("z", author="")], ["a"])
    with pytest.raises(SplitError, match="expected authors"):
        authors_apart(items, [])


def test_an_item_without_author_is_refused():
    with pytest.raises(SplitError, match="without author"):
        author_folds([example("x", author=""), example("y")], num_folds=2, seed=0)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from([None, 0, 5, 11])), min_size=40),
    st.floats(0.1, 0.9),
    st.integers(0, 99),
)
def test_a_holdout_never_parts_a_group_and_loses_nothing(rows, fraction, seed):
    examples = [
        example(str(position), group=f"g{group}", primary=primary)
        for position, (group, primary) in enumerate(rows)
    ] + [example(f"extra{i}") for i in range(20)]
    split = holdout_by_group(examples, fraction=fraction, seed=seed)
    assert not {e.group for e in split.train} & {e.group for e in split.held_out}
    assert Counter(e.id for e in split.train + split.held_out) == Counter(e.id for e in examples)


@pytest.mark.parametrize("seed", range(5))
def test_a_holdout_takes_its_share_of_every_primary_category(seed):
    examples = [example(f"{c}-{i}", primary=c) for c in range(12) for i in range(50)]
    held = holdout_by_group(examples, fraction=0.2, seed=seed).held_out
    assert Counter(e.category_order[0] for e in held) == dict.fromkeys(range(12), 10)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5])
def test_a_fraction_that_leaves_a_side_empty_is_refused(fraction):
    with pytest.raises(SplitError, match="above 0 and below 1"):
        holdout_by_group([example("x"), example("y")], fraction=fraction, seed=0)
    with pytest.raises(SplitError, match="a side is empty"):
        holdout_by_group([example("x")], fraction=0.5, seed=0)


def test_disjoint_splits_pass_the_leak_check():
    require_no_leak({"train": [example("x")], "test": [example("y", author="b")]}, authors=True)


@pytest.mark.parametrize(
    ("twin", "kind"),
    [
        (example("x", text="other"), "id"),
        (example("y", group="x"), "group"),
        (example("y", author="a"), "author"),
        (example("y", author="b", text=example("x").text.upper()), "text"),
    ],
)
def test_whatever_two_splits_share_is_named(twin, kind):
    with pytest.raises(LeakError) as caught:
        require_no_leak({"train": [example("x")], "test": [twin]}, authors=True)
    assert caught.value.kind == kind
    assert caught.value.ids == (twin.id,)
    assert "'train' and 'test'" in str(caught.value)


def test_authors_and_texts_are_compared_only_where_asked():
    twin = replace(example("x"), id="y", group="y")
    require_no_leak({"train": [example("x")], "test": [twin]}, texts=False)


def test_a_text_with_a_few_words_changed_is_a_near_duplicate_and_a_new_text_is_not():
    changed = [*WORDS[:8], "old", *WORDS[9:]]
    left = [example("x", text=" ".join(WORDS))]
    right = [example("y", text=" ".join(changed)), example("z"), example("w", text="truck")]
    assert near_duplicates(left, right) == ["y"]


def test_an_earlier_text_of_another_group_is_found_again():
    first, twin = example("x", text=" ".join(WORDS)), example("y", text=" ".join(WORDS[:-1]))
    assert near_repeats([first, example("z"), twin]) == [("y", "x")]
    assert near_repeats([first, replace(twin, group=first.group)]) == []


def test_no_text_of_the_corpus_nearly_repeats_another_but_its_contrast(corpus):
    assert near_repeats(examples_from_narratives(corpus)) == []


def test_the_test_sets_share_nothing_with_the_corpus_or_each_other(corpus):
    data = Path(__file__).parents[1] / "data"
    sets = {name: load_narratives(data / f"narratives_{name}.jsonl") for name in ("dev", "notes")}
    splits = {"corpus": corpus, **sets}
    require_no_leak(
        {name: examples_from_narratives(texts) for name, texts in splits.items()}, authors=True
    )


def test_empty_authors_are_not_a_shared_author():
    require_no_leak(
        {"train": [example("x", author="")], "test": [example("y", author="")]}, authors=True
    )


def test_whole_groups_are_dealt_to_the_parts_by_their_shares():
    sizes = {f"lender {n}": n + 1 for n in range(40)}
    shares = {"train": 0.5, "calibration": 0.1, "test": 0.4}
    part_of = group_parts(sizes, shares=shares, seed=3)
    assert set(part_of) == set(sizes)
    for part, share in shares.items():
        found = sum(sizes[group] for group, own in part_of.items() if own == part)
        assert found == pytest.approx(share * sum(sizes.values()), rel=0.05)


@pytest.mark.parametrize("shares", [{"a": 0.5, "b": 0.6}, {"a": 1.0, "b": 0.0}])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(SplitError, match="shares"):
        group_parts({"x": 1, "y": 1}, shares=shares, seed=0)
    with pytest.raises(SplitError, match="groups"):
        group_parts({"x": 1}, shares={"a": 0.5, "b": 0.5}, seed=0)


def test_what_an_example_does_not_say_of_itself_is_checked_too():
    parts = {"train": {"1": "market", "2": ""}, "test": {"3": "regional", "4": ""}}
    require_disjoint(parts, kind="policy")
    parts["test"]["5"] = "market"
    with pytest.raises(LeakError, match="policy") as caught:
        require_disjoint(parts, kind="policy")
    assert caught.value.ids == ("5",)


def test_a_split_must_be_later_than_all_before_it():
    parts = {"train": {"1": "2010-09", "2": "2010-10"}, "test": {"3": "2010-11"}}
    require_in_time(parts)
    parts["test"]["4"] = "2010-10"
    with pytest.raises(LeakError, match="time") as caught:
        require_in_time(parts)
    assert caught.value.ids == ("4",)
