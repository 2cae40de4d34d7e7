"""What a run starts from: the tokenizer and the network before its first step."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer

from data_pipeline.example_store import file_digest
from model_store.artifact import load_artifact, read_manifest
from model_store.figure_tokens import FigureRanges
from model_store.manifest import Manifest
from model_store.network import Network
from model_store.registry import resolve_model
from model_store.stored import open_stored
from model_store.windows import TextTokenizer
from training.config import TrainingConfig
from training.errors import ConfigError
from training.identity import (
    CALIBRATION,
    CALIBRATION_VERSION,
    ENCODER_DIGESTS,
    RECIPE,
    RECIPE_VERSION,
)
from training.run_data.parts import calibration_read, held_out_digests

_MODEL = "model"  # folder of the model inside the folder of the run that made it
_MANIFEST = "manifest.json"
_ENCODER_SUFFIXES = frozenset({".json", ".txt", ".safetensors", ".bin"})


def load_tokenizer(encoder: str) -> TextTokenizer:
    """Returns the tokenizer of an encoder given by path or name.

    Raises:
        ConfigError: nothing can be loaded from there.
    """
    try:
        return TextTokenizer(AutoTokenizer.from_pretrained(encoder).backend_tokenizer)
    except (OSError, ValueError) as error:
        raise _no_encoder(encoder) from error


def load_run_tokenizer(config: TrainingConfig, texts: Sequence[str]) -> TextTokenizer:
    """Returns the tokenizer of a run, with tokens for the sizes of figures.

    Args:
        config: the run.
        texts: masked texts that the run learns from; their figures decide the ranges. Where the
            run starts from a model its ranges stay, and none but quantities are added.

    Raises:
        ConfigError: the encoder's tokenizer cannot be loaded.
        ModelError: the model to start from cannot be found or used.
    """
    tokenizer, figures = load_tokenizer(config.encoder), config.figures
    if config.start_from is None:
        return tokenizer.with_figures(FigureRanges.fit(texts, **figures.model_dump()))
    known = open_stored(_directory(config.start_from)).tokenizer.figures
    if figures.quantities and not known.reads_quantities:
        known = known.extended(FigureRanges.fit(texts, **figures.model_dump()).of_quantities())
    return tokenizer.with_figures(known)


def load_network(config: TrainingConfig, tokenizer: TextTokenizer) -> Network:
    """Returns the network to fine-tune: on a pretrained encoder, or as a stored model has it.

    On an encoder the heads are drawn from the run's seed. A stored model gives its heads too; what
    was lost when it was stored in few bits stays lost.

    Args:
        config: the run.
        tokenizer: its tokenizer, see `load_run_tokenizer`.

    Raises:
        ConfigError: the encoder cannot be loaded, or its tokenizer is not that of the model which
            the run starts from.
        ModelError: that model cannot be found or used.
    """
    torch.manual_seed(config.seed)
    dropout = config.augmentation.head_dropout
    if config.start_from is not None:
        return _stored_network(config, tokenizer, dropout=dropout)
    try:
        return Network.from_encoder(config.encoder, tokenizer=tokenizer, head_dropout=dropout)
    except (OSError, ValueError) as error:
        raise _no_encoder(config.encoder) from error


def start_manifest(config: TrainingConfig) -> Manifest | None:
    """Returns the manifest of the model that a run starts from; None where there is none.

    Raises:
        ModelError: the model cannot be found.
    """
    return None if config.start_from is None else read_manifest(_directory(config.start_from))


def require_start_unread(config: TrainingConfig, *, source: str, test_digest: str | None) -> None:
    """Refuses to start from a model that may have learned from what the run measures itself on.

    Args:
        config: the run.
        source: its kind of data.
        test_digest: digest of the texts it measures itself on; None for all of that kind.

    Raises:
        ConfigError: the model learned from data of this kind, and held out others, or has read
            what the run calibrates on.
        ModelError: the model cannot be found.
    """
    manifest = start_manifest(config)
    if manifest is None or source not in manifest.data_digests:
        return
    if test_digest is None or held_out_digests(manifest).get(source) != test_digest:
        raise ConfigError(
            f"start_from is {config.start_from}, which learned from {source} and held out other "
            "texts of it than this run does, so it may have read those: start from a model of "
            "another kind of data, or hold out the same"
        )
    if source in calibration_read(manifest):
        raise ConfigError(
            f"start_from is {config.start_from}, which has read texts of {source} that calibrate "
            "(`optimisation.refit`): start from a model of another kind of data"
        )


def recipe_identity(config: TrainingConfig) -> dict[str, object]:
    """Returns what a configuration's words leave open: its encoder, its start, the code's recipe.

    Raises:
        ModelError: the model to start from cannot be found.
    """
    return {
        **encoder_identity(config.encoder),
        **start_identity(config),
        RECIPE: RECIPE_VERSION,
        CALIBRATION: CALIBRATION_VERSION,
    }


def start_identity(config: TrainingConfig) -> dict[str, str]:
    """Returns the digest of the model that a run starts from, empty where there is none.

    It is part of what makes a run what it is: a path says nothing of what lies there.

    Raises:
        ModelError: the model cannot be found.
    """
    manifest = start_manifest(config)
    return {} if manifest is None else {"start_from_digest": manifest.digest}


def encoder_identity(encoder: str) -> dict[str, dict[str, str]]:
    """Returns the digests of an encoder's files by name; empty for one that a hub knows by name.

    Likewise part of what makes a run what it is.
    """
    folder = Path(encoder)
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    digests = {
        path.name: file_digest(path)
        for path in paths
        if path.suffix in _ENCODER_SUFFIXES and path.is_file()
    }
    return {ENCODER_DIGESTS: digests} if digests else {}


def _stored_network(config: TrainingConfig, tokenizer: TextTokenizer, *, dropout: float) -> Network:
    assert config.start_from is not None  # noqa: S101  (narrows the type)
    directory = _directory(config.start_from)
    artifact = load_artifact(directory)
    if _vocabulary(artifact.tokenizer) != _vocabulary(load_tokenizer(config.encoder)):
        raise ConfigError(
            f"start_from is {config.start_from}, whose tokenizer is not that of the encoder "
            f"{config.encoder}: give --encoder the one that this model was made on"
        )
    for name, module in artifact.network.named_modules():
        if isinstance(module, nn.Dropout) and not name.startswith("encoder."):
            module.p = dropout
    network = artifact.network
    network.add_figures(tokenizer, known=artifact.tokenizer.figures)
    # What was fitted beside another state of the encoder is fitted anew, or not there.
    network.reset_weighting()
    return network.train()


def _vocabulary(tokenizer: TextTokenizer) -> object:
    """Words and merges; the rest of a tokenizer may be written down in several ways."""
    model = json.loads(tokenizer.to_json())["model"]
    return model["vocab"], model["merges"]


def _directory(reference: str) -> Path:
    """The directory of a model: as named, or that of the run whose folder is named."""
    directory = resolve_model(reference)
    inside = directory / _MODEL
    return directory if (directory / _MANIFEST).is_file() or not inside.is_dir() else inside


def _no_encoder(encoder: str) -> ConfigError:
    return ConfigError(
        f"no RoBERTa encoder at {encoder}: expected a directory with config.json, tokenizer.json "
        "and model.safetensors, or a name that a model hub within reach knows; give --encoder"
    )
