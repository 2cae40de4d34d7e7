"""Errors of `training`.

::

    TrainingError
    ├── ConfigError        a run's configuration is not one
    └── ResumeError        a run cannot go on from the checkpoint it finds
"""

from data_pipeline.errors import WhereforeError


class TrainingError(WhereforeError):
    """Root of the errors that `training` raises."""


class ConfigError(TrainingError):
    """A run's configuration is not one."""


class ResumeError(TrainingError):
    """A run cannot go on from the checkpoint it finds."""
