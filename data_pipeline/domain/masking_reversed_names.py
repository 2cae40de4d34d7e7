"""Finds names written family name first, as registers and bureaus do: `DOE, JANE Q`."""

import re
from collections.abc import Iterator

from data_pipeline.domain.name_lists import FAMILY, GIVEN, NEVER, NO_PERSON, is_ordinary

NAME = "[NAME]"

CAPS_REVERSED = re.compile(
    r"(?<![\w'’-])([A-Z][A-Z'’-]{1,24}(?:[ ][A-Z'’-]{2,20}){0,2}),[ ]{0,2}"
    r"([A-Z][A-Z'’-]{0,24}\.?)(?:[ ]([A-Z]{1,20})\b\.?)?"
)
REVERSED = re.compile(
    r"(?<![\w'’-])([A-Z][\w'’-]{1,24}),[ ]{1,2}([A-Z][a-zà-ÿ'’-]{1,24})(?:[ ]([A-Z])\b\.?)?"
)


_CAPITALISED = re.compile(r"([A-Z][\w'’.-]{0,23})[ ]$")


def find_reversed_names(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields names written family name first, as registers do: `DOE, JANE Q`."""
    if "," not in text:
        return
    for pattern in (CAPS_REVERSED, REVERSED):
        for match in pattern.finditer(text):
            words = match[1].lower().split()
            while len(words) > 1 and words[0] in NEVER:
                words = words[1:]
            if _is_reversed(words, match[2].rstrip(".").lower(), pattern is CAPS_REVERSED):
                start = match.end(1) - len(" ".join(words))
                if pattern is CAPS_REVERSED or not _goes_before(text, start):
                    yield start, match.end(), NAME


def _goes_before(text: str, start: int) -> bool:
    """Tells whether a capitalised word, no label, stands before: the comma is that of a list."""
    before = _CAPITALISED.search(text[max(0, start - 25) : start])
    return before is not None and before[1].lower() not in NEVER


def _is_reversed(words: list[str], given: str, caps: bool) -> bool:
    if any(word in NO_PERSON or word in NEVER for word in (*words, given)):
        return False
    if is_ordinary(given) or not (given in GIVEN or (caps and len(given) > 3)):  # noqa: PLR2004
        return False
    return not all(map(is_ordinary, words)) or all(word in FAMILY for word in words)


REVERSED_PATTERNS = (CAPS_REVERSED, REVERSED, _CAPITALISED)
"""Every pattern of this module, for the masker's version."""
