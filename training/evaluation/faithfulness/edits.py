"""Changes of a text that leave its decision as it is, with the way back to what stood where."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from training.abbreviations import ABBREVIATED, SPELLED_OUT

IRRELEVANT = (
    "The file was opened on a Tuesday.",
    "Parking behind the branch was full this morning.",
    "The printer on the second floor is out for repair.",
    "The office closes at five today.",
    "The blue folder is kept in the cabinet by the window.",
)
"""Sentences that bear on nothing."""

_WORD = re.compile(r"[A-Za-z][A-Za-z'/-]*(?![\w'/-])")
_LINE_END = re.compile(r"(?<=\S)[ \t]*(?=\n|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A changed text.

    Attributes:
        text: the text.
        spans: where the stretches that were asked for stand now, in their order.
    """

    text: str
    spans: tuple[tuple[int, int], ...]


def reworded(text: str, spans: Sequence[tuple[int, int]]) -> Edited:
    """Writes words in full that were short, and short that were in full.

    Args:
        text: the text.
        spans: stretches of it that begin and end at words.
    """
    edits = []
    for match in _WORD.finditer(text):
        word = match.group().lower()
        other = SPELLED_OUT.get(word) or ABBREVIATED.get(word)
        if other is not None:
            edits.append((match.start(), match.end(), _cased(other, like=match.group())))
    return _edited(text, edits, spans)


def with_irrelevant_sentence(
    text: str, spans: Sequence[tuple[int, int]], *, random: Random
) -> Edited:
    """Adds a sentence that bears on nothing at the end of one of the lines.

    Args:
        text: the text.
        spans: stretches of it.
        random: decides sentence and line.
    """
    ends = [match.start() for match in _LINE_END.finditer(text)] or [len(text)]
    place = ends[random.randrange(len(ends))]
    return _edited(text, [(place, place, f" {random.choice(IRRELEVANT)}")], spans)


def _cased(word: str, *, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.capitalize() if like[0].isupper() else word


def _edited(
    text: str, edits: Sequence[tuple[int, int, str]], spans: Sequence[tuple[int, int]]
) -> Edited:
    pieces, last = [], 0
    for start, end, new in edits:
        pieces += [text[last:start], new]
        last = end
    pieces.append(text[last:])

    def moved(position: int, *, is_end: bool) -> int:
        # What is put in where a stretch ends does not become a part of it.
        gone = [e for e in edits if e[1] < position or (e[1] == position and not is_end)]
        gone += [e for e in edits if is_end and e[1] == position > e[0]]
        return position + sum(len(new) - (end - start) for start, end, new in gone)

    return Edited(
        text="".join(pieces),
        spans=tuple((moved(s, is_end=False), moved(e, is_end=True)) for s, e in spans),
    )
