"""What can be explained: each category logit, each joint reason logit and the risk logit.

Arrays: W windows, N texts, X targets (12 categories, 29 reasons, risk).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, DenialCategory, DenialReason
from model_store.engine.outputs import EngineLogits
from model_store.reading import Reading, combine_texts
from model_store.windows import Window

RISK = "risk"
"""Name of the risk logit among the targets."""

TARGETS: tuple[str, ...] = (*map(str, CATEGORIES), *map(str, REASONS), RISK)
"""Names of the targets: categories and reasons in label order, then the risk."""

NUM_CATEGORY_TARGETS = len(CATEGORIES)


def target_index(target: str) -> int:
    """Returns the position of a target.

    Raises:
        ValueError: there is none of that name.
    """
    if target not in TARGETS:
        raise ValueError(f"no target {target!r}: give a category, a reason or {RISK!r}")
    return TARGETS.index(target)


def category_target(category: DenialCategory) -> int:
    """Returns the position of a category's logit among the targets."""
    return CATEGORIES.index(category)


def reason_target(reason: DenialReason) -> int:
    """Returns the position of a reason's joint logit among the targets."""
    return len(CATEGORIES) + REASONS.index(reason)


def text_targets(
    logits: EngineLogits, texts: Sequence[Sequence[Window]]
) -> tuple[NDArray[np.float64], Reading]:
    """Returns the targets of texts, N x X, and the reading they stand in.

    Args:
        logits: what an engine said of the windows, in the order of the texts.
        texts: the windows of each text, at least one text and one window each.
    """
    reading = combine_texts(logits, texts)
    parts = (reading.category_NC, reading.reason_NR, reading.risk_N[:, None])
    return np.concatenate(parts, axis=1).astype(np.float64), reading
