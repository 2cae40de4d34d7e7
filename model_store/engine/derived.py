"""Converted models kept on this machine: derived files, each with a digest of its own.

A folder holds one converted network and a manifest that says what it was made from and by what,
with the sha256 of each file. A folder of another origin is never looked at, since its name tells
the origin; a file that is not the one that was written is refused.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from model_store.cache_dir import unfinished_directory
from model_store.engine.runtime import openvino_version
from model_store.errors import BackendUnavailableError, DerivedModelDamagedError
from model_store.stored import MANIFEST, file_sha256

_CONVERTING_CODE = (
    "network.py",
    "last_layer.py",
    "lexical.py",
    "log_odds.py",
    "engine/conversion.py",
    "engine/tables.py",
)
_QUANTISING_CODE = ("engine/int8.py",)
_COMPUTING_CODE = (
    "engine/batching.py",
    "engine/graphs.py",
    "engine/openvino_backend.py",
    "engine/packed.py",
    "engine/packed_backend.py",
    "engine/torch_backend.py",
)

MODEL_XML = "model.xml"
MODEL_BIN = "model.bin"

Kind = Literal["float", "int8"]


class Origin(BaseModel):
    """What a converted network was made from, and by what.

    Attributes:
        source: digest of the stored model (`Manifest.digest`).
        kind: float for fp32 and bf16, int8 for a quantised network.
        code: sha256 of the code that defines and converts a network: after a change of it the same
            weights may give another network.
        openvino_version: release that converted, and that it was checked with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    kind: Kind
    code: str
    openvino_version: str

    @classmethod
    def of(cls, source: str, kind: Kind) -> "Origin":
        """Returns the origin that a network converted here and now has."""
        return cls(
            source=source,
            kind=kind,
            code=code_sha256(kind),
            openvino_version=openvino_version(),
        )

    @property
    def name(self) -> str:
        """Name of the folder: sha256 of all the rest."""
        content = json.dumps(self.model_dump(), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


class DerivedManifest(BaseModel):
    """What a folder holds.

    Attributes:
        origin: what it was made from.
        files: sha256 of each file, by name.
        gate: figures of the accuracy gate it passed; empty where there was none to pass.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: Origin
    files: dict[str, str]
    gate: dict[str, float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedModel:
    """A converted network, checked.

    Attributes:
        directory: where it lies.
        manifest: what it is.
    """

    directory: Path
    manifest: DerivedManifest

    @property
    def xml(self) -> Path:
        """The file that OpenVINO opens."""
        return self.directory / MODEL_XML

    @property
    def digest(self) -> str:
        """Sha256 over the names and digests of the files."""
        content = json.dumps(self.manifest.files, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


class DerivedModels:
    """The folder of converted networks."""

    def __init__(self, cache_dir: Path) -> None:
        """Names the folder, which is made when a network is first kept."""
        self._folder = cache_dir / "engines"

    def find(self, origin: Origin) -> DerivedModel | None:
        """Returns the converted network of an origin, every file checked; None if there is none.

        Raises:
            DerivedModelDamagedError: a file is missing or not the one that was written.
            BackendUnavailableError: the folder may not be entered.
        """
        directory = self._folder / origin.name
        try:
            directory.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unusable(error) from error
        manifest = _intact_manifest(directory, origin)
        if manifest is None:
            raise DerivedModelDamagedError(
                f"the converted model in {directory} is not what was written there: delete the "
                "folder; it is converted again at the next start, or quantised again by "
                "`wherefore quantize`"
            )
        return DerivedModel(directory=directory, manifest=manifest)

    def keep(
        self, origin: Origin, write: Callable[[Path], None], *, gate: dict[str, float] | None = None
    ) -> DerivedModel:
        """Writes a converted network, whole or not at all, in place of one that was there.

        Args:
            origin: what it is made from.
            write: writes the files into an empty directory.
            gate: figures of the accuracy gate it passed.

        Raises:
            BackendUnavailableError: the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with unfinished_directory(self._folder) as temporary:
                unfinished = temporary / "model"
                unfinished.mkdir()
                write(unfinished)
                manifest = DerivedManifest(
                    origin=origin,
                    files={n: file_sha256(unfinished / n) for n in (MODEL_XML, MODEL_BIN)},
                    gate=gate or {},
                )
                content = manifest.model_dump_json(indent=2) + "\n"
                (unfinished / MANIFEST).write_text(content, encoding="utf-8")
                return self._move(unfinished, origin, manifest)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> BackendUnavailableError:
        return BackendUnavailableError(
            f"no converted model can be kept in {self._folder} ({error.strerror}): set "
            "WHEREFORE_CACHE_DIR to a folder that can be written, or WHEREFORE_ENGINE=torch"
        )

    def _move(self, unfinished: Path, origin: Origin, manifest: DerivedManifest) -> DerivedModel:
        directory = self._folder / origin.name
        if directory.exists():
            directory.rename(unfinished.with_name("replaced"))
        try:
            unfinished.rename(directory)
        except OSError:
            # Another process kept the same network in the meantime.
            if (found := self.find(origin)) is None:
                raise
            return found
        return DerivedModel(directory=directory, manifest=manifest)


@cache
def code_sha256(kind: Kind) -> str:
    """Returns the sha256 of the code that defines a network and converts it."""
    return _sha256_of(_CONVERTING_CODE + (_QUANTISING_CODE if kind == "int8" else ()))


@cache
def computing_code_sha256() -> str:
    """Returns the sha256 of the code that defines a network, converts it and computes with it."""
    return _sha256_of(_CONVERTING_CODE + _COMPUTING_CODE)


def _sha256_of(names: Sequence[str]) -> str:
    folder = files("model_store")
    return hashlib.sha256(b"\0".join((folder / name).read_bytes() for name in names)).hexdigest()


def _intact_manifest(directory: Path, origin: Origin) -> DerivedManifest | None:
    try:
        manifest = DerivedManifest.model_validate_json((directory / MANIFEST).read_bytes())
        named = manifest.origin == origin and set(manifest.files) == {MODEL_XML, MODEL_BIN}
        intact = named and all(
            file_sha256(directory / name) == sha256 for name, sha256 in manifest.files.items()
        )
    except (OSError, ValidationError):
        return None
    return manifest if intact else None
