"""The processor at hand: its cores, its name, and what it can do that makes networks fast."""

import os
import platform
import sys
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")

_INSTRUCTIONS = (
    *("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16"),
    *("asimd", "i8mm", "bf16"),
)
"""Extensions on which the speed of int8 and bf16 hangs, by the names that Linux gives them; the
second line are those of Arm."""


def available_cores() -> int:
    """Returns the CPU cores that this process may use."""
    has_affinity = sys.platform == "linux"
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def processor_name() -> str:
    """Returns what the system calls the processor, and its extensions: "AMD EPYC (avx2)"."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    info: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        info.setdefault(key.strip(), value.strip())
    name = info.get("model name") or platform.processor() or platform.machine()
    flags = info.get("flags", info.get("Features", "")).split()
    found = ", ".join(flag for flag in _INSTRUCTIONS if flag in flags)
    return f"{name} ({found})" if found else name
