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
from training.identity import RECIPE, RECIPE_VERSION, changed_settings
from training.revision import code_revision
from training.run import MAX_MEASURED_TEXTS, RunResult, calibrate
from training.run_data import load_run_data


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
        output: folder for the new model, in `model/` as a run leaves it.
        on_stage: called with a sentence when a new stage begins.

    Raises:
        ConfigError: the model was trained on other data than the configuration names, or the
            version is the one it has.
        EvaluationError: the model was trained on another split of the same kind of data.
        DataError: the texts cannot be read, or a split leaks.
        ModelError: the model cannot be used.
    """
    stored = open_stored(model)
    old = stored.manifest
    _require_same_run(config, old)
    if version == old.version:
        raise ConfigError(
            f"{old.model_version} has version {version}: give the new model another one in "
            "--version, since it answers otherwise"
        )
    on_stage(f"reading the texts: {config.data.source}")
    data = load_run_data(config)
    require_same_split(data, old)
    artifact = load_weights(stored)
    on_stage(f"calibrating {old.model_version} on {len(data.calibration):,} texts, measuring")
    texts = prepare(data.calibration, artifact.tokenizer)
    calibration = calibrate(artifact.network, texts, padding_id=artifact.tokenizer.padding_id)
    calibrated = replace(artifact, calibration=calibration)
    test = data.test.drawn(MAX_MEASURED_TEXTS, seed=config.seed)
    metrics = {data.figures_name: evaluate(Predictor.from_artifact(calibrated), test)}
    manifest = old.model_copy(
        update={
            "version": version,
            "metrics": metrics,
            "config": {**old.config, CALIBRATED_ANEW: _provenance(old)},
        }
    )
    directory = output / "model"
    save_artifact(
        replace(calibrated, manifest=manifest, card=render_card(manifest)),
        directory,
        storage=config.artifact.storage,
    )
    return RunResult(directory=directory, metrics=metrics)


def _require_same_run(config: TrainingConfig, manifest: Manifest) -> None:
    ours = {"config": config.without_paths().model_dump(mode="json")}
    changed = changed_settings({"config": manifest.config}, ours)
    other = [name for name in changed if name.startswith("config.data.")]
    if other:
        raise ConfigError(
            f"{manifest.model_version} was trained with other {', '.join(other)}, so it may have "
            "read what it would be calibrated on: give the configuration of its own run"
        )


def _provenance(old: Manifest) -> dict[str, object]:
    return {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "git_revision": code_revision(),
        RECIPE: RECIPE_VERSION,
        "of": old.model_version,
    }
