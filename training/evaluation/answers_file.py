"""Answers kept in a file, so that what was computed once is not computed again."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from training.config import completed
from training.errors import ResumeError
from training.evaluation.answers import Answers

_BOOLEAN = frozenset({"stated_NC", "listed_NC", "reason_stated_NR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswers:
    """Answers, and what they depend on.

    Attributes:
        identity: whatever makes the answers what they are, as JSON values.
        ids: ids of the texts answered, in order.
        answers: the answers.
        seconds: wall seconds that they took, training included.
    """

    identity: Mapping[str, object]
    ids: tuple[str, ...]
    answers: Answers
    seconds: float


def save_answers(path: Path, stored: StoredAnswers) -> None:
    """Writes answers as JSON, whole or not at all; NaN becomes null."""
    arrays = {f.name: getattr(stored.answers, f.name) for f in fields(Answers)}
    content = {
        "identity": stored.identity,
        "seconds": stored.seconds,
        "ids": stored.ids,
        "answers": {n: None if a is None else _nulls(a.tolist()) for n, a in arrays.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".partial")
    unfinished.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
    unfinished.replace(path)


def load_answers(path: Path, *, identity: Mapping[str, object]) -> StoredAnswers | None:
    """Returns the answers of a file; None where there is none.

    Raises:
        ResumeError: the file holds other answers than those asked for, or is damaged.
    """
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = StoredAnswers(
            identity=content["identity"],
            ids=tuple(content["ids"]),
            answers=Answers(**{n: _array(n, v) for n, v in content["answers"].items()}),
            seconds=content["seconds"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ResumeError(f"{path} cannot be read: delete it to compute it afresh") from error
    if _completed(found.identity) != _completed(json.loads(json.dumps(identity))):
        raise ResumeError(
            f"{path} was computed with another configuration, corpus or version: give another "
            "folder, or delete this one"
        )
    return found


def _completed(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {**identity, "config": completed(identity.get("config", {}))}


def _nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_nulls(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _array(name: str, value: Any) -> Any:
    """Returns an array; None among numbers is NaN."""
    if value is None:
        return None
    return np.array(value, dtype=np.bool_ if name in _BOOLEAN else np.float64)
