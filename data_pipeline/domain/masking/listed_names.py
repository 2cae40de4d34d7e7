"""Finds names by the form of a line: lists of those present, headers, sign-offs, initials."""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    GIVEN,
    NEVER,
    NO_PERSON,
    ORDINARY,
    RARE,
    Word,
    is_named,
    is_ordinary,
)

_PART = r"[A-ZÀ-ÖØ-Þ](?:[\w-]|['’](?!s\b)){1,24}"
_ONE = rf"(?:(?:[A-Z]\.[ ]?){{0,2}}{_PART}(?:[ ](?:[A-Z]\.?(?![\w'’-])|{_PART})){{0,3}})"
_COMMA = r",[ ]{0,2}(?:and[ ]|&[ ])?|;[ ]{0,2}|[ ]and[ ]|[ ]?[&/|+][ ]?"
_PART_OF = r"(?:[ ]\([a-z]{2,12}\))?"  # such as `(chair)`
LISTED = re.compile(
    r"(?:[ ](?:are|is|were|present|members))?[ ]?(?:[:(=—–-][ ]{0,3})?"
    rf"(?P<list>{_ONE}{_PART_OF}(?:(?:{_COMMA}){_ONE}{_PART_OF}){{1,11}})"
)
HEADED = re.compile(
    rf"[ ]{{0,2}}[:=][ \t]{{0,4}}(?P<x>{_ONE})(?=[ ]{{0,2}}(?:[\n<(,;|/\[@]|[ ][-–—]|$|[ ]{{2}}))"
)
SIGNED = re.compile(
    rf"(?:[ ]you)?[,!.–—-]{{1,2}}[ ]{{1,2}}(?P<x>{_PART}(?:[ ]{_PART}){{0,2}})(?=[.]?[ ]*(?:\n|$))"
)
INITIALS = re.compile(
    r"[-–—~/](?P<x>[ ]?(?:[A-Z]{2,3}|[A-Z]\.[ ]?[A-Z]\.?))(?=[ ]*(?:\n|$))"
    r"|(?<=[.!?)][ ])(?P<y>[A-Z]\.[ ]?[A-Z]\.)(?=\s*$)"
)
_CLOSED = re.compile(r"(?:[.!?)\]][ ]{1,2}|(?:^|\n)[ ]{0,3})[-–—~]?$")
_SEPARATOR = re.compile(rf"{_PART_OF}(?:{_COMMA})|[ ]\([a-z]{{2,12}}\)$")
_NO_INITIALS = NEVER | frozenset(
    {"llc", "inc", "usa", "fha", "ltv", "dti", "pdf", "tbd", "eom", "etc"}
)
_CLOSED_REACH, _MOST_SIGNERS, _SURE = 6, 8, 3

_Stretch = tuple[int, int]


def listed_names(text: str, words: list[Word]) -> Iterator[_Stretch]:
    """Yields start and end of names that the form of a line gives away."""
    for word in words:
        if word.low in context.LIST_HEADS and (match := LISTED.match(text, word.end)):
            yield from _listed(match)
        if word.low in context.LINE_HEADS:
            match = HEADED.match(text, word.end)
        elif word.low in context.CLOSINGS:
            match = SIGNED.match(text, word.end)
        else:
            continue
        if match and _may_be_person(match["x"]):
            yield match.span("x")
    yield from _initials(text)


def _listed(match: re.Match[str]) -> Iterator[_Stretch]:
    items = list(_items(match))
    known = sum(_is_known(item) for _, item in items)
    for start, item in items if known else ():
        if _may_be_person(item) or (known >= _SURE and _may_be_surname(item.lower())):
            yield start, start + len(item)


def _initials(text: str) -> Iterator[_Stretch]:
    """Yields who signs by initials alone, there and wherever the same letters stand."""
    signed = set()
    for match in INITIALS.finditer(text):
        before = text[max(0, match.start() - _CLOSED_REACH) : match.start()]
        if match["y"] or _CLOSED.search(before):
            signed.add((match["x"] or match["y"]).strip())
    for letters in sorted(signed)[:_MOST_SIGNERS]:
        plain = letters.lower().replace(".", "").replace(" ", "")
        if plain not in _NO_INITIALS and plain not in context.NO_INITIALS:
            pattern = rf"(?<![\w.&]){re.escape(letters)}(?![\w&-])"
            yield from (match.span() for match in re.finditer(pattern, text))


def _items(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    at = match.start("list")
    for separator in _SEPARATOR.finditer(match["list"]):
        end = match.start("list") + separator.start()
        yield at, match.string[at:end]
        at = match.start("list") + separator.end()
    yield at, match.string[at : match.end("list")]


def _words(item: str) -> list[str]:
    return [word for word in re.split(r"[ .]+", item.lower().replace("’", "'")) if len(word) > 1]


def _is_known(item: str) -> bool:
    return any(is_named(word) and not is_ordinary(word) for word in _words(item))


def _may_be_surname(low: str) -> bool:
    return low in FAMILY and low not in NEVER and low not in NO_PERSON


def _may_be_person(item: str) -> bool:
    """Tells whether no word of an item rules a person out; an ordinary one may be a name too."""
    words = _words(item)
    if len(words) > 2 and words[0] in GIVEN and not any(map(is_ordinary, (words[0], words[-1]))):  # noqa: PLR2004
        return True
    if not words or any(word in NO_PERSON or word in NEVER for word in words):
        return False
    if len(words) == 1:
        return words[0] in context.GIVEN_WORDS or not is_ordinary(words[0])
    first = words[0] in context.GIVEN_WORDS or words[0] not in ORDINARY
    return first and (words[-1] not in ORDINARY or words[-1] in FAMILY or words[-1] in RARE)
