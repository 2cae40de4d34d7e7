from dataclasses import replace

import numpy as np

from data_pipeline.generator.hazard import default_probability


def test_the_chance_of_default_is_a_probability_near_what_lenders_see(synthetic_files):
    chances = np.array([f.default_probability for f in synthetic_files])
    assert ((chances > 0) & (chances < 1)).all()
    assert 0.02 < chances.mean() < 0.05
    assert np.quantile(chances, 0.95) > 3 * np.median(chances)


def test_outcomes_are_drawn_with_the_stated_chance(synthetic_files):
    chances = np.array([f.default_probability for f in synthetic_files])
    defaults = np.array([f.defaulted for f in synthetic_files])
    spread = np.sqrt((chances * (1 - chances)).sum())
    assert abs(defaults.sum() - chances.sum()) < 4 * spread


def test_worse_facts_raise_the_chance(synthetic_files):
    for file in synthetic_files[:50]:
        who = file.applicant
        capacity = replace(who.capacity, monthly_debts_usd=who.capacity.monthly_debts_usd + 900)
        payments = replace(who.payments, num_60=who.payments.num_60 + 2)
        for worse in (replace(who, capacity=capacity), replace(who, payments=payments)):
            assert default_probability(worse) > default_probability(who)


def test_denied_files_are_riskier_but_not_all_of_them(synthetic_files):
    denied = [f.default_probability for f in synthetic_files if f.denied]
    approved = [f.default_probability for f in synthetic_files if not f.denied]
    assert np.mean(denied) > 1.3 * np.mean(approved)
    assert min(denied) < np.median(approved)
