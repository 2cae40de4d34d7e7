"""Models in an MLflow registry: kept as plain files, fetched, and loaded by our own loader.

A registered version is a model directory among the artifacts of a run, with tags that name the
digest of its manifest and so of every file. Nothing that lies in a registry is executed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_store.cache_dir import default_cache_dir
from model_store.errors import UnknownModelError
from model_store.registry.mlflow_store import has_code, mlflow_failures, open_client, tracking_uri
from model_store.registry.model_cache import MANIFEST, ModelCache
from model_store.registry.reference import ModelReference, is_reference, parse_reference
from model_store.registry.registered import RegisteredVersion
from model_store.stored import read_manifest, starter_directory

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
"""Alias of the version that serves."""

CHALLENGER = "challenger"
"""Alias of the version registered last."""

_MAX_DESCRIPTION_CHARACTERS = 5000


def resolve_model(reference: str | Path | None, *, cache_dir: Path | None = None) -> Path:
    """Returns the local directory of a model.

    Args:
        reference: `models:/NAME@ALIAS` or `models:/NAME/VERSION`; a directory, which is returned
            as it is; None for the bundled model.
        cache_dir: where models of a registry are kept; None for `WHEREFORE_CACHE_DIR` or the
            user's cache folder.

    Raises:
        RegistryError: the registry does not have it, or cannot be reached.
        ArtifactError: what the registry has is not whole, was changed, or is of another version.
    """
    if reference is None:
        return starter_directory()
    if not is_reference(reference):
        return Path(reference)
    wanted = parse_reference(str(reference))
    registry = ModelRegistry.open()
    return registry.fetch(registry.find(wanted), cache_dir=cache_dir)


def pinned_reference(reference: str | None) -> str | None:
    """Returns what names the same model whatever becomes of its alias: the version it has now.

    A directory, a version and None for the bundled model stay what they are.

    Raises:
        RegistryError: the registry does not have it, or cannot be reached.
    """
    if reference is None or not is_reference(reference):
        return reference
    wanted = parse_reference(reference)
    return reference if wanted.alias is None else ModelRegistry.open().find(wanted).reference


class ModelRegistry:
    """The registered models of an MLflow store.

    Attributes:
        client: MLflow's client of the store.
        uri: where the store is.
    """

    def __init__(self, client: "MlflowClient", *, uri: str) -> None:
        """Takes an open client and the URI it was opened with."""
        self.client = client
        self.uri = uri

    @classmethod
    def open(cls, uri: str | None = None, *, create: bool = False) -> "ModelRegistry":
        """Opens the registry of `uri`, or of `MLFLOW_TRACKING_URI`, or of `runs/mlflow.db`.

        Raises:
            RegistryUnavailableError: there is none, or it cannot be reached.
        """
        uri = uri or tracking_uri()
        return cls(open_client(uri, create=create), uri=uri)

    def find(self, reference: ModelReference) -> RegisteredVersion:
        """Returns a version.

        Raises:
            UnknownModelError: no such model, alias or version.
        """
        model = self._model(reference.name)
        number = reference.version or _aliased(model, reference)
        with self._absence(f"the registered model {reference.name!r} has no version {number}"):
            found = self.client.get_model_version(reference.name, str(number))
        return RegisteredVersion.from_mlflow(found, aliases=model.aliases)

    def holder(self, name: str, alias: str) -> RegisteredVersion | None:
        """Returns the version an alias points at, or None where it points at none.

        Raises:
            UnknownModelError: no such model.
        """
        if alias not in self._model(name).aliases:
            return None
        return self.find(ModelReference(name=name, alias=alias))

    def versions(self, name: str | None = None) -> list[RegisteredVersion]:
        """Returns all versions of one model, or of all models, by name and newest first.

        Raises:
            UnknownModelError: no such model.
        """
        models = [self._model(name)] if name else self._pages("search_registered_models")
        aliases = {model.name: model.aliases for model in models}
        query = f"name='{name}'" if name else None
        found = [
            RegisteredVersion.from_mlflow(version, aliases=aliases[version.name])
            for version in self._pages("search_model_versions", query)
        ]
        return sorted(found, key=lambda version: (version.name, -version.version))

    def fetch(self, version: RegisteredVersion, *, cache_dir: Path | None = None) -> Path:
        """Returns a local directory with the files of a version, each of them checked.

        Raises:
            ArtifactError: the files are not whole, were changed, or are of another version.
            ForeignModelError: the version holds something else.
            RegistryUnavailableError: the files cannot be read, or nowhere be kept.
        """
        digest = version.manifest_digest
        cache = ModelCache(cache_dir or default_cache_dir())
        return cache.find(digest) or cache.keep(
            digest, partial(self._download, version), name=version.reference
        )

    def set_alias(self, version: RegisteredVersion, alias: str) -> None:
        """Points an alias at a version, and at no other."""
        with mlflow_failures(self.uri):
            self.client.set_registered_model_alias(version.name, alias, str(version.version))

    def model_tags(self, name: str) -> dict[str, str]:
        """Returns the tags of a registered model, not those of its versions.

        Raises:
            UnknownModelError: no such model.
        """
        return dict(self._model(name).tags)

    def tag(self, version: RegisteredVersion, key: str, value: str, *, model: bool = False) -> None:
        """Writes a tag on a version and, where asked, on its model too."""
        with mlflow_failures(self.uri):
            self.client.set_model_version_tag(version.name, str(version.version), key, value)
            if model:
                self.client.set_registered_model_tag(version.name, key, value)

    def untag(self, version: RegisteredVersion, key: str) -> None:
        """Takes a tag off a version and off its model, which both must have it."""
        with mlflow_failures(self.uri):
            self.client.delete_registered_model_tag(version.name, key)
            self.client.delete_model_version_tag(version.name, str(version.version), key)

    def describe(self, version: RegisteredVersion, text: str) -> None:
        """Writes what MLflow shows people of a version, Markdown, as far as it fits."""
        with mlflow_failures(self.uri):
            shown = text[:_MAX_DESCRIPTION_CHARACTERS]
            self.client.update_model_version(version.name, str(version.version), shown)

    def _download(self, version: RegisteredVersion, directory: Path) -> None:
        self._download_file(version, MANIFEST, directory)
        for file in read_manifest(directory).files:
            if Path(file).name == file:  # any other name is none of a model's, and a trap
                self._download_file(version, file, directory)

    def _download_file(self, version: RegisteredVersion, file: str, directory: Path) -> None:
        with mlflow_failures(self.uri, to=f"give {file} of {version.reference}"):
            from mlflow.artifacts import download_artifacts  # noqa: PLC0415

            download_artifacts(
                f"{version.source}/{file}", dst_path=str(directory), tracking_uri=self.uri
            )

    def _model(self, name: str) -> Any:
        with self._absence(f"no registered model {name!r}"):
            return self.client.get_registered_model(name)

    @contextmanager
    def _absence(self, sentence: str) -> Iterator[None]:
        with mlflow_failures(self.uri):
            try:
                yield
            except Exception as error:
                if not has_code(error, "RESOURCE_DOES_NOT_EXIST"):
                    raise
                raise UnknownModelError(
                    f"{sentence} in the registry: `wherefore models` lists what it has"
                ) from error

    def _pages(self, search: str, query: str | None = None) -> Iterator[Any]:
        token = None
        while True:
            with mlflow_failures(self.uri):
                page = getattr(self.client, search)(query, page_token=token)
            yield from page
            if not (token := page.token):
                return


def _aliased(model: Any, reference: ModelReference) -> int:
    if reference.alias not in model.aliases:
        known = ", ".join(sorted(model.aliases)) or "none"
        raise UnknownModelError(
            f"the registered model {model.name!r} has no alias {reference.alias!r} (its aliases: "
            f"{known}): name another, or give a version this alias with `wherefore promote`"
        )
    return int(model.aliases[reference.alias])
