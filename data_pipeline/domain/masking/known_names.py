"""Finds again the persons of a text whose names are known: joined to one, named before, acting."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.name_cues import (
    before_organisation,
    is_alone_on_line,
    within_organisation,
)
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    NEVER,
    NO_PERSON,
    ORDINARY,
    Word,
    is_ordinary,
    parts_of,
)
from data_pipeline.domain.masking.name_persons import may_be_named_too

_BETWEEN = re.compile(r"[ ]{0,2}(?:&|and|und|y|e|or|[+]|/)[ ]{0,2}(?:his[ ]|her[ ])?")
ACTING = re.compile(r"[ ](?!is|was|has|does)[a-z]{2,11}(?:s|ed)[ ,.]")
_MOST_WORDS = 5

_Stretch = tuple[int, int]


def joined(text: str, words: list[Word], found: list[_Stretch]) -> Iterator[_Stretch]:
    """Yields who is joined to a person by and, & or a stroke, and looks like one."""
    taken = {at for begin, end in found for at in range(begin, end)}
    for begin, end in found:
        after = end + 1 if end < len(words) and words[end].low in {"and", "y", "or"} else end
        before = begin - 2 if begin and words[begin - 1].low in {"and", "y", "or"} else begin - 1
        for at, left, right in ((after, end - 1, after), (before, before, begin)):
            if not 0 <= at < len(words) or at in taken:
                continue
            if _BETWEEN.fullmatch(text[words[left].end : words[right].start]) is None:
                continue
            if may_be_named_too(text, words, at):
                taken.add(at)
                yield at, at + 1


def told_before(words: list[Word], told: Sequence[_Stretch]) -> Iterator[str]:
    """Yields the words of names told elsewhere, in order, that are no ordinary ones."""
    at = 0
    for start, end in told:
        while at < len(words) and words[at].end <= start:
            at += 1
        run = words[at : at + _MOST_WORDS]
        for part in remembered([word for word in run if word.start < end]):
            if part not in ORDINARY:
                yield part


def ordinary_surnames(text: str, told: Sequence[_Stretch]) -> set[str]:
    """Returns the last words of names of several words that are ordinary words too."""
    last = set()
    for start, end in told:
        found = text[start:end].lower().rpartition(" ")
        if found[1] or text[start - 1 : start] == '"':  # one word alone fills a cell
            last.add(found[2])
    last = {word for word in last if word in FAMILY and word in ORDINARY}
    return {word for word in last if word not in NEVER and word not in NO_PERSON}


def acting(text: str, words: list[Word], surnames: set[str]) -> Iterator[_Stretch]:
    """Yields ordinary words that are the family name of someone named where they act."""
    for word in words if surnames else ():
        if (
            word.upper
            and not word.caps
            and word.low in surnames
            and ACTING.match(text, word.end)
            and not before_organisation(text, word.end)
        ):
            yield word.start, word.end


def remembered(run: list[Word]) -> Iterator[str]:
    """Yields the parts of a person's name that are that person wherever they stand."""
    for at, word in enumerate(run):
        yield from _parts_remembered(word.low, at > 0)


@lru_cache(maxsize=1 << 14)
def _parts_remembered(low: str, follows: bool) -> tuple[str, ...]:
    return tuple(part for part in {low, *parts_of(low)} if _is_remembered(part, low, follows))


def _is_remembered(part: str, low: str, follows: bool) -> bool:
    if part != low and is_ordinary(part):
        return False
    if len(part) <= 2 or part in NEVER:  # noqa: PLR2004
        return False
    if part not in NO_PERSON:
        return True
    family_too = part not in context.ORGANISATIONS or part in context.FAMILY_TOO
    return follows and part in FAMILY and family_too


def again(text: str, words: list[Word], lively: list[int], known: set[str]) -> Iterator[_Stretch]:
    """Yields known names, or the first letters of one that close a letter."""
    if not known:
        return
    short = {part[:size] for part in known if len(part) > 3 for size in (3, 4)}  # noqa: PLR2004
    for at in lively:
        word = words[at]
        low = word.low
        plural_or_double = low[-1] == "s" or "-" in low
        if low not in known and not (plural_or_double and _is_known(low, known)):
            if low in short and is_alone_on_line(text, word):
                yield word.start, word.end
        elif _is_meant(text, words, at):
            yield word.start, word.end


def _is_known(low: str, known: set[str]) -> bool:
    if low[-1] == "s" and low.rstrip("s") in known:
        return True
    return "-" in low and any(part in known for part in low.split("-"))


def _is_meant(text: str, words: list[Word], at: int) -> bool:
    """Tells whether a known word is the person, and neither a thing nor part of a company."""
    word = words[at]
    if not word.upper and (word.low in ORDINARY or len(word.low) < 4):  # noqa: PLR2004
        return False
    if at and f"{words[at - 1].low} {word.low}" in context.PHRASES:
        return False
    if word.low in NO_PERSON and any(w.low in NO_PERSON for w in words[at + 1 : at + 2]):
        return False
    return not before_organisation(text, word.end) and not within_organisation(text, word.end)
