import math

import numpy as np
import pytest
import torch

from data_pipeline.examples import UNKNOWN
from model_store.engine.torch_backend import TorchEngine, pad_rows
from model_store.figure_tokens import FigureRanges
from model_store.reading import read_texts
from training.config import LexicalConfig
from training.dataset import prepare
from training.lexical import add_lexical_reading, fold_vocabulary
from training.lexical_risk import add_lexical_risk
from training.lexical_vectors import presence, vectors

INQUIRIES, PUBLIC_RECORD = 6, 4


@pytest.fixture
def texts(tiny_tokenizer, new_example):
    facts = [("six inquiries", (INQUIRIES,)), ("a bankruptcy", (PUBLIC_RECORD,)), ("nothing", ())]
    examples = [
        new_example(f"The report has {fact}; loan {number}.", categories=categories)
        for number in range(8)
        for fact, categories in facts
    ]
    return prepare(examples, tiny_tokenizer)


def fitted(network, texts, tokenizer, *, enabled=True):
    add_lexical_reading(
        network,
        tokenizer=tokenizer,
        learned=texts,
        held_out=texts,
        config=LexicalConfig(enabled=enabled),
    )
    return network


def category_logits(network, texts, tokenizer):
    engine = TorchEngine(network, padding_id=tokenizer.padding_id)
    return read_texts(engine, [text.windows for text in texts]).category_NC


def test_words_that_tell_categories_apart_are_found_whatever_the_encoder_says(
    new_network, texts, tiny_tokenizer
):
    network = fitted(new_network(), texts, tiny_tokenizer)
    lexical = network.lexical_weight.item()
    assert lexical > 0
    category_NC = category_logits(network, texts, tiny_tokenizer)
    for text, logit_C in zip(texts, category_NC, strict=True):
        order = text.example.category_order
        if order:
            (other,) = {INQUIRIES, PUBLIC_RECORD} - set(order)
            assert logit_C[order[0]] > logit_C[other]


@pytest.mark.parametrize("balanced", [True, False])
def test_where_the_words_do_not_tell_only_a_balanced_reading_forgets_how_rare_a_category_is(
    new_network, new_example, tiny_tokenizer, *, balanced
):
    learned = prepare(
        [
            new_example("The report is bad.", categories=(PUBLIC_RECORD if n % 6 else INQUIRIES,))
            for n in range(24)
        ]
        + [new_example("Nothing.", categories=()) for _ in range(8)],
        tiny_tokenizer,
    )
    network = new_network()
    config = LexicalConfig(enabled=True, balanced=balanced)
    add_lexical_reading(
        network, tokenizer=tiny_tokenizer, learned=learned, held_out=learned, config=config
    )
    window_BT = pad_rows([learned[0].windows[0].ids], tiny_tokenizer.padding_id)
    logit_C = network.lexical(*window_BT).category_BC[0]
    gap = logit_C[PUBLIC_RECORD] - logit_C[INQUIRIES]
    assert (gap > 1) != balanced


def test_under_a_coarse_label_each_of_its_categories_counts(
    new_network, texts, new_example, tiny_tokenizer
):
    coarse = (INQUIRIES, PUBLIC_RECORD)
    targets = tuple(UNKNOWN if c in coarse else 0.05 for c in range(12))
    learned = [
        *(text for text in texts if not text.example.category_order),
        *prepare(
            [
                new_example(
                    f"The report has {fact}; loan {number}.",
                    coarse_sets=(group,),
                    category_targets=targets if group == coarse else (UNKNOWN,) * 12,
                )
                for number in range(8)
                for fact, group in [("a bad history", coarse), ("a denial", tuple(range(12)))]
            ],
            tiny_tokenizer,
        ),
    ]
    lexical = fitted(new_network(), learned, tiny_tokenizer).lexical
    approved_C, bad_C, denied_C = (
        lexical(*pad_rows([text.windows[0].ids], tiny_tokenizer.padding_id)).category_BC[0]
        for text in (learned[0], learned[-2], learned[-1])
    )
    for category in coarse:
        assert bad_C[category] > 0 > approved_C[category]
    assert bad_C[list(coarse)].min() > max(bad_C[c] for c in range(12) if c not in coarse)
    assert denied_C.max() > 0  # a denial of which no reason is known is one


def test_a_category_that_never_holds_gets_no_words(new_network, texts, tiny_tokenizer):
    network = fitted(new_network(), texts, tiny_tokenizer)
    assert not network.lexical.weight_OK[1].any()
    assert network.lexical.bias_O[1] < -2
    assert network.lexical.weight_OK[1 + INQUIRIES].any()


def test_where_it_is_not_asked_for_the_network_stays_what_it_was(
    new_network, texts, tiny_tokenizer
):
    network = fitted(new_network(), texts, tiny_tokenizer, enabled=False)
    before = category_logits(new_network(), texts, tiny_tokenizer)
    assert (category_logits(network, texts, tiny_tokenizer) == before).all()
    assert (network.encoder_weight.item(), network.lexical_weight.item()) == (1.0, 0.0)


def test_it_stands_aside_while_the_network_trains(new_network, texts, tiny_tokenizer):
    network = fitted(new_network(), texts, tiny_tokenizer)
    ids_BT = torch.tensor([texts[0].windows[0].ids])
    mask_BT = torch.ones_like(ids_BT, dtype=torch.bool)
    training = network.train()(ids_BT, mask_BT).category_BC
    assert torch.equal(training, new_network().train()(ids_BT, mask_BT).category_BC)
    assert not torch.equal(network.eval()(ids_BT, mask_BT).category_BC, training)


def test_a_word_is_the_same_in_capitals_and_behind_a_space(tiny_tokenizer):
    folded_V = fold_vocabulary(tiny_tokenizer, vocabulary_size=400)
    (small,), (spaced,), (capital,) = (
        tiny_tokenizer.encode([text])[0].ids for text in ("a", " a", "A")
    )
    assert folded_V[small] == folded_V[spaced] == folded_V[capital] != 0
    assert folded_V[:5].tolist() == [0] * 5


def test_the_token_of_a_figure_is_a_word_like_no_other(tiny_tokenizer):
    ranged = tiny_tokenizer.with_figures(FigureRanges(edges={"credit_score": (620.0, 720.0)}))
    folded_V = fold_vocabulary(ranged, vocabulary_size=404)
    assert folded_V[400:].tolist() == [400, 401, 402, 0]


def test_what_the_words_say_of_the_risk_is_found_whatever_the_encoder_says(
    new_network, new_example, tiny_tokenizer
):
    facts = [("six inquiries", 0.7), ("a paid roof", 0.1), ("a bankruptcy", 0.9), ("rent", 0.2)]
    examples = [
        new_example(f"The report has {fact}; loan {number}.", risk=risk)
        for number in range(12)
        for fact, risk in facts
    ]
    texts = prepare(examples, tiny_tokenizer)
    network = fitted(new_network(), texts, tiny_tokenizer)
    assert network.lexical_risk_weight.item() > 0
    engine = TorchEngine(network, padding_id=tiny_tokenizer.padding_id)
    risk_N = read_texts(engine, [text.windows for text in texts]).risk_N
    for start in range(0, len(texts), 4):
        inquiries, roof, bankruptcy, rent = risk_N[start : start + 4]
        assert max(roof, rent) < min(inquiries, bankruptcy)


@pytest.mark.parametrize("risk", [math.nan, 0.3])
def test_where_no_risk_is_known_or_all_are_alike_the_encoder_alone_says_it(
    new_network, new_example, tiny_tokenizer, risk
):
    examples = [new_example(f"Loan {number} of many.", risk=risk) for number in range(40)]
    network = fitted(new_network(), prepare(examples, tiny_tokenizer), tiny_tokenizer)
    weights = (network.encoder_risk_weight.item(), network.lexical_risk_weight.item())
    assert weights == (1.0, 0.0)
    assert not network.lexical.weight_OK[-1].any()


def test_the_words_are_trusted_as_far_as_texts_held_out_like_best(
    new_network, new_example, tiny_tokenizer
):
    generator = np.random.default_rng(0)

    def drawn(number):
        held = generator.random() < 0.5
        told = "collections" if generator.random() < (0.8 if held else 0.3) else "savings"
        letters = " ".join(generator.choice(list("bcdfghjkl"), 6))
        return new_example(f"{number}: {told} {letters}", risk=float(held))

    learned, held_out = (
        prepare([drawn(n) for n in range(start, start + 60)], tiny_tokenizer) for start in (0, 60)
    )

    def words(order):
        network = new_network()
        config = LexicalConfig(enabled=True)
        add_lexical_reading(
            network, tokenizer=tiny_tokenizer, learned=learned, held_out=held_out, config=config
        )
        lexical, padding_id = network.lexical, tiny_tokenizer.padding_id
        present_NK = presence(lexical, learned, padding_id=padding_id)
        add_lexical_risk(
            network,
            vectors(present_NK, lexical.rarity_K.double().numpy()),
            learned,
            held_out=held_out,
            padding_id=padding_id,
            inverse_regularisations=order,
        )
        return lexical.weight_OK[-1]

    order = (0.03, 0.3, 3.0, 30.0, 300.0)
    torch.testing.assert_close(words(order), words(order[::-1]))
    assert words(order).abs().max() < words(order[-1:]).abs().max()
