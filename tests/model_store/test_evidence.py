import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_store.evidence import (
    MAX_QUOTES,
    select_spans,
    span_weight,
    with_negations,
    word_bounds,
)

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
    assert not any(a.touches(b) for a in found for b in found if a is not b)
    for span in found:
        assert span.start < span.stop
        inside_T = probability_T[span.start : span.stop]
        assert span.weight == pytest.approx(inside_T.sum() / len(inside_T) ** 0.5)


@given(PROBABILITIES.filter(len))
def test_the_best_token_is_always_quoted_when_none_reaches_the_threshold(probabilities):
    low = np.array(probabilities) * 0.4
    best = select_spans(low, threshold=0.5)[0]
    assert low[best.start : best.stop].max() == low.max()


def at(num_tokens, **runs):
    """Probabilities that are 0 but in runs, given as `_START_STOP=probability`."""
    probability_T = np.zeros(num_tokens)
    for place, probability in runs.items():
        start, stop = map(int, place[1:].split("_"))
        probability_T[start:stop] = probability
    return probability_T


def test_runs_join_over_gaps_of_four_tokens_and_not_of_five():
    assert spans(at(80, _0_6=0.9, _10_16=0.9)) == [(0, 16)]
    assert spans(at(80, _0_6=0.9, _11_16=0.9)) == [(0, 6), (11, 17)]


def test_a_probability_at_the_threshold_is_evidence():
    assert spans(at(80, _0_6=0.5, _20_26=0.5)) == [(0, 6), (20, 26)]


def test_a_short_run_takes_in_its_likelier_neighbours():
    assert spans([0.0, 0.2, 0.3, 0.9, 0.4, 0.1, 0.3, 0.0] + [0.0] * 40) == [(1, 7)]
    assert spans([0.9, 0.8] + [0.0] * 40) == [(0, 6)]
    assert spans([0.0] * 40 + [0.9]) == [(35, 41)]


def test_neighbours_are_taken_on_both_sides_where_no_token_reaches_the_threshold():
    assert spans([0.0, 0.1, 0.2, 0.4, 0.3, 0.2, 0.15, 0.0] + [0.0] * 20) == [(1, 7)]


def test_two_runs_of_which_one_grows_into_the_other_are_one_quote():
    probability_T = at(200, _20_21=0.9, _15_20=0.3, _9_15=0.8)
    assert spans(probability_T) == [(9, 21)]


def test_a_run_that_was_absorbed_makes_room_for_the_next():
    probability_T = at(400, _20_21=0.99, _15_20=0.3, _9_15=0.8, _100_107=0.7, _200_207=0.65)
    assert spans(probability_T) == [(9, 21), (100, 107), (200, 207)]


def test_runs_grow_as_far_as_the_budget_goes():
    assert sorted(spans(at(50, _10_12=0.9, _30_32=0.8))) == [(10, 16), (30, 34)]


def test_the_fourth_run_is_left_out_and_it_is_the_lightest():
    probability_T = at(100, _10_16=0.9, _30_36=0.6, _50_56=0.8, _70_76=0.7)
    assert spans(probability_T) == [(10, 16), (50, 56), (70, 76)]


def test_a_run_of_little_weight_beside_the_best_is_left_out():
    assert spans(at(200, _10_40=0.99, _80_81=0.9)) == [(10, 40)]
    assert spans(at(200, _10_16=0.99, _80_81=0.9)) == [(10, 16), (80, 86)]


def test_a_short_plain_run_comes_before_a_long_doubtful_one():
    assert spans(at(200, _10_30=0.5, _50_58=0.95))[0] == (50, 58)


def test_the_weight_lies_between_sum_and_mean():
    assert span_weight(np.array([0.5, 0.5, 0.5, 0.5]), 0, 4) == pytest.approx(1.0)
    assert span_weight(np.array([0.5]), 1, 1) == 0.0


def test_a_run_over_the_budget_is_cut_to_its_weightiest_stretch():
    assert spans(at(50, _0_20=0.6, _20_30=0.9, _30_50=0.6)) == [(20, 30)]


def test_a_run_that_no_longer_fits_gives_way_to_a_lighter_one_that_does():
    probability_T = at(75, _0_9=0.9, _20_28=0.8, _40_46=0.7)  # a budget of fifteen tokens
    assert spans(probability_T) == [(0, 9), (40, 46)]


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


def test_a_negation_weighs_what_follows_it_even_another_one():
    pieces = ["was", "not", "without", "Lates", ".", "No", "money", "never"]
    evidence_TC = np.array([[0.1, 0.2, 0.0, 0.9, 0.0, 0.3, 0.2, 0.1]]).T
    found = with_negations(evidence_TC, pieces)[:, 0]
    assert found.tolist() == [0.1, 0.9, 0.9, 0.9, 0.0, 0.3, 0.2, 0.1]
    assert with_negations(np.zeros((0, 12)), []).shape == (0, 12)
