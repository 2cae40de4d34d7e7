import numpy as np
import pytest

from data_pipeline.generator.limits import HELD_OUT_VARIANTS
from data_pipeline.generator.simulation import HELD_OUT_FAMILIES
from training.data_config import SimulatorData
from training.metrics import recall_at_k
from training.run_data.simulator import simulator_data

SMALL = SimulatorData(num_applications=60, num_test_applications=25, with_fields_ratio=0.25)


@pytest.fixture(scope="module")
def data():
    return simulator_data(SMALL)


def families(examples):
    return {example.style for example in examples}


def test_no_family_is_in_two_parts(data):
    assert len(data.train) + len(data.calibration) == 60
    assert families(data.calibration) == {"loan_officer_email"}
    assert not families(data.train) & {"loan_officer_email", *HELD_OUT_FAMILIES}
    assert families(data.test.examples) <= HELD_OUT_FAMILIES
    assert len(data.test) == 25


def test_a_share_of_the_texts_learned_from_shows_fields_and_none_that_is_measured_on(data):
    shown = ["\nGross income: $" in example.text for example in data.train]
    assert sum(shown) == int(0.25 * len(data.train))
    assert not any("\nGross income: $" in example.text for example in data.test.examples)
    assert not any("\nGross income: $" in text for text in data.test.texts)
    assert set(data.applications) >= {example.id for example in data.test.examples}


@pytest.mark.parametrize("held_out", ["policy", "both"])
def test_a_policy_may_be_held_out(held_out):
    config = SMALL.model_copy(update={"held_out": held_out, "num_test_applications": 6})
    data = simulator_data(config)
    held = {variant.value for variant in HELD_OUT_VARIANTS}
    assert {text.lender for text in data.test.facts} == held
    assert (families(data.test.examples) <= HELD_OUT_FAMILIES) == (held_out == "both")


def test_the_best_reachable_is_far_above_chance_and_knows_the_risk(data):
    truth = data.test.truth
    best = data.best()
    assert recall_at_k(best.probability_NC, truth.target_NC).item() > 0.85
    np.testing.assert_array_equal(best.default_probability_N, truth.default_probability_N)


def test_families_to_calibrate_on_must_be_of_training():
    for chosen in ([], ["branch_note"], ["nonsense"]):
        with pytest.raises(ValueError, match="calibration_families"):
            SimulatorData(calibration_families=chosen)


def test_soft_targets_are_only_learned_from(data):
    soft = simulator_data(SMALL.model_copy(update={"softness": 0.4}))
    assert soft.calibration == data.calibration
    assert soft.test.examples == data.test.examples
    targets = {target for example in soft.train for target in example.category_targets}
    assert any(0.1 < target < 0.9 for target in targets)
    assert [e.text for e in soft.train] == [e.text for e in data.train]
    assert soft.digests != data.digests
