"""Whether a system in a lower precision still says what fp32 says: one gate for all of them."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.calibration import Calibration
from model_store.engine.int8 import GateFigures, GateLimits

JUDGED_BY = Calibration()
"""States a category from a probability of 0.5 on, lists it from 0.05 on."""

_JUDGED = {"primary_agreement", "stated_agreement", "omission"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of comparing a system's logits with those of transformers in fp32.

    Attributes:
        largest_logit_difference: over all texts and labels.
        same_primary: share of all texts with the same likeliest label.
        figures: the figures of the gate that `wherefore quantize` has, but those of what a label
            alone does not tell: reasons, what is up for review, and the risk score.
        broken: limits not kept, as phrases; empty where the gate is passed.
    """

    largest_logit_difference: float
    same_primary: float
    figures: dict[str, float]
    broken: list[str]


def judge(found_NC: NDArray[np.float64], right_NC: NDArray[np.float64]) -> Verdict:
    """Compares logits with those that are taken to be right."""
    found, right = (
        JUDGED_BY.category_probabilities(logits.astype(np.float32))
        for logits in (found_NC, right_NC)
    )
    stated, restated = right >= JUDGED_BY.state_C, found >= JUDGED_BY.state_C
    listed, denied = found >= JUDGED_BY.review_C, stated.any(axis=1)
    same_primary = right.argmax(axis=1) == found.argmax(axis=1)
    figures = GateFigures(
        primary_agreement=float(1 - (denied & ~same_primary).sum() / max(1, denied.sum())),
        stated_agreement=float((stated == restated).all(axis=1).mean()),
        reason_agreement=1.0,
        omission=float((stated & ~listed).sum() / max(1, stated.sum())),
        listed_omission=0.0,
        mean_risk_difference=0.0,
    )
    return Verdict(
        largest_logit_difference=float(np.abs(found_NC - right_NC).max()),
        same_primary=float(same_primary.mean()),
        figures={name: value for name, value in asdict(figures).items() if name in _JUDGED},
        broken=GateLimits().broken_by(figures),
    )
