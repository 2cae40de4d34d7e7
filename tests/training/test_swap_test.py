import io

import numpy as np
import pytest
from rich.console import Console

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import Calibration, CategoryCalibration, LogisticScale
from model_store.predictor import Predictor
from training.counterfactuals import Counterfactual, counterfactuals
from training.swap_test import (
    SwapReading,
    as_served,
    num_read,
    swap_test,
    swap_tests,
    without_masker,
)

TEXTS = [
    "He has a DTI of 51.2% and two cards 30 days past due.",
    "Back-end DTI of 51.2% is over the 45% limit.",
    "Cuban applicant, 62 years old, employed for only 3 months.",
]


def by_hand(answers):
    """Answers texts from a table."""

    def read(texts):
        return [answers[text] for text in texts]

    return read


def reading(risk, stated=(), primary=0):
    return SwapReading(risk_score=risk, stated=frozenset(stated), primary=primary)


def made(*texts, basis="sex", source=0):
    return [Counterfactual(source=source, basis=basis, text=text) for text in texts]


def test_a_small_case_counted_by_hand():
    answers = {
        "a": reading(10.0, [1, 2]),
        "b": reading(20.0),
        "a1": reading(12.0, [1], primary=0),
        "a2": reading(10.0, [1, 2], primary=3),
        "b1": reading(19.0, [5]),
    }
    changed = [*made("a1", "a2"), *made("b1", basis="age", source=1)]
    found = swap_test(by_hand(answers), ["a", "b", "unchanged"], changed)
    assert (found.num_texts, found.num_stating, found.overall.num_changed) == (3, 2, 3)
    assert found.overall.mean_risk_change.value == pytest.approx((2 + 0 + 1) / 3)
    assert found.overall.max_risk_change == 2.0
    assert found.overall.p99_risk_change.value == 2.0
    assert found.overall.text_flip_rate.value == pytest.approx(2 / 3)
    assert found.overall.category_flip_rate.value == pytest.approx(2 / (3 * 12))
    assert found.overall.primary_flip_rate.value == pytest.approx(1 / 3)
    assert list(found.by_basis) == ["age", "sex"]
    assert found.by_basis["age"].mean_risk_change.value == 1.0
    assert found.by_basis["sex"].num_changed == 2


def test_intervals_are_drawn_over_texts_with_all_that_was_made_of_them():
    answers = {f"{s}": reading(10.0) for s in range(20)}
    answers |= {f"{s}x{k}": reading(10.0 + s % 2) for s in range(20) for k in range(5)}
    one = [c for s in range(20) for c in made(f"{s}x0", source=s)]
    five = [c for s in range(20) for c in made(*(f"{s}x{k}" for k in range(5)), source=s)]
    texts = [str(s) for s in range(20)]
    found = [swap_test(by_hand(answers), texts, changed).overall for changed in (one, five)]
    for figures in found:
        assert figures.mean_risk_change.value == 0.5
        assert figures.mean_risk_change.low < 0.5 < figures.mean_risk_change.high
    # Five copies of each text tell no more than one.
    assert found[0].mean_risk_change == found[1].mean_risk_change
    assert (found[0].p99_risk_change.low, found[0].p99_risk_change.high) == (1.0, 1.0)


def test_without_anything_to_change_nothing_is_read_and_nothing_is_a_number():
    found = swap_test(by_hand({}), ["DTI 40%."], [])
    assert found.num_stating == found.overall.num_changed == 0
    assert found.overall.mean_risk_change.value is None
    assert found.overall.text_flip_rate.value is None
    assert found.overall.max_risk_change is None
    assert found.by_basis == {}


def test_the_texts_read_are_told():
    told = []
    answers = {text: reading(1.0) for text in ("a", "a1", "a2")}
    changed = made("a1", "a2")
    swap_test(by_hand(answers), ["a"], changed, on_texts=told.append)
    assert sum(told) == num_read(changed) == 3


@pytest.fixture
def artifact(new_artifact):
    category = CategoryCalibration(state=0.5, review=0.1)
    return new_artifact(
        calibration=Calibration(categories=(category,) * 12, risk=LogisticScale(slope=3.0))
    )


def test_with_the_masker_hidden_words_move_nothing(artifact):
    changed = [c for c in counterfactuals(TEXTS, seed=1) if c.basis in ("sex", "age")]
    assert changed
    found = swap_test(as_served(Predictor.from_artifact(artifact)), TEXTS, changed)
    assert found.overall.max_risk_change < 1e-3
    assert found.overall.text_flip_rate.value == 0.0


def test_without_the_masker_the_network_sees_the_words(artifact):
    changed = counterfactuals(TEXTS, seed=1)
    masked = swap_test(as_served(Predictor.from_artifact(artifact)), TEXTS, changed)
    seen = swap_test(without_masker(artifact), TEXTS, changed)
    moved = seen.overall.mean_risk_change.value
    assert moved > 10 * masked.overall.mean_risk_change.value
    assert moved > 0.01


def test_on_a_text_with_nothing_to_mask_both_readings_agree(artifact):
    text = TEXTS[1]
    (served,) = as_served(Predictor.from_artifact(artifact))([text])
    (raw,) = without_masker(artifact)([text])
    assert raw.risk_score == pytest.approx(served.risk_score, abs=1e-4)
    assert raw.stated == served.stated
    assert raw.primary == served.primary


def test_both_readings_take_texts_of_several_windows_and_none(artifact):
    long = "He is late. " * 400
    for read in (as_served(Predictor.from_artifact(artifact)), without_masker(artifact)):
        assert read([]) == []
        (found,) = read([long])
        assert 0 <= found.risk_score <= 100


def test_a_served_reading_states_what_the_predictor_states(artifact):
    predictor = Predictor.from_artifact(artifact)
    for found, expected in zip(as_served(predictor)(TEXTS), predictor.predict(TEXTS), strict=True):
        stated = {CATEGORIES[c] for c in found.stated}
        assert stated == {r.category for r in expected.principal_reasons}
        assert CATEGORIES[found.primary] == max(expected.categories, key=expected.categories.get)
        assert found.risk_score == expected.risk_score


def test_masking_cannot_be_switched_off_in_the_predictor(artifact):
    predictor = Predictor.from_artifact(artifact)
    without_masker(artifact)(["SSN 123-45-6789"])
    first, second = predictor.predict(["SSN 123-45-6789 on file", "SSN 987-65-4321 on file"])
    assert first.categories == second.categories
    raw = [r.risk_score for r in without_masker(artifact)(["SSN 123-45-6789", "SSN 987-65-4321"])]
    assert not np.isclose(raw[0], raw[1], atol=1e-6)


def test_every_test_is_run_masked_and_unmasked_swapped_and_removed(artifact):
    console = Console(file=io.StringIO())
    predictor = Predictor.from_artifact(artifact)
    found = swap_tests(TEXTS, predictor, artifact, max_texts=9, seed=1, console=console)
    assert list(found) == [
        "words swapped, as served, masked",
        "words removed, as served, masked",
        "words swapped, without the masker",
        "words removed, without the masker",
    ]
    for name, result in found.items():
        assert (result.num_texts, result.num_stating) == (3, 2), name
    served = found["words removed, as served, masked"].overall
    assert served.max_risk_change < 1e-3
    assert found["words removed, without the masker"].overall.max_risk_change > 0.01


def test_no_texts_are_no_test(artifact):
    predictor, console = Predictor.from_artifact(artifact), Console(file=io.StringIO())
    assert swap_tests(TEXTS, predictor, artifact, max_texts=0, seed=1, console=console) == {}
