"""What the scores of an answer are compared with."""

import numpy as np
from numpy.typing import NDArray

from training import score_metrics
from training.evaluation.answers import Answers, Truth


def denied_score(answers: Answers) -> NDArray[np.float64]:
    """Returns the highest category probability of each text: how much speaks for a denial."""
    return np.asarray(answers.probability_NC.max(axis=1))


def category_outcome(truth: Truth) -> NDArray[np.float64]:
    """Returns 1 or 0 for each pair of text and category, NaN where labels are not complete."""
    return np.where(truth.complete_N[:, None], truth.target_NC, np.nan)


def top_category_outcome(truth: Truth, answers: Answers) -> NDArray[np.float64]:
    """Returns whether the likeliest category is labelled; NaN where nothing is known of any."""
    hit_N = truth.target_NC[np.arange(len(truth)), answers.probability_NC.argmax(axis=1)]
    return np.where(truth.labelled_N, hit_N, np.nan)


def risk_edges(answers: Answers) -> NDArray[np.float64]:
    """Returns ten bins of equal mass: most risks lie close together near 0."""
    return score_metrics.equal_mass_edges(answers.default_probability_N)
