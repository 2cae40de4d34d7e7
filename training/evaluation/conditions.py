"""What the figures of a report depend on."""

import datetime as dt
from importlib.metadata import version

import torch

from model_store.engine.processor import available_cores, processor_name
from training.revision import code_revision


def conditions(*, command: str) -> dict[str, object]:
    """Returns date, command, hardware, versions and the revision of the code.

    Args:
        command: the command that computes the figures.
    """
    return {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "command": command,
        "hardware": f"{available_cores()} x {processor_name()}, {torch.get_num_threads()} threads",
        "versions": ", ".join(
            f"{name} {version(name)}" for name in ("wherefore", "torch", "numpy", "scikit-learn")
        ),
        "revision": code_revision() or "unknown: not run from a repository",
    }
