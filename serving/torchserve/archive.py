"""The model archive: one .mar with the model, the handler and the packages it needs as folders.

It holds the files of a checked model directory and Python source, and nothing else: no pickle, no
requirements to install, nothing fetched. Third-party packages are those of the environment that
TorchServe runs in.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import yaml
from pydantic import ValidationError

from data_pipeline.errors import MissingExtraError
from model_store.engine.choice import EngineChoice
from model_store.manifest import Manifest
from model_store.stored import MANIFEST, StoredModel, open_stored
from serving.errors import ServingError
from serving.torchserve.wire import MODEL_DIRECTORY, MODEL_NAME

BATCH_SIZE = 16
"""Requests that TorchServe hands to a worker at once, at most."""

MAX_BATCH_DELAY_MS = 2
"""How long TorchServe waits for a batch to fill, milliseconds."""

RESPONSE_TIMEOUT_SECONDS = 120
"""After this long without an answer, TorchServe starts a worker anew."""

STARTUP_TIMEOUT_SECONDS = 900
"""How long a worker may take to load the model; at first start it may have to convert it."""

CARRIED_SUFFIXES = frozenset({".py", ".json", ".md", ".safetensors", ".txt", ".yaml"})
"""What an archive may hold, by file name: none of them is executed or unpickled on reading."""

_ARCHIVER = "model_archiver"
_MODEL_CONFIG = "model-config.yaml"
# The source that the handler stands on.
_PACKAGES = {
    "data_pipeline": ("__init__.py", "errors.py", "domain/**/*.py", "domain/**/*.txt"),
    "model_store": ("*.py", "engine/**/*.py"),
    "serving": (
        "__init__.py",
        "errors.py",
        "torchserve/__init__.py",
        "torchserve/wire.py",
        "torchserve/handler.py",
    ),
}


class ArchiveError(ServingError):
    """A model archive cannot be built."""


def archives_directory() -> Path:
    """Returns the folder in which archives lie unless told otherwise."""
    return Path(str(files("model_store"))) / "archives"


def build_archive(model: Path, output: Path, *, choice: EngineChoice, num_workers: int = 1) -> Path:
    """Builds the archive of a model and returns its path, `output`/wherefore.mar.

    Args:
        model: directory of the model.
        output: folder to write to; an archive there is replaced once the new one is complete.
        choice: which engine computes in TorchServe; its cache folder is that machine's own.
        num_workers: TorchServe processes that hold the model, at least 1.

    Raises:
        ArtifactError: the directory holds no whole, unchanged model.
        ArchiveError: the folder cannot be written, or the archive would hold something else.
        MissingExtraError: torch-model-archiver is not installed.
    """
    if find_spec(_ARCHIVER) is None:
        raise MissingExtraError(extra="torchserve", module=_ARCHIVER)
    stored = open_stored(model)
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output, prefix=".unfinished-") as temporary:
            config = _model_config(num_workers, choice)
            unfinished = _build(stored, Path(temporary), config=config)
            _check(unfinished)
            return unfinished.replace(output / unfinished.name)
    except OSError as error:
        raise ArchiveError(
            f"no archive can be written to {output}: {error.strerror}; name a folder of yours "
            "with --output"
        ) from error


def archive_manifest(archive: Path) -> Manifest:
    """Returns the manifest of the model in an archive.

    Raises:
        ArchiveError: there is no archive of ours at that path.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            content = opened.read(f"{MODEL_DIRECTORY}/{MANIFEST}")
        return Manifest.model_validate_json(content)
    except (OSError, zipfile.BadZipFile, KeyError, ValidationError) as error:
        raise ArchiveError(
            f"no model archive at {archive}: expected the wherefore.mar of `wherefore archive`"
        ) from error


def _build(model: StoredModel, work: Path, *, config: dict[str, object]) -> Path:
    contents, scratch = work / "contents", work / "tmp"
    scratch.mkdir()
    _copy_model(model, contents / MODEL_DIRECTORY)
    _copy_packages(contents)
    config_file = work / _MODEL_CONFIG
    config_file.write_text(yaml.safe_dump(config), encoding="utf-8")
    handler = contents / "serving" / "torchserve" / "handler.py"
    command = [sys.executable, "-m", f"{_ARCHIVER}.model_packaging"]
    command += ["--model-name", MODEL_NAME, "--version", model.manifest.digest[:12]]
    command += ["--handler", str(handler), "--extra-files", str(contents)]
    command += ["--config-file", str(config_file), "--export-path", str(work)]
    command += ["--archive-format", "zip-store"]
    # The archiver first deletes whatever is called like the model in the temporary folder.
    environment = os.environ | {"TMPDIR": str(scratch)}
    done = subprocess.run(  # noqa: S603 - our own interpreter and folders
        command, check=False, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise ArchiveError(f"torch-model-archiver failed: {done.stderr.strip()[-500:]}")
    return work / f"{MODEL_NAME}.mar"


def _model_config(num_workers: int, choice: EngineChoice) -> dict[str, object]:
    return {
        "minWorkers": num_workers,
        "maxWorkers": num_workers,
        "batchSize": BATCH_SIZE,
        "maxBatchDelay": MAX_BATCH_DELAY_MS,
        "responseTimeout": RESPONSE_TIMEOUT_SECONDS,
        "startupTimeout": STARTUP_TIMEOUT_SECONDS,
        "handler": {
            "engine": choice.engine,
            "precision": choice.precision,
            "num_threads": choice.num_threads,
        },
    }


def _copy_model(model: StoredModel, target: Path) -> None:
    """Copies what the manifest names: other files of the folder stay out."""
    target.mkdir(parents=True)
    for name in [*model.manifest.files, MANIFEST]:
        shutil.copyfile(model.directory / name, target / name)


def _copy_packages(target: Path) -> None:
    for package, patterns in _PACKAGES.items():
        root = Path(str(files(package)))
        for source in sorted({path for pattern in patterns for path in root.glob(pattern)}):
            copy = target / package / source.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)


def _check(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if not name.endswith("/")]
    foreign = [name for name in names if Path(name).suffix not in CARRIED_SUFFIXES]
    if foreign:
        raise ArchiveError(
            f"the archive would hold {foreign[0]}: expected only model files and Python source"
        )
