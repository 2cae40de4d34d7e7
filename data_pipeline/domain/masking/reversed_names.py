"""Finds names written family name first, as registers and bureaus do: `DOE, JANE Q`."""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking.name_context import GIVEN_WORDS
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    GIVEN,
    GIVEN_RARE,
    NEVER,
    NO_PERSON,
    RARE,
    is_named,
    is_ordinary,
)

NAME = "[NAME]"

CAPS_REVERSED = re.compile(
    r"(?<![\w'’-])([A-Z][A-Z'’-]{1,24}(?:[ ][A-Z'’-]{2,20}){0,2}),[ ]{0,2}"
    r"([A-Z][A-Z'’-]{0,24})(?![a-z]|\.[A-Z])\.?(?:(?:[ ]|,(?=[A-Z]\b))([A-Z]{1,20})\b\.?)?"
)
REVERSED = re.compile(
    r"(?<![\w'’-])([A-Z][\w'’-]{1,24}),[ ]{1,2}([A-Z](?:[a-zà-ÿ'’-]{1,24}"
    r"|(?=\.(?![A-Z]))|(?=[ ](?:and|[-–&|/])|[|;\n\"]|$)))\.?"
    r"(?:[ ]([A-Z])\b\.?)?"
)
_CAPITALISED = re.compile(r"([A-Z][\w'’.-]{0,23})[ ]$")


def find_reversed_names(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields names written family name first, as registers do: `DOE, JANE Q`."""
    if "," not in text:
        return
    for pattern in (CAPS_REVERSED, REVERSED):
        caps = pattern is CAPS_REVERSED
        for match in pattern.finditer(text):
            words = match[1].lower().split()
            while len(words) > 1 and words[0] in NEVER:
                words = words[1:]
            spaced, initial = ", " in match[0], caps and len(match[3] or "") == 1
            if not _is_reversed(words, match[2].lower(), caps=caps, spaced=spaced, sure=initial):
                continue
            start = match.end(1) - len(" ".join(words))
            if caps or not _goes_before(text, start):
                more = (match[3] or "").lower()
                yield start, match.end() if _may_follow(more) else match.end(2), NAME


def _goes_before(text: str, start: int) -> bool:
    """Tells whether a capitalised word, no label, stands before: the comma is that of a list."""
    before = _CAPITALISED.search(text[max(0, start - 25) : start])
    return before is not None and before[1].lower() not in NEVER


def _may_follow(word: str) -> bool:
    return len(word) < 2 or is_named(word) or not is_ordinary(word)  # noqa: PLR2004


def _is_reversed(words: list[str], given: str, *, caps: bool, spaced: bool, sure: bool) -> bool:
    if any(word in NO_PERSON or word in NEVER for word in words) or given in NO_PERSON:
        return False
    family = any(word in FAMILY or word in RARE for word in words)
    if len(given) == 1:
        return family and not any(map(is_ordinary, words))
    if is_ordinary(given):
        named = sure or not all(map(is_ordinary, words))
        return given in GIVEN_WORDS and family and named
    if given not in GIVEN and given not in GIVEN_RARE and not (caps and (family or spaced)):
        return False
    return not all(map(is_ordinary, words)) or all(word in FAMILY for word in words)
