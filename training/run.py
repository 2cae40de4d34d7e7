"""A training run from configuration to stored model."""

import datetime as dt
import hashlib
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from data_pipeline.corpus.narratives import Narrative, corpus_path, load_narratives
from data_pipeline.examples import examples_from_narratives
from data_pipeline.splits import author_folds, require_no_leak
from model_store.artifact import Artifact, current_versions, load_artifact, save_artifact
from model_store.calibration import Calibration
from model_store.card import render_card
from model_store.engine.torch_backend import TorchEngine
from model_store.manifest import Manifest
from model_store.network import Network
from model_store.predictor import Predictor
from model_store.reading import Reading, read_texts
from model_store.windows import TextTokenizer
from training.calibration import CalibrationTexts, best_f1_threshold, fit_calibration
from training.checkpoint import CheckpointFolder
from training.config import TrainingConfig
from training.dataset import TrainingText, prepare
from training.errors import ConfigError
from training.evaluation import evaluate
from training.loop import StepReport, Trainer
from training.metrics import indicator


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run leaves behind.

    Attributes:
        directory: the stored model.
        metrics: figures on the authors held out, of the stored model and, under another name, of
            the weights before they were stored.
    """

    directory: Path
    metrics: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """The texts of a run, split by author.

    Attributes:
        train: narratives to learn from.
        held_out: narratives of other authors, for calibration and figures.
        digest: sha256 of the corpus file.
    """

    train: Sequence[Narrative]
    held_out: Sequence[Narrative]
    digest: str


def run_training(
    config: TrainingConfig,
    *,
    output: Path,
    on_start: Callable[[Mapping[str, object]], None] = lambda _: None,
    on_step: Callable[[StepReport], None] = lambda _: None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> RunResult:
    """Trains, calibrates, measures and stores a model; goes on where a killed run stopped.

    Args:
        config: the run.
        output: folder of the run: `checkpoint/` while it goes on, `model/` at its end.
        on_start: called before the first step with what makes the run what it is.
        on_step: called after each optimiser step.
        on_stage: called with a sentence when a new stage begins.

    Raises:
        ConfigError: encoder or corpus cannot be read.
        ResumeError: the folder holds the checkpoint of another run.
    """
    set_up_torch(config)
    on_stage("reading the corpus")
    data = load_data(config)
    tokenizer = load_tokenizer(config.encoder)
    texts = prepare(examples_from_narratives(data.train), tokenizer)
    trainer = Trainer(load_network(config), tokenizer=tokenizer, texts=texts, config=config)
    identity = _identity(config, data)
    checkpoints = CheckpointFolder(output / "checkpoint", run=identity)
    on_start(identity)
    on_stage(f"training on {len(data.train):,} texts, {trainer.num_steps:,} steps")
    trainer.run(checkpoints=checkpoints, on_step=on_step)
    on_stage(f"calibrating and measuring on {len(data.held_out):,} texts of authors held out")
    return _finish(trainer.averaged_network, tokenizer, config=config, data=data, output=output)


def load_data(config: TrainingConfig) -> RunData:
    """Reads the corpus and splits it by author, contrast pairs whole.

    Raises:
        ConfigError: the fold held out does not exist.
        DataError: the corpus cannot be read, or the split leaks.
    """
    path = config.data.corpus or corpus_path()
    narratives = load_narratives(path)
    folds = author_folds(narratives, num_folds=config.data.num_folds, seed=config.seed)
    if config.data.held_out_fold >= len(folds):
        raise ConfigError(
            f"data.held_out_fold is {config.data.held_out_fold}: expected 0 to {len(folds) - 1}"
        )
    fold = folds[config.data.held_out_fold]
    require_no_leak(
        {
            "train": examples_from_narratives(fold.train),
            "held_out": examples_from_narratives(fold.held_out),
        },
        authors=True,
    )
    return RunData(
        train=fold.train,
        held_out=fold.held_out,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def load_tokenizer(encoder: str) -> TextTokenizer:
    """Returns the tokenizer of an encoder given by path or name.

    Raises:
        ConfigError: nothing can be loaded from there.
    """
    try:
        return TextTokenizer(AutoTokenizer.from_pretrained(encoder).backend_tokenizer)
    except (OSError, ValueError) as error:
        raise _no_encoder(encoder) from error


def load_network(config: TrainingConfig) -> Network:
    """Returns the network to fine-tune, its heads drawn from the run's seed.

    Raises:
        ConfigError: the encoder cannot be loaded.
    """
    torch.manual_seed(config.seed)
    try:
        return Network.from_encoder(config.encoder, head_dropout=config.augmentation.head_dropout)
    except (OSError, ValueError) as error:
        raise _no_encoder(config.encoder) from error


def calibrate(network: Network, texts: Sequence[TrainingText], *, padding_id: int) -> Calibration:
    """Fits the calibration of a network on texts that it was not trained on."""
    engine = TorchEngine(network, padding_id=padding_id)
    reading = read_texts(engine, [text.windows for text in texts])
    labels = [text.example.category_order for text in texts]
    target_NC = indicator(labels, reading.category_NC.shape[1])
    return fit_calibration(
        CalibrationTexts(
            category_NC=reading.category_NC,
            risk_N=reading.risk_N,
            target_NC=target_NC,
            default_probability_N=np.array([t.example.risk_probability for t in texts]),
        ),
        evidence_threshold=_evidence_threshold(reading, texts, target_NC),
    )


def _evidence_threshold(
    reading: Reading, texts: Sequence[TrainingText], target_NC: NDArray[np.bool_]
) -> float:
    """The threshold with the best token F1 over the labelled categories of the texts."""
    columns = [
        (probability_TC[:, c], text.evidence_TC[:, c])
        for probability_TC, text, target_C in zip(reading.evidence, texts, target_NC, strict=True)
        for c in np.flatnonzero(target_C)
    ]
    if not columns:
        return Calibration().evidence_threshold
    probabilities, inside = (np.concatenate(part)[:, None] for part in zip(*columns, strict=True))
    return best_f1_threshold(probabilities, inside)


def _finish(
    network: Network,
    tokenizer: TextTokenizer,
    *,
    config: TrainingConfig,
    data: RunData,
    output: Path,
) -> RunResult:
    torch.set_float32_matmul_precision("highest")  # as in serving
    held_out = prepare(examples_from_narratives(data.held_out), tokenizer)

    def calibrated(weights: Network) -> Artifact:
        return Artifact(
            network=weights,
            tokenizer=tokenizer,
            calibration=calibrate(weights, held_out, padding_id=tokenizer.padding_id),
            manifest=_manifest(config, data),
            card="",
        )

    directory, storage = output / "model", config.artifact.storage
    before_storage = calibrated(network)
    save_artifact(before_storage, directory, storage=storage)
    # Calibrated as stored: rounding moves a logit across a threshold now and then.
    stored = calibrated(load_artifact(directory).network)
    metrics = {
        name: evaluate(Predictor.from_artifact(artifact), data.held_out)
        for name, artifact in {
            "held_out_authors": stored,
            "held_out_authors_before_storage": before_storage,
        }.items()
    }
    save_artifact(_with_metrics(stored, metrics), directory, storage=storage)
    return RunResult(directory=directory, metrics=metrics)


def _with_metrics(artifact: Artifact, metrics: dict[str, dict[str, object]]) -> Artifact:
    """Returns the artifact with its figures in manifest and card."""
    manifest = artifact.manifest.model_copy(update={"metrics": metrics})
    return Artifact(
        network=artifact.network,
        tokenizer=artifact.tokenizer,
        calibration=artifact.calibration,
        manifest=manifest,
        card=render_card(manifest),
    )


def _manifest(config: TrainingConfig, data: RunData) -> Manifest:
    return Manifest(
        name=config.name,
        version=config.artifact.version,
        created=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        git_revision=_git_revision(),
        data_digests={"corpus": data.digest},
        config={
            **config.model_dump(mode="json"),
            "encoder": Path(config.encoder).name,
            "num_train_texts": len(data.train),
            "held_out_authors": sorted({n.author or "" for n in data.held_out}),
        },
    )


def _identity(config: TrainingConfig, data: RunData) -> dict[str, object]:
    return {
        "config": config.model_dump(mode="json"),
        "corpus": data.digest,
        "versions": current_versions(),
    }


def set_up_torch(config: TrainingConfig) -> None:
    """Applies the settings of a run that hold for the whole process."""
    transformers_logging.disable_progress_bar()
    torch.set_float32_matmul_precision("medium")
    if config.num_threads is not None:
        torch.set_num_threads(config.num_threads)


def _git_revision() -> str | None:
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def _no_encoder(encoder: str) -> ConfigError:
    return ConfigError(
        f"no RoBERTa encoder at {encoder}: expected a directory with config.json, tokenizer.json "
        "and model.safetensors, or a name that a model hub within reach knows; give --encoder"
    )
