from itertools import permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.faithfulness.agreement import (
    flip_rate,
    flips,
    jaccard,
    random_stretches,
    rank_biased_overlap,
    rank_correlation,
)
from training.evaluation.faithfulness.curves import (
    area_over_curve,
    beam_order,
    comprehensiveness_curve,
    naopc,
    normalised_area,
    sufficiency_curve,
)

WEIGHTS = [0.1, 3.0, -1.0, 2.0]
RANKINGS = st.permutations(range(6)).flatmap(lambda p: st.integers(0, 6).map(lambda n: p[:n]))


def additive(kept):
    return sum(WEIGHTS[clause] for clause in kept)


def test_the_curves_of_an_additive_answer_are_sums_of_its_weights():
    np.testing.assert_allclose(comprehensiveness_curve(additive, [1, 3, 0, 2]), [3, 5, 5.1, 4.1])
    np.testing.assert_allclose(sufficiency_curve(additive, [1, 3, 0, 2]), [1.1, -0.9, -1.0, 0])
    assert area_over_curve(np.array([3, 5, 5.1, 4.1])) == pytest.approx(4.3)
    assert np.isnan(area_over_curve(np.array([])))


def test_the_ordering_by_weight_is_the_best_of_an_additive_answer_and_its_reverse_the_worst():
    assert beam_order(additive, 4) == [1, 3, 0, 2]
    assert beam_order(additive, 4, falling=False) == [2, 0, 3, 1]
    assert naopc(additive, [1, 3, 0, 2]) == pytest.approx(1.0)
    assert naopc(additive, [2, 0, 3, 1]) == pytest.approx(0.0)
    assert 0 < naopc(additive, [3, 1, 0, 2]) < 1


@given(st.lists(st.floats(-5, 5), min_size=16, max_size=16))
def test_a_wide_beam_finds_the_best_of_all_orderings_of_any_answer(table):
    def score(kept):
        return table[sum(1 << clause for clause in kept)]

    areas = {
        order: area_over_curve(comprehensiveness_curve(score, order))
        for order in permutations(range(4))
    }
    best, worst = (beam_order(score, 4, width=6, falling=falling) for falling in (True, False))
    assert areas[tuple(best)] == pytest.approx(max(areas.values()))
    assert areas[tuple(worst)] == pytest.approx(min(areas.values()))


def test_where_every_ordering_is_the_same_no_figure_is_given():
    assert np.isnan(naopc(lambda _: 1.0, [0, 1, 2]))
    with pytest.raises(ValueError, match="swap"):
        normalised_area(0.5, worst=1.0, best=0.0)


def test_the_flip_test_asks_only_of_what_is_stated():
    assert flips(additive, {1}, 4, threshold=2.0)
    assert not flips(additive, {0}, 4, threshold=2.0)
    with pytest.raises(ValueError, match="not stated"):
        flips(additive, {1}, 4, threshold=5.0)
    assert flip_rate([True, False, True, True]) == 0.75
    assert np.isnan(flip_rate([]))


def test_jaccard_is_the_share_that_both_hold():
    assert jaccard("ab", "bc") == pytest.approx(1 / 3)
    assert jaccard("", "") == 1.0
    assert jaccard("a", "") == 0.0


@given(RANKINGS, RANKINGS, st.floats(0.1, 0.95))
def test_rank_biased_overlap_is_symmetric_and_one_only_for_equals(first, second, persistence):
    found = rank_biased_overlap(first, second, persistence=persistence)
    assert found == pytest.approx(rank_biased_overlap(second, first, persistence=persistence))
    assert -1e-9 <= found <= 1 + 1e-9
    assert (found == pytest.approx(1.0, abs=1e-9)) == (list(first) == list(second))


def test_rank_biased_overlap_of_known_rankings():
    assert rank_biased_overlap("ab", "ba", persistence=0.5) == pytest.approx(0.5 / 1.5)
    assert rank_biased_overlap("ab", "cd") == 0.0
    assert rank_biased_overlap("abcd", "abdc") > rank_biased_overlap("abcd", "bacd")
    with pytest.raises(ValueError, match="twice"):
        rank_biased_overlap("aa", "ab")
    with pytest.raises(ValueError, match="persistence"):
        rank_biased_overlap("a", "a", persistence=1.0)


def test_the_search_says_ahead_what_it_will_ask_for():
    known = {frozenset(range(4))}

    def score(kept):
        assert kept in known
        return additive(kept)

    assert beam_order(score, 4, ahead=known.update) == [1, 3, 0, 2]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=30),
    st.lists(st.integers(1, 20), max_size=4),
    st.integers(),
)
def test_random_stretches_are_neighbours_apart_and_no_longer_than_asked(lengths, wanted, seed):
    drawn = random_stretches(lengths, wanted, below=Random(seed).randrange)
    assert len(drawn) <= len(wanted)
    assert sum(map(len, drawn)) == len(frozenset().union(*drawn))
    for words, num_tokens in zip(drawn, wanted, strict=False):
        assert sorted(words) == list(range(min(words), max(words) + 1))
        assert len(words) == 1 or sum(lengths[w] for w in words) <= num_tokens


@pytest.mark.parametrize("drawn", [0, 3, 7])
def test_a_random_stretch_is_as_long_as_asked_wherever_it_is_drawn(drawn):
    [stretch] = random_stretches([2] * 8, [8], below=lambda _: drawn)
    assert len(stretch) == 4
    assert drawn in stretch


def test_rank_correlation_is_one_for_equals_and_minus_one_for_opposites():
    assert rank_correlation([3, 1, 0, 2], [3, 1, 0, 2]) == 1.0
    assert rank_correlation([3, 1, 0, 2], [2, 0, 1, 3]) == pytest.approx(-1.0)
    assert rank_correlation([0, 1, 2], [0, 2, 1]) == pytest.approx(0.5)
    assert np.isnan(rank_correlation([0], [0]))
    with pytest.raises(ValueError, match="same items"):
        rank_correlation([0, 1], [0, 2])
