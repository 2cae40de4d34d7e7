from random import Random

from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.generator.noise import Noise, spoil

HEAVY = Noise(
    typos_per_1000=200, scanned_per_1000=200, lower_share=0.3, upper_share=0.3, wraps=True
)


@given(st.text(max_size=400), st.integers(0, 50))
def test_slips_change_neither_length_nor_figures(text, seed):
    spoilt = spoil(text, HEAVY, Random(seed))
    assert len(spoilt) == len(text)
    for before, after in zip(text, spoilt, strict=True):
        if before.isdigit() or before in "$%.,":
            assert before == after


def test_without_noise_a_text_stays_as_it_is():
    text = "DTI 51.2% of Gross.\n" * 20
    assert spoil(text, Noise(), Random(1)) == text


def test_a_scanned_text_has_misread_letters_and_short_lines():
    text = "the appraisal shows a value below the contract and repairs not done " * 8
    spoilt = spoil(text, Noise(scanned_per_1000=40, wraps=True), Random(2))
    assert spoilt.replace("\n", " ") != text
    assert max(map(len, spoilt.splitlines())) <= 70
