"""Calibrating a stored model anew, as its run would calibrate it with the code of today."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from model_store.artifact import load_weights, save_artifact
from model_store.card import CALIBRATED_ANEW, render_card
from model_store.manifest import Manifest
from model_store.predictor import Predictor
from model_store.stored import open_stored
from training.config import TrainingConfig
from training.dataset import prepare
from training.errors import ConfigError
from training.evaluation import evaluate
from training.evaluation.run_split import require_same_split
from training.identity import CALIBRATION, CALIBRATION_VERSION, changed_settings
from training.network_calibration import calibrate
from training.revision import code_revision
from training.run import MAX_MEASURED_TEXTS, RunResult, set_up_torch
from training.run_data import RunData, load_run_data

_OF_THE_RUN = (
    "config.data.",
    "config.seed",
    "config.optimisation.refit",
    "config.artifact.storage",
)
"""What decides which texts a model has not read, and how its weights are stored."""


def recalibrate(
    config: TrainingConfig,
    model: Path,
    *,
    version: str,
    output: Path,
    on_stage: Callable[[str], None] = lambda _: None,
) -> RunResult:
    """Fits maps, thresholds and the order of reasons anew, and measures; the weights stay.

    Args:
        config: the run that made the model; what it held out calibrates.
        model: directory of the model.
        version: that of the new model.
        output: folder for the new model, in `model/` as a run leaves it; there may be none yet.
        on_stage: called with a sentence when a new stage begins.

    Raises:
        ConfigError: the model was made with other data, seed or storage than the configuration
            names or has read what calibrates (`optimisation.refit`), the version is the one it
            has, or there is a model already.
        EvaluationError: the model was trained on another split of the same kind of data.
        DataError: the texts cannot be read, or a split leaks.
        ModelError: the model cannot be used.
    """
    revision = code_revision()
    set_up_torch(config)
    stored = open_stored(model)
    old, directory = stored.manifest, output / "model"
    _require_another(version, directory, old)
    _require_same_run(config, old)
    on_stage(f"reading the texts: {config.data.source}")
    data = load_run_data(config)
    _require_unread(data, old)
    artifact = load_weights(stored)
    on_stage(f"calibrating {old.model_version} on {len(data.calibration):,} texts, measuring")
    texts = prepare(data.calibration, artifact.tokenizer)
    calibrated = replace(
        artifact,
        calibration=calibrate(artifact.network, texts, padding_id=artifact.tokenizer.padding_id),
    )
    test = data.test.drawn(MAX_MEASURED_TEXTS, seed=config.seed)
    metrics = {data.figures_name: evaluate(Predictor.from_artifact(calibrated), test)}
    manifest = _manifest(old, version=version, revision=revision, metrics=metrics)
    save_artifact(
        replace(calibrated, manifest=manifest, card=render_card(manifest)),
        directory,
        storage=config.artifact.storage,
    )
    return RunResult(directory=directory, metrics=metrics)


def _require_another(version: str, directory: Path, old: Manifest) -> None:
    if version == old.version:
        raise ConfigError(
            f"{old.model_version} has version {version}: give the new model another one in "
            "--version, since it answers otherwise"
        )
    if directory.exists():
        raise ConfigError(f"{directory} is there already: give another folder in --output")


def _require_same_run(config: TrainingConfig, old: Manifest) -> None:
    ours = {"config": config.without_paths().model_dump(mode="json")}
    changed = [
        name
        for name in changed_settings({"config": old.config}, ours)
        if name.startswith(_OF_THE_RUN)
    ]
    if changed:
        raise ConfigError(
            f"{old.model_version} was made with other {', '.join(changed)}: give the configuration "
            "of its own run, or it may be calibrated on what it has read, or rounded once more"
        )
    if config.optimisation.refit:
        raise ConfigError(
            f"{old.model_version} has read texts that calibrate (`optimisation.refit`): train it "
            "anew instead"
        )


def _require_unread(data: RunData, old: Manifest) -> None:
    require_same_split(data, old)
    digest = data.digests.get(data.source)
    if data.source in old.data_digests and old.data_digests[data.source] != digest:
        raise ConfigError(
            f"{old.model_version} was trained on other files of {data.source}: give those, or it "
            "may be calibrated on what it has read"
        )


def _manifest(
    old: Manifest, *, version: str, revision: str | None, metrics: dict[str, dict[str, object]]
) -> Manifest:
    anew = {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "git_revision": revision,
        "of": old.model_version,
    }
    config = {**old.config, CALIBRATED_ANEW: anew, CALIBRATION: CALIBRATION_VERSION}
    if isinstance(stored := config.get("artifact"), dict):
        config["artifact"] = {**stored, "version": version}
    return old.model_copy(update={"version": version, "metrics": metrics, "config": config})
