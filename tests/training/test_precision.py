import pytest

from training import precision
from training.config import TrainingConfig
from training.precision import fitted_to_machine


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
