"""int8 of a model whose accuracy says nothing, for speed alone."""

import os
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from model_store.engine.int8 import GateFigures, GateLimits, quantize
from model_store.stored import StoredModel

_ANY_FIGURES = GateLimits(
    min_primary_agreement=0.0,
    min_stated_agreement=0.0,
    min_reason_agreement=0.0,
    max_omission=1.0,
    max_listed_omission=1.0,
    max_mean_risk_difference=100.0,
)


def quantize_unjudged(
    stored: StoredModel,
    *,
    calibration_texts: Sequence[str],
    gate_texts: Sequence[str],
    cache_dir: Path,
) -> GateFigures:
    """Converts a model to int8 whatever it loses, and returns what that is on the gate's texts."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        _, figures = quantize(
            stored,
            calibration_texts=calibration_texts,
            gate_texts=gate_texts,
            cache_dir=cache_dir,
            limits=_ANY_FIGURES,
        )
    return figures
