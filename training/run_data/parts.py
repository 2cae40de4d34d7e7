"""The parts of the texts of a run, and what must be known of them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data_pipeline.domain.application import LoanApplication
from data_pipeline.example_store import content_digest, file_digest
from data_pipeline.examples import Example
from data_pipeline.source_examples import LabelledRow
from model_store.manifest import Manifest
from training.data_config import Source
from training.errors import ConfigError
from training.evaluation.answers import Answers
from training.evaluation.labelled import LabelledTexts

HELD_OUT_DIGESTS = "held_out_digests"
"""Key, in the configuration of a manifest, of what `held_out_digests` returns."""


def held_out_digests(manifest: Manifest | None) -> dict[str, str]:
    """Returns, by kind of data, the digest of what was held out of a model and all it began from.

    Empty for a model that was stored without them, and for None.
    """
    found = {} if manifest is None else manifest.config.get(HELD_OUT_DIGESTS)
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


CALIBRATION_READ = "calibration_read"
"""Key, in the configuration of a manifest, of what `calibration_read` returns."""


def calibration_read(manifest: Manifest | None) -> set[str]:
    """Returns the kinds of data whose calibrating texts a model, or one it began from, has read."""
    found = [] if manifest is None else manifest.config.get(CALIBRATION_READ)
    return {str(source) for source in found} if isinstance(found, list) else set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a model card says of the texts.

    Attributes:
        trained_on: what was learned from, with its number, in a phrase.
        held_out: what the figures are on, in a phrase.
        not_validated_on: limits of what the figures say, in phrases; added to those of any model.
        calibrates: whether the texts measured on also set calibration and thresholds.
        held_out_authors: their authors, where these were kept apart.
    """

    trained_on: str
    held_out: str
    not_validated_on: tuple[str, ...]
    calibrates: bool = False
    held_out_authors: tuple[str, ...] = ()

    def as_config(self) -> dict[str, object]:
        """Returns the facts as JSON values for the manifest; what does not apply is left out."""
        facts = {
            "trained_on": self.trained_on,
            "held_out": self.held_out,
            "not_validated_on": list(self.not_validated_on),
            "held_out_calibrates": self.calibrates,
        }
        authors = {"held_out_authors": list(self.held_out_authors)}
        return facts | (authors if self.held_out_authors else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """The texts of a run.

    Attributes:
        source: the kind of data.
        train: what is learned from.
        calibration: what maps and thresholds are fitted on; nothing of it is in `train`.
        refit: what of `calibration` a second network may learn from besides `train`, drawn as that
            is; nothing where the figures are on those texts.
        test: what the figures are on; for a corpus the texts of `calibration`, else others.
        figures_name: name of the figures on `test`.
        digests: sha256 by the name of what took part.
        origin: for the model card.
        applications: by the id of an example, what was applied for; empty where only text is given.
        best: works out what could be answered at best on `test`; None where nobody knows.
    """

    source: Source
    train: Sequence[Example]
    calibration: Sequence[Example]
    refit: Sequence[Example]
    test: LabelledTexts
    figures_name: str
    digests: Mapping[str, str]
    origin: Origin
    applications: Mapping[str, LoanApplication] = field(default_factory=dict)
    best: Callable[[], Answers] | None = None

    @property
    def test_digest(self) -> str:
        """Sha256 over the texts measured on and their labels."""
        return content_digest(self.test.examples)


def require_files(files: Sequence[Path], *, section: str) -> None:
    """Refuses a run on files without any.

    Raises:
        ConfigError: there is none.
    """
    if not files:
        raise ConfigError(f"data.{section}.files is empty: give --data PATH")


def files_digests(files: Sequence[Path], *, source: Source) -> dict[str, str]:
    """Returns the sha256 of the files of a kind of data, by name.

    The kind itself names that of one file; of several, that over all, and each has its own besides,
    so that none of them can be taken for one that was not read.
    """
    digests = [file_digest(path) for path in files]
    if len(digests) == 1:
        return {source: digests[0]}
    over_all = hashlib.sha256("".join(digests).encode()).hexdigest()
    return {
        source: over_all,
        **{f"{source}, file {n}": digest for n, digest in enumerate(digests, start=1)},
    }


def applications_of(*parts: Sequence[LabelledRow]) -> dict[str, LoanApplication]:
    """Returns the applications of rows by the id of their example."""
    return {row.example.id: row.application for rows in parts for row in rows}


def listed(names: Sequence[str]) -> str:
    """Returns names in words."""
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)
