"""In which order categories are named: by how likely each is, and by how early it is told of.

Whoever gives several reasons mostly gives the weightiest first (in 89 % of the corpus texts with
two or more). So of two categories about as likely the one whose words stand earlier is named first.
That says nothing of whether either is a reason, so probabilities stay what they are.

Arrays: N texts, T tokens of a text, C categories.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_store.calibration import Calibration, expit
from model_store.reading import Reading

_NEIGHBOURHOOD_TOKENS = 20.0  # reasons closer together than this have no clear order
_NUM_TELLING_TOKENS = 8  # a labelled quote has a median of 9 tokens
_SURE = 1e-9  # evidence of 0 or 1 would have no finite odds


def ranking(calibration: Calibration, reading: Reading) -> NDArray[np.intp]:
    """Returns N x C: positions of the categories of each text in the order in which they are named.

    Those stated come first, then those up for review, then the others.

    Args:
        calibration: maps, thresholds and the weight of precedence.
        reading: what the network says of the texts.
    """
    logit_NC = calibration.category_logits(reading.category_NC)
    probability_NC = expit(logit_NC)
    score_NC = naming_scores(logit_NC, reading.evidence, weight=calibration.precedence)
    is_listed_NC = probability_NC >= calibration.review_C
    is_stated_NC = probability_NC >= calibration.state_C
    return np.lexsort((-score_NC, ~is_listed_NC, ~is_stated_NC))


def naming_scores(
    logit_NC: NDArray[np.float64], evidence: Sequence[NDArray[np.float64]], *, weight: float
) -> NDArray[np.float64]:
    """Returns N x C: of categories that are stated alike that with the highest score comes first.

    Args:
        logit_NC: calibrated logits of the categories.
        evidence: per text, T x C probabilities that a token carries a category.
        weight: how much the place counts (`Calibration.precedence`); 0 for not at all.
    """
    if not weight:
        return logit_NC
    return np.asarray(logit_NC + weight * earlier_than_others(logit_NC, evidence))


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


def _places(evidence_TC: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns where each category is told of: the mean of its most telling tokens, by their odds.

    All tokens together would draw the place towards the middle of a long text that says no more.
    """
    telling_TC = np.argsort(-evidence_TC, axis=0, kind="stable")[:_NUM_TELLING_TOKENS]
    odds_TC = np.take_along_axis(np.clip(evidence_TC, _SURE, 1 - _SURE), telling_TC, axis=0)
    odds_TC = odds_TC / (1 - odds_TC)
    return np.asarray((telling_TC * odds_TC).sum(axis=0) / np.maximum(odds_TC.sum(axis=0), _SURE))
