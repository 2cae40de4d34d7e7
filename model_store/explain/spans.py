"""Evidence spans: the one to three shortest quotes that carry a reason, chosen by omission.

`exact_spans` and `fast_spans` look for them, each in a module of its own. Either way the effect
that decides is the engine's answer without some words: without the quote (`exact`), or without
anything else (`fast`).

What comes first is what tells most: what the evidence head gives a clause times the root of its
effect. The effect alone overrates clauses whose absence unsettles the reading and underrates a fact
that stands twice; the head alone knows nothing of what the answer rests on.

Arrays: U stretches, K quotes, T tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.explain.layout import Unit
from model_store.explain.omission import Omissions, drop_of, drops_of_each
from model_store.explain.proposals import evidence_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A reason whose quotes are sought.

    Attributes:
        target: position of the logit whose fall decides, among the targets.
        category: position of its category's logit.
        threshold_logit: the category is stated from this logit on.
        evidence_threshold: probability from which the evidence head calls a token evidence.
    """

    target: int
    category: int
    threshold_logit: float
    evidence_threshold: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The quotes of a reason and what happens without them.

    Attributes:
        units: one to three stretches, the most telling first; none in a text of white space.
        effects: of each on the target's logit; see `carried_by`.
        category_logit_without: the category's logit without all of them.
        is_below_threshold: that logit is below the threshold of stating the category.
    """

    units: tuple[Unit, ...]
    effects: tuple[float, ...]
    category_logit_without: float
    is_below_threshold: bool


def carried_by(
    omissions: Omissions,
    question: Question,
    units: Sequence[Unit],
    effect_K: NDArray[np.float64] | None = None,
) -> Carried:
    """Returns some quotes as what carries a reason, the most telling first.

    Args:
        omissions: answers of the text.
        question: the reason.
        units: the quotes.
        effect_K: effect of each on the target's logit; None for its fall without each.
    """
    if effect_K is None:
        effect_K = omissions.effects(drops_of_each(units))[:, question.target]
    order = by_telling(omissions, question, units, effect_K)
    left = float(omissions.without([drop_of(units)])[0, question.category])
    return Carried(
        units=tuple(units[k] for k in order),
        effects=tuple(float(effect_K[k]) for k in order),
        category_logit_without=left,
        is_below_threshold=left < question.threshold_logit,
    )


def by_telling(
    omissions: Omissions,
    question: Question,
    units: Sequence[Unit],
    effect_K: NDArray[np.float64],
) -> list[int]:
    """Returns the positions of stretches, the most telling first, by their effects."""
    weight_K = evidence_weights(omissions, units, question.category)
    return [int(k) for k in np.argsort(-how_telling(effect_K, weight_K), kind="stable")]


def how_telling(
    effect_U: NDArray[np.float64], weight_U: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns how much stretches tell of a reason; the effects where all of it is 0.

    Args:
        effect_U: effect of each on the reason's logit.
        weight_U: what the evidence head gives each.
    """
    telling_U: NDArray[np.float64] = weight_U * np.sqrt(np.maximum(effect_U, 0.0))
    return telling_U if telling_U.any() else effect_U
