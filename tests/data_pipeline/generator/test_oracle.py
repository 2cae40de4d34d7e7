import numpy as np
import pytest

from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.generator.oracle import best_reachable, recall_at_4

CALM = (-4.0,) * len(CATEGORIES)


def severities(**passed):
    return tuple(passed.get(c.value, -4.0) for c in CATEGORIES)


def test_recall_at_4_counts_true_categories_among_the_four_likeliest():
    probability = np.arange(12, 0, -1, dtype=float)[None].repeat(3, axis=0)
    held = [(CATEGORIES[0], CATEGORIES[11]), (), (CATEGORIES[3], CATEGORIES[4])]
    assert recall_at_4(probability, held) == 2 / 4


def test_recall_without_a_denial_is_refused():
    with pytest.raises(ValueError, match="denied"):
        recall_at_4(np.zeros((1, 12)), [()])


def test_the_oracle_finds_every_cause_that_stands_far_from_its_limit():
    sure = severities(collateral=3.0, other=1.5)
    best = best_reachable([sure, CALM], [(CATEGORIES[7], CATEGORIES[11]), ()])
    assert best.num_denied == 1
    assert best.recall_at_4 == best.primary_accuracy == 1.0


def test_the_oracle_cannot_know_a_cause_by_chance():
    sure = severities(collateral=3.0, other=1.5, payment_history=1.0, insufficient_income=2.0)
    best = best_reachable([sure], [(CATEGORIES[9],)])
    assert best.recall_at_4 == best.primary_accuracy == 0.0


def test_the_oracle_says_the_same_for_the_same_seed(synthetic_files):
    files = synthetic_files[:200]
    arguments = ([f.severities for f in files], [f.categories for f in files])
    assert best_reachable(*arguments, num_draws=64) == best_reachable(*arguments, num_draws=64)


def test_the_best_reachable_figures_leave_room_for_noise_and_little_else(synthetic_files):
    best = best_reachable(
        [f.severities for f in synthetic_files], [f.categories for f in synthetic_files]
    )
    assert 0.95 < best.recall_at_4 < 1
    assert 0.88 < best.primary_accuracy < best.recall_at_4
