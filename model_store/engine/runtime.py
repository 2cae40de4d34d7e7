"""OpenVINO's runtime, imported so that it stays silent, and what this machine's CPU can do."""

import sys
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import openvino

INPUT_IDS = "input_ids"
ATTENTION_MASK = "attention_mask"
OUTPUTS = ("category_logits", "reason_logits", "risk_logits", "evidence_logits")
"""Names of the outputs of a converted network, in order."""


@cache
def load_openvino() -> Any:
    """Imports and returns `openvino` without its telemetry.

    Unless told otherwise by a file in the user's home, `import openvino` reports to a web
    analytics service. Without the package that does so it has a stand-in of its own.
    """
    sys.modules.setdefault("openvino_telemetry", cast("ModuleType", None))
    import openvino  # noqa: PLC0415

    return openvino


def openvino_version() -> str:
    """Returns the release of the runtime, say 2026.4.1."""
    version: str = load_openvino().__version__.partition("-")[0]
    return version


@cache
def openvino_core() -> "openvino.Core":
    """Returns the one runtime of this process."""
    core: openvino.Core = load_openvino().Core()
    return core


@cache
def cpu_computes_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 matrices itself (AVX512_BF16 or AMX)."""
    return "BF16" in openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
