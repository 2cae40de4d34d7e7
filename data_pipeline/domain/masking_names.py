"""Finds names of persons by their words, by the words beside them and by being named before.

A word list says which capitalised words are given or family names (`name_words/PROVENANCE.md`);
`name_context` says what stands beside a name and what only looks like one. Once a person is found,
the same words are the person again wherever they stand in the text.

Each word is looked up a fixed number of times and a run of words has at most `_LONGEST` of them,
so the time is linear in the length of the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from data_pipeline.domain import name_context as context
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
_CUE_GAP = re.compile(r"[ \t]{0,4}(?:[:=#(,/\"“>-]|\.(?=[ ])|\(s\):)?[ \t\"“]{0,4}")
_PLACEHOLDER_NEAR = re.compile(
    r"[ \t\n,;|()·:'’\"-]{1,12}(?:(?:DOB|SSN|ITIN|SS|TIN|ssn|dob|itin|born|b)[#.:]{0,2}[ \t]{0,3})?"
    r"\[(?:SSN|ITIN|DOB|PHONE|EMAIL|ROUTING|CARD|ACCOUNT|ADDRESS)\]"
)
_PLACEHOLDER_BEFORE = re.compile(
    r"\[(?:SSN|ITIN|DOB|CARD|ACCOUNT)\][ \t,;|()·:'’\"-]{1,6}(?:[$]?[\d,.]{1,12}[ \t,;|]{1,6})?$"
)
_FIELD = re.compile(
    r"(?:first|last|given|family|middle|maiden|sur|full|print|legal|borrower|applicant|member"
    r"|customer|client|employee)?[ _]?name[s]?(?:[ ]?\([^()\n]{0,40}\)|[ ]used)?['\"]{0,1}"
    r"(?:[ ](?:is|was)[ ]|[ .…_]{0,30}[:=|][ \t.]{0,30}['\"]{0,1}|\.{3,30}[ ]{0,8}|[ ]{2,20}|\t)$",
    re.IGNORECASE,
)
_FIELD_REACH, _SHORTEST_LOWER = 80, 4
_SPEAKER_REACH = 600
_PARTICLE_REACH = 5


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


@dataclass(slots=True, kw_only=True)
class _Cue:
    """What stands before a run: nothing, or how sure it makes a name."""

    title: bool = False
    role: bool = False
    greeting: bool = False
    weak: bool = False
    field: bool = False
    company: bool = False
    speaking: bool = False


def _runs(text: str, words: list[Word]) -> Iterator[tuple[list[Word], _Cue]]:
    at = 0
    while at < len(words):
        if not words[at].upper and is_ordinary(words[at].low):
            at += 1
            continue
        cue = _cue(text, words, at)
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


def _starts(word: Word, cue: _Cue) -> bool:
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


def _cue(text: str, words: list[Word], at: int) -> _Cue:
    word = words[at]
    if _is_field(text, word.start):
        return _Cue(field=True)
    if not at:
        return _Cue()
    before = words[at - 1]
    gap = text[before.end : word.start]
    if len(gap) > 9 or not _CUE_GAP.fullmatch(gap):  # noqa: PLR2004
        return _Cue()
    plain = not gap.strip(" \t.")
    return _Cue(
        title=before.low in context.TITLES and plain,
        role=before.low in context.ROLES,
        greeting=before.low in context.GREETINGS and plain,
        company=before.low in context.EMPLOYERS and not plain,
        speaking=before.low in context.SPEAKING and (plain or gap[:1] == "/"),
        weak=before.low in context.WEAK or (gap[:1] == "/" and before.low == "w"),
    )


def _is_field(text: str, start: int) -> bool:
    line = text[max(0, start - _FIELD_REACH) : start]
    line = line[line.rfind("\n") + 1 :]
    return "name" in line.lower() and _FIELD.search(line) is not None


def _persons(text: str, run: list[Word], cue: _Cue) -> Iterator[tuple[int, int]]:
    """Yields first and past-the-last word of each person in a run."""
    first, last = 0, len(run)
    while first < last and not _may_start(run, first, cue if first == 0 else _Cue()):
        first += 1
    if any(_no_person(text, word) and word.upper for word in run[first:last]):
        last = next(i for i in range(first, last) if _no_person(text, run[i]))
        if not (cue.title or cue.field or cue.role) or run[last].low in context.ORGANISATIONS:
            return
    while last > first and not _may_end(run, first, last):
        last -= 1
    if last > first and _is_person(text, run[first:last], cue if first == 0 else _Cue()):
        yield first, last


def _no_person(text: str, word: Word) -> bool:
    saint = word.low == "st" and text[word.end : word.end + 2] == ". "
    return word.low in NO_PERSON and not saint


def _may_start(run: list[Word], at: int, cue: _Cue) -> bool:
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


def _is_person(text: str, run: list[Word], cue: _Cue) -> bool:  # noqa: PLR0911 - one a clue
    telling = [w for w in run if not w.initial and w.low not in context.PARTICLES]
    if not telling or _before_organisation(text, run[-1].end):
        return False
    if any(_no_person(text, w) for w in telling):
        return False
    if cue.title or cue.field:
        return True
    if cue.company or " ".join(w.low for w in run[:2]) in context.PHRASES:
        return False
    if _beside_placeholder(text, run) and any(map(is_unknown, telling)):
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
    if _PLACE_AFTER.match(text, word.end):
        return False
    return is_family(word) or (not caps and (is_unknown(word) or may_be_family(word)))


def _is_lone_person(  # noqa: PLR0911 - one return a clue
    text: str, run: list[Word], word: Word, cue: _Cue
) -> bool:
    if len(run) > 1:
        return is_family(word) or (is_unknown(word) and run[0].initial and not word.caps)
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
        if _before_cue(text, word.end) or cue.speaking or _is_speaker(text, word):
            return is_unknown(word) or may_be_given(word)
        if _ALONE_ON_LINE.match(text, word.end) and text[word.start - 1 : word.start] in {"", "\n"}:
            return is_unknown(word) and _PLAIN.match(text, word.start) is not None
        return is_family(word) and not _PLACE_AFTER.match(text, word.end)
    return (cue.role or cue.greeting) and (is_given(word) or is_family(word))


_PLAIN = re.compile(r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{2}")
_ALONE_ON_LINE = re.compile(r"[ ]?(?:,|:|[ ]?[-–—]{1,2})?[ ]?(?:\r?\n|$)")
_PLACE_AFTER = re.compile(r",?[ ]{1,2}[A-Z]{2}\b|,[ ][A-Z][a-z]{3,12}[ ]\d{5}")
_AFTER = re.compile(r"(?:['’]s)?[ ]([a-z]{3,9})\b")


_SPEAKER = re.compile(r"(?:^|[\n\]>])[ \t]{0,3}(?:\d{1,2}:\d{2}[ \t]{1,3})?$")


def _is_speaker(text: str, word: Word) -> bool:
    """Tells whether a line of a conversation starts so: the same words open another line."""
    if text[word.end : word.end + 1] != ":":
        return False
    before = text[max(0, word.start - 12) : word.start]
    if _SPEAKER.search(before) is None:
        return False
    label, reach = text[word.start : word.end + 1], _SPEAKER_REACH
    return (
        before.rstrip(" ").endswith("]")
        or text.find(label, word.end, word.end + reach) >= 0
        or text.find(label, max(0, word.start - reach), word.start) >= 0
    )


def _before_cue(text: str, end: int) -> bool:
    match = _AFTER.match(text, end)
    return match is not None and match[1] in context.AFTER


_NEXT = re.compile(r"(?:['’]s)?(?:[ ]|[ ]?&[ ]|-)([A-Za-z]{2,20})\b")


def _before_organisation(text: str, end: int) -> bool:
    match = _NEXT.match(text, end)
    if match is None:
        return False
    low = match[1].lower()
    return low in context.ORGANISATIONS and (match[1][0].isupper() or low in {"bank", "loan"})


def _beside_placeholder(text: str, run: list[Word]) -> bool:
    if _PLACEHOLDER_NEAR.match(text, run[-1].end):
        return True
    start = run[0].start
    return _PLACEHOLDER_BEFORE.search(text[max(0, start - 32) : start]) is not None


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
        if not _before_organisation(text, word.end):
            yield word.start, word.end


def names_fingerprint() -> str:
    """Returns a digest over word lists and patterns of this module."""
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
        for pattern in (
            _PLACEHOLDER_BEFORE, WORD, _JOIN, ODD, CONTRACTED, _CUE_GAP, _PLACEHOLDER_NEAR, _FIELD,
            _AFTER, _NEXT, _SPEAKER, _PLACE_AFTER, _ALONE_ON_LINE, _PLAIN,
        )
    ]  # fmt: skip
    return sha256("\n".join(listed + beside + forms).encode()).hexdigest()[:12]
