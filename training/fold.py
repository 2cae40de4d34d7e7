"""One fold of a cross-validation: train, calibrate, answer, and keep what was answered."""

import datetime as dt
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random

from data_pipeline.corpus.narratives import Narrative
from data_pipeline.domain.masking import MASKING_VERSION
from data_pipeline.domain.taxonomy import TAXONOMY_VERSION
from data_pipeline.examples import examples_from_narratives
from data_pipeline.splits import Split, author_folds
from model_store.artifact import Artifact, current_versions, save_artifact
from model_store.manifest import FORMAT_VERSION, Manifest
from model_store.predictor import Predictor
from model_store.stored import open_stored
from training.baselines import Baseline
from training.baselines.tuned import BASELINE_VERSION
from training.checkpoint import CheckpointFolder
from training.config import TrainingConfig
from training.dataset import prepare
from training.errors import ResumeError
from training.evaluation.answers import Answers
from training.evaluation.answers_file import StoredAnswers, load_answers, save_answers
from training.evaluation.labelled import labelled_narratives
from training.evaluation.measuring import ask
from training.forms import Form
from training.lexical import add_lexical_reading
from training.loop import StepReport, Trainer
from training.network_calibration import calibrate
from training.precision import lower_precision
from training.run import set_up_torch
from training.starting import load_network, load_run_tokenizer, recipe_identity

NETWORK = "network"
"""Name of the network among the subjects of the report."""

_CALIBRATION_TEXTS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One fold of a cross-validation.

    Attributes:
        number: its number, from 0.
        split: what is learned from and what is held out.
        directory: where its results go.
        identity: what its results depend on, besides who gave them, as JSON values.
    """

    number: int
    split: Split[Narrative]
    directory: Path
    identity: Mapping[str, object]


def baseline_answers(baseline: Baseline, fold: Fold) -> StoredAnswers:
    """Returns what a baseline answers on the texts held out, from its file if there is one.

    Raises:
        ResumeError: the file holds something else.
        ConfigError: the encoder of the baseline cannot be loaded.
    """
    identity = {
        **fold.identity,
        "baseline": baseline.name,
        "baseline_version": BASELINE_VERSION,
        "scikit_learn": version("scikit-learn"),
        "taxonomy_version": TAXONOMY_VERSION,
        "masking_version": MASKING_VERSION,
    }
    path = fold.directory / f"{_file_name(baseline.name)}.json"
    found = load_answers(path, identity=identity)
    if found is not None:
        return found
    started = time.perf_counter()
    baseline.fit(examples_from_narratives(fold.split.train))
    answers = baseline.answers(examples_from_narratives(fold.split.held_out))
    return _stored(path, fold, answers, identity=identity, started=started)


def network_answers(
    config: TrainingConfig, fold: Fold, *, on_step: Callable[[StepReport], None]
) -> StoredAnswers:
    """Returns what the network answers on the texts held out, from its file if there is one.

    Raises:
        ResumeError: the file, or the checkpoint, holds something else.
        ConfigError: the encoder cannot be loaded.
    """
    identity = _network_identity(config, fold)
    path = fold.directory / f"{NETWORK}.json"
    found = load_answers(path, identity=identity)
    if found is not None:
        return found
    started = time.perf_counter()
    artifact, seconds_before = _train(config, fold, identity=identity, on_step=on_step)
    save_artifact(artifact, _model(fold), storage=config.artifact.storage)
    answers = _ask(Predictor.load(_model(fold)), fold)
    return _stored(path, fold, answers, identity=identity, started=started - seconds_before)


def form_answers(config: TrainingConfig, fold: Fold, form: Form) -> StoredAnswers:
    """Returns what another form of a trained network answers, from its file if there is one.

    Raises:
        ResumeError: the file, or the checkpoint, holds something else.
        BackendError: the network cannot be computed in that form on this machine.
        MissingExtraError: the form needs a package that is not installed.
    """
    trained = _network_identity(config, fold)
    path = fold.directory / f"{NETWORK}_{form}.json"
    identity = {**trained, "form": str(form)}
    found = load_answers(path, identity=identity)
    if found is not None:
        return found
    started = time.perf_counter()
    predictor = _predictor(config, fold, form, trained=trained)
    return _stored(path, fold, _ask(predictor, fold), identity=identity, started=started)


def _predictor(
    config: TrainingConfig, fold: Fold, form: Form, *, trained: dict[str, object]
) -> Predictor:
    if form is Form.FP32:
        if not _checkpoint(fold).exists():
            raise ResumeError(
                f"the network of {fold.directory} before it was stored is gone: its checkpoint was "
                f"removed when all folds were counted; delete {NETWORK}.json there to train again, "
                f"or leave out --form {form}"
            )
        # No step is left to take: the checkpoint is that of the last one.
        artifact, _ = _train(config, fold, identity=trained, on_step=lambda _: None)
        return Predictor.from_artifact(artifact)
    from model_store.engine.int8 import quantized_engine  # noqa: PLC0415 - an extra of its own

    learned = inner_split(config, fold.split.train).train
    drawn = Random(config.seed).sample(learned, min(_CALIBRATION_TEXTS, len(learned)))  # noqa: S311
    stored = open_stored(_model(fold))
    engine = quantized_engine(
        stored,
        calibration_texts=[narrative.text for narrative in drawn],
        cache_dir=fold.directory / "converted",
    )
    return Predictor.from_stored(stored, engine=engine)


def _network_identity(config: TrainingConfig, fold: Fold) -> dict[str, object]:
    return {
        **fold.identity,
        **recipe_identity(config),
        "config": config.model_dump(mode="json"),
        "versions": current_versions(),
        "model_format": FORMAT_VERSION,
    }


def _ask(predictor: Predictor, fold: Fold) -> Answers:
    return ask(predictor, labelled_narratives(fold.split.held_out, name=f"fold {fold.number}"))


def _model(fold: Fold) -> Path:
    return fold.directory / "model"


def drop_checkpoint(fold: Fold) -> None:
    """Removes the state of a fold's training, which is of use until all folds are counted."""
    shutil.rmtree(_checkpoint(fold), ignore_errors=True)


def _checkpoint(fold: Fold) -> Path:
    return fold.directory / "checkpoint"


def _train(
    config: TrainingConfig,
    fold: Fold,
    *,
    identity: dict[str, object],
    on_step: Callable[[StepReport], None],
) -> tuple[Artifact, float]:
    """Returns the model, and the seconds of the steps that an earlier process had taken."""
    set_up_torch(config)
    inner = inner_split(config, fold.split.train)
    examples = examples_from_narratives(inner.train)
    tokenizer = load_run_tokenizer(config, [example.text for example in examples])
    learned = prepare(examples, tokenizer)
    calibrating = prepare(examples_from_narratives(inner.held_out), tokenizer)
    network = load_network(config, tokenizer)
    trainer = Trainer(
        network, tokenizer=tokenizer, texts=learned, config=config, held_out=calibrating
    )
    checkpoints = CheckpointFolder(_checkpoint(fold), run=identity)
    with lower_precision():
        trainer.run(checkpoints=checkpoints, on_step=on_step)
    network = trainer.averaged_network
    add_lexical_reading(
        network, tokenizer=tokenizer, learned=learned, held_out=calibrating, config=config.lexical
    )
    artifact = Artifact(
        network=network,
        tokenizer=tokenizer,
        calibration=calibrate(network, calibrating, padding_id=tokenizer.padding_id),
        manifest=Manifest(
            name=f"{config.name}-fold-{fold.number}",
            version=config.artifact.version,
            created=dt.datetime.now(tz=dt.UTC).date().isoformat(),
            data_digests={"corpus": str(identity["corpus_sha256"])},
        ),
        card="",
    )
    return artifact, trainer.seconds_before


def inner_split(config: TrainingConfig, train: Sequence[Narrative]) -> Split[Narrative]:
    """Returns what a fold's network learns from, and the authors kept apart for calibration."""
    num_authors = len({narrative.author for narrative in train})
    num_parts = min(config.data.num_folds, num_authors)
    parts = author_folds(train, num_folds=num_parts, seed=config.seed)
    return parts[config.data.held_out_fold % num_parts]


def _stored(
    path: Path,
    fold: Fold,
    answers: Answers,
    *,
    identity: dict[str, object],
    started: float,
) -> StoredAnswers:
    stored = StoredAnswers(
        identity=identity,
        ids=tuple(narrative.id for narrative in fold.split.held_out),
        answers=answers,
        seconds=round(time.perf_counter() - started, 1),
    )
    save_answers(path, stored)
    return stored


def _file_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
