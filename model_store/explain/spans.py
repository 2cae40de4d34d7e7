"""Evidence spans: the one to three shortest quotes that carry a reason, chosen by omission.

`exact` leaves out every clause alone, then stretches within the clauses that count most, then adds
quotes one by one until the category falls below its threshold. `fast` leaves out only what the
evidence head proposes, all in one ragged batch. Either way the effect that decides is the
engine's answer without the words.

Arrays: U clauses, X targets, T tokens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.evidence import MAX_QUOTES, MAX_TOKENS_RATIO
from model_store.explain.layout import Layout, Unit, span_unit
from model_store.explain.omission import Drop, Omissions, drop_of
from model_store.predictor import ReadText

_MIN_BUDGET_TOKENS = 8  # as for the quotes of a prediction: a text of a few words still gets one
_SHORTLIST = 5  # clauses of a reason that are looked into
_NARROW_WORDS = 6  # a clause of so few words is quoted whole
_KEPT_EFFECT = 0.75  # a stretch that has this share of its clause's effect stands for it
_FAST_CLAUSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A reason whose quotes are sought.

    Attributes:
        target: position of the logit whose fall decides, among the targets.
        category: position of its category's logit.
        threshold_logit: the category is stated from this logit on.
    """

    target: int
    category: int
    threshold_logit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The quotes of a reason and what happens without them.

    Attributes:
        units: one to three stretches, the one with the largest effect first; none in a text of
            white space.
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
        _shortlist(effect_UX[:, question.target], _mass(omissions, layout, question), layout)
        for question in questions
    ]
    budget = token_budget(len(text.tokens.ids))
    stretches = _narrowed(omissions, text, layout, questions, shortlists, budget=budget)
    return [
        _grown(omissions, question, found, budget=budget)
        for question, found in zip(questions, stretches, strict=True)
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
    proposals = [_proposed(omissions, text, layout, question, budget) for question in questions]
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
        int(position)
        for question in questions
        for position in np.argsort(-_mass(omissions, layout, question), kind="stable")[
            :_FAST_CLAUSES
        ]
    }
    return tuple(layout.clauses[position] for position in sorted(chosen))


def _mass(omissions: Omissions, layout: Layout, question: Question) -> NDArray[np.float64]:
    """What the evidence head gives each clause: the sum over its tokens."""
    evidence_T = omissions.evidence_TC[:, question.category]
    return np.array([evidence_T[c.first_token : c.stop_token].sum() for c in layout.clauses])


def _shortlist(
    effect_U: NDArray[np.float64], mass_U: NDArray[np.float64], layout: Layout
) -> list[Unit]:
    """The clauses with the largest effects, and the one the evidence head likes best.

    Where a text states a fact twice, leaving out either changes little; the head knows both.
    """
    order = [int(u) for u in np.argsort(-effect_U, kind="stable")[:_SHORTLIST]]
    if (best := int(mass_U.argmax())) not in order:
        order[-1:] = [best]
    return [layout.clauses[u] for u in order]


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
        return max(fitting, key=lambda found: found[1])[0] if fitting else clause

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
    """Adds quotes, the one that lowers the target most each time, until the category falls."""
    chosen: list[Unit] = []
    waiting = list(dict.fromkeys(stretches))
    while waiting and len(chosen) < MAX_QUOTES:
        room = budget - sum(unit.num_tokens for unit in chosen)
        waiting = [unit for unit in waiting if unit.num_tokens <= room or not chosen]
        if not waiting:
            break
        left_K = omissions.without([drop_of([*chosen, unit]) for unit in waiting])
        best = int(left_K[:, question.target].argmin())
        before = omissions.without([drop_of(chosen)])[0, question.target]
        if chosen and left_K[best, question.target] >= before:
            break
        chosen.append(waiting.pop(best))
        if left_K[best, question.category] < question.threshold_logit:
            break
    return _carried(omissions, question, chosen)


def _proposed(
    omissions: Omissions, text: ReadText, layout: Layout, question: Question, budget: int
) -> list[Unit]:
    evidence_T = omissions.evidence_TC[:, question.category]
    units: list[Unit] = []
    if not layout.clauses:
        return units
    order = np.argsort(-_mass(omissions, layout, question), kind="stable")
    for position in order[:_FAST_CLAUSES]:
        clause = layout.clauses[position]
        room = budget - sum(unit.num_tokens for unit in units)
        unit = _heaviest(clause, text, layout, evidence_T, max_tokens=max(1, room))
        if unit.num_tokens <= room or not units:
            units.append(unit)
    return units


def _heaviest(
    clause: Unit,
    text: ReadText,
    layout: Layout,
    evidence_T: NDArray[np.float64],
    *,
    max_tokens: int,
) -> Unit:
    """The stretch of words that fits and that the evidence head gives most; at least a word."""
    if clause.num_tokens <= max_tokens:
        return clause
    words = layout.words_of(clause) or (clause,)
    found = []
    for first, word in enumerate(words):
        fits = [w for w in words[first:] if w.stop_token - word.first_token <= max_tokens]
        found.append(span_unit(word, fits[-1] if fits else word, text))
    return max(found, key=lambda unit: evidence_T[unit.first_token : unit.stop_token].sum())


def _decided(omissions: Omissions, question: Question, units: Sequence[Unit]) -> Carried:
    """The best single quote where it is enough, else all that were proposed."""
    if not units:
        return _carried(omissions, question, ())
    left_K = omissions.without(_alone(units))
    best = int(left_K[:, question.target].argmin())
    if left_K[best, question.category] < question.threshold_logit:
        return _carried(omissions, question, [units[best]])
    return _carried(omissions, question, units)


def _carried(omissions: Omissions, question: Question, units: Sequence[Unit]) -> Carried:
    effect_K = omissions.effects(_alone(units))[:, question.target]
    order: list[int] = [int(k) for k in np.argsort(-effect_K, kind="stable")]
    left = float(omissions.without([drop_of(units)])[0, question.category])
    return Carried(
        units=tuple(units[k] for k in order),
        effects=tuple(float(effect_K[k]) for k in order),
        category_logit_without=left,
        is_below_threshold=left < question.threshold_logit,
    )


def _alone(units: Sequence[Unit]) -> list[Drop]:
    return [drop_of([unit]) for unit in units]
