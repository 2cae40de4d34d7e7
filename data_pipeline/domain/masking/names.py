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
from hashlib import sha256

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.listed_names import listed_names
from data_pipeline.domain.masking.name_cues import (
    CUE_PATTERNS,
    PLACEHOLDER_BEFORE,
    Cue,
    Page,
    before_organisation,
    cue_before,
    is_alone_on_line,
    page_of,
    within_organisation,
)
from data_pipeline.domain.masking.name_lists import (
    ABBREVIATION,
    CONTRACTED,
    FAMILY,
    LISTS_DIGEST,
    MISREAD,
    NEVER,
    NO_PERSON,
    ODD,
    ORDINARY,
    PREFIXED,
    WORD,
    Word,
    is_common_family,
    is_common_given,
    is_family,
    is_given,
    is_ordinary,
    is_unknown,
    may_be_first,
    parts_of,
    words_of,
)
from data_pipeline.domain.masking.name_persons import PERSON_PATTERNS, may_be_named_too, persons

NAME = "[NAME]"
_LONGEST = 5
_JOIN = re.compile(r"[ ]{1,3}|\.[ ]{0,2}|[ ][\"“']|[\"”'][ ]")
_BETWEEN = re.compile(r"[ ]{0,2}(?:&|and|und|y|e|or|[+]|/)[ ]{0,2}(?:his[ ]|her[ ])?")
_ABBREVIATED = frozenset({"dr", "mr", "mrs", "ms", "st", "rev", "sgt", "capt", "prof"})
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
    found: list[_Stretch] = []
    for first, run, cue in _runs(text, words, page):
        for begin, end in persons(text, run, cue, page):
            found.append((_with_nickname(text, words, first + begin), first + end))
    found.extend(_joined(text, words, found))
    stretches = [(words[begin].start, words[end - 1].end) for begin, end in found]
    listed = sorted(listed_names(text, words))
    stretches += listed
    known = {part for begin, end in found for part in _remembered(words[begin:end])}
    known.update(_told_before(words, told))
    known.update(_told_before(words, listed))
    yield from ((start, end, NAME) for start, end in stretches)
    taken = {position for stretch in stretches for position in stretch}
    for start, end in _again(text, words, known):
        if start not in taken and end not in taken:
            yield start, end, NAME


def _with_nickname(text: str, words: list[Word], at: int) -> int:
    """Returns where a name begins, with Big or the like before it."""
    before = words[at - 1] if at else None
    if before is None or not before.upper or before.low not in context.NICKNAMES:
        return at
    return at - 1 if text[before.end : words[at].start] == " " else at


def _runs(text: str, words: list[Word], page: Page) -> Iterator[tuple[int, list[Word], Cue]]:
    """Yields runs of words that may be a name: the place of the first, the run, its cue."""
    at = 0
    while at < len(words):
        word = words[at]
        if not word.upper and is_ordinary(word.low):
            at += 1
            continue
        if _cannot_start(words, at, page):
            at += 1
            continue
        cue = cue_before(text, words, at, page)
        if not _starts(text, words, at, cue, page):
            at += 1
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
        at += max(1, len(run))


def _cannot_start(words: list[Word], at: int, page: Page) -> bool:
    """Tells quickly whether a word is ordinary and nothing beside it could make a name of it."""
    low = words[at].low
    if not is_ordinary(low) or may_be_first(low) or words[at].start in page.fields:
        return False
    return not at or words[at - 1].low not in context.TITLES


def _starts(text: str, words: list[Word], at: int, cue: Cue, page: Page) -> bool:
    word = words[at]
    if word.low in NEVER and word.initial:  # N for no, or for a name
        return at + 1 < len(words) and is_family(words[at + 1])
    if word.low in NEVER:
        return word.low in context.GIVEN_TOO and _is_named_month(text, words, at, cue)
    if word.upper:
        return not (word.initial and text[word.start - 1 : word.start] in {"&", "/"})
    if cue.title or cue.role or cue.weak or cue.greeting:
        return is_given(word) or (cue.title and is_unknown(word) and len(word.low) > 2)  # noqa: PLR2004
    if word.start in page.speakers:
        return is_given(word)
    return len(word.low) > _SHORTEST_LOWER and is_common_given(word)


def _is_named_month(text: str, words: list[Word], at: int, cue: Cue) -> bool:
    """Tells whether a family name follows a given name that is a month or the like too."""
    following = words[at + 1] if at + 1 < len(words) else None
    if following is None or not following.upper or not words[at].upper:
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
    if not _JOIN.fullmatch(gap):
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
    return (
        following is not None
        and following.upper
        and following.start - words[at].end <= _PARTICLE_REACH
    )


def _one_case(before: Word, word: Word) -> bool:
    return word.low in context.SUFFIXES or before.low in context.SUFFIXES


def _joined(text: str, words: list[Word], found: list[_Stretch]) -> Iterator[_Stretch]:
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


def _told_before(words: list[Word], told: Sequence[_Stretch]) -> Iterator[str]:
    at = 0
    for start, end in told:
        while at < len(words) and words[at].end <= start:
            at += 1
        run = words[at : at + _LONGEST]
        for part in _remembered([word for word in run if word.start < end]):
            if part not in ORDINARY:
                yield part


def _remembered(run: list[Word]) -> Iterator[str]:
    for at, word in enumerate(run):
        for part in {word.low, *parts_of(word.low)}:
            if part != word.low and is_ordinary(part):
                continue
            family_too = (
                at
                and part in FAMILY
                and (part not in context.ORGANISATIONS or part in context.FAMILY_TOO)
            )
            if len(part) > 2 and part not in NEVER and (part not in NO_PERSON or family_too):  # noqa: PLR2004
                yield part


def _again(text: str, words: list[Word], known: set[str]) -> Iterator[_Stretch]:
    if not known:
        return
    short = {part[:size] for part in known if len(part) > 3 for size in (3, 4)}  # noqa: PLR2004
    for at, word in enumerate(words):
        if not _is_known(word.low, known):
            if word.low in short and is_alone_on_line(text, word):
                yield word.start, word.end
            continue
        if not word.upper and (word.low in ORDINARY or len(word.low) < 4):  # noqa: PLR2004
            continue
        if word.low in NO_PERSON and any(w.low in NO_PERSON for w in words[at + 1 : at + 2]):
            continue
        if not before_organisation(text, word.end) and not within_organisation(text, word.end):
            yield word.start, word.end


def _is_known(low: str, known: set[str]) -> bool:
    if low in known or (low[-1] == "s" and low.rstrip("s") in known):
        return True
    return "-" in low and any(part in known for part in low.split("-"))


def names_fingerprint() -> str:
    """Returns a digest over the word lists and patterns that find names."""
    beside = [
        " ".join(sorted(words))
        for words in (
            context.TITLES, context.ROLES, context.GREETINGS, context.WEAK, context.AFTER,
            context.PARTICLES, context.SUFFIXES, context.ORGANISATIONS, context.BRANDS,
            context.PLACES, context.LABELS, context.LOWER_TITLES, context.PHRASES,
            context.EMPLOYERS, context.SPEAKING, context.ORDINARY_TOO, context.ACRONYMS,
            context.FAMILY_TOO, context.GIVEN_TOO, context.GIVEN_WORDS, context.MAKES,
            context.NOT_IN_A_SENTENCE,
            context.NICKNAMES, context.NO_INITIALS, context.KINDS_OF_NAME, context.NAME_LABELS,
            context.PLACE_PARTICLES, context.LIST_HEADS, context.LINE_HEADS, context.CLOSINGS,
        )
    ]  # fmt: skip
    forms = [
        pattern.pattern
        for pattern in (
            PLACEHOLDER_BEFORE, WORD, _JOIN, _BETWEEN, ODD, CONTRACTED, ABBREVIATION, MISREAD,
            PREFIXED,
            *CUE_PATTERNS, *PERSON_PATTERNS,
        )
    ]  # fmt: skip
    return sha256("\n".join([LISTS_DIGEST, *beside, *forms]).encode()).hexdigest()[:12]
