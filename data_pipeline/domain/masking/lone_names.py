"""Judges a single word that may be a person, by lists and by what stands beside it."""

import re

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.name_cues import (
    PLACE_AFTER,
    PLAIN,
    Cue,
    Page,
    before_cue,
    is_alone_on_line,
)
from data_pipeline.domain.masking.name_lists import (
    NO_PERSON,
    RARE,
    Word,
    is_common_family,
    is_common_given,
    is_family,
    is_given,
    is_ordinary,
    is_unknown,
    may_be_family,
    may_be_given,
)

_PLACED = re.compile(
    r"(?:\b(?:in|at|near|of|outside|around|through|into|toward|to|from|with|w/|the|an?|by|via|on"
    r"|lake|cape|port|fort|ft\.?|mt\.?|mount|las|los|santa|san|saint|st\.?|old|new|east|west|north"
    r"|south|union|du|toyota|fond[ ]du|greater|upper|lower|branch|br|cty|purch|prime)"
    r"|['’]?\d{2,4})[ ]$",
    re.IGNORECASE,
)
_TOLD_BEFORE = re.compile(
    r"\b(?:for|called|calling|told|asked|emailed|texted|phoned|advised|informed|cc|re|spoke[ ]to"
    r"|spoke[ ]with|met[ ]with|reached|versus|vs\.?|v\.|ask|tell|contact|thanks|by|per|named)"
    r"[ :]{1,2}$",
    re.IGNORECASE,
)
_OF_A_PLACE = re.compile(
    r"\b(?:San|Santa|Fort|Ft\.?|Port|Mount|Mt\.?|Lake|Las|Los|Cape|New|North|South"
    r"|East|West|Coral|Costa|(?:County|City|Town|State|University)[ ]of)[ ]$"
)
_IN = re.compile(r"\b(?:in|near|outside)[ ]$")
_WITHIN = re.compile(r"[a-z(,;][ (]{0,2}$")
_COUNTED = re.compile(r"(?<![:/\d.-])\d{2,5}[ ]$")
MID_SENTENCE = re.compile(
    r"(?:^|[\s(])(?!(?:the|an?|of|in|on|at|new|this|that|per|via|no)[ ])[a-z][a-z']{0,14},?[ ]$"
)
_REACH = 18
_SHORTEST_CAPS = 4


def is_in_sentence(text: str, word: Word) -> bool:
    """Tells whether a word has its capital in the middle of a sentence, where only a name has."""
    if word.caps or word.low in context.NOT_IN_A_SENTENCE or word.low in context.PLACES:
        return False
    if (
        word.low in NO_PERSON
        or not PLAIN.match(text, word.start)
        or text[word.end : word.end + 1] == "-"
    ):
        return False
    return MID_SENTENCE.search(text[max(0, word.start - _REACH) : word.start]) is not None


def is_lone_person(  # noqa: C901, PLR0911, PLR0912 - one return a clue
    text: str, run: list[Word], word: Word, cue: Cue, page: Page
) -> bool:
    """Tells whether a word, perhaps with initials, is a person although no other name stands by."""
    if len(run) > 1:
        return _is_with_initials(text, run, word)
    before = text[max(0, word.start - _REACH) : word.start]
    if not (cue.role or cue.greeting) and (
        _OF_A_PLACE.search(before)
        or (_IN.search(before) and text[word.end : word.end + 2] not in {"'s", "’s"})
    ):
        return False
    if word.caps:
        cued = cue.role or cue.greeting or word.start in page.speakers
        told = len(word.low) >= _SHORTEST_CAPS and _TOLD_BEFORE.search(before) is not None
        if (cued or told) and is_family(word):
            return True
        return (cued or cue.speaking) and is_given(word)
    if is_common_given(word):
        return _COUNTED.search(before) is None
    if not word.upper:
        if page.lower and is_common_family(word):
            return _PLACED.search(before) is None
        return (cue.role or cue.title or cue.greeting) and is_given(word)
    if cue.role or cue.greeting:
        return is_unknown(word) or may_be_given(word)
    if is_ordinary(word.low) and word.low in context.GIVEN_WORDS and is_in_sentence(text, word):
        return True
    if "-" in word.low and text[word.start + word.low.index("-") + 1].isupper():
        return is_family(word)
    if before_cue(text, word.end) or cue.speaking or word.start in page.speakers:
        return is_unknown(word) or may_be_given(word)
    if is_alone_on_line(text, word):
        if word.start in page.last_lines and may_be_given(word):
            return True
        return is_unknown(word) and PLAIN.match(text, word.start) is not None
    if is_common_family(word):
        return not PLACE_AFTER.match(text, word.end)
    return (is_family(word) or is_given(word)) and _is_told(text, word, before)


def _is_with_initials(text: str, run: list[Word], word: Word) -> bool:
    if not run[0].initial:
        return is_given(word) or (is_family(word) and len(word.low) > 3)  # noqa: PLR2004
    if is_family(word):
        return True
    if word.end - word.start <= 2:  # noqa: PLR2004
        return False
    dotted = text[run[0].end : run[0].end + 1] == "."
    if not is_unknown(word):
        listed = (len(word.low) > _SHORTEST_CAPS and word.low in RARE) or may_be_family(word)
        listed = listed and word.low != "box"
        return (
            dotted
            and listed
            and not word.caps
            and _WITHIN.search(text[max(0, run[0].start - 3) : run[0].start]) is not None
        )
    return not word.caps or (dotted and len(word.low) >= _SHORTEST_CAPS)


def _is_told(text: str, word: Word, before: str) -> bool:
    """Tells whether a rare name alone is a person's: nothing makes a place or a thing of it."""
    if PLACE_AFTER.match(text, word.end):
        return False
    if _TOLD_BEFORE.search(before):
        return True
    return _PLACED.search(before) is None and _COUNTED.search(before) is None
