"""Words of a text, and which of them may be names: lists and the questions put to them.

Where the lists come from: `name_words/PROVENANCE.md`; words written for this project:
`name_context`.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from data_pipeline.domain import name_context as context

WORD = re.compile(r"(?<!\w)[^\W\d_](?:\w|['’-](?=[^\W\d_])){0,40}")
CONTRACTED = re.compile(r"['’](?:ve|d|ll|re|m|t|em)$", re.IGNORECASE)
ODD = re.compile(r"\d\d|_|[a-z][A-Z]{2}|[A-Z]{3}[a-z]")


def _list(name: str) -> frozenset[str]:
    folder = files("data_pipeline.domain") / "name_words"
    return frozenset((folder / f"{name}.txt").read_text("utf-8").split())


GIVEN, FAMILY, ORDINARY = (
    _list("given"),
    _list("family"),
    _list("ordinary") | context.ORDINARY_TOO,
)
NEVER = context.LABELS | context.ROLES | context.GREETINGS | context.WEAK | context.TITLES
NO_PERSON = context.ORGANISATIONS | context.BRANDS


class Word(NamedTuple):
    """A word of a text.

    Attributes:
        start: its first code point.
        end: one past its last, without a possessive ending.
        low: the word in lower case, with straight apostrophes.
        initial: it is one capital letter.
        upper: it starts with a capital.
        caps: it is all capitals.
        odd: digits or scattered capitals: a code, a user's name, a bad scan.
    """

    start: int
    end: int
    low: str
    initial: bool
    upper: bool
    caps: bool
    odd: bool


@lru_cache(maxsize=1 << 14)
def is_ordinary(low: str) -> bool:
    """Tells whether a lower-case word is ordinary English, a label, a company or a place."""
    return low in ORDINARY or low in NEVER or low in NO_PERSON or low in context.PLACES


def parts_of(low: str) -> list[str]:
    """Returns the parts of a hyphenated word."""
    return low.split("-") if "-" in low else [low]


def is_given(word: Word) -> bool:
    """Tells whether a word is a given name and nothing else."""
    parts = parts_of(word.low)
    if any(map(is_ordinary, parts)) or is_ordinary(word.low):
        return False
    return any(part in GIVEN for part in parts)


def may_be_given(word: Word) -> bool:
    """Tells whether a word is a given name, if an ordinary word too."""
    return word.low in GIVEN and word.low not in NEVER and word.low not in context.BRANDS


def is_family(word: Word) -> bool:
    """Tells whether a word is a family name and nothing else."""
    if is_ordinary(word.low):
        return False
    parts = parts_of(word.low)
    if all(map(is_ordinary, parts)):
        return False
    return word.low[:2] in {"o'", "mc"} or any(part in FAMILY for part in parts)


def may_be_family(word: Word) -> bool:
    """Tells whether a word is a family name, if an ordinary word too."""
    return word.low in FAMILY and word.low not in NEVER and word.low not in NO_PERSON


def is_unknown(word: Word) -> bool:
    """Tells whether a word may be a name because it is nothing else that is known."""
    if word.initial or word.odd:
        return False
    return not any(map(is_ordinary, [word.low, *parts_of(word.low)]))


def words_of(text: str) -> list[Word]:
    """Returns the words of a text, without placeholders and contractions."""
    words = []
    for match in WORD.finditer(text):
        shape = _shape(match.group())
        if shape is None:
            continue
        length, low, initial, upper, caps, odd = shape
        start = match.start()
        end = start + length
        if text[start - 1 : start] == "[" and text[end : end + 1] == "]":
            continue
        words.append(Word(start, end, low, initial, upper, caps, odd))
    return words


@lru_cache(maxsize=1 << 14)
def _shape(found: str) -> tuple[int, str, bool, bool, bool, bool] | None:
    """Returns a word's length without a possessive and what it looks like; None: a contraction."""
    if found[-2:] in {"'s", "’s"} and found.lower() not in context.BRANDS:
        found = found[:-2]
    if not found or CONTRACTED.search(found):
        return None
    low = found.lower().replace("’", "'")
    initial, caps = len(found) == 1 and found.isupper(), len(found) > 1 and found.isupper()
    return len(found), low, initial, found[0].isupper(), caps, ODD.search(found) is not None
