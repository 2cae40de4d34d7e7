import pytest
import torch

from model_store.engine.torch_backend import pad_rows
from model_store.lexical import LexicalReading

PADDING, FIRST, END = 1, 0, 2
WORDS = range(5, 40)


@pytest.fixture
def reading():
    """A fitted table in which even ids fold to the odd one before them."""
    made = LexicalReading(vocabulary_size=40, num_categories=3, num_slots=4096)
    made.folded_V.copy_(torch.tensor([0] * 5 + [w - (w % 2 == 0) for w in WORDS]))
    generator = torch.Generator().manual_seed(0)
    made.rarity_K.copy_(torch.rand(4096, generator=generator) + 1)
    made.weight_OK.copy_(torch.randn(5, 4096, generator=generator))
    return made


def logits(reading, *rows):
    ids_BT, mask_BT = pad_rows([[FIRST, *row, END] for row in rows], PADDING)
    return reading(ids_BT, mask_BT).category_BC


def risks(reading, *rows):
    ids_BT, mask_BT = pad_rows([[FIRST, *row, END] for row in rows], PADDING)
    return reading(ids_BT, mask_BT).risk_B


def test_an_empty_table_says_the_same_of_every_text():
    empty = LexicalReading(vocabulary_size=40, num_categories=3, num_slots=64)
    assert (logits(empty, [7, 9, 11]) == logits(empty, [8])).all()


def test_a_window_says_the_same_alone_and_beside_a_longer_one(reading):
    alone = logits(reading, [7, 9, 11])
    beside = logits(reading, [7, 9, 11], list(WORDS))
    torch.testing.assert_close(beside[:1], alone)


def test_a_window_without_words_says_the_bias(reading):
    reading.bias_O.copy_(torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5]))
    probability_BC = torch.tensor([[1.0, 0.0, -1.0]]).sigmoid() * torch.tensor(2.0).sigmoid()
    torch.testing.assert_close(logits(reading, []).sigmoid(), probability_BC)
    torch.testing.assert_close(risks(reading, []), torch.tensor([0.5]))


def test_what_is_repeated_counts_once(reading):
    torch.testing.assert_close(logits(reading, [7, 9, 7, 9, 7]), logits(reading, [9, 7, 9, 7]))


def test_folded_tokens_are_the_same_word(reading):
    torch.testing.assert_close(logits(reading, [8, 9, 12]), logits(reading, [7, 10, 11]))


def test_the_order_of_neighbours_counts(reading):
    assert not torch.allclose(logits(reading, [7, 9, 11]), logits(reading, [11, 7, 9]))


def test_a_category_is_a_denial_and_the_category_given_one_each_linear_in_words_and_pairs(reading):
    slots = [7 * 21_001 % 4095, 9 * 21_001 % 4095, (7 * 31_337 + 9 * 7_919) % 4095]
    rarity = reading.rarity_K[slots]
    logit_O = (rarity / rarity.norm()) @ reading.weight_OK[:, slots].T
    expected_C = logit_O[0].sigmoid() * logit_O[1:-1].sigmoid()
    torch.testing.assert_close(logits(reading, [7, 9])[0].sigmoid(), expected_C)
    torch.testing.assert_close(risks(reading, [7, 9]), logit_O[-1:])


def test_every_id_of_the_largest_roberta_vocabulary_stays_inside_32_bits():
    largest = 50_264 + 2_000  # and as many tokens of figures
    assert largest * 31_337 < 2**31
