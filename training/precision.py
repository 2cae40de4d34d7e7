"""In which number format a run is computed on the machine at hand."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from model_store.engine.runtime import cpu_computes_bf16
from training.config import TrainingConfig


def fitted_to_machine(config: TrainingConfig) -> tuple[TrainingConfig, str]:
    """Returns a run in a precision that this machine computes itself.

    Without AVX512_BF16 or AMX, torch multiplies bf16 matrices one number at a time: a product of
    1,200 x 384 and 384 x 1,536 takes 58 times as long as in fp32 (one core of an AMD EPYC with AVX2
    alone, 2026-11-22).

    Returns:
        The run, in fp32 where bf16 was asked for in vain, and what to tell of it: nothing where it
        stays as it was.
    """
    if config.precision != "bf16" or _computes_bf16():
        return config, ""
    fitted = config.model_copy(update={"precision": "fp32"})
    return fitted, "this machine does not compute bf16 itself: fp32, which is faster here"


def _computes_bf16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return cpu_computes_bf16()


@contextmanager
def lower_precision() -> Iterator[None]:
    """Lets matrix products be as exact as training needs them; serving computes all others."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
