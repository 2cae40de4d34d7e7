from random import Random

from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.faithfulness.edits import (
    IRRELEVANT,
    reworded,
    with_irrelevant_sentence,
)

TEXT = "DTI is 51% with two late payments.\nIncome was not verified.\n\nCredit score: 540"


def spans_of(text, *parts):
    return [(text.index(part), text.index(part) + len(part)) for part in parts]


def test_words_are_written_short_or_in_full_and_stretches_go_with_them():
    spans = spans_of(TEXT, "DTI is 51%", "two late payments.", "Income was not verified.")
    edited = reworded(TEXT, spans)
    assert edited.text == (
        "DEBT-TO-INCOME is 51% w/ two late pmts.\nInc was not verif.\n\nCr score: 540"
    )
    assert [edited.text[s:e] for s, e in edited.spans] == [
        "DEBT-TO-INCOME is 51%",
        "two late pmts.",
        "Inc was not verif.",
    ]


def test_a_word_is_as_it_was_where_no_other_form_is_known():
    assert reworded("Nothing here.", [(0, 7)]).text == "Nothing here."


@given(st.integers())
def test_the_irrelevant_sentence_stands_at_the_end_of_a_line_outside_every_clause(seed):
    parts = ["DTI is 51% with two late payments.", "Income was not verified.", "Credit score: 540"]
    edited = with_irrelevant_sentence(TEXT, spans_of(TEXT, *parts), random=Random(seed))
    assert [edited.text[s:e] for s, e in edited.spans] == parts
    (added,) = [sentence for sentence in IRRELEVANT if sentence in edited.text]
    assert edited.text.replace(f" {added}", "") == TEXT
    end = edited.text.index(added) + len(added)
    assert edited.text[end : end + 1] in {"", "\n"}
