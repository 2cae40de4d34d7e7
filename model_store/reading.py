"""Reading texts through an engine: windows in, one set of figures per text out.

Arrays: N texts, T tokens of a text, C categories, R reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import expit
from model_store.engine.outputs import Engine
from model_store.windows import Window, combine_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the network says of texts, before calibration.

    Attributes:
        category_NC: category logits.
        reason_NR: joint reason logits.
        risk_N: risk logits.
        evidence: per text, T x C probabilities that a token carries a category.
    """

    category_NC: NDArray[np.float32]
    reason_NR: NDArray[np.float32]
    risk_N: NDArray[np.float32]
    evidence: list[NDArray[np.float64]]


def read_texts(engine: Engine, texts: Sequence[Sequence[Window]]) -> Reading:
    """Runs the windows of texts through an engine and combines them text by text.

    Args:
        engine: the backend that computes.
        texts: the windows of each text, at least one text and one window each.
    """
    logits = engine.logits([window.ids for windows in texts for window in windows])
    combined = combine_windows(
        category_WC=torch.from_numpy(logits.category_WC),
        reason_WR=torch.from_numpy(logits.reason_WR),
        risk_W=torch.from_numpy(logits.risk_W),
        text_W=torch.tensor([i for i, windows in enumerate(texts) for _ in windows]),
        num_tokens_W=torch.tensor([len(w.ids) for windows in texts for w in windows]),
        num_texts=len(texts),
    )
    evidence = iter(logits.evidence)
    return Reading(
        category_NC=combined.category_NC.numpy(),
        reason_NR=combined.reason_NR.numpy(),
        risk_N=combined.risk_N.numpy(),
        evidence=[_evidence(windows, [next(evidence) for _ in windows]) for windows in texts],
    )


def _evidence(
    windows: Sequence[Window], logits: Sequence[NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Evidence probabilities of the tokens of a text: the largest over the windows."""
    num_tokens = max(window.start + window.num_text_tokens for window in windows)
    evidence_TC = np.zeros((num_tokens, len(CATEGORIES)))
    for window, logit_TC in zip(windows, logits, strict=True):
        inside_TC = evidence_TC[window.start : window.start + window.num_text_tokens]
        np.maximum(inside_TC, expit(logit_TC[1:-1].astype(np.float64)), out=inside_TC)
    return evidence_TC
