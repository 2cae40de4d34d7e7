import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_store.evidence import MAX_QUOTES, select_spans, word_bounds

PROBABILITIES = st.lists(st.floats(0, 1), max_size=120)
PIECES = st.sampled_from(
    ["a", "Z9", "é", "e\u0301", "🙂", "日本", " ", "\r\n", "\u00a0", "$", "#", "%", ".", ",", "-",
     "'", "’", "/", "(", "1,250.50", "don't", "\ud800", "\u200d"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))


def spans(probabilities, threshold=0.5):
    return [
        (span.start, span.stop)
        for span in select_spans(np.array(probabilities), threshold=threshold)
    ]


@given(PROBABILITIES, st.floats(0.05, 0.95))
def test_one_to_three_disjoint_spans_within_the_budget_the_weightiest_first(
    probabilities, threshold
):
    probability_T = np.array(probabilities)
    found = select_spans(probability_T, threshold=threshold)
    assert (1 <= len(found) <= MAX_QUOTES) if probabilities else found == []
    chosen = [position for span in found for position in range(span.start, span.stop)]
    assert len(chosen) == len(set(chosen)) <= max(8, len(probabilities) // 5)
    assert set(chosen) <= set(range(len(probabilities)))
    assert [span.weight for span in found] == sorted([s.weight for s in found], reverse=True)
    for span in found:
        assert span.start < span.stop
        assert span.weight == pytest.approx(probability_T[span.start : span.stop].sum())


@given(PROBABILITIES.filter(len))
def test_the_best_token_is_always_quoted_when_none_reaches_the_threshold(probabilities):
    low = np.array(probabilities) * 0.4
    (span,) = select_spans(low, threshold=0.5)
    assert span.start <= int(low.argmax()) < span.stop


def test_runs_join_over_gaps_of_four_tokens_and_not_of_five():
    assert spans([0.9, 0, 0, 0, 0, 0.9] + [0] * 44) == [(0, 6)]
    assert spans([0.9, 0, 0, 0, 0, 0, 0.8] + [0] * 43) == [(0, 1), (6, 7)]


def test_a_probability_at_the_threshold_is_evidence():
    assert spans([0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]) == [(1, 2), (7, 8)]


def test_the_fourth_run_is_left_out_and_it_is_the_lightest():
    probability_T = np.zeros(100)
    probability_T[[10, 30, 50, 70]] = [0.9, 0.6, 0.8, 0.7]
    assert spans(probability_T) == [(10, 11), (50, 51), (70, 71)]


def test_a_run_over_the_budget_is_cut_to_its_weightiest_stretch():
    probability_T = np.full(50, 0.6)
    probability_T[20:30] = 0.9
    assert spans(probability_T) == [(20, 30)]


def test_a_run_that_no_longer_fits_gives_way_to_a_lighter_one_that_does():
    probability_T = np.zeros(50)  # a budget of ten tokens
    probability_T[0:7] = 0.9
    probability_T[20:25] = 0.8
    probability_T[40:42] = 0.7
    assert spans(probability_T) == [(0, 7), (40, 42)]


def test_without_a_token_at_the_threshold_the_best_one_takes_its_neighbours_along():
    assert spans([0.01, 0.2, 0.4, 0.3, 0.1] + [0.0] * 20) == [(1, 4)]


def test_no_tokens_give_no_spans():
    assert spans([]) == []


def widened(text, part, occurrence=0):
    start = -1
    for _ in range(occurrence + 1):
        start = text.index(part, start + 1)
    return text[slice(*word_bounds(text, start, start + len(part)))]


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("DTI 51.2% back end", "1.2", "51.2%"),
        ("DTI 51.2% back end", "2% b", "51.2% back"),
        ("DTI 51.2% back end", "TI", "DTI"),
        ("collection of $1,250.50 open", "250", "$1,250.50"),
        ("collection of $1,250.50 open", "$", "$1,250.50"),
        ("three cases of non-payment.", "pay", "non-payment"),
        ("we don't know", "on", "don't"),
        ("we don’t know", "t", "don’t"),
        ("the applicant's pay", "appl", "applicant's"),
        ("account #4411 closed", "11", "#4411"),
        ("from 09/2024 on", "2024", "09/2024"),
        ("late twice.", "twi", "twice"),
        ("(late) twice", "lat", "late"),
        ("end -", "end -", "end -"),
        ("  late  ", "  late  ", "late"),
        ("retraite\u0301 tôt", "trait", "retraite\u0301"),
        ("de\u0301ja\u0300 vu", "j", "de\u0301ja\u0300"),
    ],
)
def test_a_quote_widens_to_whole_words_and_figures(text, part, expected):
    assert widened(text, part) == expected


@pytest.mark.parametrize(("text", "span"), [("abc ", (3, 4)), ("a b", (1, 2)), (" ", (0, 1))])
def test_a_stretch_of_white_space_becomes_empty(text, span):
    start, end = word_bounds(text, *span)
    assert start == end


@given(TEXTS, st.data())
@example("abc ", None)
def test_word_bounds_stay_inside_any_text_and_lose_nothing_but_white_space(text, data):
    start = data.draw(st.integers(0, len(text))) if data else 3
    end = data.draw(st.integers(start, len(text))) if data else 4
    found_start, found_end = word_bounds(text, start, end)
    assert 0 <= found_start <= found_end <= len(text)
    kept = text[start:end].strip()
    assert kept in text[found_start:found_end]
    if kept:
        assert found_start <= start + len(text[start:end]) - len(text[start:end].lstrip())
        assert word_bounds(text, found_start, found_end) == (found_start, found_end)
        assert not text[found_start].isspace()
        assert not text[found_end - 1].isspace()
