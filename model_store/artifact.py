"""A model in memory, and how it is written to and read from its directory.

`model_store.stored` says which files a model has and checks them.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import RobertaConfig

from model_store.calibration import Calibration
from model_store.engine.torch_backend import TorchEngine
from model_store.errors import ArtifactMismatchError
from model_store.known_answer import known_answer
from model_store.manifest import KnownAnswer, Manifest
from model_store.network import Network
from model_store.quantization import decode, encode_int8
from model_store.stored import (
    CALIBRATION,
    CARD,
    CONFIG,
    FIGURES,
    MANIFEST,
    MODEL_FILES,
    TAXONOMY,
    TOKENIZER,
    WEIGHTS,
    StoredModel,
    current_versions,
    file_sha256,
    open_stored,
    read_manifest,
    read_part,
    starter_directory,
)
from model_store.windows import TextTokenizer

_ALIGNMENT = 64  # bytes; where torch puts tensors on a CPU

__all__ = [
    "Artifact",
    "Storage",
    "current_versions",
    "load_artifact",
    "load_weights",
    "read_manifest",
    "save_artifact",
    "starter_directory",
]

Storage = Literal["int8", "fp16", "fp32"]


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


def save_artifact(artifact: Artifact, directory: Path, *, storage: Storage) -> Manifest:
    """Writes a model, whole or not at all, and returns its manifest.

    Args:
        artifact: the model; the file digests and the known answer of its manifest are replaced by
            those written.
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
    return load_weights(open_stored(directory))


def load_weights(stored: StoredModel) -> Artifact:
    """Reads the weights of a checked model directory.

    Raises:
        ArtifactMismatchError: they do not fit the configuration beside them.
    """
    return Artifact(
        network=read_part(
            stored.directory / WEIGHTS,
            lambda path: _load_network(path, RobertaConfig.from_dict(dict(stored.encoder_config))),
        ),
        tokenizer=stored.tokenizer,
        calibration=stored.calibration,
        manifest=stored.manifest,
        card=stored.card,
    )


def _write(artifact: Artifact, directory: Path, *, storage: Storage) -> Manifest:
    weights = _encode(artifact.network.state_dict(), storage)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, directory / WEIGHTS)
    encoder = artifact.network.config.to_dict()
    encoder.pop("_name_or_path", None)  # a path of the machine it was trained on
    config = {"encoder": encoder, "storage": storage}
    texts = {
        TOKENIZER: artifact.tokenizer.to_json(),
        FIGURES: artifact.tokenizer.figures.model_dump_json(indent=2) + "\n",
        CONFIG: _json(config),
        TAXONOMY: _json(current_versions()),
        CALIBRATION: artifact.calibration.model_dump_json(indent=2) + "\n",
        CARD: artifact.card,
    }
    for name, content in texts.items():
        (directory / name).write_text(content, encoding="utf-8")
    digests = {name: file_sha256(directory / name) for name in sorted(MODEL_FILES)}
    manifest = artifact.manifest.model_copy(
        update={"files": digests, "known_answer": _known_answer(artifact)}
    )
    (directory / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def _known_answer(artifact: Artifact) -> KnownAnswer | None:
    """What plain torch says of the known text; the network is left as it was."""
    network, was_training = artifact.network, artifact.network.training
    device = str(next(network.parameters()).device)
    engine = TorchEngine(network, padding_id=artifact.tokenizer.padding_id, device=device)
    answer = known_answer(engine, tokenizer=artifact.tokenizer, calibration=artifact.calibration)
    network.train(was_training)
    return answer


def _encode(weights: Mapping[str, torch.Tensor], storage: Storage) -> dict[str, torch.Tensor]:
    if storage == "int8":
        return encode_int8(weights)
    dtype = torch.float16 if storage == "fp16" else torch.float32
    return {n: t.to(dtype) if t.is_floating_point() else t for n, t in weights.items()}


def _load_network(path: Path, config: RobertaConfig) -> Network:
    try:
        weights = {n: _aligned(weight) for n, weight in decode(load_file(path)).items()}
        with torch.device("meta"):
            network = Network(config)
        network.load_state_dict(weights, assign=True)
    except (SafetensorError, RuntimeError, KeyError) as error:
        raise ArtifactMismatchError(
            f"the weights in {path} do not fit the configuration beside them: "
            "fetch or train the model again"
        ) from error
    return _materialize_buffers(network).eval()


def _aligned(weight: torch.Tensor) -> torch.Tensor:
    """Returns a tensor where torch itself would put one.

    Where it lies in a file decides otherwise which way a product of one row is computed, and with
    that its last bits: a model would not say just what it said before it was stored.
    """
    return weight if weight.data_ptr() % _ALIGNMENT == 0 else weight.clone()


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
