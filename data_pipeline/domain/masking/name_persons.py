"""Judges which words of a run of capitalised words are a person, by lists and by what is beside."""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.name_cues import (
    PLACE_AFTER,
    PLAIN,
    Cue,
    Page,
    before_cue,
    before_organisation,
    beside_placeholder,
    is_alone_on_line,
)
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    GIVEN,
    NEVER,
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
_MID_SENTENCE = re.compile(
    r"(?:^|[\s(])(?!(?:the|an?|of|in|on|at|new|this|that|per|via|no)[ ])[a-z][a-z']{0,14},?[ ]$"
)
_COUNTED = re.compile(r"(?<![:/\d.-])\d{2,5}[ ]$")
_REACH = 18
_SHORTEST_CAPS = 4


def persons(text: str, run: list[Word], cue: Cue, page: Page) -> Iterator[tuple[int, int]]:
    """Yields first and past-the-last word of each person in a run."""
    first, last = 0, len(run)
    while first < last and not _may_start(text, run, first, cue if first == 0 else Cue(), page):
        first += 1
    if 0 < first < last and f"{run[first - 1].low} {run[first].low}" in context.PHRASES:
        return
    barred = next((i for i in range(first, last) if _no_person(text, run, i, cue)), None)
    if barred is not None:
        last = barred
        told = (cue.title or cue.field or cue.role) and run[last].low not in context.ORGANISATIONS
        if not told and not _is_full_name(run[first:last]):
            return
    while last > first and not _may_end(run, first, last, page):
        last -= 1
    if last > first and _is_person(text, run[first:last], cue if first == 0 else Cue(), page):
        yield first, last


def may_be_named_too(text: str, words: list[Word], at: int) -> bool:
    """Tells whether a single word joined to a person is one: capitalised and nothing else known."""
    word = words[at]
    if not word.upper or word.initial or before_organisation(text, word.end):
        return False
    if word.low in NEVER or word.low in NO_PERSON or word.low in context.PLACES:
        return False
    if word.caps:
        return is_given(word) or is_family(word)
    if not is_unknown(word):
        return word.low in context.GIVEN_WORDS
    return PLAIN.match(text, word.start) is not None and not PLACE_AFTER.match(text, word.end)


def _no_person(text: str, run: list[Word], at: int, cue: Cue) -> bool:
    word = run[at]
    if not word.upper or word.low not in NO_PERSON:
        return False
    saint = word.low == "st" and text[word.end : word.end + 2] == ". "
    return not saint and not _is_family_too(text, run, at, cue)


def _is_family_too(text: str, run: list[Word], at: int, cue: Cue) -> bool:
    """Tells whether the word of a company is a name here, by the name before it or after it."""
    if at == 0 and len(run) > 1 and run[at].low in GIVEN and run[at].low in context.BRANDS:
        pair = f"{run[0].low} {run[1].low}"
        following = run[2] if run[1].initial and len(run) > 2 else run[1]  # noqa: PLR2004
        return pair not in context.PHRASES and _is_listed_family(following)
    if at == 0 or at != len(run) - 1:
        return False
    word, before = run[at], run[at - 1]
    if before.initial and at > 1:
        before = run[at - 2]
    if f"{before.low} {word.low}" in context.PHRASES or before_organisation(text, word.end):
        return False
    if word.low in context.ORGANISATIONS:
        told = cue.role or cue.title or cue.field
        return word.low in context.FAMILY_TOO and told
    return (is_given(before) or (before.low in GIVEN and at == 1)) and word.low in FAMILY


def _is_listed_family(word: Word) -> bool:
    return (word.low in FAMILY or word.low in RARE) and word.low not in context.ORGANISATIONS


def _may_start(  # noqa: PLR0911 - one return a clue
    text: str, run: list[Word], at: int, cue: Cue, page: Page
) -> bool:
    word = run[at]
    if word.upper and word.low in context.PLACE_PARTICLES:
        return at + 1 < len(run) and (cue.title or cue.role or cue.field)
    if word.initial or word.low in context.PARTICLES:
        return at + 1 < len(run)
    if not is_ordinary(word.low) or word.low in context.GIVEN_TOO:
        return True
    following = run[at + 1] if at + 1 < len(run) else None
    if cue.title or cue.field:
        return word.low not in NO_PERSON and word.low not in NEVER
    if cue.role or cue.greeting:
        return may_be_given(word)
    if following is None:
        return word.low in context.GIVEN_WORDS and (
            word.start in page.speakers
            or word.start in page.last_lines
            or before_cue(text, word.end)
            or _in_sentence(text, word)
        )
    if following.initial and at + 2 < len(run):
        following = run[at + 2]
    if word.low in context.BRANDS:
        return word.low in GIVEN and _is_listed_family(following)
    return may_be_given(word) and (is_family(following) or is_unknown(following))


def _in_sentence(text: str, word: Word) -> bool:
    """Tells whether a word has its capital in the middle of a sentence, where only a name has."""
    if word.caps or word.low in context.NOT_IN_A_SENTENCE or word.low in context.PLACES:
        return False
    if (
        word.low in NO_PERSON
        or not PLAIN.match(text, word.start)
        or text[word.end : word.end + 1] == "-"
    ):
        return False
    return _MID_SENTENCE.search(text[max(0, word.start - _REACH) : word.start]) is not None


def _may_end(run: list[Word], first: int, last: int, page: Page) -> bool:
    word = run[last - 1]
    if word.initial or word.low in context.SUFFIXES:
        return last - first > 1
    if not is_ordinary(word.low):
        return True
    if last - first > 1 and (
        may_be_family(word)
        or _may_follow_given(run[first], word)
        or word.low in NO_PERSON
        or (run[first].initial and word.low in RARE)
    ):
        return True
    return last - first == 1 and (
        may_be_given(word) or may_be_family(word) or word.start in page.speakers
    )


def _may_follow_given(before: Word, word: Word) -> bool:
    if word.caps or not word.upper or not is_given(before):
        return False
    return not (word.low in NEVER or word.low in NO_PERSON or word.low in context.PLACES)


def _is_person(  # noqa: C901, PLR0911 - one return a clue
    text: str, run: list[Word], cue: Cue, page: Page
) -> bool:
    telling = [w for w in run if not w.initial and w.low not in context.PARTICLES]
    if not telling:
        return len(run) == 2 and _act_by_initials(text, run)  # noqa: PLR2004
    if not _is_full_name(run) and before_organisation(text, run[-1].end, sole=len(run) == 1):
        return False
    if cue.title or cue.field:
        return True
    if cue.company or " ".join(w.low for w in run[:2]) in context.PHRASES:
        return False
    if beside_placeholder(text, run) and any(map(is_unknown, telling)):
        return len(telling) > 1 or is_given(telling[0]) or len(run) > 1
    if len(telling) == 1:
        return _is_lone_person(text, run, telling[0], cue, page)
    if any(map(is_given, telling[:2])) or is_given(telling[-1]):
        return True
    if any(map(_may_be_first, telling[:1])) and (is_family(telling[-1]) or is_unknown(telling[-1])):
        return True
    if telling[0].low in context.GIVEN_TOO:
        return True
    if cue.role or cue.greeting:
        return not all(is_ordinary(word.low) for word in telling)
    return is_unknown(telling[0]) and _reads_as_family(text, telling[-1], telling[0].caps)


def _is_full_name(run: list[Word]) -> bool:
    """Tells whether a run is a frequent given name and a family name, whatever follows."""
    return len(run) > 1 and is_common_given(run[0]) and is_family(run[-1])


def _act_by_initials(text: str, run: list[Word]) -> bool:
    """Tells whether two initials with full stops do what a person does: `T.W. informed`."""
    if (
        f"{run[0].low}{run[1].low}" in context.NO_INITIALS
        or text[run[1].end : run[1].end + 1] != "."
    ):
        return False
    return before_cue(text, run[1].end + 1)


def _may_be_first(word: Word) -> bool:
    return may_be_given(word) or (word.low in context.BRANDS and word.low in GIVEN)


def _reads_as_family(text: str, word: Word, caps: bool) -> bool:
    if PLACE_AFTER.match(text, word.end):
        return False
    return is_family(word) or (not caps and (is_unknown(word) or may_be_family(word)))


def _is_lone_person(  # noqa: C901, PLR0911 - one return a clue
    text: str, run: list[Word], word: Word, cue: Cue, page: Page
) -> bool:
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
        return (cued and is_family(word)) or ((cued or cue.speaking) and is_given(word))
    if is_common_given(word):
        return _COUNTED.search(before) is None
    if not word.upper:
        return (cue.role or cue.title or cue.greeting) and is_given(word)
    if cue.role or cue.greeting:
        return is_unknown(word) or may_be_given(word)
    if is_ordinary(word.low) and word.low in context.GIVEN_WORDS and _in_sentence(text, word):
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
        listed = len(word.low) > _SHORTEST_CAPS and (word.low in RARE or may_be_family(word))
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


PERSON_PATTERNS = (_MID_SENTENCE, _OF_A_PLACE, _IN, _WITHIN, _COUNTED, _PLACED, _TOLD_BEFORE)
"""Every pattern of this module, for the masker's version."""
