"""In which order categories are named: by how likely each is, and by how early it is told of.

Whoever gives several reasons mostly gives the weightiest first (in 89 % of the corpus texts with
two or more). So of two likely categories the one whose words stand earlier is named first. That
says nothing of whether either is a reason, so probabilities stay what they are.

Arrays: N texts, T tokens of a text, C categories.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_store.calibration import expit

_NEIGHBOURHOOD_TOKENS = 20.0  # reasons closer together than this have no clear order
_SURE = 1e-9  # evidence of 0 or 1 would have no finite odds


def earlier_than_others(
    logit_NC: NDArray[np.float64], evidence: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """For each category how many others are told of later than it, less those told of earlier.

    Another counts by its probability, and all by that of the category itself: what is hardly a
    reason stands nowhere.

    Args:
        logit_NC: calibrated logits of the categories.
        evidence: per text, T x C probabilities that a token carries a category.
    """
    place_NC = np.array([_places(evidence_TC) for evidence_TC in evidence])
    later_NCC = np.tanh((place_NC[:, None, :] - place_NC[:, :, None]) / _NEIGHBOURHOOD_TOKENS)
    likely_NC = expit(logit_NC)
    return np.asarray(likely_NC * (later_NCC * likely_NC[:, None, :]).sum(axis=2))


def naming_scores(
    logit_NC: NDArray[np.float64], evidence: Sequence[NDArray[np.float64]], *, weight: float
) -> NDArray[np.float64]:
    """Returns N x C: of the categories of a text that with the highest score is named first.

    Args:
        logit_NC: calibrated logits of the categories.
        evidence: per text, T x C probabilities that a token carries a category.
        weight: how much the place counts (`Calibration.precedence`); 0 for not at all.
    """
    if not weight:
        return logit_NC
    return np.asarray(logit_NC + weight * earlier_than_others(logit_NC, evidence))


def _places(evidence_TC: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns where each category is told of: the mean token, weighted by the odds of evidence."""
    odds_TC = np.clip(evidence_TC, _SURE, 1 - _SURE)
    odds_TC = odds_TC / (1 - odds_TC)
    place_T = np.arange(len(evidence_TC), dtype=np.float64)
    return np.asarray(place_T @ odds_TC / np.maximum(odds_TC.sum(axis=0), _SURE))
