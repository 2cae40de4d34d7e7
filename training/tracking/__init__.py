"""The record of a training run in MLflow."""

from training.tracking.run_tracker import Tracker, track_run

__all__ = ["Tracker", "track_run"]
