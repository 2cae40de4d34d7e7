"""From tokens to words, clauses and application fields, each with its place in the text as given.

The model reads the masked text; quotes are taken from the text as submitted, so every stretch goes
back through the masker's map. A masked identifier is quoted as it was written.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from data_pipeline.domain.rendering import field_lines
from model_store.explain.clauses import split_clauses
from model_store.predictor import ReadText

MAX_CLAUSE_TOKENS = 48
"""Longer clauses are cut between words: a fifth of 250 tokens."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A stretch of a text that is kept or left out as a whole.

    Attributes:
        first_token: first token of the text.
        stop_token: one past the last; greater than `first_token`.
        start: first code point in the text as submitted.
        end: one past the last.
        quote: `text[start:end]` of the text as submitted.
        field: name of the application field that the line renders; None in free text.
    """

    first_token: int
    stop_token: int
    start: int
    end: int
    quote: str
    field: str | None = None

    @property
    def num_tokens(self) -> int:
        """Tokens of the stretch."""
        return self.stop_token - self.first_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a text is built; words and clauses each hold every token once, in order.

    Attributes:
        words: what white space separates, and the ends of clauses ("61%" and "far" in "61%—far").
        clauses: see `model_store.explain.clauses`; at most `MAX_CLAUSE_TOKENS` tokens each, save
            a longer word.
    """

    words: tuple[Unit, ...]
    clauses: tuple[Unit, ...]

    def fields(self) -> dict[str, tuple[int, ...]]:
        """Returns the positions of the clauses that render each application field, in order."""
        found: dict[str, list[int]] = {}
        for position, clause in enumerate(self.clauses):
            if clause.field is not None:
                found.setdefault(clause.field, []).append(position)
        return {name: tuple(positions) for name, positions in found.items()}

    def words_of(self, unit: Unit) -> tuple[Unit, ...]:
        """Returns the words that lie in a clause."""
        return _inside(unit, self.words)


def lay_out(text: ReadText) -> Layout:
    """Returns the words and clauses of a text that a predictor has read; none for a blank one."""
    masked = text.masked.text
    spans = split_clauses(masked)
    words = _units(text, [word.span() for span in spans for word in _WORD.finditer(masked, *span)])
    clauses = _units(text, spans)
    pieces = [piece for clause in clauses for piece in _short(clause, text, words)]
    return Layout(words=words, clauses=_with_fields(pieces, text.masked.original))


def span_unit(first: Unit, last: Unit, text: ReadText) -> Unit:
    """Returns the stretch from one unit to another, both included."""
    return replace(
        first,
        stop_token=last.stop_token,
        end=last.end,
        quote=text.masked.original[first.start : last.end],
    )


def _units(text: ReadText, spans: Sequence[tuple[int, int]]) -> tuple[Unit, ...]:
    """Gives every token to the stretch of the masked text in which its first letter stands."""
    starts = [start for start, _ in spans]
    first_tokens: dict[int, int] = {}
    for token, anchor in enumerate(_anchors(text)):
        first_tokens.setdefault(max(0, bisect_right(starts, anchor) - 1), token)
    if not spans or not first_tokens:
        return ()
    kept = sorted(first_tokens)
    stops = [*(first_tokens[i] for i in kept[1:]), len(text.tokens.ids)]
    return tuple(_merged(text, _placed(text, spans, kept, first_tokens, stops)))


def _placed(
    text: ReadText,
    spans: Sequence[tuple[int, int]],
    kept: Sequence[int],
    first_tokens: dict[int, int],
    stops: Sequence[int],
) -> Iterator[Unit]:
    for index, stop_token in zip(kept, stops, strict=True):
        start, end = text.masked.original_span(*spans[index])
        yield Unit(
            first_token=first_tokens[index],
            stop_token=stop_token,
            start=start,
            end=end,
            quote=text.masked.original[start:end],
        )


def _anchors(text: ReadText) -> Iterator[int]:
    """Where the first letter of each token stands; the end of a token of white space alone."""
    content, latest = text.masked.text, 0
    for start, end in text.tokens.offsets:
        piece = content[start:end]
        blank = len(piece) - len(piece.lstrip())
        latest = max(latest, start + blank if blank < len(piece) else start)
        yield latest


def _merged(text: ReadText, units: Iterator[Unit]) -> Iterator[Unit]:
    """Joins neighbours that share a replaced stretch, so that no two quotes overlap."""
    held: Unit | None = None
    for unit in units:
        if held is not None and unit.start < held.end:
            last = unit if unit.end >= held.end else replace(held, stop_token=unit.stop_token)
            held = span_unit(held, last, text)
            continue
        if held is not None:
            yield held
        held = unit
    if held is not None:
        yield held


def _inside(unit: Unit, words: Sequence[Unit]) -> tuple[Unit, ...]:
    return tuple(
        word
        for word in words
        if unit.first_token <= word.first_token and word.stop_token <= unit.stop_token
    )


def _short(clause: Unit, text: ReadText, words: Sequence[Unit]) -> Iterator[Unit]:
    if clause.num_tokens <= MAX_CLAUSE_TOKENS:
        yield clause
        return
    inside = _inside(clause, words)
    first = inside[0] if inside else clause
    held = first
    for word in inside[1:]:
        if word.stop_token - first.first_token > MAX_CLAUSE_TOKENS:
            yield span_unit(first, held, text)
            first = word
        held = word
    yield span_unit(first, held, text)


def _with_fields(clauses: Sequence[Unit], original: str) -> tuple[Unit, ...]:
    """Names the field of each clause in the block of "Label: value" lines that ends a text."""
    lines = field_lines(original.rstrip())  # a file ends with a line end
    return tuple(
        replace(
            clause,
            field=next((n for n, start, end in lines if start <= clause.start < end), None),
        )
        for clause in clauses
    )
