import pytest
import torch

from model_store.engine.torch_backend import TorchEngine
from model_store.reading import read_texts
from training.config import LexicalConfig
from training.dataset import prepare
from training.lexical import add_lexical_reading, fold_vocabulary

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
