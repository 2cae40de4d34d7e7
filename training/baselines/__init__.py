"""Baselines: what a lender could run instead, trained and counted like the model.

`catalogue` names them, `models` is what they learn, `tuned` how they are chosen and calibrated,
`features` and `field_table` are what they read.
"""

from training.baselines.catalogue import (
    Baseline,
    field_baselines,
    frozen_encoder_linear,
    majority,
    text_baselines,
    tfidf_logistic,
)

__all__ = [
    "Baseline",
    "field_baselines",
    "frozen_encoder_linear",
    "majority",
    "text_baselines",
    "tfidf_logistic",
]
