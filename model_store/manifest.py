"""The manifest of a stored model: what it is and where it comes from."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict

FORMAT_VERSION = 4
"""Version of the directory format that this code reads and writes."""


class KnownAnswer(BaseModel):
    """What a model says of one text: a backend that says something else is not to be trusted.

    Attributes:
        text: the text.
        category_probabilities: probability of each category, 0-1, in label order.
        risk_score: chance of default, percent (0-100).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    text: str
    category_probabilities: tuple[float, ...]
    risk_score: float


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
        known_answer: what the model says of one text, computed by plain torch in fp32 from the
            weights before storage; None for a model that was stored without it.
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
    known_answer: KnownAnswer | None = None
    files: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """Sha256 over the names and digests of the files: the identity of the model."""
        return hashlib.sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()

    @property
    def model_version(self) -> str:
        """Name, version and the first 12 digits of the digest, as shown in every answer."""
        return f"{self.name}-{self.version}+{self.digest[:12]}"
