"""Putting models, and reports about them, into an MLflow registry."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from model_store.artifact import load_artifact
from model_store.errors import ArtifactTamperedError
from model_store.registry.mlflow_store import experiment_id, has_code, mlflow_failures
from model_store.registry.model_cache import MANIFEST, manifest_digest
from model_store.registry.models import CHALLENGER, ModelRegistry
from model_store.registry.reference import ModelReference, parse_reference
from model_store.registry.registered import RegisteredVersion, identity_tags, report_tag


def register_model(
    registry: ModelRegistry, directory: Path, *, name: str, run_id: str | None = None
) -> RegisteredVersion:
    """Stores a model directory as a new version and makes it the challenger.

    A model that is a version already stays the one it is; as the newest it becomes the challenger,
    if it is not.

    Args:
        registry: where to.
        directory: the model.
        name: registered name.
        run_id: the MLflow run that made it; None for a run of its own.

    Raises:
        ArtifactError: the directory is no whole, unchanged model of this version.
        ModelReferenceError: no reference could be written with that name.
        RegistryUnavailableError: the registry cannot be reached or refuses.
    """
    parse_reference(f"models:/{name}/1")
    manifest = load_artifact(directory).manifest
    tags = identity_tags(manifest, manifest_digest=manifest_digest(directory))
    with mlflow_failures(registry.uri):
        _make_model(registry, name)
        versions = registry.versions(name)
        for known in versions:
            if tags.items() <= known.tags.items():
                is_cut_off = known.version == versions[0].version and (
                    CHALLENGER not in known.aliases
                )
                return _made_challenger(registry, known.version, name) if is_cut_off else known
        with _run(registry, run_id, name=f"register {name}") as run:
            folder = f"model-{manifest_digest(directory)[:12]}"
            _upload(registry, run, directory, [MANIFEST, *manifest.files], folder=folder)
            source = f"{run.info.artifact_uri}/{folder}"
            number = registry.client.create_model_version(
                name, source, run_id=run.info.run_id, tags=tags
            ).version
    return _made_challenger(registry, int(number), name)


CARD = "card"
"""Kind of the report that is the whole model card, Markdown; every other kind is JSON."""


def attach_report(
    registry: ModelRegistry, version: RegisteredVersion, content: bytes, *, kind: str
) -> None:
    """Keeps a report with a version; it takes the place of an earlier one of its kind.

    Raises:
        ForeignModelError: the version holds something else than a model of this project.
    """
    version.require_ours()
    digest = hashlib.sha256(content).hexdigest()
    with mlflow_failures(registry.uri), tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / _report_file(kind)
        path.write_bytes(content)
        registry.client.log_artifact(version.run_id, str(path), _report_folder(digest))
    registry.tag(version, report_tag(kind), digest)


def attached_report(
    registry: ModelRegistry, version: RegisteredVersion, *, kind: str
) -> bytes | None:
    """Returns the report of a kind that a version has, or None where it has none.

    Raises:
        ArtifactTamperedError: it is not the one that was attached.
        RegistryUnavailableError: it cannot be read.
    """
    digest = version.tags.get(report_tag(kind))
    if digest is None:
        return None
    with mlflow_failures(registry.uri), tempfile.TemporaryDirectory() as temporary:
        path = f"{_report_folder(digest)}/{_report_file(kind)}"
        local = registry.client.download_artifacts(version.run_id, path, temporary)
        content = Path(local).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ArtifactTamperedError(
            f"the {kind} report of {version.reference} is not the one that was attached: it was "
            "changed or damaged; attach it again with `wherefore register`"
        )
    return content


def _made_challenger(registry: ModelRegistry, number: int, name: str) -> RegisteredVersion:
    reference = ModelReference(name=name, version=number)
    registry.set_alias(registry.find(reference), CHALLENGER)
    return registry.find(reference)


def _make_model(registry: ModelRegistry, name: str) -> None:
    try:
        registry.client.create_registered_model(name)
    except Exception as error:
        if not has_code(error, "RESOURCE_ALREADY_EXISTS"):
            raise


@contextmanager
def _run(registry: ModelRegistry, run_id: str | None, *, name: str) -> Iterator[Any]:
    if run_id is not None:
        yield registry.client.get_run(run_id)
        return
    experiment = experiment_id(registry.client, registry.uri)
    run = registry.client.create_run(experiment, run_name=name)
    try:
        yield run
    except BaseException:
        with suppress(Exception):
            registry.client.set_terminated(run.info.run_id, "FAILED")
        raise
    registry.client.set_terminated(run.info.run_id)


def _upload(
    registry: ModelRegistry, run: Any, directory: Path, files: Sequence[str], *, folder: str
) -> None:
    """Copies the files of a model, and no others, to the artifacts of a run."""
    for file in files:
        registry.client.log_artifact(run.info.run_id, str(directory / file), folder)


def _report_file(kind: str) -> str:
    return "MODEL_CARD.md" if kind == CARD else f"{kind}.json"


def _report_folder(digest: str) -> str:
    return f"reports/{digest[:12]}"
