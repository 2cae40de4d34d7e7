"""Finds names by the form they stand in: cells, last lines, family name first, letter by letter."""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    GIVEN,
    GIVEN_RARE,
    NEVER,
    NO_PERSON,
    RARE,
    Word,
    is_ordinary,
    parts_of,
)

SPELLED = re.compile(
    r"[A-Za-z](?=[- ][A-Za-z][- ])(?<![\w-][A-Za-z])(?:[- ][A-Za-z]){2,15}(?![\w-])"
)
CELLS = re.compile(
    r"\"(?P<x>[A-Z][\w'’-]{1,20})\",\"(?P<y>[A-Z][\w'’-]{1,20}(?:[ ][A-Z][\w'’-]{1,20})?)\"(?=,)"
)
LAST = re.compile(r"\n[ \t]*[\"“–—-]?[ ]?(?P<x>[A-ZÀ-ÖØ-Þ][\w'’]{1,13})[\"”.]?\s*$")
_GIVEN_PART = (
    r",[ ]{1,2}(?:Ma\.[ ])?[A-Z][\w'’-]{0,20}(?:[ ][A-Z][\w'’-]{0,20}){0,2}"
    r"(?:[ ]&[ ][A-Z][a-z]{1,12}(?=[ ]-|\t|\n|$))?"
)
_CLOSED = r"(?=[.]?(?:\t|[ ]?[\"|/&;(\n–—]|[ ]-|[ ]\d|,[ ]\d[\d-]{3}|[ ]{2}|$))"
GIVEN_CLOSED = re.compile(_GIVEN_PART + _CLOSED, re.MULTILINE)
REVERSED_LINE = re.compile(
    r"(?:^|[\t|\"/:;>•*]|[ ]{2}|[ ]-[ ]|\d[ ]|^[-–])[ ]?"
    r"(?P<x>(?:(?:[Vv]an|[Dd]e[rn]?|[Ll]a|[Dd]el)[ ]){0,2}(?:(?:al|el|ad|as)-)?"
    r"[A-Z](?:[^\W\d_]|(?<=[OEU])(?=,))['’\-a-zA-Zà-ÿ]{0,20}(?:[ ][A-Z]['’\-a-zA-Zà-ÿ]{1,20})?"
    rf"{_GIVEN_PART}){_CLOSED}",
    re.MULTILINE,
)
TWO_SYLLABLES = re.compile(r"[a-z]{2,6}-[a-z]{2,6}")
SIGNING = re.compile(r"[\w)]{3}[.!?][ ]{1,2}(?P<x>[A-Z][a-z]{1,11})\s*$")
STATE = re.compile(r"[a-z],?[ ]{1,2}[A-Z]{2}$|^[A-Z]+, MAY$")
_INITIALS = 2

_Stretch = tuple[int, int]


def spelled(text: str, known: set[str]) -> Iterator[_Stretch]:
    """Yields known names spelled letter by letter."""
    if not known:
        return
    for match in SPELLED.finditer(text):
        if re.sub(r"[- ]", "", match.group()).lower() in known:
            yield match.span()


def by_form(text: str) -> Iterator[_Stretch]:
    """Yields names that stand where a name stands: cells, last lines, family name first."""
    if '","' in text:
        for match in CELLS.finditer(text):
            if _are_cells(match["x"].lower(), match["y"].lower().split()[-1]):
                yield match.span("x")
                yield match.span("y")
    last = LAST.search(text, max(0, len(text) - 40))
    if last is not None and _may_sign(last["x"]):
        yield last.span("x")
    elif signing := SIGNING.search(text, max(0, len(text) - 20)):
        low = signing["x"].lower()
        if low in context.GIVEN_WORDS or (low in GIVEN and not is_ordinary(low)):
            yield signing.span("x")
    if GIVEN_CLOSED.search(text):  # the dear search only where its end is found
        for match in REVERSED_LINE.finditer(text):
            if STATE.search(match["x"]) is None and _is_reversed(match["x"].lower()):
                yield match.span("x")


def _may_sign(found: str) -> bool:
    low = found.lower()
    if low in NEVER or low in NO_PERSON or (found.isupper() and len(low) > _INITIALS):
        return False
    return not is_ordinary(low) or low in GIVEN or low in context.GIVEN_WORDS


def _are_cells(given: str, family: str) -> bool:
    if given in NO_PERSON or family in context.BRANDS or given in NEVER or family in NEVER:
        return given in context.GIVEN_WORDS and family in FAMILY and family not in context.BRANDS
    first = given in GIVEN or given in GIVEN_RARE or given in context.GIVEN_WORDS
    return (first and not is_ordinary(given)) or (first and family in FAMILY)


def _is_reversed(line: str) -> bool:  # noqa: PLR0911 - one return a clue
    family, _, given = line.partition(",")
    last, first = family.split(), given.replace("ma. ", "").replace("& ", "").split()
    sure = first[0] in GIVEN and not is_ordinary(first[0])
    if (
        len(last) > 1
        and not (sure and len(last[0]) > _INITIALS and last[0] not in NEVER)
        and last[0] not in context.PARTICLES
        and (is_ordinary(last[0]) and last[0] not in FAMILY)
    ):
        return False
    if first[-1] in context.ORGANISATIONS or first[-1] in context.PLACES:
        return False
    if any(word in NEVER or word in context.PLACES for word in (*last[-1:], *first)):
        return False
    if any(word in context.BRANDS for word in (*last, *first)) and not set(last) <= FAMILY:
        return False
    named = last[-1] in FAMILY or last[-1] in RARE or not is_ordinary(last[-1])
    if len(first[0]) == 1:
        return named and len(first) == 1
    if set(last) <= context.ORGANISATIONS and not set(last) <= FAMILY:
        return False
    given_too = any(part in GIVEN or part in GIVEN_RARE for part in parts_of(first[0]))
    if TWO_SYLLABLES.fullmatch(first[0]) and set(last) <= FAMILY and not is_ordinary(last[-1]):
        return True
    return named and (first[0] in context.GIVEN_WORDS or (given_too and first[0] not in NO_PERSON))


def is_hyphenated(word: Word) -> bool:
    """Tells whether a part of a word with a hyphen is a given name, and none a company."""
    parts = parts_of(word.low)
    if word.low in context.PHRASES or " ".join(parts) in context.PHRASES:
        return False
    if any(part in NO_PERSON or part in context.PLACES for part in parts):
        return False
    return any(not is_ordinary(part) and (part in GIVEN or part in GIVEN_RARE) for part in parts)
