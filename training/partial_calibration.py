"""Calibration on texts of which each may be labelled for some heads only.

Arrays: N texts, C categories.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model_store.calibration import Calibration
from training.calibration import CalibrationTexts, fit_calibration
from training.coarse_labels import CoarseLabels
from training.evaluation.answers import Truth


def fit_partial_calibration(
    category_NC: NDArray[np.float32],
    risk_N: NDArray[np.float32],
    truth: Truth,
    *,
    coarse: CoarseLabels | None = None,
    evidence_threshold: float = 0.5,
) -> Calibration:
    """Fits each head on the texts of which something is known for it.

    What a text was denied for and whether its loan failed may be known of different texts.

    Args:
        category_NC: category logits; NaN where nothing could be learned of them.
        risk_N: risk logits; NaN likewise.
        truth: labels of the texts, none of which may have been trained on.
        coarse: their coarse labels, for logits that share the chance of one among its categories,
            as the network's do. None where each category of such a label counts as labelled, for
            logits that each tell the chance of all together, as those of baselines do.
        evidence_threshold: threshold of the evidence head, kept as it is.
    """
    # An outcome beside no logit tells as little as one that is not known.
    outcome_N = np.where(np.isnan(risk_N), np.nan, truth.default_probability_N)
    truth = replace(truth, default_probability_N=outcome_N)
    labelled_N = truth.labelled_N & ~np.isnan(category_NC).any(axis=1)
    known_N = ~np.isnan(outcome_N)
    categories = fit_calibration(
        _texts(category_NC, risk_N, truth, among_N=labelled_N, coarse=coarse),
        evidence_threshold=evidence_threshold,
    )
    risk = fit_calibration(_texts(np.zeros_like(category_NC), risk_N, truth, among_N=known_N)).risk
    return categories.model_copy(
        update={"risk": risk, "num_texts": int((labelled_N | known_N).sum())}
    )


def _texts(
    category_NC: NDArray[np.float32],
    risk_N: NDArray[np.float32],
    truth: Truth,
    *,
    among_N: NDArray[np.bool_],
    coarse: CoarseLabels | None = None,
) -> CalibrationTexts:
    return CalibrationTexts(
        category_NC=category_NC[among_N],
        risk_N=risk_N[among_N],
        target_NC=truth.target_NC[among_N],
        default_probability_N=truth.default_probability_N[among_N],
        coarse=None if coarse is None else coarse.at(among_N),
    )
