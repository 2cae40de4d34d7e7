import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_store.explain.clauses import split_clauses

PIECES = st.sampled_from(
    ["Income of $3,100.50 a month. ", "Mr. Smith ", "approx. ", "; ", ", and ", " - ", "—", "\r\n",
     "\u2028", "e\u0301", "🙂", "日本。", "DTI 51.2%", "\0", "\u00a0", "...", "?) ", ": the ", "ok"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join))


def clauses(text):
    return [text[start:end] for start, end in split_clauses(text)]


@given(TEXTS)
@example("")
@example("a, and b; c")
def test_clauses_are_in_order_disjoint_and_hold_every_letter(text):
    found = split_clauses(text)
    flat = [position for pair in found for position in pair]
    assert flat == sorted(flat)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in found)
    assert "".join(re.sub(r"\s", "", text[s:e]) for s, e in found) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He pays on time. She does not.", ["He pays on time.", "She does not."]),
        ("Dear Mr. Smith wrote to us.", ["Dear Mr. Smith wrote to us."]),
        ("BE DTI 33 incl. new pmt of $1,250.50.", ["BE DTI 33 incl. new pmt of $1,250.50."]),
        (
            "Income is fine, but two cards are past due; reserves are thin.",
            ["Income is fine,", "but two cards are past due;", "reserves are thin."],
        ),
        ("Credit score: 540\r\nState: TX", ["Credit score: 540", "State: TX"]),
        ("Short, and no more.", ["Short, and no more."]),
        (
            "Any lates? No. Chapter 7 in 2023 was discharged.",
            ["Any lates?", "No.", "Chapter 7 in 2023 was discharged."],
        ),
        ("Acct No. 4411 and no. #7 paid.", ["Acct No. 4411 and no. #7 paid."]),
        ("No. of cards is two.", ["No. of cards is two."]),
        ("Late again! (Twice.) Denied.", ["Late again!", "(Twice.)", "Denied."]),
    ],
)
def test_sentences_end_and_abbreviations_and_figures_do_not(text, expected):
    assert clauses(text) == expected


def test_a_long_line_without_ends_is_split_in_linear_time():
    assert len(split_clauses("a. " * 20_000)) <= 20_000
    assert len(split_clauses("x" * 60_000)) == 1
