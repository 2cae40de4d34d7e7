"""Quotes that carry a category, chosen from token evidence.

Arrays: T tokens of the text.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_QUOTES = 3
"""Quotes of one reason."""

MAX_TOKENS_RATIO = 0.2
"""Largest share of the tokens of a text that the quotes of one reason may take together."""

_MAX_GAP_TOKENS = 4  # "41%" of "41% of gross" and "back end" stay one quote
_FALLBACK_RATIO = 0.5  # a neighbour of the best token joins it from half of its probability on
_INNER_MARKS = ".,/-'’"  # inside a word or figure when letters or digits stand on both sides
_MIN_TOKENS = 8  # in a text of a few words the share would leave no quote at all


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpan:
    """A half-open stretch of tokens.

    Attributes:
        start: first token.
        stop: one past the last token.
        weight: sum of the evidence probabilities inside.
    """

    start: int
    stop: int
    weight: float


def token_budget(num_tokens: int) -> int:
    """Returns how many tokens the quotes of one reason may take of a text of so many."""
    return max(_MIN_TOKENS, int(num_tokens * MAX_TOKENS_RATIO))


def select_spans(probability_T: NDArray[np.float64], *, threshold: float) -> list[TokenSpan]:
    """Returns the stretches of tokens that carry a category, the weightiest first.

    Tokens at or above the threshold are joined over short gaps. Where none reaches it, the best
    token is taken with its neighbours, so that a stated reason always shows what it rests on.

    Args:
        probability_T: probability that each token belongs to evidence.
        threshold: probability from which a token is evidence.

    Returns:
        One to three spans that together take at most a fifth of the tokens, or eight tokens in a
        short text; none for no tokens.
    """
    if not len(probability_T):
        return []
    budget = token_budget(len(probability_T))
    cut = min(threshold, float(probability_T.max()))
    if cut < threshold:
        spans = [_around_best(probability_T)]
    else:
        spans = _runs(probability_T >= cut, probability_T)
    spans.sort(key=lambda span: -span.weight)
    return _within_budget(spans[:MAX_QUOTES], probability_T, budget)


def word_bounds(text: str, start: int, end: int) -> tuple[int, int]:
    """Widens a stretch of a text to whole words and drops white space at its ends.

    Digits with their signs and separators count as words: "$1,250.50" and "51.2%" stay whole.
    A stretch of white space alone becomes empty.
    """
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while 0 < start < len(text) and _joined(text, start):
        start -= 1
    while 0 < end < len(text) and _joined(text, end):
        end += 1
    return start, end


def _joined(text: str, position: int) -> bool:
    """Tells whether the characters before and after a position belong to one word."""
    before, after = text[position - 1], text[position]
    if before.isspace() or after.isspace():
        return False
    if (_in_word(before) and _in_word(after)) or before in "$#" or after == "%":
        return True
    if after in _INNER_MARKS:
        return before.isalnum() and text[position + 1 : position + 2].isalnum()
    return (
        before in _INNER_MARKS
        and after.isalnum()
        and text[max(0, position - 2) : position - 1].isalnum()
    )


def _in_word(character: str) -> bool:
    """Tells whether a character is a letter, a digit or an accent set on one."""
    return character.isalnum() or unicodedata.combining(character) > 0


def _runs(chosen_T: NDArray[np.bool_], probability_T: NDArray[np.float64]) -> list[TokenSpan]:
    positions = np.flatnonzero(chosen_T)
    breaks = np.flatnonzero(np.diff(positions) > _MAX_GAP_TOKENS + 1)
    groups: Sequence[NDArray[np.intp]] = np.split(positions, breaks + 1)
    return [_span(int(group[0]), int(group[-1]) + 1, probability_T) for group in groups]


def _around_best(probability_T: NDArray[np.float64]) -> TokenSpan:
    best = int(probability_T.argmax())
    floor = probability_T[best] * _FALLBACK_RATIO
    start, stop = best, best + 1
    while start > 0 and stop - start < _MIN_TOKENS and probability_T[start - 1] >= floor:
        start -= 1
    while stop < len(probability_T) and stop - start < _MIN_TOKENS and probability_T[stop] >= floor:
        stop += 1
    return _span(start, stop, probability_T)


def _within_budget(
    spans: Sequence[TokenSpan], probability_T: NDArray[np.float64], budget: int
) -> list[TokenSpan]:
    kept: list[TokenSpan] = []
    for span in spans:
        room = budget - sum(other.stop - other.start for other in kept)
        if span.stop - span.start <= room:
            kept.append(span)
        elif not kept:
            kept.append(_trimmed(span, probability_T, room))
    return kept


def _trimmed(span: TokenSpan, probability_T: NDArray[np.float64], length: int) -> TokenSpan:
    """The weightiest stretch of the given length inside a span."""
    inside = probability_T[span.start : span.stop]
    sums = np.convolve(inside, np.ones(length), mode="valid")
    start = span.start + int(sums.argmax())
    return _span(start, start + length, probability_T)


def _span(start: int, stop: int, probability_T: NDArray[np.float64]) -> TokenSpan:
    return TokenSpan(start=start, stop=stop, weight=float(probability_T[start:stop].sum()))
