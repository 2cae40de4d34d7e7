"""The manifest of a stored model: what it is and where it comes from."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict

FORMAT_VERSION = 1
"""Version of the directory format that this code reads and writes."""


class Manifest(BaseModel):
    """What a model is and where it comes from.

    Attributes:
        format_version: version of the directory format.
        name: name of the model.
        version: version of the model.
        created: day it was made, ISO 8601.
        git_revision: revision of the code that made it; None where unknown.
        data_digests: sha256 of each data set that took part, by name.
        config: the run's configuration.
        metrics: figures measured on texts that were not trained on, by data set.
        files: sha256 of every other file, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    name: str
    version: str
    created: str
    git_revision: str | None = None
    data_digests: dict[str, str] = {}
    config: dict[str, object] = {}
    metrics: dict[str, object] = {}
    files: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """Sha256 over the names and digests of the files: the identity of the model."""
        return hashlib.sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()

    @property
    def model_version(self) -> str:
        """Name, version and the first 12 digits of the digest, as shown in every answer."""
        return f"{self.name}-{self.version}+{self.digest[:12]}"
