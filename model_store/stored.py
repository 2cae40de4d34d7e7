"""A model directory, checked, without its network: all that a server needs beside an engine.

::

    model.safetensors   weights: int8 with scales, fp16 or fp32
    tokenizer.json      vocabulary and merges of the encoder
    figures.json        ranges of the figures' tokens
    config.json         encoder configuration and storage format
    taxonomy.json       labels in order, and the versions of taxonomy, rendering and masking
    calibration.json    maps and thresholds
    manifest.json       name, version, sha256 of every other file, origin and metrics
    MODEL_CARD.md       for people

No pickle, no remote code, no download: what is loaded is what the manifest names. This module
imports no torch, which takes seconds; `model_store.artifact` reads the weights.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from data_pipeline.domain.masking import MASKING_VERSION
from data_pipeline.domain.rendering import RENDERING_VERSION
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, TAXONOMY_VERSION
from model_store.calibration import Calibration
from model_store.errors import (
    ArtifactError,
    ArtifactMismatchError,
    ArtifactMissingError,
    ArtifactTamperedError,
)
from model_store.figure_tokens import FigureRanges
from model_store.manifest import FORMAT_VERSION, Manifest
from model_store.windows import MAX_WINDOW_TOKENS, TextTokenizer

T = TypeVar("T")

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
FIGURES = "figures.json"
CONFIG = "config.json"
TAXONOMY = "taxonomy.json"
CALIBRATION = "calibration.json"
MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
MODEL_FILES = (WEIGHTS, TOKENIZER, FIGURES, CONFIG, TAXONOMY, CALIBRATION, CARD)
"""What a manifest names: every file but itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """A checked model directory; its weights lie in the file, unread.

    Attributes:
        directory: where it lies.
        encoder_config: configuration of the encoder, as transformers writes it.
        tokenizer: tokenizer of the encoder.
        calibration: maps and thresholds.
        manifest: what the model is.
        card: model card, Markdown.
    """

    directory: Path
    encoder_config: Mapping[str, object]
    tokenizer: TextTokenizer
    calibration: Calibration
    manifest: Manifest
    card: str


def starter_directory() -> Path:
    """Returns the directory of the model that comes with the package."""
    return Path(str(files("model_store") / "starter"))


def open_stored(directory: Path) -> StoredModel:
    """Opens a model directory after checking every file against the manifest.

    Raises:
        ArtifactMissingError: the directory, or a file of it, is not there.
        ArtifactTamperedError: a file is not the one the manifest names.
        ArtifactMismatchError: the model was made for other labels, another rendering or masking,
            or its parts do not fit together.
    """
    manifest = read_manifest(directory)
    _check_files(directory, manifest)
    _check_versions(directory)
    config = read_part(directory / CONFIG, _encoder_config)
    figures = read_part(
        directory / FIGURES, lambda path: FigureRanges.model_validate_json(path.read_bytes())
    )
    tokenizer = read_part(
        directory / TOKENIZER, lambda path: TextTokenizer.from_file(path, figures=figures)
    )
    _check_fit(directory, config, tokenizer)
    return StoredModel(
        directory=directory,
        encoder_config=config,
        tokenizer=tokenizer,
        calibration=read_part(
            directory / CALIBRATION,
            lambda path: Calibration.model_validate_json(path.read_bytes()),
        ),
        manifest=manifest,
        card=read_part(directory / CARD, lambda path: path.read_text(encoding="utf-8")),
    )


def read_manifest(directory: Path) -> Manifest:
    """Reads the manifest of a model directory.

    Raises:
        ArtifactMissingError: there is none.
        ArtifactMismatchError: it is no manifest of this format.
    """
    try:
        content = (directory / MANIFEST).read_bytes()
    except OSError as error:
        raise ArtifactMissingError(
            f"no model at {directory}: expected a directory with {MANIFEST}; "
            "give one made by `wherefore train`, or none for the bundled model"
        ) from error
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ArtifactMismatchError(
            f"{directory / MANIFEST} is no model manifest: fetch or train the model again"
        ) from error
    if manifest.format_version != FORMAT_VERSION:
        raise ArtifactMismatchError(
            f"{directory} has model format {manifest.format_version}, this version reads "
            f"{FORMAT_VERSION}: use a matching version of wherefore"
        )
    return manifest


def current_versions() -> dict[str, object]:
    """Returns labels and versions of this code, as `taxonomy.json` holds them."""
    return {
        "taxonomy_version": TAXONOMY_VERSION,
        "rendering_version": RENDERING_VERSION,
        "masking_version": MASKING_VERSION,
        "categories": [str(category) for category in CATEGORIES],
        "reasons": [str(reason) for reason in REASONS],
    }


def _check_files(directory: Path, manifest: Manifest) -> None:
    if set(manifest.files) != set(MODEL_FILES):
        raise ArtifactTamperedError(
            f"the manifest of {directory} names other files than a model has: "
            "fetch or train the model again"
        )
    for name, expected in manifest.files.items():
        path = directory / name
        if not path.is_file():
            raise ArtifactMissingError(f"{path} is missing: fetch or train the model again")
        if (found := file_sha256(path)) != expected:
            raise ArtifactTamperedError(
                f"{path} has sha256 {found[:12]}..., the manifest names {expected[:12]}...: "
                "it was changed or damaged; fetch or train the model again"
            )


def _check_versions(directory: Path) -> None:
    found = read_part(directory / TAXONOMY, _json_object)
    expected = current_versions()
    changed = sorted(key for key in expected if found.get(key) != expected[key])
    if changed:
        raise ArtifactMismatchError(
            f"{directory} was trained with another {', '.join(changed)} than this version of "
            "wherefore has: use a model trained with this version, or train again"
        )


class _EncoderSize(BaseModel):
    """What the tokenizer must fit, of the configuration of an encoder."""

    vocab_size: int
    pad_token_id: int
    max_position_embeddings: int


def _check_fit(
    directory: Path, encoder_config: Mapping[str, object], tokenizer: TextTokenizer
) -> None:
    """Refuses what would fail, or give other answers, only once a text comes."""
    config = read_part(
        directory / CONFIG, lambda _: _EncoderSize.model_validate(dict(encoder_config))
    )
    num_positions = config.max_position_embeddings - tokenizer.padding_id - 1
    if (
        tokenizer.vocabulary_size > config.vocab_size
        or tokenizer.padding_id != config.pad_token_id
        or num_positions < MAX_WINDOW_TOKENS
    ):
        raise ArtifactMismatchError(
            f"the tokenizer in {directory} does not fit the encoder beside it: expected at most "
            f"{config.vocab_size} tokens, padding {config.pad_token_id} and room for windows of "
            f"{MAX_WINDOW_TOKENS}; fetch or train the model again"
        )


def read_part(path: Path, read: Callable[[Path], T]) -> T:
    """Reads a file whose digest is right, though its content may still be anything.

    Raises:
        ArtifactMismatchError: the content is not what `read` expects.
    """
    try:
        return read(path)
    except ArtifactError:
        raise
    except Exception as error:  # each library that reads a file has errors of its own
        raise ArtifactMismatchError(
            f"{path} holds something else than this version of wherefore reads there: "
            "fetch or train the model again"
        ) from error


def _json_object(path: Path) -> dict[str, object]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise TypeError("expected a JSON object")
    return content


def _encoder_config(path: Path) -> dict[str, object]:
    encoder = _json_object(path)["encoder"]
    if not isinstance(encoder, dict):
        raise TypeError("expected the configuration of an encoder")
    return encoder


def file_sha256(path: Path) -> str:
    """Returns the sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
