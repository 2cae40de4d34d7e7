"""The texts of a run: learned from, calibrated on, measured on, whatever they come from."""

from training.run_data.loading import load_run_data
from training.run_data.parts import RunData

__all__ = ["RunData", "load_run_data"]
