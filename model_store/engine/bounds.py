"""How far the answer for a window may differ from batch to batch, by backend and precision."""

from collections.abc import Mapping
from types import MappingProxyType

from model_store.engine.outputs import Precision

COMPOSITION_BOUNDS: Mapping[tuple[str, Precision], float] = MappingProxyType(
    {
        ("torch", "fp32"): 0.001,
        ("torch", "bf16"): 0.5,
        ("openvino", "fp32"): 0.001,
        ("openvino", "bf16"): 0.1,
        ("openvino", "int8"): 0.1,
        ("packed", "fp32"): 0.001,
        ("packed", "bf16"): 0.5,
    }
)
"""Bound of the difference of a category, reason or risk logit, by backend and precision.

Measured by `tests/benchmarks/bench_compositions.py`, whose result file says how far each backend
stays below its bound; the bounds leave room for other processors.
"""
