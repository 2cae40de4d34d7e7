"""Errors of `training`.

::

    TrainingError
    ├── ConfigError        a run's configuration is not one
    ├── EvaluationError    there is nothing to measure, or nowhere to write the report
    ├── PromotionError     a version of a model may not take, or give back, a role
    ├── ReportError        a file is no report of an evaluation, of fairness or of faithfulness
    └── ResumeError        a run cannot go on from the checkpoint it finds
"""

from data_pipeline.errors import WhereforeError


class TrainingError(WhereforeError):
    """Root of the errors that `training` raises."""


class ConfigError(TrainingError):
    """A run's configuration is not one."""


class ResumeError(TrainingError):
    """A run cannot go on from the checkpoint it finds."""


class PromotionError(TrainingError):
    """A version of a model may not take, or give back, a role such as champion."""


class ReportError(TrainingError):
    """A file is no report of an evaluation, of fairness or of faithfulness."""


class EvaluationError(TrainingError):
    """There is nothing to measure, or nowhere to write the report."""
