"""`exact` spans: every clause left out, and read, alone; then stretches within the best.

Then quotes are added one by one until the category falls below its threshold, and what the evidence
head would quote besides.

Arrays: U clauses, K stretches, X targets.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model_store.evidence import MAX_QUOTES, token_budget
from model_store.explain.layout import Layout, Unit
from model_store.explain.omission import Omissions, drop_of, drops_of_each
from model_store.explain.proposals import (
    evidence_weights,
    fitted,
    head_quotes,
    overlaps,
    room_left,
)
from model_store.explain.spans import (
    Carried,
    Question,
    by_telling,
    carried_by,
    how_telling,
)
from model_store.predictor import ReadText

_SHORTLIST = 5  # clauses of a reason that are looked into
_NARROW_WORDS = 6  # a clause of so few words is quoted whole
_KEPT_SHARE = 0.75  # a stretch that does this share of what its clause does stands for it
_MOST_TRIED = 3  # stretches tried as the next quote of a reason


def exact_spans(
    omissions: Omissions, text: ReadText, layout: Layout, questions: Sequence[Question]
) -> list[Carried]:
    """Returns the quotes of each reason, by omission over all clauses and within the best."""
    if not layout.clauses:
        return [carried_by(omissions, question, ()) for question in questions]
    drops = drops_of_each(layout.clauses)
    omissions.prepare(drops, units=layout.clauses)
    effect_UX = omissions.effects(drops)
    shortlists = [
        _shortlist(
            effect_UX[:, question.target],
            evidence_weights(omissions, layout.clauses, question.category),
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
    omissions.prepare([drop for units in headed for drop in drops_of_each(units)])
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


def _shortlist(
    effect_U: NDArray[np.float64], weight_U: NDArray[np.float64], layout: Layout
) -> list[Unit]:
    """The clauses that tell most, that one first, and those with the largest effects."""
    most_telling = np.argsort(-how_telling(effect_U, weight_U), kind="stable")
    strongest = np.argsort(-effect_U, kind="stable")
    mixed = [int(u) for pair in zip(most_telling, strongest, strict=True) for u in pair]
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
    """For each clause of each list the shortest stretch within that does most of what it does.

    What stretches say alone, which is read at little cost, proposes one; it stands for its clause
    if leaving it out alone lowers the reason nearly as much, else the clause stands for itself
    where it fits.
    """
    parts = {
        clause: [clause, *_pieces(clause, text, layout, budget)]
        for shortlist in shortlists
        for clause in shortlist
    }
    omissions.prepare(units=[unit for units in parts.values() for unit in units])
    proposed = [
        [_shortest(omissions, parts[clause], question.target, budget) for clause in shortlist]
        for question, shortlist in zip(questions, shortlists, strict=True)
    ]
    omissions.prepare([drop for units in proposed for drop in drops_of_each(units)])

    def decided(clause: Unit, piece: Unit, target: int) -> Unit:
        whole, part = omissions.effects(drops_of_each([clause, piece]))[:, target]
        stands = part >= _KEPT_SHARE * whole > 0
        return piece if stands or clause.num_tokens > budget else clause

    return [
        [decided(*found, question.target) for found in zip(shortlist, units, strict=True)]
        for question, shortlist, units in zip(questions, shortlists, proposed, strict=True)
    ]


def _shortest(omissions: Omissions, units: Sequence[Unit], target: int, budget: int) -> Unit:
    """Of a clause and stretches within it the shortest that fits and says most of it alone."""
    gain_K = omissions.gains(units)[:, target]
    fitting = [k for k, unit in enumerate(units) if unit.num_tokens <= budget]
    strong = [k for k in fitting if gain_K[k] >= _KEPT_SHARE * gain_K[0] > 0]
    if strong:
        return units[min(strong, key=lambda k: (units[k].num_tokens, -gain_K[k]))]
    if fitting:
        return units[max(fitting, key=lambda k: gain_K[k])]
    return min(units, key=lambda unit: unit.num_tokens)


def _pieces(clause: Unit, text: ReadText, layout: Layout, budget: int) -> Iterator[Unit]:
    """Halves of a clause and its middle, each short enough to be quoted where words allow."""
    words = layout.words_of(clause)
    if not words or (len(words) <= _NARROW_WORDS and clause.num_tokens <= budget):
        return
    half = (len(words) + 1) // 2
    for first in dict.fromkeys((0, (len(words) - half) // 2, len(words) - half)):
        yield fitted(words, first, text, stop=first + half, max_tokens=budget)


def _grown(
    omissions: Omissions, question: Question, stretches: Sequence[Unit], *, budget: int
) -> Carried:
    """Grows quotes from the most telling stretch; from the strongest where that is not enough."""
    if not stretches:
        return carried_by(omissions, question, ())
    effect_K = omissions.effects(drops_of_each(stretches))[:, question.target]
    starts = (by_telling(omissions, question, stretches, effect_K)[0], int(effect_K.argmax()))
    found = []
    for start in dict.fromkeys(starts):
        grown = _grown_from(omissions, question, stretches[start], stretches, budget)
        found.append(carried_by(omissions, question, grown))
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
        room = room_left(chosen, budget)
        waiting = [u for u in waiting if u.num_tokens <= room and not overlaps(u, chosen)]
        if not waiting or left_X[question.category] < question.threshold_logit:
            break
        effect_K = omissions.effects(drops_of_each(waiting))[:, question.target]
        tried = [waiting[k] for k in np.argsort(-effect_K, kind="stable")[:_MOST_TRIED]]
        left_KX = omissions.without([drop_of([*chosen, unit]) for unit in tried])
        best = int(left_KX[:, question.target].argmin())
        if left_KX[best, question.target] >= left_X[question.target]:
            break
        chosen.append(tried[best])
    return chosen


def _filled(
    omissions: Omissions,
    question: Question,
    found: Carried,
    others: Sequence[Unit],
    *,
    budget: int,
) -> Carried:
    """Adds what the evidence head would quote besides, where it fits and speaks for the reason.

    Nothing is added where the category would then be stated again.
    """
    chosen = list(found.units)
    effect_K = omissions.effects(drops_of_each(others))[:, question.target]
    for unit, effect in zip(others, effect_K, strict=True):
        fits = unit.num_tokens <= room_left(chosen, budget) and not overlaps(unit, chosen)
        if len(chosen) < MAX_QUOTES and fits and effect > 0:
            chosen.append(unit)
    filled = carried_by(omissions, question, chosen)
    return found if found.is_below_threshold and not filled.is_below_threshold else filled
