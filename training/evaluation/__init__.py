"""Measuring models and baselines on labelled texts, and reporting what was found."""

from training.evaluation.measuring import evaluate

__all__ = ["evaluate"]
