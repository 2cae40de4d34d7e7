"""What makes a run what it is, compared with what a folder tells of the run that it holds."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from training.config import completed

RECIPE_VERSION = 1
"""Raised with every change of code by which the same configuration learns other weights:
augmentation, losses, the words' reading. What was learned before is then of another run."""

RECIPE = "recipe_version"
"""Where a run tells of it; a model that does not is of version 1."""

CALIBRATION_VERSION = 3
"""Raised with every change of code that calibrates otherwise: maps, thresholds, order of reasons.
`wherefore calibrate` brings a model to it, but for one that has read what calibrates.
`training.baselines.tuned.BASELINE_VERSION` is raised too where the change is in `fit_calibration`,
which baselines use."""

CALIBRATION = "calibration_version"
"""Where a run tells of it; a model that does not is of version 1."""

ENCODER_DIGESTS = "encoder_digests"
"""Digests of the files of the encoder that a run starts from, in what it tells of itself."""


def changed_settings(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Returns the dotted names of what differs between two runs, sorted; empty for one run.

    A setting that one of them did not know yet counts as its default.

    Args:
        found: a run as it was written down, JSON values.
        expected: a run of today: `config`, digests, versions.
    """
    ours, theirs = _settings(json.loads(json.dumps(expected))), _settings(found)
    return sorted(k for k in {*ours, *theirs} if ours.get(k) != theirs.get(k))


def _settings(run: Mapping[str, Any]) -> dict[str, object]:
    """The values of what makes a run what it is, with their dotted names."""
    return dict(_named({**run, "config": completed(run.get("config", {}))}))


def _named(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yields the values of nested mappings with their dotted names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(inner, f"{place}.{key}" if place else key)
    else:
        yield place, value
