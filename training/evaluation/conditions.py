"""What the figures of a report depend on."""

import datetime as dt
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from model_store.engine.choice import available_cores


def conditions(*, command: str) -> dict[str, object]:
    """Returns date, command, hardware and versions.

    Args:
        command: the command that computes the figures.
    """
    return {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "command": command,
        "hardware": f"{hardware()}, {torch.get_num_threads()} threads",
        "versions": ", ".join(
            f"{name} {version(name)}" for name in ("wherefore", "torch", "numpy", "scikit-learn")
        ),
    }


def hardware() -> str:
    """Returns the processor as the system names it, and how many of its cores may be used."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{available_cores()} x {name}"
