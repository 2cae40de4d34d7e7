"""Reading texts through an engine: windows in, one set of figures per text out.

Arrays: N texts, T tokens of a text, C categories, R reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import expit
from model_store.engine.outputs import Engine, EngineLogits
from model_store.windows import Window


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
    return combine_texts(engine.logits([w.ids for windows in texts for w in windows]), texts)


def combine_texts(logits: EngineLogits, texts: Sequence[Sequence[Window]]) -> Reading:
    """Combines the logits of windows text by text.

    Args:
        logits: what an engine said of the windows, in the order of the texts.
        texts: the windows of each text, at least one text and one window each.
    """
    num_windows_N = [len(windows) for windows in texts]
    first_N = np.cumsum([0, *num_windows_N[:-1]])
    weight_W = np.array([len(w.ids) for windows in texts for w in windows], dtype=np.float32)
    evidence = iter(logits.evidence)
    return Reading(
        category_NC=np.maximum.reduceat(logits.category_WC, first_N),
        reason_NR=np.maximum.reduceat(logits.reason_WR, first_N),
        risk_N=(
            np.add.reduceat(weight_W * logits.risk_W, first_N) / np.add.reduceat(weight_W, first_N)
        ).astype(np.float32),
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
