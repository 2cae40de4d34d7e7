"""A training run from configuration to stored model."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers.utils import logging as transformers_logging

from model_store.artifact import Artifact, current_versions, load_artifact, save_artifact
from model_store.card import render_card
from model_store.errors import ArtifactError
from model_store.manifest import Manifest
from model_store.network import Network
from model_store.predictor import Predictor
from model_store.windows import TextTokenizer
from training.checkpoint import CheckpointFolder
from training.config import TrainingConfig
from training.dataset import TrainingText, prepare
from training.errors import ConfigError
from training.evaluation import evaluate
from training.identity import changed_settings
from training.lessons import lessons_of
from training.lexical import add_lexical_reading, refit_lexical_reading
from training.loop import StepReport, Trainer
from training.network_calibration import calibrate
from training.precision import fitted_to_machine, lower_precision
from training.revision import code_revision
from training.run_data import RunData, load_run_data
from training.run_data.parts import (
    CALIBRATION_READ,
    HELD_OUT_DIGESTS,
    Origin,
    calibration_read,
    held_out_digests,
)
from training.starting import (
    load_network,
    load_run_tokenizer,
    recipe_identity,
    require_start_unread,
    start_manifest,
)

MAX_MEASURED_TEXTS = 3000
"""Most texts that a run measures itself on; `wherefore evaluate` measures on all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run leaves behind.

    Attributes:
        directory: the stored model.
        metrics: figures on what was held out, of the stored model and, under another name, of the
            weights before they were stored.
    """

    directory: Path
    metrics: dict[str, dict[str, object]]


def run_training(
    config: TrainingConfig,
    *,
    output: Path,
    compiled: bool = False,
    on_start: Callable[[Mapping[str, object]], None] = lambda _: None,
    on_step: Callable[[StepReport], None] = lambda _: None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> RunResult | None:
    """Trains, calibrates, measures and stores a model; goes on where a killed run stopped.

    The model of a run that is finished stays the one it is.

    Args:
        config: the run.
        output: folder of the run: `checkpoint/`, and `checkpoint-refit/` of a second network, while
            it goes on, `model/` at its end.
        compiled: whether torch compiles the encoder.
        on_start: called before the first step with what makes the run what it is.
        on_step: called after each optimiser step.
        on_stage: called with a sentence when a new stage begins.

    Returns:
        What the run leaves behind; None in a process that is not the main one.

    Raises:
        ConfigError: the encoder cannot be read, the configuration names no data, or a second
            network would learn from what is measured on.
        DataError: the texts cannot be read, or a split leaks.
        ModelError: the model to start from cannot be used.
        ResumeError: the folder holds the checkpoint of another run.
    """
    revision = code_revision()
    set_up_torch(config)
    config, changed = fitted_to_machine(config)
    if changed:
        on_stage(changed)
    on_stage(f"reading the texts: {config.data.source}")
    data = load_run_data(config)
    _require_measured_on_others(config, data)
    require_start_unread(config, source=data.source, test_digest=data.test_digest)
    tokenizer = load_run_tokenizer(config, [example.text for example in data.train])
    texts = prepare(data.train, tokenizer)
    held_out = prepare(data.calibration, tokenizer)
    recipe = recipe_identity(config)
    identity = _identity(config, data, recipe=recipe)

    lessons = lessons_of(config, data, texts, held_out, tokenizer)
    checkpoints = [CheckpointFolder(output / lesson.folder, run=identity) for lesson in lessons]
    for kept in checkpoints:
        kept.require_same_run()
    on_start(identity)
    networks, num_taken, is_main_process = list[Network](), 0, True
    for lesson, kept in zip(lessons, checkpoints, strict=True):
        trainer = Trainer(
            load_network(config, tokenizer),
            tokenizer=tokenizer,
            texts=lesson.texts,
            config=config,
            held_out=lesson.held_out,
            compiled=compiled,
        )
        on_stage(f"training on {lesson.told}, {trainer.num_steps:,} steps")
        with lower_precision():
            num_taken += trainer.run(checkpoints=kept, on_step=lesson.counting(on_step))
        networks.append(trainer.averaged_network)
        is_main_process = trainer.is_main_process
    if not is_main_process:
        return None
    manifest = _manifest(config, data, recipe=recipe, revision=revision)
    if num_taken == 0 and (finished := _finished(output / "model", manifest)):
        on_stage("the run was finished before: its model stays")
        return finished
    on_stage(f"calibrating on {len(data.calibration):,} texts, measuring on others held out")
    return _finish(
        networks,
        tokenizer,
        config=config,
        data=data,
        manifest=manifest,
        learned=[lesson.texts for lesson in lessons],
        calibration=held_out,
        output=output,
    )


def _finish(
    networks: Sequence[Network],
    tokenizer: TextTokenizer,
    *,
    config: TrainingConfig,
    data: RunData,
    manifest: Manifest,
    learned: Sequence[Sequence[TrainingText]],
    calibration: Sequence[TrainingText],
    output: Path,
) -> RunResult:
    first, last = networks[0], networks[-1]
    inverse_regularisation = add_lexical_reading(
        first, tokenizer=tokenizer, learned=learned[0], held_out=calibration, config=config.lexical
    )
    fitted = calibrate(first, calibration, padding_id=tokenizer.padding_id)
    if last is not first:
        refit_lexical_reading(
            last,
            weighed=first,
            tokenizer=tokenizer,
            learned=learned[-1],
            config=config.lexical,
            risk_inverse_regularisation=inverse_regularisation,
        )
    directory, storage = output / "model", config.artifact.storage
    before_storage = Artifact(
        network=last,
        tokenizer=tokenizer,
        calibration=fitted,
        manifest=manifest,
        card="",
    )
    save_artifact(before_storage, directory, storage=storage)
    weights = load_artifact(directory).network
    if last is first:
        # Calibrated as stored: rounding moves a logit across a threshold now and then.
        fitted = calibrate(weights, calibration, padding_id=tokenizer.padding_id)
    stored = replace(before_storage, network=weights, calibration=fitted)
    test = data.test.drawn(MAX_MEASURED_TEXTS, seed=config.seed)
    metrics = {
        name: evaluate(Predictor.from_artifact(artifact), test)
        for name, artifact in {
            data.figures_name: stored,
            f"{data.figures_name}_before_storage": before_storage,
        }.items()
    }
    save_artifact(_with_metrics(stored, metrics), directory, storage=storage)
    return RunResult(directory=directory, metrics=metrics)


def _require_measured_on_others(config: TrainingConfig, data: RunData) -> None:
    if config.optimisation.refit and data.origin.calibrates:
        raise ConfigError(
            f"the texts of {data.source} that calibrate are those measured on, and "
            "`optimisation.refit` would learn from them: leave it out"
        )


def _finished(directory: Path, expected: Manifest) -> RunResult | None:
    """Returns what a run left behind, or None where its model is not there, whole and measured.

    Args:
        directory: where the model of the run would be.
        expected: what the run would write of its model today.
    """
    try:
        found = load_artifact(directory).manifest
    except ArtifactError:
        return None
    names = found.name, found.version, found.data_digests
    is_of_run = names == (expected.name, expected.version, expected.data_digests)
    if not is_of_run or changed_settings({"config": found.config}, {"config": expected.config}):
        return None
    metrics = {n: figures for n, figures in found.metrics.items() if isinstance(figures, dict)}
    return RunResult(directory=directory, metrics=metrics) if metrics else None


def _with_metrics(artifact: Artifact, metrics: dict[str, dict[str, object]]) -> Artifact:
    """Returns the artifact with its figures in manifest and card."""
    manifest = artifact.manifest.model_copy(update={"metrics": metrics})
    return replace(artifact, manifest=manifest, card=render_card(manifest))


def _manifest(
    config: TrainingConfig, data: RunData, *, recipe: Mapping[str, object], revision: str | None
) -> Manifest:
    start = start_manifest(config)
    return Manifest(
        name=config.name,
        version=config.artifact.version,
        created=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        git_revision=revision,
        data_digests=_digests(data, start),
        config={
            **config.without_paths().model_dump(mode="json"),
            **recipe,
            "start_from": start and start.model_version,
            "num_train_texts": _num_read(config, data),
            HELD_OUT_DIGESTS: {**held_out_digests(start), data.source: data.test_digest},
            CALIBRATION_READ: _calibration_read(config, data, start),
            **_origin(config, data).as_config(),
        },
    )


def _calibration_read(config: TrainingConfig, data: RunData, start: Manifest | None) -> list[str]:
    ours = {data.source} if config.optimisation.refit else set()
    return sorted(ours | calibration_read(start))


def _num_read(config: TrainingConfig, data: RunData) -> int:
    return len(data.train) + (len(data.refit) if config.optimisation.refit else 0)


def _origin(config: TrainingConfig, data: RunData) -> Origin:
    if not config.optimisation.refit:
        return data.origin
    more = (
        f"and {len(data.refit):,} of {len(data.calibration):,} that calibrated a network trained "
        "without them"
    )
    return replace(data.origin, trained_on=f"{data.origin.trained_on}; {more}")


def _digests(data: RunData, start: Manifest | None) -> dict[str, str]:
    """What the weights learned from, before they came here too: nothing of it is forgotten."""
    digests = dict(data.digests)
    if start is not None:
        for name, digest in start.data_digests.items():
            if digests.setdefault(name, digest) != digest:
                digests[f"{name} of {start.model_version}"] = digest
    return digests


def _identity(
    config: TrainingConfig, data: RunData, *, recipe: Mapping[str, object]
) -> dict[str, object]:
    return {
        "config": config.model_dump(mode="json"),
        **data.digests,
        **recipe,
        "versions": current_versions(),
    }


def set_up_torch(config: TrainingConfig) -> None:
    """Applies the settings of a run that hold for the whole process."""
    transformers_logging.disable_progress_bar()
    if config.num_threads is not None:
        torch.set_num_threads(config.num_threads)
