"""Judges which words of a run of capitalised words are a person, by lists and by what is beside."""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.lone_names import (
    MID_SENTENCE,
    is_in_sentence,
    is_lone_person,
)
from data_pipeline.domain.masking.name_cues import (
    PLACE_AFTER,
    PLAIN,
    Cue,
    Page,
    before_cue,
    before_organisation,
    beside_placeholder,
)
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    GIVEN,
    NEVER,
    NO_PERSON,
    RARE,
    Word,
    is_common_given,
    is_family,
    is_given,
    is_ordinary,
    is_unknown,
    may_be_family,
    may_be_given,
)

# Given names that begin a sentence or a heading more often as the verb or thing they are too.
_SELDOM_GIVEN = frozenset(
    [
        "will",
        "may",
        "bill",
        "mark",
        "grant",
        "chase",
        "art",
        "skip",
        "sky",
        "star",
        "van",
        "rich",
        "frank",
    ]
)
LABELLED = re.compile(r"[:\"“(][ ]?$")
_ENDS = frozenset(',)"”;')
_REACH = 18


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
    if at == 0 and cue.title and len(run) == 1 and word.low in FAMILY:
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
        paired = word.low in context.PAIRED and is_common_given(before)
        return paired or (word.low in context.FAMILY_TOO and told)
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
        return (word.low not in NO_PERSON or word.low in FAMILY) and word.low not in NEVER
    if cue.role or cue.greeting:
        return may_be_given(word)
    if following is None:
        return word.low in context.GIVEN_WORDS and (
            word.start in page.speakers
            or word.start in page.last_lines
            or before_cue(text, word.end)
            or is_in_sentence(text, word)
        )
    if following.initial and at + 2 < len(run):
        following = run[at + 2]
    if word.low in context.BRANDS:
        return word.low in GIVEN and _is_listed_family(following)
    if not may_be_given(word):
        return False
    return is_family(following) or is_unknown(following) or _is_pair(text, word, following)


def _is_pair(text: str, word: Word, following: Word) -> bool:
    """Tells whether two ordinary words are a given and a family name, as in `Joy Summers`."""
    if not following.upper or word.caps != following.caps:
        return False
    before = text[max(0, word.start - _REACH) : word.start]
    if word.low in _SELDOM_GIVEN and MID_SENTENCE.search(before) is None:
        closed = text[following.end : following.end + 1] in _ENDS
        if not closed or LABELLED.search(before) is None:
            return False
    if not may_be_family(following) or f"{word.low} {following.low}" in context.PHRASES:
        return False
    if word.caps or word.low not in context.GIVEN_WORDS or word.low in context.PLACES:
        return False
    return PLACE_AFTER.match(text, following.end) is None


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
        return is_lone_person(text, run, telling[0], cue, page)
    if any(map(is_given, telling[:2])) or is_given(telling[-1]):
        return True
    if any(map(_may_be_first, telling[:1])) and (is_family(telling[-1]) or is_unknown(telling[-1])):
        return True
    if telling[0].low in context.GIVEN_TOO:
        return True
    if may_be_given(telling[0]) and _is_pair(text, telling[0], telling[-1]):
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
