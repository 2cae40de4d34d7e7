import numpy as np
import pytest

from training.evaluation.bootstrap import Resamples
from training.weighting import ratio


def mean_of(values_N):
    return lambda weight_BN: ratio(weight_BN @ values_N, weight_BN.sum(axis=1))


def weights(resamples):
    return np.concatenate(list(resamples.chunks()))


def test_the_interval_of_a_mean_agrees_with_theory():
    values_N = np.random.default_rng(0).normal(size=400)
    found = Resamples([str(i) for i in range(400)], seed=1).estimate(mean_of(values_N))
    error = values_N.std() / np.sqrt(400)
    assert found.value == pytest.approx(values_N.mean())
    assert found.low == pytest.approx(found.value - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(found.value + 1.96 * error, abs=0.2 * error)


def test_texts_of_one_group_are_drawn_together():
    weight_BN = weights(Resamples(["a", "b", "a", "c"], seed=1, num_resamples=50))
    assert (weight_BN[:, 0] == weight_BN[:, 2]).all()
    drawn_groups = weight_BN[:, [0, 1, 3]].sum(axis=1)
    assert (drawn_groups == 3).all()
    assert len({tuple(row) for row in weight_BN.tolist()}) > 5


def test_groups_that_agree_inside_widen_the_interval():
    values_N = np.repeat(np.random.default_rng(0).normal(size=20), 10)
    by_text = Resamples([str(i) for i in range(200)], seed=1).estimate(mean_of(values_N))
    by_group = Resamples([str(i // 10) for i in range(200)], seed=1).estimate(mean_of(values_N))
    assert by_group.high - by_group.low > 2.5 * (by_text.high - by_text.low)


def test_a_paired_difference_is_narrower_than_its_parts():
    generator = np.random.default_rng(0)
    hard_N = generator.normal(size=200)
    ours_N, theirs_N = hard_N + 0.1, hard_N + 0.05 * generator.normal(size=200)
    resamples = Resamples([str(i) for i in range(200)], seed=1)
    alone = resamples.estimate(mean_of(ours_N))
    paired = resamples.estimate(lambda w: mean_of(ours_N)(w) - mean_of(theirs_N)(w))
    assert paired.low > 0
    assert paired.high - paired.low < 0.2 * (alone.high - alone.low)


def test_the_same_seed_draws_the_same_and_another_does_not():
    groups = [str(i) for i in range(30)]
    first, again, other = (weights(Resamples(groups, seed=s, num_resamples=9)) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_many_texts_are_drawn_in_several_chunks():
    groups = [str(i) for i in range(5000)]
    parts = list(Resamples(groups, seed=1, num_resamples=1700).chunks())
    assert len(parts) > 1
    assert sum(len(part) for part in parts) == 1700
    assert (np.concatenate(parts).sum(axis=1) == 5000).all()


def test_what_is_not_defined_has_neither_value_nor_interval():
    found = Resamples(["a", "b"], seed=1).estimate(lambda w: np.full(len(w), np.nan))
    assert (found.value, found.low, found.high) == (None, None, None)
    assert Resamples([], seed=1).estimate(mean_of(np.zeros(0))).value is None


def test_a_figure_that_few_draws_define_has_a_value_and_no_interval():
    values_N = np.array([1.0, 0, 0, 0, 0])
    found = Resamples(list("abcde"), seed=1).estimate(
        lambda w: ratio(w @ values_N, w[:, 0])  # undefined unless "a" was drawn
    )
    assert (found.value, found.low) == (1.0, None)


def test_one_group_alone_has_no_interval():
    found = Resamples(["a"] * 5, seed=1).estimate(mean_of(np.arange(5.0)))
    assert (found.value, found.low) == (2.0, None)


def test_several_figures_at_once_are_the_same_as_one_by_one():
    values_N = np.random.default_rng(0).normal(size=40)
    resamples = Resamples([str(i) for i in range(40)], seed=1)
    figures = {"mean": mean_of(values_N), "other": mean_of(values_N**2)}
    together = resamples.estimates(figures)
    assert together == {name: resamples.estimate(figure) for name, figure in figures.items()}
