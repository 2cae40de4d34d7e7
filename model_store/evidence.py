"""Quotes that carry a category, chosen from token evidence.

Arrays: T tokens of the text.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

MAX_QUOTES = 3
"""Quotes of one reason."""

MAX_TOKENS_RATIO = 0.2
"""Largest share of the tokens of a text that the quotes of one reason may take together."""

MIN_QUOTE_TOKENS = 6
"""Fewer say little by themselves."""

_MAX_STEP = 5  # with four tokens between "41%" of "41% of gross" and "back end" stay one quote
_MIN_WEIGHT_RATIO = 0.2  # a stretch that weighs less beside the weightiest is not quoted
_INNER_MARKS = ".,/-'’"  # inside a word or figure when letters or digits stand on both sides
_MIN_BUDGET_TOKENS = 8  # of a text of a few words a fifth would be no quote at all
_NEGATIONS = frozenset({"no", "not", "n't", "'t", "’t", "never", "without", "nor", "neither"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpan:
    """A half-open stretch of tokens.

    Attributes:
        start: first token.
        stop: one past the last token.
        weight: see `span_weight`.
    """

    start: int
    stop: int
    weight: float

    @property
    def num_tokens(self) -> int:
        """Tokens of the stretch."""
        return self.stop - self.start

    def touches(self, other: "TokenSpan") -> bool:
        """Tells whether two stretches overlap or no token lies between them."""
        return self.start <= other.stop and other.start <= self.stop


def span_weight(probability_T: NDArray[np.float64], start: int, stop: int) -> float:
    """Returns how much a stretch of tokens speaks for a category; 0 for an empty one.

    It is the sum of the evidence probabilities over the root of the number of tokens, between sum
    and mean: by the sum a long stretch of doubtful tokens comes before a short plain one, by the
    mean one figure before the statement around the other.
    """
    if stop <= start:
        return 0.0
    return float(probability_T[start:stop].sum()) / sqrt(stop - start)


def token_budget(num_tokens: int) -> int:
    """Returns how many tokens the quotes of one reason may take of a text of so many."""
    return max(_MIN_BUDGET_TOKENS, int(num_tokens * MAX_TOKENS_RATIO))


def select_spans(probability_T: NDArray[np.float64], *, threshold: float) -> list[TokenSpan]:
    """Returns the stretches of tokens that carry a category, the weightiest first.

    Tokens at or above the threshold, or the best token where none reaches it, are joined over
    short gaps to runs. As far as the budget goes, a run of fewer than `MIN_QUOTE_TOKENS` takes in
    its likelier neighbours, so that a reason always shows words that say something, and one that
    then touches another is joined to it. A run of little weight beside the best one is left out.

    Args:
        probability_T: probability that each token belongs to evidence.
        threshold: probability from which a token is evidence.

    Returns:
        One to three spans that together take at most a fifth of the tokens, or eight tokens in a
        short text, none touching another; none for no tokens.
    """
    if not len(probability_T):
        return []
    cut = min(threshold, float(probability_T.max()))
    runs = sorted(_runs(probability_T >= cut, probability_T), key=lambda span: -span.weight)
    floor = runs[0].weight * _MIN_WEIGHT_RATIO
    budget = token_budget(len(probability_T))
    spans: list[TokenSpan] = []
    for run in runs:
        if run.weight < floor:
            break
        room = budget - sum(span.num_tokens for span in spans)
        if run.num_tokens > room:
            if not spans:
                spans.append(_trimmed(run, probability_T, room))
            continue
        grown = _grown(run, probability_T, max_tokens=room)
        apart = [span for span in spans if not span.touches(grown)]
        if len(apart) < MAX_QUOTES:
            touching = [span for span in spans if span.touches(grown)]
            spans = [*apart, _hull([grown, *touching], probability_T)]
    return sorted(spans, key=lambda span: -span.weight)


def with_negations(evidence_TC: NDArray[np.float64], pieces: Sequence[str]) -> NDArray[np.float64]:
    """Returns evidence in which a negation weighs at least what the token after it does.

    Args:
        evidence_TC: probability that each token carries each category, tokens x categories.
        pieces: what each token says, without white space around it.
    """
    weighed_TC = evidence_TC.copy()
    for t in reversed(range(len(pieces) - 1)):
        if pieces[t].lower() in _NEGATIONS:
            weighed_TC[t] = np.maximum(weighed_TC[t], weighed_TC[t + 1])
    return weighed_TC


def is_negation(word: str) -> bool:
    """Tells whether a word turns what follows into its opposite: "no", "never", "wouldn't"."""
    bare = word.lower().strip('"“”‘(')
    return bare in _NEGATIONS or bare.endswith(("n't", "n’t"))


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
    positions: list[int] = np.flatnonzero(chosen_T).tolist()
    breaks = [(last, first) for last, first in pairwise(positions) if first - last > _MAX_STEP]
    starts = [positions[0], *(first for _, first in breaks)]
    lasts = [*(last for last, _ in breaks), positions[-1]]
    return [
        _span(start, last + 1, probability_T) for start, last in zip(starts, lasts, strict=True)
    ]


def _grown(span: TokenSpan, probability_T: NDArray[np.float64], *, max_tokens: int) -> TokenSpan:
    """Takes in the likelier neighbour, token by token, until a run is long enough."""
    start, stop = span.start, span.stop
    while stop - start < min(MIN_QUOTE_TOKENS, max_tokens, len(probability_T)):
        before = probability_T[start - 1] if start > 0 else -1.0
        after = probability_T[stop] if stop < len(probability_T) else -1.0
        if before > after:
            start -= 1
        else:
            stop += 1
    return _span(start, stop, probability_T)


def _hull(spans: Sequence[TokenSpan], probability_T: NDArray[np.float64]) -> TokenSpan:
    start, stop = min(span.start for span in spans), max(span.stop for span in spans)
    return _span(start, stop, probability_T)


def _trimmed(span: TokenSpan, probability_T: NDArray[np.float64], length: int) -> TokenSpan:
    """The weightiest stretch of the given length inside a span."""
    inside = probability_T[span.start : span.stop]
    sums = np.convolve(inside, np.ones(length), mode="valid")
    start = span.start + int(sums.argmax())
    return _span(start, start + length, probability_T)


def _span(start: int, stop: int, probability_T: NDArray[np.float64]) -> TokenSpan:
    return TokenSpan(start=start, stop=stop, weight=span_weight(probability_T, start, stop))
