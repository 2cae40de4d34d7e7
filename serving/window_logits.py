"""What an engine says of single windows: cut out of a batch, put together again for a text."""

from collections.abc import Sequence

import numpy as np

from model_store.engine.outputs import EngineLogits


def split_windows(logits: EngineLogits) -> list[EngineLogits]:
    """Returns the logits of each window by itself, copied, so that a batch need not be kept."""
    return [
        EngineLogits(
            category_WC=logits.category_WC[i : i + 1].copy(),
            reason_WR=logits.reason_WR[i : i + 1].copy(),
            risk_W=logits.risk_W[i : i + 1].copy(),
            evidence=[logits.evidence[i].copy()],
        )
        for i in range(len(logits.risk_W))
    ]


def join_windows(windows: Sequence[EngineLogits]) -> EngineLogits:
    """Returns the logits of windows as an engine would have given them together, in order.

    Args:
        windows: at least one.
    """
    return EngineLogits(
        category_WC=np.concatenate([window.category_WC for window in windows]),
        reason_WR=np.concatenate([window.reason_WR for window in windows]),
        risk_W=np.concatenate([window.risk_W for window in windows]),
        evidence=[evidence_TC for window in windows for evidence_TC in window.evidence],
    )


def are_finite(logits: EngineLogits) -> bool:
    """Tells whether every logit is a number: what is none must not become an answer."""
    arrays = [logits.category_WC, logits.reason_WR, logits.risk_W, *logits.evidence]
    return all(bool(np.isfinite(array).all()) for array in arrays)


def num_bytes(logits: EngineLogits) -> int:
    """Returns the size of the numbers, bytes."""
    arrays = [logits.category_WC, logits.reason_WR, logits.risk_W, *logits.evidence]
    return sum(array.nbytes for array in arrays)
