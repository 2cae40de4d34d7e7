"""Models fetched from a registry, kept on this machine under the digest of their manifest."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model_store.cache_dir import unfinished_directory
from model_store.errors import ArtifactError, ArtifactTamperedError, RegistryUnavailableError
from model_store.stored import read_manifest

MANIFEST = "manifest.json"


class ModelCache:
    """A folder with one folder per model, named by the sha256 of its manifest.

    The manifest names the sha256 of every other file, so the name of a folder tells all it holds.
    """

    def __init__(self, folder: Path) -> None:
        """Names the folder, which is made when a model is first kept."""
        self._folder = folder / "models"

    def find(self, digest: str) -> Path | None:
        """Returns the folder of a model, every file checked; None if it is absent or damaged."""
        directory = self._folder / digest
        try:
            return directory if _is_whole(directory, digest) else None
        except (ArtifactError, OSError):
            return None

    def keep(self, digest: str, fetch: Callable[[Path], None], *, name: str) -> Path:
        """Fetches a model and keeps it, whole or not at all.

        Args:
            digest: sha256 of the manifest that is expected.
            fetch: writes the files of the model into an empty directory.
            name: what the model is called in errors, in place of that directory.

        Raises:
            ArtifactError: what was fetched is another model, or no whole and usable one.
            RegistryUnavailableError: the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with unfinished_directory(self._folder) as temporary:
                unfinished = temporary / "model"
                unfinished.mkdir()
                with _called(name, unfinished):
                    fetch(unfinished)
                    _check(unfinished, digest)
                return self._move(unfinished, digest)
        except OSError as error:
            raise RegistryUnavailableError(
                f"the model cache {self._folder} cannot be written ({error.strerror}): set "
                "WHEREFORE_CACHE_DIR to a folder that can"
            ) from error

    def _move(self, unfinished: Path, digest: str) -> Path:
        directory = self._folder / digest
        if directory.exists():
            directory.rename(unfinished.with_name("damaged"))
        try:
            unfinished.rename(directory)
        except OSError:
            # Another process kept the same model in the meantime.
            if self.find(digest) is None:
                raise
        return directory


def manifest_digest(directory: Path) -> str:
    """Returns the sha256 of the manifest of a model directory."""
    return _sha256(directory / MANIFEST)


@contextmanager
def _called(name: str, directory: Path) -> Iterator[None]:
    """Names a model in errors where they name a directory that is gone when they are read."""
    try:
        yield
    except ArtifactError as error:
        raise type(error)(str(error).replace(str(directory), name)) from error


def _check(directory: Path, digest: str) -> None:
    if (found := manifest_digest(directory)) != digest:
        raise ArtifactTamperedError(
            f"{directory / MANIFEST} has sha256 {found[:12]}..., {digest[:12]}... was registered: "
            "it was changed or damaged; register the model again"
        )
    # A server that finds its model kept needs no torch.
    from model_store.artifact import load_artifact  # noqa: PLC0415

    load_artifact(directory)


def _is_whole(directory: Path, digest: str) -> bool:
    if manifest_digest(directory) != digest:
        return False
    files = read_manifest(directory).files
    return all(_sha256(directory / name) == expected for name, expected in files.items())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
