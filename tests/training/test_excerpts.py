import math
from collections import Counter
from random import Random

import pytest
import torch

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from data_pipeline.examples import UNKNOWN, examples_from_narratives
from model_store.explain.clauses import split_sentences
from training.config import LossConfig
from training.dataset import collate, prepare
from training.excerpts import take_excerpt
from training.losses import evidence_loss

TEXT = (
    "Truck loan.\nDTI is 61 %. Two cards are late. On the job for a month.\nShe has a garden. "
    "He has a boat. The dog is old. No more."
)
SEEDS = range(60)


@pytest.fixture(scope="module")
def examples():
    return examples_from_narratives(load_corpus())[::20]


@pytest.fixture
def example(new_example):
    return new_example(
        TEXT,
        categories=(1, 3, 5),
        quotes=((1, "61 %"), (3, "Two cards are late"), (3, "He has a boat")),
        distractors=(2,),
    )


def excerpts(example):
    return [take_excerpt(example, Random(seed)) for seed in SEEDS]


def sentences(text):
    return [text[start:end] for start, end in split_sentences(text)]


def test_an_excerpt_is_made_of_whole_sentences_in_their_order(example):
    whole = sentences(TEXT)
    sizes = Counter()
    for taken in excerpts(example):
        places = [whole.index(sentence) for sentence in sentences(taken.text)]
        assert places == sorted(set(places))
        sizes[len(places)] += 1
    assert set(sizes) >= {1, 2, 3, 4, 6}


def test_excerpts_of_the_corpus_are_much_shorter(examples):
    taken = [take_excerpt(example, Random(example.id)) for example in examples]
    for new, old in zip(taken, examples, strict=True):
        words = iter(old.text.split())
        assert all(word in words for word in new.text.split())  # in their order
    assert sum(len(e.text) for e in taken) < 0.3 * sum(len(e.text) for e in examples)


def test_quotes_keep_their_words_and_only_whole_ones_are_kept(examples):
    kept = Counter()
    for example in examples:
        taken = take_excerpt(example, Random(example.id))
        before = {(example.text[s.start : s.end], s.category_index) for s in example.evidence}
        after = {(taken.text[s.start : s.end], s.category_index) for s in taken.evidence}
        assert after <= before
        kept[len(after)] += 1
    assert kept[0] > 10 < kept[2]


def test_a_category_holds_with_all_its_quotes_is_unknown_with_fewer_and_absent_as_before(example):
    found = Counter()
    for taken in excerpts(example):
        if taken is example:
            continue
        for category, quotes in ((1, ("61 %",)), (3, ("Two cards are late", "He has a boat"))):
            is_whole = all(quote in taken.text for quote in quotes)
            assert taken.category_targets[category] == (1.0 if is_whole else UNKNOWN)
            found[category, is_whole] += 1
        assert taken.category_targets[5] == UNKNOWN  # it has no quote to be known by
        assert taken.category_targets[2] == UNKNOWN  # what excuses it may be gone
        assert {t for c, t in enumerate(taken.category_targets) if c not in {1, 2, 3, 5}} == {0.0}
        assert math.isnan(taken.risk_probability)
        assert taken.category_order == ()
        for reason, target in enumerate(taken.reason_targets):
            is_known = taken.category_targets[REASON_CATEGORY_INDEX[reason]] != UNKNOWN
            assert target == (example.reason_targets[reason] if is_known else UNKNOWN)
    assert len(found) == 4


def test_the_order_is_known_where_all_that_hold_are_stated(new_example):
    example = new_example(
        TEXT, categories=(3, 1), quotes=((1, "61 %"), (3, "Two cards are late")), risk=0.4
    )
    orders = {taken.category_order: taken for taken in excerpts(example) if taken is not example}
    assert set(orders) == {(3, 1), ()}
    assert all(quote in orders[3, 1].text for quote in ("61 %", "Two cards are late"))


def test_whether_there_is_a_denial_is_not_learned_from_excerpts(
    example, new_example, tiny_tokenizer
):
    approved = new_example(TEXT, categories=(), distractors=(3,))
    texts = [t for e in (example, approved) for t in excerpts(e)]
    batch = collate(prepare(texts, tiny_tokenizer), padding_id=tiny_tokenizer.padding_id)
    expected = {example: 1.0, approved: 0.0}
    assert batch.denial_N.tolist() == [expected.get(t, UNKNOWN) for t in texts]
    assert (batch.denial_N == UNKNOWN).sum() > len(texts) / 2


def test_lines_stay_lines(example):
    texts = {taken.text for taken in excerpts(example)}
    assert any(text.startswith("Truck loan.\n") for text in texts)
    assert any("Two cards are late.\nHe has a boat." in text for text in texts)
    assert all(text.count("\n") < 3 for text in texts)
    assert not any("DTI is 61 %.\nTwo" in text or "late.\nOn" in text for text in texts)


def test_a_text_of_few_sentences_stays_whole(new_example):
    short = new_example("All is well.", categories=(), quotes=())
    assert all(taken is short for taken in excerpts(short))


def test_what_is_unknown_costs_nothing_on_any_token(example, tiny_tokenizer):
    (taken,) = [t for t in excerpts(example) if t.category_targets[1] == 1.0][:1]
    batch = collate(prepare([taken], tiny_tokenizer), padding_id=tiny_tokenizer.padding_id)
    unknown = [c for c, target in enumerate(taken.category_targets) if target == UNKNOWN]
    assert (batch.evidence_WTC[..., unknown] == UNKNOWN).all()
    assert (batch.evidence_WTC[..., 1] == 1).any()
    weight = LossConfig().evidence_positive_weight
    logits = torch.zeros(batch.evidence_WTC.shape)
    moved = logits.clone()
    moved[..., unknown] = 9.0
    assert evidence_loss(moved, batch, weight) == evidence_loss(logits, batch, weight)


def test_tokens_count_when_the_first_category_is_unknown(new_example, tiny_tokenizer):
    example = new_example(TEXT, categories=(1,), quotes=((1, "61 %"),))
    unknown = new_example(
        TEXT,
        categories=(1,),
        quotes=((1, "61 %"),),
        category_targets=(UNKNOWN, *example.category_targets[1:]),
    )
    losses = []
    for one in (example, unknown):
        batch = collate(prepare([one], tiny_tokenizer), padding_id=tiny_tokenizer.padding_id)
        losses.append(
            evidence_loss(batch.evidence_WTC.new_zeros(batch.evidence_WTC.shape), batch, 1.0)
        )
    assert losses[1] < losses[0] < losses[1] * 1.2
