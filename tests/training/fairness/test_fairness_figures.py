"""The figures of the fairness report: counted by hand, and against fairlearn."""

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate
from hypothesis import given, settings
from hypothesis import strategies as st

from training.evaluation.bootstrap import Estimate
from training.fairness.figures import FAIRNESS_FIGURE_BY_NAME, FAIRNESS_FIGURES
from training.fairness.tallies import Outcomes, group_tallies

GROUPS = ["r", "r", "r", "r", "g", "g", "g", "g"]
APPROVED = [True, True, False, False, True, True, True, False]
FAVOURABLE = [True, True, True, False, True, False, False, False]
SCORE = [0.1, 0.2, 0.3, 0.8, 0.2, 0.6, 0.7, 0.9]
RISK = [1.0, 2.0, 3.0, 4.0, 2.0, 4.0, 6.0, 8.0]


def figures(outcomes, groups, *, group="g", reference="r"):
    tallies = group_tallies(outcomes, groups, units=[str(n) for n in range(len(groups))])
    once = np.ones((1, len(groups)))
    parts = (tallies[name].under(once) for name in (group, reference, ""))
    group_tally, reference_tally, everyone = parts
    return {
        f.name: float(f.of(group_tally, reference_tally, everyone)[0]) for f in FAIRNESS_FIGURES
    }


@pytest.fixture
def outcomes(new_outcomes):
    return new_outcomes(favourable=FAVOURABLE, approved=APPROVED, score=SCORE, risk=RISK)


def test_a_small_case_counted_by_hand(outcomes):
    found = figures(outcomes, GROUPS)
    assert found["favourable_rate"] == 0.25
    assert found["adverse_impact_ratio"] == pytest.approx(0.25 / 0.75)
    assert found["recorded_approval_rate"] == 0.75
    assert found["recorded_adverse_impact_ratio"] == pytest.approx(0.75 / 0.5)
    assert found["opportunity_rate"] == pytest.approx(1 / 3)
    assert found["equal_opportunity_difference"] == pytest.approx(1 / 3 - 1)
    assert found["risk_smd"] == pytest.approx((5.0 - 2.5) / np.std(RISK))
    assert found["denial_smd"] == pytest.approx((0.6 - 0.35) / np.std(SCORE))
    assert found["calibration_gap"] == pytest.approx(0.25 - 0.6)


def test_the_matched_cut_lets_through_as_many_as_the_lenders_approved(outcomes):
    assert outcomes.matched_cut == 0.7
    assert outcomes.matched_N.sum() == outcomes.approved_N.sum() == 5
    found = figures(outcomes, GROUPS)
    assert found["matched_adverse_impact_ratio"] == pytest.approx(0.5 / 0.75)
    assert found["matched_equal_opportunity_difference"] == pytest.approx(2 / 3 - 1)


def test_where_all_are_approved_the_matched_cut_lets_all_through(new_outcomes):
    outcomes = new_outcomes(favourable=[True, False], approved=[True, True])
    assert outcomes.matched_N.all()


def test_denials_at_the_same_score_are_weighted_as_the_group_fills_the_bins(new_outcomes):
    # Two scores, so two bins. Reference: 1 of 4 denied low, 2 of 4 high; group: 1 of 2, 6 of 6.
    score = [0.1] * 4 + [0.9] * 4 + [0.1] * 2 + [0.9] * 6
    denied = [1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1]
    outcomes = new_outcomes(
        favourable=[s < 0.5 for s in score], approved=[not d for d in denied], score=score
    )
    found = figures(outcomes, ["r"] * 8 + ["g"] * 8)
    assert found["same_score_difference"] == pytest.approx((2 * 0.25 + 6 * 0.5) / 8)
    assert found["calibration_error"] == pytest.approx((abs(1 - 0.2) + abs(6 - 5.4)) / 8)


def test_a_group_against_itself_differs_by_nothing(outcomes):
    found = figures(outcomes, GROUPS, group="r", reference="r")
    for figure in FAIRNESS_FIGURES:
        if figure.neutral is not None:
            assert found[figure.name] == figure.neutral, figure.name


def test_rows_without_a_group_count_only_towards_the_whole(outcomes):
    groups = [*GROUPS[:6], "", ""]
    found = figures(outcomes, groups)
    assert found["favourable_rate"] == 0.5
    assert found["risk_smd"] == pytest.approx((3.0 - 2.5) / np.std(RISK))


ROWS = st.lists(
    st.tuples(st.sampled_from(["r", "g", "h"]), st.booleans(), st.booleans(), st.floats(0, 1)),
    min_size=4,
    max_size=40,
).filter(lambda rows: {"r", "g"} <= {row[0] for row in rows})


@settings(max_examples=40)
@given(rows=ROWS)
def test_rates_are_those_of_fairlearn(rows):
    groups, favourable, approved, score = (list(part) for part in zip(*rows, strict=True))
    outcomes = Outcomes(
        favourable_N=np.array(favourable),
        risk_N=100 * np.array(score),
        score_N=np.array(score),
        approved_N=np.array(approved),
    )
    frame = MetricFrame(
        metrics=selection_rate,
        y_true=np.array(approved, dtype=int),
        y_pred=np.array(favourable, dtype=int),
        sensitive_features=np.array(groups),
    )
    found = figures(outcomes, groups)
    assert found["favourable_rate"] == pytest.approx(frame.by_group["g"])
    inside = np.array(groups) == "g"
    if np.array(approved)[inside].any():
        expected = true_positive_rate(
            np.array(approved, dtype=int)[inside], np.array(favourable, dtype=int)[inside]
        )
        assert found["opportunity_rate"] == pytest.approx(expected)
    else:
        assert np.isnan(found["opportunity_rate"])


@settings(max_examples=40)
@given(rows=ROWS)
def test_drawing_a_lender_twice_is_having_its_rows_twice(rows):
    groups, favourable, approved, score = (list(part) for part in zip(*rows, strict=True))
    units = [str(n % 3) for n in range(len(rows))]
    weight = {"0": 2, "1": 0, "2": 1}

    def outcomes(chosen):
        return Outcomes(
            favourable_N=np.array(favourable, dtype=bool)[chosen],
            risk_N=100 * np.array(score)[chosen],
            score_N=np.array(score)[chosen],
            approved_N=np.array(approved, dtype=bool)[chosen],
        )

    everything = np.arange(len(rows))
    repeated = np.repeat(everything, [weight[unit] for unit in units])
    weighted = group_tallies(outcomes(everything), groups, units=units)
    weight_BU = np.array([[weight[unit] for unit in sorted(set(units))]], dtype=float)
    plain = group_tallies(
        outcomes(repeated), [groups[i] for i in repeated], units=["one"] * len(repeated)
    )
    for name in set(groups) & {groups[i] for i in repeated}:
        ours, theirs = weighted[name].under(weight_BU), plain[name].under(np.ones((1, 1)))
        for field in ("rows", "favourable", "approved", "favourable_approved", "score"):
            assert getattr(ours, field) == pytest.approx(getattr(theirs, field)), field


@pytest.mark.parametrize(
    ("name", "low", "high", "verdict"),
    [
        ("adverse_impact_ratio", 0.7, 0.9, "disparity measured"),
        ("adverse_impact_ratio", 0.9, 1.1, "no difference told from chance"),
        ("adverse_impact_ratio", 1.1, 1.3, "difference in the group's favour measured"),
        ("risk_smd", 0.1, 0.2, "disparity measured"),
        ("risk_smd", -0.2, -0.1, "difference in the group's favour measured"),
        ("equal_opportunity_difference", -0.2, -0.1, "disparity measured"),
        ("same_score_difference", 0.01, 0.1, "disparity measured"),
        ("adverse_impact_ratio", None, None, "not defined"),
        ("favourable_rate", 0.1, 0.2, None),
    ],
)
def test_an_interval_on_the_adverse_side_is_a_disparity_measured(name, low, high, verdict):
    estimate = Estimate(value=0.5, low=low, high=high)
    assert FAIRNESS_FIGURE_BY_NAME[name].verdict(estimate) == verdict


def test_every_figure_says_what_it_is_and_none_says_fair():
    for figure in FAIRNESS_FIGURES:
        assert figure.meaning.endswith(".")
        assert "fair" not in f"{figure.title} {figure.meaning}".lower()
