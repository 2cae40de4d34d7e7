"""Baselines: what a lender could run instead, trained and counted like the model.

`catalogue` names them, `tuned` is how each of them learns, `features` and `field_table` are what
they read.
"""

from training.baselines.catalogue import (
    Baseline,
    answers_of,
    field_baselines,
    frozen_encoder_linear,
    majority,
    text_baselines,
    tfidf_logistic,
)

__all__ = [
    "Baseline",
    "answers_of",
    "field_baselines",
    "frozen_encoder_linear",
    "majority",
    "text_baselines",
    "tfidf_logistic",
]
