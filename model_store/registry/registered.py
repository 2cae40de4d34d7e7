"""A version of a registered model, and the tags that make it one of ours."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_store.errors import ForeignModelError
from model_store.manifest import Manifest
from model_store.registry.reference import ModelReference

TAG_PREFIX = "wherefore."
"""Start of the name of every tag that this project writes."""

FIGURES_TAG = f"{TAG_PREFIX}figures"
"""Tag that holds the main figures of an evaluation, in a line for people."""

_MANIFEST = f"{TAG_PREFIX}manifest_sha256"
_DIGEST = f"{TAG_PREFIX}digest"
_MODEL_VERSION = f"{TAG_PREFIX}model_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredVersion:
    """A version of a registered model.

    Attributes:
        name: registered name.
        version: number of the version.
        aliases: aliases that point at it, in alphabetical order.
        tags: its tags.
        source: URI of its files.
        run_id: the MLflow run whose artifacts hold its files; None where unknown.
        created: when it was registered.
    """

    name: str
    version: int
    aliases: tuple[str, ...]
    tags: Mapping[str, str]
    source: str
    run_id: str | None
    created: dt.datetime

    @classmethod
    def from_mlflow(cls, found: Any, *, aliases: Mapping[str, str | int]) -> "RegisteredVersion":
        """Reads MLflow's own record of a version.

        Args:
            found: the record.
            aliases: version of each alias of its model.
        """
        return cls(
            name=found.name,
            version=int(found.version),
            aliases=tuple(sorted(a for a, v in aliases.items() if int(v) == int(found.version))),
            tags=dict(found.tags),
            source=found.source,
            run_id=found.run_id or None,
            created=dt.datetime.fromtimestamp(found.creation_timestamp / 1000, tz=dt.UTC),
        )

    @property
    def reference(self) -> str:
        """How the version is named on the command line."""
        return str(ModelReference(name=self.name, version=self.version))

    @property
    def digest(self) -> str | None:
        """Digest of the model (`Manifest.digest`); None for an entry of a foreign kind."""
        return self.tags.get(_DIGEST)

    @property
    def model_version(self) -> str | None:
        """Name, version and digest as shown in every answer; None for a foreign entry."""
        return self.tags.get(_MODEL_VERSION)

    @property
    def figures(self) -> str | None:
        """The main figures of its evaluation, in a line; None where none is attached."""
        return self.tags.get(FIGURES_TAG)

    def has_report(self, kind: str) -> bool:
        """Whether a report of a kind is attached."""
        return report_tag(kind) in self.tags

    @property
    def manifest_digest(self) -> str:
        """Sha256 of its manifest.

        Raises:
            ForeignModelError: the entry is no model of this project.
        """
        self.require_ours()
        return self.tags[_MANIFEST]

    def require_ours(self) -> None:
        """Refuses an entry that holds something else.

        Raises:
            ForeignModelError: the entry is no model of this project.
        """
        if _MANIFEST not in self.tags or self.run_id is None:
            raise ForeignModelError(
                f"{self.reference} was not registered by this project: expected a model made by "
                "`wherefore train`; name another version, or register one with `wherefore register`"
            )


def identity_tags(manifest: Manifest, *, manifest_digest: str) -> dict[str, str]:
    """Returns the tags of a version that holds a model.

    Args:
        manifest: manifest of the model.
        manifest_digest: sha256 of its file.
    """
    return {
        _MANIFEST: manifest_digest,
        _DIGEST: manifest.digest,
        _MODEL_VERSION: manifest.model_version,
    }


def report_tag(kind: str) -> str:
    """Returns the tag that holds the sha256 of the report of a kind."""
    return f"{TAG_PREFIX}{kind}_sha256"
