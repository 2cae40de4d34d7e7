"""Checkpoints of a run: what is needed to go on as if nothing had happened."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.errors import ResumeError
from training.identity import changed_settings

_STATE = "state.pt"
_RUN = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingState:
    """The state of a run after a step.

    Attributes:
        step: steps taken.
        network: weights.
        average: moving average of the weights.
        optimizer: state of the optimiser.
        schedule: state of the learning rate schedule.
        best: the best epoch so far, where the run may stop early.
        num_processes: processes that took the steps; what is drawn at random depends on it.
        seconds: wall seconds that the steps took.
    """

    step: int
    network: dict[str, Any]
    average: dict[str, Any]
    optimizer: dict[str, Any]
    schedule: dict[str, Any]
    best: dict[str, Any] | None = None
    num_processes: int = 1
    seconds: float = 0.0


class CheckpointFolder:
    """A folder that holds the latest state of one run."""

    def __init__(self, path: Path, *, run: dict[str, object]) -> None:
        """Names the folder and the run.

        Args:
            path: the folder; made when first saved to.
            run: whatever makes the run what it is (configuration, digests), as JSON values.
        """
        self._path = path
        self._run = run

    def save(self, state: TrainingState) -> None:
        """Replaces the state kept, whole or not at all."""
        self._path.mkdir(parents=True, exist_ok=True)
        run, unfinished = (self._path / f"{name}.partial" for name in (_RUN, _STATE))
        run.write_text(json.dumps(self._run, indent=2, sort_keys=True), encoding="utf-8")
        run.replace(self._path / _RUN)
        torch.save({name: getattr(state, name) for name in state.__slots__}, unfinished)
        unfinished.replace(self._path / _STATE)

    def load(self) -> TrainingState | None:
        """Returns the state kept, or None where there is none.

        Raises:
            ResumeError: the folder belongs to a run with another configuration or other data, or
                what it holds is damaged.
        """
        if not (self._path / _STATE).exists():
            return None
        self.require_same_run()
        try:
            state = torch.load(self._path / _STATE, map_location="cpu", weights_only=True)
            return TrainingState(**state)
        except Exception as error:  # a damaged pickle may raise anything
            raise self._unreadable() from error

    def require_same_run(self) -> None:
        """Refuses a folder that holds a state of another run.

        Raises:
            ResumeError: it does, or what it says of its run is damaged.
        """
        if not (self._path / _STATE).exists():
            return
        try:
            changed = changed_settings(json.loads((self._path / _RUN).read_text()), self._run)
        except Exception as error:
            raise self._unreadable() from error
        if changed:
            raise ResumeError(
                f"{self._path} holds a run with other {', '.join(changed)}: "
                "restore them, or delete the folder to start afresh"
            )

    def _unreadable(self) -> ResumeError:
        return ResumeError(
            f"the checkpoint in {self._path} cannot be read: delete the folder to start afresh"
        )
