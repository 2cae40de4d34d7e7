"""What of an answer the engine's own variation could have turned the other way.

The same text may be computed alone or among others, and its logits then differ by as much as the
engine says of itself (`model_store.engine.outputs.DescribedEngine.composition_bound`). What lies no
further than that from a threshold is told, so that nobody takes the side it fell on for the
model's opinion.
"""

from typing import Final, Literal

from data_pipeline.domain.taxonomy import DenialCategory
from model_store.calibration import Calibration
from serving.policy import Policy
from serving.rows import ScoredRow

RISK_BAND: Final = "risk_band"

Borderline = DenialCategory | Literal["risk_band"]
"""A category close to its state or review threshold, or the band, where the risk score is close to
the start of one."""


def borderline(
    row: ScoredRow, *, calibration: Calibration, bound: float, policy: Policy
) -> tuple[Borderline, ...]:
    """Returns what of a scored row could have been told otherwise, categories in label order.

    Args:
        row: the row.
        calibration: maps and thresholds that it was answered with.
        bound: largest difference of a logit between two computations of one text.
        policy: names the band of a risk score.
    """
    told = {found.category: found.probability for found in row.categories}
    near = calibration.near_thresholds(list(told.values()), bound=bound)
    lowest, highest = calibration.risk_scores_within(row.risk_score, bound=bound)
    found: list[Borderline] = [
        category for category, is_near in zip(told, near, strict=True) if is_near
    ]
    if policy.band_of(lowest) != policy.band_of(highest):
        found.append(RISK_BAND)
    return tuple(found)
