"""Finds names of persons by their words, by the words beside them and by being named before.

Word lists say which capitalised words are given or family names (`name_words/PROVENANCE.md`);
`name_cues` says what stands beside a name, `name_context` which words do and which only look like
one, `name_persons` which words of a run are a person. Once a person is found, the same words are
the person again wherever they stand in the text, and who is joined to a person is one too.

Each word is looked up a fixed number of times and a run of words has at most `_LONGEST` of them,
so the time is linear in the length of the text.
"""

import re
from collections.abc import Iterator, Sequence

from data_pipeline.domain.masking import known_names
from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.broad_names import broad_names
from data_pipeline.domain.masking.column_names import column_names
from data_pipeline.domain.masking.listed_names import listed_names
from data_pipeline.domain.masking.name_cues import (
    Cue,
    Page,
    cue_before,
    page_of,
)
from data_pipeline.domain.masking.name_forms import spelled
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    NEVER,
    Word,
    is_common_family,
    is_common_given,
    is_family,
    is_given,
    is_ordinary,
    is_unknown,
    may_be_first,
    words_of,
)
from data_pipeline.domain.masking.name_persons import persons
from data_pipeline.domain.masking.titled_names import phrased_names, with_offices

NAME = "[NAME]"
_LONGEST = 5
_JOIN = re.compile(r"[ ]{1,3}|\.[ ]{0,2}|[ ][\"“']|[\"”'][ ]")
AGENCY = re.compile(r"\b(?:fannie|ginnie|sallie)[ ]mae$", re.IGNORECASE)
_ABBREVIATED = frozenset(
    {"dr", "mr", "mrs", "ms", "st", "rev", "sgt", "capt", "prof", "wm", "chas", "geo"}
)
_SHORTEST_LOWER, _PARTICLE_REACH = 4, 5

_Stretch = tuple[int, int]


def find_names(text: str, told: Sequence[_Stretch] = ()) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every name of a person in a text.

    Args:
        text: the text.
        told: start and end of names found by other rules, in order; their words are known too.
    """
    words = words_of(text)
    page = page_of(text, words)
    lively = [at for at, word in enumerate(words) if not word.dull]
    found: list[_Stretch] = []
    for first, run, cue in _runs(text, words, lively, page):
        for begin, end in persons(text, run, cue, page):
            found.append((_with_nickname(text, words, first + begin), first + end))
    found.extend(known_names.joined(text, words, found))
    stretches = [(words[begin].start, words[end - 1].end) for begin, end in found]
    listed = sorted(_by_head(text, [word for word in words if word.heads]))
    broad = sorted(broad_names(text, words, lively, page, found))
    stretches += listed + broad
    known = {part for begin, end in found for part in known_names.remembered(words[begin:end])}
    known.update(known_names.told_before(words, told))
    known.update(known_names.told_before(words, listed))
    told_broadly = known_names.told_before(words, broad)
    known.update(part for part in told_broadly if part not in context.PLACES)
    stretches += spelled(text, known)
    surnames = known_names.ordinary_surnames(text, [*told, *listed, *broad]) - known
    stretches += known_names.acting(text, words, surnames)
    stretches = with_offices(text, _without_agencies(text, stretches))
    yield from ((start, end, NAME) for start, end in stretches)
    taken = {position for stretch in stretches for position in stretch}
    for start, end in known_names.again(text, words, lively, known):
        if start not in taken and end not in taken:
            yield start, end, NAME


def _by_head(text: str, heads: list[Word]) -> Iterator[_Stretch]:
    """Yields names that words beside them, or above them in a table, announce."""
    yield from listed_names(text, heads)
    yield from phrased_names(text, heads)
    yield from column_names(text, heads)


def _without_agencies(text: str, stretches: list[_Stretch]) -> list[_Stretch]:
    if "Mae" not in text and "MAE" not in text:
        return stretches
    return [at for at in stretches if not AGENCY.search(text[max(0, at[0] - 8) : at[1]])]


def _with_nickname(text: str, words: list[Word], at: int) -> int:
    """Returns where a name begins, with Big or the like before it."""
    before = words[at - 1] if at else None
    if before is None or not before.upper or before.low not in context.NICKNAMES:
        return at
    return at - 1 if text[before.end : words[at].start] == " " else at


def _runs(
    text: str, words: list[Word], lively: list[int], page: Page
) -> Iterator[tuple[int, list[Word], Cue]]:
    """Yields runs of words that may be a name: the place of the first, the run, its cue."""
    free = 0
    for at in lively:
        if at < free or _cannot_start(words, at, page):
            continue
        cue = cue_before(text, words, at, page)
        if not _starts(text, words, at, cue, page):
            continue
        last = at + 1
        while last < len(words) and last - at < _LONGEST and _continues(text, words, at, last):
            last += 1
        run = words[at:last]
        while len(run) > 1 and (
            (not run[-1].upper and run[-1].low in context.PARTICLES) or run[-1].low == "i"
        ):
            run = run[:-1]
        yield at, run, cue
        free = at + len(run)


def _cannot_start(words: list[Word], at: int, page: Page) -> bool:
    """Tells quickly whether a word is ordinary and nothing beside it could make a name of it."""
    word = words[at]
    low = word.low
    if not is_ordinary(low):
        return False
    if not word.upper and not (page.lower and low in context.GIVEN_TOO):
        return True
    if may_be_first(low) or word.start in page.fields:
        return False
    return not at or words[at - 1].low not in context.TITLES


def _starts(  # noqa: PLR0911 - one return a clue
    text: str, words: list[Word], at: int, cue: Cue, page: Page
) -> bool:
    word = words[at]
    if word.low in NEVER and word.initial:  # N for no, or for a name
        return at + 1 < len(words) and is_family(words[at + 1])
    if word.low in NEVER:
        if cue.title and word.upper and word.low in FAMILY and word.low not in context.TITLES:
            return True
        return word.low in context.GIVEN_TOO and _is_named_month(text, words, at, cue, page)
    if word.upper:
        return not (word.initial and text[word.start - 1 : word.start] in {"&", "/"})
    if cue.title or cue.role or cue.weak or cue.greeting:
        return is_given(word) or (cue.title and is_unknown(word) and len(word.low) > 2)  # noqa: PLR2004
    if word.start in page.speakers:
        return is_given(word)
    if len(word.low) > _SHORTEST_LOWER and is_common_given(word):
        return True
    return page.lower and _is_lower_name(text, words, at)


def _is_lower_name(text: str, words: list[Word], at: int) -> bool:
    """Tells whether a word of a text without capitals is a name: `okafor`, or `fern mcquillan`."""
    word = words[at]
    if is_common_family(word) and len(word.low) > _SHORTEST_LOWER and word.low in FAMILY:
        return True
    following = words[at + 1] if at + 1 < len(words) else None
    if following is None or text[word.end : following.start] != " ":
        return False
    given = is_given(word) or (word.low in context.GIVEN_WORDS and may_be_first(word.low))
    return given and is_family(following) and (following.low in FAMILY or is_given(word))


def _is_named_month(text: str, words: list[Word], at: int, cue: Cue, page: Page) -> bool:
    """Tells whether a family name follows a given name that is a month or the like too."""
    following = words[at + 1] if at + 1 < len(words) else None
    if following is None or following.upper != words[at].upper:
        return False
    if not following.upper and not (page.lower and following.end - following.start > 2):  # noqa: PLR2004
        return False
    if not _JOIN.fullmatch(text[words[at].end : following.start]):
        return False
    told = cue.title or cue.field or cue.role
    return is_common_family(following) or (told and is_unknown(following))


def _continues(  # noqa: PLR0911 - one return a clue
    text: str, words: list[Word], first: int, at: int
) -> bool:
    before, word = words[at - 1], words[at]
    gap = text[before.end : word.start]
    if gap != " " and not _JOIN.fullmatch(gap):
        return False
    if gap[0] == "." and not before.initial and before.low not in _ABBREVIATED:
        return False
    if len(gap) > 1 and gap.isspace() and at - first > 1 and _is_narrow(text, words, at - 1):
        return False  # the next column
    if word.low in NEVER and not word.initial:
        return False
    if word.upper:
        return word.caps == before.caps or word.initial or before.initial or _one_case(before, word)
    if word.low in context.PARTICLES:
        return _particle_joins(words, at)
    if len(word.low) == 1 and not before.upper:
        return at - first == 1 and word.low not in {"a", "i", "w", "n", "y"} and gap == " "
    return not before.upper and (
        is_family(word) or (len(word.low) >= _SHORTEST_LOWER and is_unknown(word))
    )


def _is_narrow(text: str, words: list[Word], at: int) -> bool:
    return text[words[at - 1].end : words[at].start] in {" ", ". ", "."}


def _particle_joins(words: list[Word], at: int) -> bool:
    upto = at + 2 if words[at + 1 : at + 2] and words[at + 1].low in context.PARTICLES else at + 1
    following = words[upto] if upto < len(words) else None
    if following is None or following.start - words[at].end > _PARTICLE_REACH:
        return False
    return following.upper or (not words[at - 1].upper and is_common_family(following))


def _one_case(before: Word, word: Word) -> bool:
    return word.low in context.SUFFIXES or before.low in context.SUFFIXES
