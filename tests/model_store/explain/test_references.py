from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import Calibration, CategoryCalibration
from model_store.explain.references import (
    MIN_APPLICANTS,
    NUM_FURTHEST,
    ReferencesError,
    compare,
    factor_scores,
    load_references,
    measure_references,
)
from model_store.predictor import Predictor

DAY = date(2026, 11, 20)
TEXTS = [f"Income of ${1000 + 37 * n} a month, {n % 7} inquiries, one card." for n in range(130)]


@pytest.fixture(scope="module")
def referring(artifact):
    """The tiny model with thresholds that about half of the texts pass."""
    plain = Predictor.from_artifact(replace(artifact, calibration=Calibration()))
    scores_NC = scores(plain, TEXTS)
    middle = np.median(scores_NC.max(axis=1))
    scale = CategoryCalibration(state=float(1 / (1 + np.exp(-middle))), review=1e-6)
    calibration = Calibration(categories=(scale,) * len(CATEGORIES))
    return Predictor.from_artifact(replace(artifact, calibration=calibration))


def scores(predictor, texts):
    read = predictor.read(texts)
    logits = predictor.engine.logits([w.ids for text in read for w in text.windows])
    return factor_scores(predictor.calibration, logits, read)


@pytest.fixture(scope="module")
def references(referring):
    return measure_references(referring, TEXTS, version="2026-q4", measured_on=DAY)


def test_averages_are_those_of_all_applicants_and_of_those_who_just_pass(referring, references):
    near, everybody = references.populations
    score_NC = scores(referring, TEXTS)
    state = referring.calibration.state_C[0]
    margin_N = score_NC.max(axis=1) - np.log(state / (1 - state))
    passing = sorted(np.flatnonzero(margin_N < 0), key=lambda n: -margin_N[n])
    chosen = passing[: max(MIN_APPLICANTS, round(len(passing) / 4))]
    assert 0 < len(passing) < len(TEXTS)
    assert (near.num_applicants, everybody.num_applicants) == (len(chosen), len(TEXTS))
    np.testing.assert_allclose(
        list(everybody.mean_logit.values()), score_NC.mean(axis=0), atol=1e-4
    )
    np.testing.assert_allclose(
        list(near.mean_logit.values()), score_NC[chosen].mean(axis=0), atol=1e-4
    )


def test_the_factors_furthest_below_the_average_are_named_worst_first(references):
    population = references.populations[0]
    mean_C = np.array([population.mean_logit[category] for category in CATEGORIES])
    shift_C = np.zeros(len(CATEGORIES))
    shift_C[[2, 5, 7]] = [1.0, 3.0, 2.0]
    shift_C[0] = -4.0
    near, everybody = compare(references, mean_C + shift_C)
    assert near.furthest == (CATEGORIES[5], CATEGORIES[7], CATEGORIES[2])
    assert near.shortfall_logit[CATEGORIES[0]] == pytest.approx(-4.0)
    assert len(everybody.furthest) <= NUM_FURTHEST


def test_they_are_read_as_written_and_refused_for_another_model(references, referring, tmp_path):
    path = tmp_path / "references.json"
    path.write_text(references.model_dump_json())
    assert load_references(path, model_digest=referring.digest) == references
    with pytest.raises(ReferencesError, match="another model"):
        load_references(path, model_digest="0" * 64)
    path.write_text("{}")
    with pytest.raises(ReferencesError, match="cannot be read"):
        load_references(path, model_digest=referring.digest)


def test_too_few_applicants_make_no_average(referring):
    with pytest.raises(ReferencesError, match=f"at least {MIN_APPLICANTS}"):
        measure_references(referring, TEXTS[:5], version="1", measured_on=DAY)
