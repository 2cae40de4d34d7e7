from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import PolicyError
from serving.policy import DEFAULT_POLICY, RiskBand, load_policy

CONFIGURED = Path(__file__).parents[2] / "configs" / "policy.yaml"


def test_the_default_policy_is_what_the_configuration_file_says():
    assert load_policy(CONFIGURED) == DEFAULT_POLICY == load_policy(None)


@pytest.mark.parametrize(
    ("risk_score", "band"),
    [
        (0, RiskBand.LOW),
        (4.9999, RiskBand.LOW),
        (5, RiskBand.MEDIUM),
        (15, RiskBand.HIGH),
        (29.9999, RiskBand.HIGH),
        (30, RiskBand.CRITICAL),
        (100, RiskBand.CRITICAL),
    ],
)
def test_a_band_begins_at_its_threshold(risk_score, band):
    assert DEFAULT_POLICY.band_of(risk_score) is band


@given(st.lists(st.floats(0, 100), min_size=2, max_size=2).map(sorted))
def test_a_higher_risk_score_never_has_a_lower_band(scores):
    bands = list(RiskBand)
    lower, higher = (bands.index(DEFAULT_POLICY.band_of(score)) for score in scores)
    assert lower <= higher


def bands(*starts):
    lines = [
        f"  - {{band: {band}, from_risk_score: {start}}}"
        for band, start in zip(RiskBand, starts, strict=False)
    ]
    return "\n".join(["risk_bands:", *lines])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "risk_bands: []",
        "[not, a, mapping]",
        "risk_bands: {",
        bands(0, 5, 15),
        bands(1, 5, 15, 30),
        bands(0, 5, 5, 30),
        bands(0, 5, 15, 130),
        bands(0, 5, 15, ".nan"),
        bands(0, 5, 15, 30) + "\nother: 1",
    ],
)
def test_a_file_that_is_no_policy_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "policy.yaml"
    path.write_text(content)
    with pytest.raises(PolicyError, match="expected") as caught:
        load_policy(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")


def test_another_policy_names_scores_differently(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(bands(0, 50, 60, 70))
    assert load_policy(path).band_of(49) is RiskBand.LOW
