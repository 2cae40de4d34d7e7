"""How the masker's figures are counted, and that they do not fall."""

from pathlib import Path

import pytest
from masking_score import KINDS, NUMBERS, Marked, read_marked, score

from data_pipeline.domain.masking import MaskedText, Replacement

TEXTS = Path(__file__).parents[1] / "data" / "masking"


def masked_with(*stretches):
    def masker(text):
        replacements = tuple(
            Replacement(start=start, end=end, masked_start=start, wording=wording)
            for start, end, wording in stretches
        )
        return MaskedText(text=text, original=text, replacements=replacements)

    return masker


MARKED = Marked(id="one", text="Mr. Ade Obi owes 123-45-6789", spans=((4, 11, "name"),))


def test_a_stretch_is_found_only_when_every_telling_word_of_it_is_gone():
    assert score([MARKED], masker=masked_with((4, 11, "[NAME]"))).recall(["name"]).hits == 1
    assert score([MARKED], masker=masked_with((4, 7, "[NAME]"))).recall(["name"]).hits == 0


def test_a_placeholder_may_take_a_title_but_no_other_word():
    assert score([MARKED], masker=masked_with((0, 11, "[NAME]"))).precision(["name"]).hits == 1
    assert score([MARKED], masker=masked_with((4, 16, "[NAME]"))).precision(["name"]).hits == 0
    assert score([MARKED], masker=masked_with((17, 28, "[SSN]"))).precision(["ssn"]).hits == 0


def test_every_marked_stretch_lies_in_its_text_and_has_a_known_kind():
    files = sorted(TEXTS.glob("*.jsonl"))
    assert len(files) > 1
    for file in files:
        for marked in read_marked(file):
            for start, end, kind in marked.spans:
                assert 0 <= start < end <= len(marked.text)
                assert kind in {*KINDS, "either"}


def test_measured_and_tuning_texts_share_no_person():
    def names(file):
        return {
            marked.text[start:end]
            for marked in read_marked(TEXTS / file)
            for start, end, kind in marked.spans
            if kind == "name" and " " in marked.text[start:end]
        }

    assert not names("measured.jsonl") & names("tuning.jsonl")


@pytest.mark.parametrize(
    ("kinds", "recall", "precision"),
    [(NUMBERS, 0.995, 0.98), ({"name"}, 0.98, 0.97)],
)
def test_the_figures_do_not_fall_on_texts_the_rules_were_tuned_on(kinds, recall, precision):
    found = score(read_marked(TEXTS / "measured.jsonl"))
    assert sum(found.marked.values()) >= 1000
    assert found.recall(kinds).value >= recall
    assert found.precision(kinds).value >= precision
