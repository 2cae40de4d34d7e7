"""Evidence spans: the one to three shortest quotes that carry a reason, chosen by omission.

`exact` leaves out every clause alone, then stretches within the clauses that count most, then adds
quotes one by one until the category falls below its threshold, and then what the evidence head
would quote besides. `fast` leaves out only what the
evidence head proposes, all in one ragged batch (and once more, where some of it speaks against the
reason, the rest together). Either way the effect that decides is the engine's answer without the
words.

What comes first is what tells most: what the evidence head gives a clause times the root of what
the logit loses without it. The effect alone overrates clauses whose absence unsettles the reading
and underrates a fact that stands twice; the head alone knows nothing of what the answer rests on.

Arrays: U clauses, X targets, T tokens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.evidence import MAX_QUOTES, MAX_TOKENS_RATIO
from model_store.explain.layout import Layout, Unit, span_unit
from model_store.explain.omission import Drop, Omissions, drop_of
from model_store.explain.proposals import (
    evidence_mass,
    head_quotes,
    leading_clauses,
    overlaps,
    proposed_quotes,
)
from model_store.predictor import ReadText

_MIN_BUDGET_TOKENS = 8  # as for the quotes of a prediction: a text of a few words still gets one
_SHORTLIST = 5  # clauses of a reason that are looked into
_NARROW_WORDS = 6  # a clause of so few words is quoted whole
_KEPT_EFFECT = 0.75  # a stretch that has this share of its clause's effect stands for it


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
        effects: fall of the target's logit when each is left out alone.
        category_logit_without: the category's logit without all of them.
        is_below_threshold: that logit is below the threshold of stating the category.
    """

    units: tuple[Unit, ...]
    effects: tuple[float, ...]
    category_logit_without: float
    is_below_threshold: bool


def token_budget(num_tokens: int) -> int:
    """Returns how many tokens the quotes of one reason may take of a text of so many."""
    return max(_MIN_BUDGET_TOKENS, int(num_tokens * MAX_TOKENS_RATIO))


def exact_spans(
    omissions: Omissions, text: ReadText, layout: Layout, questions: Sequence[Question]
) -> list[Carried]:
    """Returns the quotes of each reason, by omission over all clauses and within the best."""
    if not layout.clauses:
        return [_carried(omissions, question, ()) for question in questions]
    effect_UX = omissions.effects([drop_of([clause]) for clause in layout.clauses])
    shortlists = [
        _shortlist(
            effect_UX[:, question.target],
            evidence_mass(omissions, layout, question.category),
            layout,
        )
        for question in questions
    ]
    budget = token_budget(len(text.tokens.ids))
    stretches = _narrowed(omissions, text, layout, questions, shortlists, budget=budget)
    headed = [
        head_quotes(
            omissions,
            text,
            layout,
            category=question.category,
            threshold=question.evidence_threshold,
            budget=budget,
        )
        for question in questions
    ]
    omissions.without([drop for units in headed for drop in _alone(units)])
    return [
        _filled(
            omissions,
            question,
            _grown(omissions, question, [*ours, *found], budget=budget),
            ours,
            budget=budget,
        )
        for question, found, ours in zip(questions, stretches, headed, strict=True)
    ]


def fast_spans(
    omissions: Omissions,
    text: ReadText,
    layout: Layout,
    questions: Sequence[Question],
    *,
    clauses: Sequence[Unit] = (),
) -> list[Carried]:
    """Returns the quotes of each reason among what the evidence head proposes.

    Args:
        omissions: answers of the text.
        text: the text.
        layout: its clauses.
        questions: the reasons.
        clauses: clauses to be left out in the same batch, for whoever asks for them next.
    """
    budget = token_budget(len(text.tokens.ids))
    proposals = [
        proposed_quotes(
            omissions,
            text,
            layout,
            category=question.category,
            threshold=question.evidence_threshold,
            budget=budget,
        )
        for question in questions
    ]
    tried = [drop for units in proposals for drop in [*_alone(units), drop_of(units)]]
    omissions.without([*_alone(clauses), *tried])
    return [
        _decided(omissions, question, units)
        for question, units in zip(questions, proposals, strict=True)
    ]


def proposed_clauses(
    omissions: Omissions, layout: Layout, questions: Sequence[Question]
) -> tuple[Unit, ...]:
    """Returns the clauses that the evidence head proposes for any of the reasons, in order."""
    chosen = {
        position
        for question in questions
        for position in leading_clauses(omissions, layout, question.category)
    }
    return tuple(layout.clauses[position] for position in sorted(chosen))


def _telling(effect_U: NDArray[np.float64], mass_U: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much stretches tell of a reason; where all of it is 0, whatever has the best effect."""
    telling_U: NDArray[np.float64] = mass_U * np.sqrt(np.maximum(effect_U, 0.0))
    return telling_U if telling_U.any() else effect_U


def _shortlist(
    effect_U: NDArray[np.float64], mass_U: NDArray[np.float64], layout: Layout
) -> list[Unit]:
    """The clauses that tell most, that one first, and those with the largest effects."""
    telling = np.argsort(-_telling(effect_U, mass_U), kind="stable")
    strongest = np.argsort(-effect_U, kind="stable")
    mixed = [int(u) for pair in zip(telling, strongest, strict=True) for u in pair]
    return [layout.clauses[u] for u in list(dict.fromkeys(mixed))[:_SHORTLIST]]


def _narrowed(
    omissions: Omissions,
    text: ReadText,
    layout: Layout,
    questions: Sequence[Question],
    shortlists: Sequence[Sequence[Unit]],
    *,
    budget: int,
) -> list[list[Unit]]:
    """For each clause of each list the shortest stretch within that has most of its effect."""
    pieces = {
        clause: list(_pieces(clause, text, layout, budget))
        for shortlist in shortlists
        for clause in shortlist
    }
    omissions.without([drop_of([piece]) for found in pieces.values() for piece in found])

    def narrow(clause: Unit, target: int) -> Unit:
        whole, *effects = omissions.effects(_alone([clause, *pieces[clause]]))[:, target]
        fitting = [
            (piece, effect)
            for piece, effect in zip([clause, *pieces[clause]], [whole, *effects], strict=True)
            if piece.num_tokens <= budget
        ]
        strong = [(p, e) for p, e in fitting if e >= _KEPT_EFFECT * whole > 0]
        if strong:
            return min(strong, key=lambda found: (found[0].num_tokens, -found[1]))[0]
        if fitting:
            return max(fitting, key=lambda found: found[1])[0]
        return min([clause, *pieces[clause]], key=lambda unit: unit.num_tokens)

    return [
        [narrow(clause, question.target) for clause in shortlist]
        for question, shortlist in zip(questions, shortlists, strict=True)
    ]


def _pieces(clause: Unit, text: ReadText, layout: Layout, budget: int) -> Iterator[Unit]:
    """Halves of a clause and its middle, each short enough to be quoted where words allow."""
    words = layout.words_of(clause)
    if len(words) <= _NARROW_WORDS and clause.num_tokens <= budget:
        return
    half = (len(words) + 1) // 2
    for first in dict.fromkeys((0, (len(words) - half) // 2, len(words) - half)):
        stop = first + half
        while stop - first > 1 and words[stop - 1].stop_token - words[first].first_token > budget:
            stop -= 1
        if first < stop <= len(words):
            yield span_unit(words[first], words[stop - 1], text)


def _grown(
    omissions: Omissions, question: Question, stretches: Sequence[Unit], *, budget: int
) -> Carried:
    """Grows quotes from the most telling stretch; from the strongest where that is not enough."""
    if not stretches:
        return _carried(omissions, question, ())
    effect_K = omissions.effects(_alone(stretches))[:, question.target]
    starts = (_by_telling(omissions, question, stretches)[0], int(effect_K.argmax()))
    found = []
    for start in dict.fromkeys(starts):
        grown = _grown_from(omissions, question, stretches[start], stretches, budget)
        found.append(_carried(omissions, question, grown))
        if found[-1].is_below_threshold:
            return found[-1]
    return found[0]


def _grown_from(
    omissions: Omissions,
    question: Question,
    start: Unit,
    stretches: Sequence[Unit],
    budget: int,
) -> list[Unit]:
    """Adds to a stretch those that lower the target most, until the category falls."""
    waiting, chosen = list(stretches), [start]
    while len(chosen) < MAX_QUOTES:
        left_X = omissions.without([drop_of(chosen)])[0]
        room = budget - sum(unit.num_tokens for unit in chosen)
        waiting = [u for u in waiting if u.num_tokens <= room and not overlaps(u, chosen)]
        if not waiting or left_X[question.category] < question.threshold_logit:
            break
        left_KX = omissions.without([drop_of([*chosen, unit]) for unit in waiting])
        best = int(left_KX[:, question.target].argmin())
        if left_KX[best, question.target] >= left_X[question.target]:
            break
        chosen.append(waiting[best])
    return chosen


def _filled(
    omissions: Omissions,
    question: Question,
    carried: Carried,
    others: Sequence[Unit],
    *,
    budget: int,
) -> Carried:
    """Adds what the evidence head would quote besides, where it fits and speaks for the reason."""
    chosen = list(carried.units)
    effect_K = omissions.effects(_alone(others))[:, question.target]
    for unit, effect in zip(others, effect_K, strict=True):
        room = budget - sum(each.num_tokens for each in chosen)
        fits = unit.num_tokens <= room and not overlaps(unit, chosen)
        if len(chosen) < MAX_QUOTES and fits and effect > 0:
            chosen.append(unit)
    return _carried(omissions, question, chosen)


def _decided(omissions: Omissions, question: Question, units: Sequence[Unit]) -> Carried:
    """All that were proposed and speak for the reason; the best one where none does."""
    if not units:
        return _carried(omissions, question, ())
    effect_K = omissions.effects(_alone(units))[:, question.target]
    speaking = [unit for unit, effect in zip(units, effect_K, strict=True) if effect > 0]
    return _carried(omissions, question, speaking or [units[int(effect_K.argmax())]])


def _by_telling(omissions: Omissions, question: Question, units: Sequence[Unit]) -> list[int]:
    """Positions of stretches, the most telling first."""
    effect_K = omissions.effects(_alone(units))[:, question.target]
    evidence_T = omissions.evidence_TC[:, question.category]
    mass_K = np.array([evidence_T[u.first_token : u.stop_token].sum() for u in units])
    return [int(k) for k in np.argsort(-_telling(effect_K, mass_K), kind="stable")]


def _carried(omissions: Omissions, question: Question, units: Sequence[Unit]) -> Carried:
    effect_K = omissions.effects(_alone(units))[:, question.target]
    order = _by_telling(omissions, question, units)
    left = float(omissions.without([drop_of(units)])[0, question.category])
    return Carried(
        units=tuple(units[k] for k in order),
        effects=tuple(float(effect_K[k]) for k in order),
        category_logit_without=left,
        is_below_threshold=left < question.threshold_logit,
    )


def _alone(units: Sequence[Unit]) -> list[Drop]:
    return [drop_of([unit]) for unit in units]
