"""Promotion and rollback: what a version must show, who has which role, and since when."""

from training.promotion.records import (
    DataSetRecord,
    EvaluationRecord,
    FairnessRecord,
    FaithfulnessRecord,
    MetricRecord,
)

__all__ = [
    "DataSetRecord",
    "EvaluationRecord",
    "FairnessRecord",
    "FaithfulnessRecord",
    "MetricRecord",
]
