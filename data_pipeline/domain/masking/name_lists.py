"""Words of a text, and which of them may be names: lists and the questions put to them.

Where the lists come from: `name_words/PROVENANCE.md`; words written for this project:
`name_context`.
"""

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking import name_heads

WORD = re.compile(r"\b(?:[^\W\d_]|0(?=[A-Za-z]{3}))\w{0,40}(?:['’-](?=[^\W\d_])\w{1,40}){0,8}")
CONTRACTED = re.compile(r"['’](?:ve|d|ll|re|m|t|em)$", re.IGNORECASE)
ODD = re.compile(
    r"\d\d|_|[a-z][A-Z]{2}|[A-Z]{3}[a-z]"
    r"|^(?!(?:Mc|Mac|De|Del|Della|Di|Du|Da|La|Le|Van|Von|Fitz|St|San|Santa|El|Al|Ben|O|Jo|Mary)[A-Z])"
    r"[A-Z]?[a-z]+[A-Z]"
)

ABBREVIATION = re.compile(rf"{'|'.join(sorted(context.ACRONYMS))}|[A-Z]{{2,6}}s")
PREFIXED = re.compile(r"(?:al|el|as|ad|ar|an|ud|ul|d|l|dell)[-'’][A-Z]")
MISREAD = re.compile(r"^0|(?<=[^\W\d_])[013](?=[^\W\d_]{2})|(?<=[^\W\d_]{2})[01](?=[^\W\d_])")
_OPENING = re.compile(r"\[")
_LABELS = context.NAME_LABELS | context.LIST_HEADS | context.LINE_HEADS | context.CLOSINGS
_HEADS = _LABELS | name_heads.HEADS
_CAPITALS = str.maketrans("013", "OIE")
_SMALL = str.maketrans("013", "ole")


def _read(name: str) -> str:
    folder = files("data_pipeline.domain.masking") / "name_words"
    return (folder / f"{name}.txt").read_text("utf-8")


_TEXTS = {
    name: _read(name) for name in ("given", "given_rare", "family", "family_rare", "ordinary")
}
LISTS_DIGEST = sha256("\n".join(_TEXTS.values()).encode()).hexdigest()
GIVEN, GIVEN_RARE, FAMILY, RARE, ORDINARY = (
    frozenset(_TEXTS.pop("given").split()),
    frozenset(_TEXTS.pop("given_rare").split()),
    frozenset(_TEXTS.pop("family").split()),
    frozenset(_TEXTS.pop("family_rare").split()),
    frozenset(_TEXTS.pop("ordinary").split()) | context.ORDINARY_TOO,
)
NEVER = context.LABELS | context.ROLES | context.GREETINGS | context.WEAK | context.TITLES
NO_PERSON = context.ORGANISATIONS | context.BRANDS


_Form = tuple[str, bool, bool, bool, bool, bool, bool]


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
        dull: an ordinary word without a capital, never the name or the start of one.
        heads: a label or a head that names may follow: `name`, `attendees`, `thanks`.
    """

    start: int
    end: int
    low: str
    initial: bool
    upper: bool
    caps: bool
    odd: bool
    dull: bool
    heads: bool


@lru_cache(maxsize=1 << 14)
def is_ordinary(low: str) -> bool:
    """Tells whether a lower-case word is ordinary English, a label, a company or a place."""
    return low in ORDINARY or low in NEVER or low in NO_PERSON or low in context.PLACES


def parts_of(low: str) -> list[str]:
    """Returns the parts of a hyphenated word."""
    return low.split("-") if "-" in low else [low]


def is_given(word: Word) -> bool:
    """Tells whether a word is a given name and nothing else."""
    return _is_given(word.low)


@lru_cache(maxsize=1 << 14)
def _is_given(low: str) -> bool:
    parts = parts_of(low)
    if any(map(is_ordinary, parts)) or is_ordinary(low):
        return False
    return any(part in GIVEN or part in GIVEN_RARE for part in parts)


def is_common_given(word: Word) -> bool:
    """Tells whether a word is one of the frequent given names and nothing else."""
    return _is_common_given(word.low)


@lru_cache(maxsize=1 << 14)
def _is_common_given(low: str) -> bool:
    return _is_given(low) and any(part in GIVEN for part in parts_of(low))


@lru_cache(maxsize=1 << 14)
def may_be_first(low: str) -> bool:
    """Tells whether an ordinary lower-case word may begin a name: a given name, an initial, de."""
    if len(low) == 1 or low in context.PARTICLES or low in context.GIVEN_TOO:
        return True
    return low in GIVEN or low in context.GIVEN_WORDS


def may_be_given(word: Word) -> bool:
    """Tells whether a word is a given name, if an ordinary word too."""
    if word.low in NEVER or word.low in context.BRANDS:
        return False
    return word.low in GIVEN or word.low in context.GIVEN_WORDS


def is_family(word: Word) -> bool:
    """Tells whether a word is a family name, however rare, and nothing else."""
    return _is_family(word.low)


@lru_cache(maxsize=1 << 14)
def _is_family(low: str) -> bool:
    parts = parts_of(low)
    if is_ordinary(low) or all(map(is_ordinary, parts)):
        return False
    return low[:2] in {"o'", "mc"} or any(part in FAMILY or part in RARE for part in parts)


def is_common_family(word: Word) -> bool:
    """Tells whether a word is one of the frequent family names and nothing else."""
    if not is_family(word):
        return False
    return word.low[:2] in {"o'", "mc"} or any(part in FAMILY for part in parts_of(word.low))


def may_be_family(word: Word) -> bool:
    """Tells whether a word is a family name, if an ordinary word too."""
    return word.low in FAMILY and word.low not in NEVER and word.low not in NO_PERSON


def is_unknown(word: Word) -> bool:
    """Tells whether a word may be a name because it is nothing else that is known."""
    if word.initial or word.odd:
        return False
    return _is_in_no_list_of_words(word.low)


@lru_cache(maxsize=1 << 14)
def _is_in_no_list_of_words(low: str) -> bool:
    return not any(map(is_ordinary, [low, *parts_of(low)]))


def words_of(text: str) -> list[Word]:
    """Returns the words of a text, without placeholders and contractions."""
    words = []
    opened = {match.end() for match in _OPENING.finditer(text)}
    for match in WORD.finditer(text):
        shape = _shape(match[0])
        if shape is None:
            continue
        length, form = shape
        start = match.start()
        end = start + length
        if start in opened and text[end : end + 1] == "]":
            continue
        # A named tuple made the short way: this is done for every word.
        words.append(tuple.__new__(Word, (start, end, *form)))
    return words


@lru_cache(maxsize=1 << 14)
def _shape(found: str) -> tuple[int, _Form] | None:
    """Returns a word's length without a possessive and what it looks like; None: a contraction."""
    if found[-2:] in {"'s", "’s"} and found.lower() not in context.BRANDS:
        found = found[:-2]
    if not found.strip("Xx") or CONTRACTED.search(found) or ABBREVIATION.fullmatch(found):
        return None
    length, found = len(found), _as_printed(found)
    low = _plain(found)
    low = _as_meant(low)
    initial, caps = len(found) == 1 and found.isupper(), len(found) > 1 and found.isupper()
    upper = found[0].isupper() or PREFIXED.match(found) is not None
    odd = ODD.search(found) is not None
    dull = not upper and low in ORDINARY and low not in context.GIVEN_TOO
    heads = "name" in low or low in _HEADS
    return length, (low, initial, upper, caps, odd, dull, heads)


def is_named(low: str) -> bool:
    """Tells whether any list of names holds a word."""
    return low in GIVEN or low in FAMILY or low in GIVEN_RARE or low in RARE


def _plain(found: str) -> str:
    """Returns a word in lower case, with straight apostrophes and no accents, as long as before."""
    low = found.lower().replace("’", "'")
    if low.isascii() or len(low) != len(found):
        return low
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in low)


def _as_printed(found: str) -> str:
    """Undoes what a bad scan does to letters: digits for letters, a small L for a capital I."""
    if MISREAD.search(found):
        caps = sum(map(str.isupper, found)) > sum(map(str.islower, found))
        found = found.translate(
            _CAPITALS if caps or (found[0] == "0" and found[1].isupper()) else _SMALL
        )
        found = found[0].upper() + found[1:]
    if "l" in found and found.replace("l", "").isupper() and len(found) > 2:  # noqa: PLR2004
        found = found.replace("l", "I")
    return found


def _as_meant(low: str) -> str:
    """Returns the ordinary word that a bad scan made of rn for m, or l for i; else the word."""
    if low in GIVEN or low in FAMILY:
        return low
    for wrong, right in (("rn", "m"), ("l", "i")):
        meant = low.replace(wrong, right)
        if meant != low and low not in ORDINARY and (meant in ORDINARY or meant in NEVER):
            return meant
    return low
