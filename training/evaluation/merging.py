"""Counting categories that labels do not tell apart as one.

Code 1 of the HMDA register covers two categories and code 3 four. Whoever gives all four the same
probability would fill his three likeliest categories with one code, so on such labels every subject
is judged by codes: a code counts under its first category, with the probability that at least one
of its categories holds, and is stated or up for review where any of them is.

Arrays: N texts, C categories.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES, categories_of_hmda_code
from training.coarse_labels import Groups, together
from training.evaluation.answers import Answers, Truth


def _hmda_groups() -> tuple[tuple[int, ...], ...]:
    of_codes = (categories_of_hmda_code(code) for code in range(1, 10))
    groups = {tuple(sorted(CATEGORIES.index(c) for c in held)) for held in of_codes}
    return tuple(sorted(group for group in groups if len(group) > 1))


HMDA_GROUPS: tuple[tuple[int, ...], ...] = _hmda_groups()
"""The categories that the codes of the HMDA register do not tell apart: they count as one."""


def merged_truth(truth: Truth, groups: Groups) -> Truth:
    """Returns the truth with each group as its first category."""
    return replace(
        truth,
        target_NC=_merged(truth.target_NC, groups),
        first_NC=_merged(truth.first_NC, groups),
    )


def merged_answers(answers: Answers, groups: Groups) -> Answers:
    """Returns the answers with each group as its first category; the others get nothing.

    Where scores say what is named first, a group has the highest one of its categories.
    """
    probability_NC = answers.probability_NC.copy()
    naming_NC = None if answers.naming_NC is None else answers.naming_NC.copy()
    for group in groups:
        others = list(group[1:])
        probability_NC[:, group[0]] = together(answers.probability_NC, group)
        probability_NC[:, others] = 0.0
        if naming_NC is not None:
            naming_NC[:, group[0]] = naming_NC[:, list(group)].max(axis=1)
            naming_NC[:, others] = -np.inf
    return replace(
        answers,
        probability_NC=probability_NC,
        naming_NC=naming_NC,
        stated_NC=_merged(answers.stated_NC, groups),
        listed_NC=_merged(answers.listed_NC, groups),
    )


def _merged(holds_NC: NDArray[np.bool_], groups: Groups) -> NDArray[np.bool_]:
    merged_NC = holds_NC.copy()
    for group in groups:
        merged_NC[:, group[0]] = holds_NC[:, list(group)].any(axis=1)
        merged_NC[:, list(group[1:])] = False
    return merged_NC
