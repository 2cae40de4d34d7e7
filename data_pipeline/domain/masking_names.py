"""Finds names of persons by their words, by the words beside them and by being named before.

A word list says which capitalised words are given or family names (`name_words/PROVENANCE.md`);
`name_cues` says what stands beside a name, `name_context` which words do and which only look like
one. Once a person is found, the same words are the person again wherever they stand in the text.

Each word is looked up a fixed number of times and a run of words has at most `_LONGEST` of them,
so the time is linear in the length of the text.
"""

import re
from collections.abc import Iterator
from hashlib import sha256

from data_pipeline.domain import name_context as context
from data_pipeline.domain.name_cues import (
    ALONE_ON_LINE,
    CUE_PATTERNS,
    PLACE_AFTER,
    PLACEHOLDER_BEFORE,
    PLAIN,
    Cue,
    before_cue,
    before_organisation,
    beside_placeholder,
    cue_before,
    is_speaker,
)
from data_pipeline.domain.name_lists import (
    CONTRACTED,
    FAMILY,
    GIVEN,
    NEVER,
    NO_PERSON,
    ODD,
    ORDINARY,
    WORD,
    Word,
    is_family,
    is_given,
    is_ordinary,
    is_unknown,
    may_be_family,
    may_be_given,
    parts_of,
    words_of,
)

NAME = "[NAME]"
_LONGEST = 5
_JOIN = re.compile(r"[ ]{1,3}|\.[ ]{0,2}|[ ][\"“']|[\"”'][ ]")
_ABBREVIATED = frozenset({"jr", "sr", "dr", "mr", "mrs", "ms", "st", "rev", "sgt", "capt", "prof"})
_SHORTEST_LOWER, _PARTICLE_REACH = 4, 5


def find_names(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every name of a person in a text."""
    words = words_of(text)
    found: list[tuple[int, int]] = []
    known: set[str] = set()
    for run, cue in _runs(text, words):
        for first, last in _persons(text, run, cue):
            found.append((run[first].start, run[last - 1].end))
            known.update(_remembered(run[first:last]))
    yield from ((start, end, NAME) for start, end in found)
    taken = {position for start, end in found for position in (start, end)}
    for start, end in _again(text, words, known):
        if start not in taken and end not in taken:
            yield start, end, NAME


def _runs(text: str, words: list[Word]) -> Iterator[tuple[list[Word], Cue]]:
    at = 0
    while at < len(words):
        if not words[at].upper and is_ordinary(words[at].low):
            at += 1
            continue
        cue = cue_before(text, words, at)
        if not _starts(words[at], cue):
            at += 1
            continue
        last = at + 1
        while last < len(words) and last - at < _LONGEST and _continues(text, words, last):
            last += 1
        run = words[at:last]
        while len(run) > 1 and not run[-1].upper and run[-1].low in context.PARTICLES:
            run = run[:-1]
        yield run, cue
        at += max(1, len(run))


def _starts(word: Word, cue: Cue) -> bool:
    if word.low in NEVER and not (cue.field and may_be_given(word)):
        return False
    if word.upper:
        return True
    if cue.title or cue.role or cue.weak or cue.greeting:
        return is_given(word) or (cue.title and is_unknown(word) and len(word.low) > 2)  # noqa: PLR2004
    return len(word.low) > 4 and is_given(word)  # noqa: PLR2004


def _continues(text: str, words: list[Word], at: int) -> bool:
    before, word = words[at - 1], words[at]
    gap = text[before.end : word.start]
    if not _JOIN.fullmatch(gap):
        return False
    if gap[0] == "." and not before.initial and before.low not in _ABBREVIATED:
        return False
    if word.low in NEVER and not word.initial:
        return False
    if word.upper:
        return word.caps == before.caps or word.initial or before.initial or _one_case(before, word)
    if word.low in context.PARTICLES:
        upto = (
            at + 2 if words[at + 1 : at + 2] and words[at + 1].low in context.PARTICLES else at + 1
        )
        following = words[upto] if upto < len(words) else None
        return (
            following is not None
            and following.upper
            and following.start - word.end <= _PARTICLE_REACH
        )
    return not before.upper and (
        is_family(word) or (len(word.low) >= _SHORTEST_LOWER and is_unknown(word))
    )


def _one_case(before: Word, word: Word) -> bool:
    return word.low in context.SUFFIXES or before.low in context.SUFFIXES


def _persons(text: str, run: list[Word], cue: Cue) -> Iterator[tuple[int, int]]:
    """Yields first and past-the-last word of each person in a run."""
    first, last = 0, len(run)
    while first < last and not _may_start(run, first, cue if first == 0 else Cue()):
        first += 1
    if any(_no_person(text, word) and word.upper for word in run[first:last]):
        last = next(i for i in range(first, last) if _no_person(text, run[i]))
        if not (cue.title or cue.field or cue.role) or run[last].low in context.ORGANISATIONS:
            return
    while last > first and not _may_end(run, first, last):
        last -= 1
    if last > first and _is_person(text, run[first:last], cue if first == 0 else Cue()):
        yield first, last


def _no_person(text: str, word: Word) -> bool:
    saint = word.low == "st" and text[word.end : word.end + 2] == ". "
    return word.low in NO_PERSON and not saint


def _may_start(run: list[Word], at: int, cue: Cue) -> bool:
    word = run[at]
    if word.initial or word.low in context.PARTICLES:
        return at + 1 < len(run)
    if not is_ordinary(word.low):
        return True
    following = run[at + 1] if at + 1 < len(run) else None
    if cue.title or cue.field:
        return word.low not in NO_PERSON and word.low not in NEVER
    if cue.role or cue.greeting:
        return may_be_given(word)
    if following is None:
        return False
    if following.initial and at + 2 < len(run):
        following = run[at + 2]
    return may_be_given(word) and (is_family(following) or is_unknown(following))


def _may_end(run: list[Word], first: int, last: int) -> bool:
    word = run[last - 1]
    if word.initial or word.low in context.SUFFIXES:
        return last - first > 1
    if not is_ordinary(word.low):
        return True
    if last - first > 1 and (may_be_family(word) or _may_follow_given(run[first], word)):
        return True
    return last - first == 1 and (may_be_given(word) or may_be_family(word))


def _may_follow_given(before: Word, word: Word) -> bool:
    if word.caps or not word.upper or not is_given(before):
        return False
    return not (word.low in NEVER or word.low in NO_PERSON or word.low in context.PLACES)


def _is_person(text: str, run: list[Word], cue: Cue) -> bool:  # noqa: PLR0911 - one a clue
    telling = [w for w in run if not w.initial and w.low not in context.PARTICLES]
    if not telling or before_organisation(text, run[-1].end):
        return False
    if any(_no_person(text, w) for w in telling):
        return False
    if cue.title or cue.field:
        return True
    if cue.company or " ".join(w.low for w in run[:2]) in context.PHRASES:
        return False
    if beside_placeholder(text, run) and any(map(is_unknown, telling)):
        return len(telling) > 1 or is_given(telling[0]) or len(run) > 1
    if len(telling) == 1:
        return _is_lone_person(text, run, telling[0], cue)
    if any(map(is_given, telling[:2])) or is_given(telling[-1]):
        return True
    if any(map(may_be_given, telling[:1])) and (is_family(telling[-1]) or is_unknown(telling[-1])):
        return True
    if cue.role or cue.greeting:
        return any(map(is_unknown, telling))
    return is_unknown(telling[0]) and _reads_as_family(text, telling[-1], telling[0].caps)


def _reads_as_family(text: str, word: Word, caps: bool) -> bool:
    if PLACE_AFTER.match(text, word.end):
        return False
    return is_family(word) or (not caps and (is_unknown(word) or may_be_family(word)))


def _is_lone_person(  # noqa: PLR0911 - one return a clue
    text: str, run: list[Word], word: Word, cue: Cue
) -> bool:
    if len(run) > 1:
        named = is_unknown(word) and word.end - word.start > 2 and not word.caps  # noqa: PLR2004
        return is_family(word) or (named and run[0].initial)
    if not word.upper or not word.caps:
        if is_given(word):
            return True
        if cue.role and word.upper:
            return is_unknown(word) or may_be_given(word)
        if cue.greeting and word.upper:
            return is_unknown(word) or may_be_given(word)
        if not word.upper:
            return False
        if "-" in word.low and text[word.start + word.low.index("-") + 1].isupper():
            return is_family(word)
        if before_cue(text, word.end) or cue.speaking or is_speaker(text, word):
            return is_unknown(word) or may_be_given(word)
        if ALONE_ON_LINE.match(text, word.end) and text[word.start - 1 : word.start] in {"", "\n"}:
            return is_unknown(word) and PLAIN.match(text, word.start) is not None
        return is_family(word) and not PLACE_AFTER.match(text, word.end)
    return (cue.role or cue.greeting) and (is_given(word) or is_family(word))


def _remembered(run: list[Word]) -> Iterator[str]:
    for word in run:
        for part in {word.low, *parts_of(word.low)}:
            if len(part) > 2 and part not in NEVER and part not in NO_PERSON:  # noqa: PLR2004
                yield part


def _again(text: str, words: list[Word], known: set[str]) -> Iterator[tuple[int, int]]:
    if not known:
        return
    for word in words:
        if not any(part in known for part in (word.low, word.low.rstrip("s"), *parts_of(word.low))):
            continue
        if not word.upper and (is_ordinary(word.low) or len(word.low) < 4):  # noqa: PLR2004
            continue
        if not before_organisation(text, word.end):
            yield word.start, word.end


def names_fingerprint() -> str:
    """Returns a digest over the word lists and patterns that find names."""
    listed = [" ".join(sorted(words)) for words in (GIVEN, FAMILY, ORDINARY)]
    beside = [
        " ".join(sorted(words))
        for words in (
            context.TITLES, context.ROLES, context.GREETINGS, context.WEAK, context.AFTER,
            context.PARTICLES, context.SUFFIXES, context.ORGANISATIONS, context.BRANDS,
            context.PLACES, context.LABELS, context.LOWER_TITLES, context.PHRASES,
            context.EMPLOYERS, context.SPEAKING,
        )
    ]  # fmt: skip
    forms = [
        pattern.pattern
        for pattern in (PLACEHOLDER_BEFORE, WORD, _JOIN, ODD, CONTRACTED, *CUE_PATTERNS)
    ]
    return sha256("\n".join(listed + beside + forms).encode()).hexdigest()[:12]
