"""The folder of the benches, and the models in it, made where they were not made before."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from model_store.stored import open_stored, starter_directory

BENCH = Path(".bench").resolve()
"""Git-ignored, below the working directory: environments, models, converted models, logs."""

VENVS, MODELS, CACHE, LOGS = (BENCH / name for name in ("venvs", "models", "cache", "logs"))
_HERE = Path(__file__).parent
_MADE_BY = (
    *(_HERE / name for name in ("make_model.py", "common_texts.py", "export_onnx.py")),
    *(_HERE.parent / name for name in ("random_encoders.py", "unjudged_int8.py")),
)
_STAMP = "made_of"


def prepared(size: str, *, say: Callable[[str], None]) -> Path:
    """Returns the folder of a model in all its forms, made where it was not made before.

    Without the environment of onnxruntime its form is left out.

    Args:
        size: tiny, bundled or base.
        say: tells what takes time.
    """
    folder, exporter = MODELS / size, VENVS / "onnxruntime" / "bin" / "python"
    made_of = _digest() + ("+onnx" if exporter.exists() else "")
    stamp = folder / _STAMP
    if stamp.exists() and stamp.read_text() == made_of:
        return folder
    say(f"makes the model, {size}")
    python = [sys.executable, _HERE / "make_model.py", size, folder, "--cache-dir", CACHE]
    subprocess.run(python, check=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    if exporter.exists():
        export = [exporter, _HERE / "export_onnx.py", folder / "transformers", folder / "onnx"]
        subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
    stamp.write_text(made_of)
    return folder


def _digest() -> str:
    made_of = hashlib.sha256(open_stored(starter_directory()).manifest.digest.encode())
    for path in _MADE_BY:
        made_of.update(path.read_bytes())
    return made_of.hexdigest()
