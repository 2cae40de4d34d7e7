"""What the evidence head proposes to be quoted; whether it carries anything, omission decides.

Arrays: U stretches, T tokens.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_store.evidence import (
    MAX_QUOTES,
    MIN_QUOTE_TOKENS,
    TokenSpan,
    is_negation,
    select_spans,
    span_weight,
)
from model_store.explain.layout import Layout, Unit, span_unit
from model_store.explain.omission import Omissions
from model_store.predictor import ReadText


def evidence_weights(
    omissions: Omissions, units: Sequence[Unit], category: int
) -> NDArray[np.float64]:
    """Returns how much each stretch speaks for a category, by what the evidence head says."""
    evidence_T = omissions.evidence_TC[:, category]
    return np.array([span_weight(evidence_T, u.first_token, u.stop_token) for u in units])


def head_quotes(
    omissions: Omissions,
    text: ReadText,
    layout: Layout,
    *,
    category: int,
    threshold: float,
    budget: int,
) -> list[Unit]:
    """Returns what the evidence head alone would quote, in whole words, as far as all of it fits.

    A quote that runs from the free text into the fields is cut to the side that weighs more.

    Args:
        omissions: answers of the text.
        text: the text.
        layout: its words.
        category: position of the category.
        threshold: probability from which the head calls a token evidence.
        budget: tokens that the quotes may take together.
    """
    evidence_T = omissions.evidence_TC[:, category]
    found: list[Unit] = []
    for span in select_spans(evidence_T, threshold=threshold):
        start, stop = _on_one_side(span, layout, evidence_T)
        words = [w for w in layout.words if w.first_token < stop and start < w.stop_token]
        if not words:
            continue
        whole, room = span_unit(words[0], words[-1], text), room_left(found, budget)
        if overlaps(whole, found) or room < 1:
            continue
        unit = _heaviest(whole, text, layout, evidence_T, max_tokens=room)
        if unit.num_tokens <= room or not found:
            found.append(unit)
    return found


def _on_one_side(
    span: TokenSpan, layout: Layout, evidence_T: NDArray[np.float64]
) -> tuple[int, int]:
    fields = (clause.first_token for clause in layout.clauses if clause.field is not None)
    boundary = next(fields, span.stop)
    if not span.start < boundary < span.stop:
        return span.start, span.stop
    sides = (span.start, boundary), (boundary, span.stop)
    return max(sides, key=lambda side: span_weight(evidence_T, *side))


def proposed_quotes(
    omissions: Omissions,
    text: ReadText,
    layout: Layout,
    *,
    category: int,
    threshold: float,
    budget: int,
) -> list[Unit]:
    """Returns what the evidence head would quote, then the clauses that it gives most.

    Args:
        omissions: answers of the text.
        text: the text.
        layout: its words and clauses.
        category: position of the category.
        threshold: probability from which the head calls a token evidence.
        budget: tokens that all of them may take together.
    """
    evidence_T = omissions.evidence_TC[:, category]
    units: list[Unit] = []
    if not layout.clauses:
        return units
    units += head_quotes(
        omissions, text, layout, category=category, threshold=threshold, budget=budget
    )
    weight_U = evidence_weights(omissions, layout.clauses, category)
    for position in np.argsort(-weight_U, kind="stable")[:MAX_QUOTES]:
        clause = layout.clauses[position]
        room = room_left(units, budget)
        if len(units) == MAX_QUOTES or overlaps(clause, units):
            continue
        unit = _heaviest(clause, text, layout, evidence_T, max_tokens=max(1, room))
        says_something = unit == clause or unit.num_tokens >= MIN_QUOTE_TOKENS
        if not units or (unit.num_tokens <= room and says_something):
            units.append(unit)
    return units


def room_left(units: Sequence[Unit], budget: int) -> int:
    """Returns how many tokens of a budget some stretches leave."""
    return budget - sum(unit.num_tokens for unit in units)


def overlaps(unit: Unit, others: Sequence[Unit]) -> bool:
    """Tells whether a stretch shares a token with any of some others."""
    return any(
        unit.first_token < other.stop_token and other.first_token < unit.stop_token
        for other in others
    )


def fitted(
    words: Sequence[Unit], first: int, text: ReadText, *, stop: int, max_tokens: int
) -> Unit:
    """Returns a stretch of words, shortened at its end until it fits; at least the first word.

    One that would begin right behind a negation begins with it, where both words fit.

    Args:
        words: words of a clause.
        first: position of the first word.
        text: the text.
        stop: position one past the last word.
        max_tokens: tokens that it may take.
    """
    begin = first
    while begin > 0 and is_negation(words[begin - 1].quote):
        begin -= 1
    if words[first].stop_token - words[begin].first_token > max_tokens:
        begin = first
    while stop - first > 1 and words[stop - 1].stop_token - words[begin].first_token > max_tokens:
        stop -= 1
    return span_unit(words[begin], words[stop - 1], text)


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
    found = [
        fitted(words, first, text, stop=len(words), max_tokens=max_tokens)
        for first in range(len(words))
    ]
    return max(found, key=lambda u: span_weight(evidence_T, u.first_token, u.stop_token))
