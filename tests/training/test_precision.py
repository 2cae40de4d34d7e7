import pytest
import torch

from training import precision
from training.config import TrainingConfig
from training.precision import fitted_to_machine
from training.run import run_training


@pytest.fixture
def machine(monkeypatch):
    def has(*, cpu, gpu=None):
        monkeypatch.setattr(precision, "cpu_computes_bf16", lambda: cpu)
        monkeypatch.setattr("torch.cuda.is_available", lambda: gpu is not None)
        monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda **_: gpu)

    return has


@pytest.mark.parametrize(
    ("wanted", "cpu", "gpu", "found"),
    [
        ("bf16", True, None, "bf16"),
        ("bf16", False, None, "fp32"),
        ("bf16", False, True, "bf16"),
        ("bf16", True, False, "fp32"),
        ("fp32", True, None, "fp32"),
        ("fp32", False, None, "fp32"),
    ],
)
def test_a_run_is_computed_in_what_the_machine_computes(machine, wanted, cpu, gpu, found):
    machine(cpu=cpu, gpu=gpu)
    asked = TrainingConfig(name="tiny", encoder="none", precision=wanted, seed=7)
    fitted, told = fitted_to_machine(asked)
    assert fitted == asked.model_copy(update={"precision": found})
    assert bool(told) == (fitted != asked)


@pytest.mark.slow
def test_a_run_that_is_broken_off_leaves_exact_products_behind(tiny_encoder, tmp_path):
    found = []

    def broken_off(_):
        found.append(torch.get_float32_matmul_precision())
        raise KeyboardInterrupt

    simulator = {"num_applications": 30, "num_test_applications": 12}
    config = TrainingConfig.model_validate(
        {
            "name": "tiny",
            "encoder": tiny_encoder,
            "precision": "fp32",
            "seed": 7,
            "data": {"simulator": simulator},
        }
    )
    with pytest.raises(KeyboardInterrupt):
        run_training(config, output=tmp_path, on_step=broken_off)
    assert [*found, torch.get_float32_matmul_precision()] == ["medium", "highest"]
