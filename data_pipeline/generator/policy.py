"""The known policy that decides synthetic applications, and its known noise.

Every category has a severity: how far the facts pass its limit, in units of which the typical
denial shows about one; above 0 the limit is passed. Judgement blurs each severity a little; the
categories that pass, most severe first and at most four, are the principal reasons. A small share
of decisions is random.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory, DenialReason
from data_pipeline.generator.severities import OUT_OF_QUESTION, Assessment

MAX_REASONS = 4
"""Most principal reasons of one decision."""

JUDGEMENT_SCALE = 0.2
"""Standard deviation of the noise on each severity: two underwriters differ near a limit."""

RANDOM_CAUSE_SHARE = 0.03
"""Share of denials in which one principal reason is swapped for a random category."""

RANDOM_APPROVAL_SHARE = 0.01
"""Share of applications that pass a limit and are approved all the same."""

RANDOM_DENIAL_SHARE = 0.005
"""Share of applications within every limit that are denied for a random category."""

HMDA_SHARES: dict[DenialCategory, float] = dict(
    zip(CATEGORIES, (.14, .27, .04, .15, .11, .07, .04, .13, .14, .10, .07, .15), strict=True)
)  # fmt: skip
"""Share of denials that state each category; more than one may be stated.

The codes 1 (0.39) and 3 (0.33) of HMDA are shared out between the categories they cover; that is
an assumption. Source: HMDA 2024, home purchase, 621,707 denials.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDecision:
    """What was decided.

    Attributes:
        categories: principal reasons' categories, most severe first; empty when approved.
        reasons: the reason of each of them, in the same order.
        random_categories: of `categories`, those that rest on chance instead of facts.
    """

    categories: tuple[DenialCategory, ...]
    reasons: tuple[DenialReason, ...]
    random_categories: tuple[DenialCategory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Repeated decisions on the same severities. Arrays: D draws, C categories, K reasons.

    Attributes:
        order_DK: positions of the principal categories, most severe first; -1 behind the last.
        random_DC: whether the category is a principal reason by chance.
    """

    order_DK: NDArray[np.int64]
    random_DC: NDArray[np.bool_]


def draw_decisions(
    severities: tuple[float, ...], *, num_draws: int, generator: np.random.Generator
) -> Draws:
    """Returns independent decisions, each with its own noise.

    Args:
        severities: as in `Assessment`.
        num_draws: number of decisions, at least 1.
        generator: source of the noise.
    """
    severity_C = np.asarray(severities)
    shape = (num_draws, len(severity_C))
    score_DC = severity_C + generator.normal(scale=JUDGEMENT_SCALE, size=shape)
    score_DC[:, severity_C <= OUT_OF_QUESTION] = -inf
    score_DC[score_DC <= 0] = -inf
    rank_DC = np.argsort(-score_DC, axis=1, kind="stable")
    np.put_along_axis(score_DC, rank_DC[:, MAX_REASONS:], -inf, axis=1)
    random_DC = _with_chance(score_DC, generator=generator)
    order_DK = np.argsort(-score_DC, axis=1, kind="stable")[:, :MAX_REASONS]
    passed_DK = np.take_along_axis(score_DC, order_DK, axis=1) > 0
    return Draws(order_DK=np.where(passed_DK, order_DK, -1), random_DC=random_DC)


def _with_chance(
    score_DC: NDArray[np.float64], *, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Lets chance change the scores in place and returns which categories it put there."""
    chance_D = generator.random(len(score_DC))
    approved_D = chance_D < RANDOM_APPROVAL_SHARE
    denied_D = (chance_D > 1 - RANDOM_DENIAL_SHARE) & (score_DC.max(axis=1) <= 0)
    swapped_D = generator.random(len(score_DC)) < RANDOM_CAUSE_SHARE
    swapped_D &= (score_DC.max(axis=1) > 0) & ~approved_D
    random_DC = np.zeros(score_DC.shape, dtype=np.bool_)
    score_DC[approved_D] = -inf
    for row in np.flatnonzero(swapped_D | denied_D):
        _swap(score_DC[row], random_DC[row], generator=generator)
    return random_DC


_CUMULATIVE_SHARES = np.cumsum(list(HMDA_SHARES.values())) / sum(HMDA_SHARES.values())


def _swap(
    score_C: NDArray[np.float64], random_C: NDArray[np.bool_], *, generator: np.random.Generator
) -> None:
    new = int(np.searchsorted(_CUMULATIVE_SHARES, generator.random()))
    stated = np.flatnonzero(score_C > 0)
    if new in stated:
        return
    score = 1.0
    if len(stated):
        old = generator.choice(stated)
        score, score_C[old] = score_C[old], -inf
    score_C[new] = score
    random_C[new] = True


def decide(assessment: Assessment, *, generator: np.random.Generator) -> PolicyDecision:
    """Returns one decision, with its noise."""
    draws = draw_decisions(assessment.severities, num_draws=1, generator=generator)
    positions = [int(p) for p in draws.order_DK[0] if p >= 0]
    return PolicyDecision(
        categories=tuple(CATEGORIES[p] for p in positions),
        reasons=tuple(assessment.reasons[p] for p in positions),
        random_categories=tuple(CATEGORIES[p] for p in positions if draws.random_DC[0, p]),
    )
