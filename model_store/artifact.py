"""A model as stored: one directory, checked file by file before it is used.

::

    model.safetensors   weights: int8 with scales, fp16 or fp32
    tokenizer.json      vocabulary and merges of the encoder
    config.json         encoder configuration and storage format
    taxonomy.json       labels in order, and the versions of taxonomy, rendering and masking
    calibration.json    maps and thresholds
    manifest.json       name, version, sha256 of every other file, origin and metrics
    MODEL_CARD.md       for people

No pickle, no remote code, no download: what is loaded is what the manifest names.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import RobertaConfig

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
from model_store.manifest import FORMAT_VERSION, Manifest
from model_store.network import Network
from model_store.quantization import decode, encode_int8
from model_store.windows import MAX_WINDOW_TOKENS, TextTokenizer

T = TypeVar("T")

Storage = Literal["int8", "fp16", "fp32"]

_WEIGHTS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_CONFIG = "config.json"
_TAXONOMY = "taxonomy.json"
_CALIBRATION = "calibration.json"
_MANIFEST = "manifest.json"
_CARD = "MODEL_CARD.md"
_FILES = (_WEIGHTS, _TOKENIZER, _CONFIG, _TAXONOMY, _CALIBRATION, _CARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A model in memory, as it is stored and loaded.

    Attributes:
        network: network in evaluation mode, fp32.
        tokenizer: tokenizer of its encoder.
        calibration: maps and thresholds.
        manifest: what the model is.
        card: model card, Markdown.
    """

    network: Network
    tokenizer: TextTokenizer
    calibration: Calibration
    manifest: Manifest
    card: str


def starter_directory() -> Path:
    """Returns the directory of the model that comes with the package."""
    return Path(str(files("model_store") / "starter"))


def save_artifact(artifact: Artifact, directory: Path, *, storage: Storage) -> Manifest:
    """Writes a model, whole or not at all, and returns its manifest.

    Args:
        artifact: the model; the file digests of its manifest are replaced by those written.
        directory: where to; an existing one is replaced.
        storage: number format of the weights.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
        unfinished = Path(temporary) / "model"
        unfinished.mkdir()
        manifest = _write(artifact, unfinished, storage=storage)
        if directory.exists():
            directory.rename(Path(temporary) / "replaced")
        unfinished.rename(directory)
    return manifest


def load_artifact(directory: Path) -> Artifact:
    """Reads a model after checking every file against the manifest.

    Raises:
        ArtifactMissingError: the directory, or a file of it, is not there.
        ArtifactTamperedError: a file is not the one the manifest names.
        ArtifactMismatchError: the model was made for other labels, another rendering or masking,
            or its parts do not fit together.
    """
    manifest = read_manifest(directory)
    _check_files(directory, manifest)
    _check_versions(directory)
    config = _read(directory / _CONFIG, _encoder_config)
    tokenizer = _read(directory / _TOKENIZER, TextTokenizer.from_file)
    _check_fit(directory, config, tokenizer)
    return Artifact(
        network=_read(directory / _WEIGHTS, lambda path: _load_network(path, config)),
        tokenizer=tokenizer,
        calibration=_read(
            directory / _CALIBRATION,
            lambda path: Calibration.model_validate_json(path.read_bytes()),
        ),
        manifest=manifest,
        card=_read(directory / _CARD, lambda path: path.read_text(encoding="utf-8")),
    )


def read_manifest(directory: Path) -> Manifest:
    """Reads the manifest of a model directory.

    Raises:
        ArtifactMissingError: there is none.
        ArtifactMismatchError: it is no manifest of this format.
    """
    try:
        content = (directory / _MANIFEST).read_bytes()
    except OSError as error:
        raise ArtifactMissingError(
            f"no model at {directory}: expected a directory with {_MANIFEST}; "
            "give one made by `wherefore train`, or none for the bundled model"
        ) from error
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ArtifactMismatchError(
            f"{directory / _MANIFEST} is no model manifest: fetch or train the model again"
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


def _write(artifact: Artifact, directory: Path, *, storage: Storage) -> Manifest:
    weights = _encode(artifact.network.state_dict(), storage)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, directory / _WEIGHTS)
    encoder = artifact.network.config.to_dict()
    encoder.pop("_name_or_path", None)  # a path of the machine it was trained on
    config = {"encoder": encoder, "storage": storage}
    texts = {
        _TOKENIZER: artifact.tokenizer.to_json(),
        _CONFIG: _json(config),
        _TAXONOMY: _json(current_versions()),
        _CALIBRATION: artifact.calibration.model_dump_json(indent=2) + "\n",
        _CARD: artifact.card,
    }
    for name, content in texts.items():
        (directory / name).write_text(content, encoding="utf-8")
    digests = {name: _file_sha256(directory / name) for name in sorted(_FILES)}
    manifest = artifact.manifest.model_copy(update={"files": digests})
    (directory / _MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def _encode(weights: Mapping[str, torch.Tensor], storage: Storage) -> dict[str, torch.Tensor]:
    if storage == "int8":
        return encode_int8(weights)
    dtype = torch.float16 if storage == "fp16" else torch.float32
    return {name: tensor.to(dtype) for name, tensor in weights.items()}


def _check_files(directory: Path, manifest: Manifest) -> None:
    if set(manifest.files) != set(_FILES):
        raise ArtifactTamperedError(
            f"the manifest of {directory} names other files than a model has: "
            "fetch or train the model again"
        )
    for name, expected in manifest.files.items():
        path = directory / name
        if not path.is_file():
            raise ArtifactMissingError(f"{path} is missing: fetch or train the model again")
        if (found := _file_sha256(path)) != expected:
            raise ArtifactTamperedError(
                f"{path} has sha256 {found[:12]}..., the manifest names {expected[:12]}...: "
                "it was changed or damaged; fetch or train the model again"
            )


def _check_versions(directory: Path) -> None:
    found = _read(directory / _TAXONOMY, _json_object)
    expected = current_versions()
    changed = sorted(key for key in expected if found.get(key) != expected[key])
    if changed:
        raise ArtifactMismatchError(
            f"{directory} was trained with another {', '.join(changed)} than this version of "
            "wherefore has: use a model trained with this version, or train again"
        )


def _check_fit(directory: Path, config: RobertaConfig, tokenizer: TextTokenizer) -> None:
    """Refuses what would fail, or give other answers, only once a text comes."""
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


def _read(path: Path, read: Callable[[Path], T]) -> T:
    """Reads a file whose digest is right, though its content may still be anything."""
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


def _encoder_config(path: Path) -> RobertaConfig:
    config: RobertaConfig = RobertaConfig.from_dict(_json_object(path)["encoder"])
    return config


def _load_network(path: Path, config: RobertaConfig) -> Network:
    try:
        weights = decode(load_file(path))
        with torch.device("meta"):
            network = Network(config)
        network.load_state_dict(weights, assign=True)
    except (SafetensorError, RuntimeError, KeyError) as error:
        raise ArtifactMismatchError(
            f"the weights in {path} do not fit the configuration beside them: "
            "fetch or train the model again"
        ) from error
    return _materialize_buffers(network).eval()


def _materialize_buffers(network: Network) -> Network:
    """Gives the buffers that are not stored the values they have in a fresh network."""
    fresh = Network(_smallest(network.config))
    for name, buffer in list(network.named_buffers()):
        if buffer.is_meta:
            owner, _, attribute = name.rpartition(".")
            network.get_submodule(owner).register_buffer(
                attribute, fresh.get_buffer(name).clone(), persistent=False
            )
    return network


def _smallest(config: RobertaConfig) -> RobertaConfig:
    """A configuration whose buffers are those of the given one, and whose weights are few."""
    small = RobertaConfig.from_dict(config.to_dict())
    small.num_hidden_layers, small.intermediate_size = 1, 8
    small.vocab_size = config.pad_token_id + 1
    return small


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
