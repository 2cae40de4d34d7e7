"""Finds names that a list or one neighbour tells, where a name is likelier than anything else.

These rules are broader than those of `name_persons`: a name missed is worse than a word taken.
"""

from collections.abc import Iterator

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.broad_cues import (
    ADDRESSED,
    APPOSED,
    CELL_END,
    CLAUSE,
    COUNTERPARTS,
    HEARTFELT,
    KIN,
    NO_NAMES,
    NO_VOICES,
    PERSONAL,
    SURNAMES_TOO,
    THINGS_TOLD,
    VERB,
    VOTING,
    WANTS,
    YEAR,
)
from data_pipeline.domain.masking.initial_names import initialled
from data_pipeline.domain.masking.name_cues import (
    PLACE_AFTER,
    Page,
    before_organisation,
    leads_on,
)
from data_pipeline.domain.masking.name_forms import by_form, is_hyphenated
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    GIVEN,
    GIVEN_RARE,
    NEVER,
    NO_PERSON,
    RARE,
    Word,
    is_common_given,
    is_given,
    is_named,
    is_ordinary,
    is_unknown,
)

_TOLD = context.WEAK | context.ROLES | context.TITLES
_GAPS = frozenset({" ", ". ", "."})
_REACH, _YEAR_REACH, _SHORTEST = 4, 24, 2

_Stretch = tuple[int, int]


def broad_names(
    text: str, words: list[Word], lively: list[int], page: Page, found: list[_Stretch]
) -> Iterator[_Stretch]:
    """Yields start and end of names that broad rules tell.

    Args:
        text: the text.
        words: its words.
        lively: places of those that may be a name.
        page: what its lay-out tells.
        found: places of the words of the names found so far.
    """
    taken = {at for begin, end in found for at in range(begin, end)}
    for begin, end in found:
        longer = _widened(text, words, begin, end)
        if longer != (begin, end):
            taken.update(range(*longer))
            yield words[longer[0]].start, words[longer[1] - 1].end
    for at in lively:
        if at in taken:
            continue
        word = words[at]
        if not word.upper:
            if is_ordinary(word.low):
                continue
            if _is_lower(text, words, at) and (page.lower or _is_lower_pair(text, words, at)):
                yield word.start, word.end
            continue
        if size := _size(text, words, at, page):
            yield word.start, words[at + size - 1].end
    yield from by_form(text)


def _widened(text: str, words: list[Word], begin: int, end: int) -> _Stretch:
    """Returns a name with the ordinary words before and after it that belong to it."""
    first, last = words[begin], words[end - 1]
    if YEAR.search(text[max(0, first.start - _YEAR_REACH) : first.start]):
        return begin, end  # a make and a model
    if end - begin == 1 and begin:
        before = words[begin - 1]
        beside = text[before.end : first.start] == " " and _may_precede(before, first)
        if beside or (begin > 1 and _is_of_role(text, words[begin - 2 : begin + 1])):
            begin -= 1
    first_name = is_given(last) or (end - begin == 1 and last.low in context.GIVEN_WORDS)
    if end < len(words) and not last.upper and _is_lower_surname(text, last, words[end]):
        end += 1
    elif end < len(words) and first_name and text[last.end : words[end].start] == " ":
        following = words[end]
        if following.upper and following.caps == last.caps and _is_surname(text, following):
            end += 1
    return begin, end


def _is_lower_surname(text: str, given: Word, word: Word) -> bool:
    """Tells whether an ordinary word after a given name, both small, acts: `kevin long wants`."""
    if not is_common_given(given) or word.upper or word.low not in FAMILY:
        return False
    verb = VERB.match(text, word.end)
    return text[given.end : word.start] == " " and verb is not None and verb["x"] in PERSONAL


def _is_of_role(text: str, words: list[Word]) -> bool:
    """Tells whether a role and a capitalised word stand before a name: `Buyer Marigold Ortiz`."""
    role, word, name = words
    if role.low not in context.ROLES or not word.upper or word.caps or word.initial:
        return False
    if word.low in NEVER or word.low in NO_PERSON or word.low in THINGS_TOLD:
        return False
    return text[role.end : word.start] == " " == text[word.end : name.start]


def _may_precede(word: Word, name: Word) -> bool:
    if word.upper != name.upper or word.caps != name.caps or word.low in NO_PERSON:
        return False
    if word.low in context.GIVEN_WORDS:
        return word.upper or word.low not in THINGS_TOLD
    return word.upper and word.low not in NEVER and (word.low in GIVEN or word.low in GIVEN_RARE)


def _is_surname(text: str, word: Word) -> bool:
    if word.low not in FAMILY and word.low not in RARE and not is_unknown(word):
        return False
    if word.low in context.ORGANISATIONS and word.low not in context.PAIRED | SURNAMES_TOO:
        return False
    if word.low in context.ROLES or word.low in context.BRANDS or word.low in context.LABELS:
        return word.low in context.GIVEN_TOO and word.low in FAMILY
    return not leads_on(text, word)


def _size(text: str, words: list[Word], at: int, page: Page) -> int:
    """Returns how many words from a place on are a name; 0: none."""
    word = words[at]
    before = words[at - 1] if at else None
    following = words[at + 1] if at + 1 < len(words) else None
    if word.initial:
        return initialled(text, words, at)
    if before is not None and before.low in ADDRESSED and before.upper:
        gap = text[before.end : word.start]
        if gap in _GAPS and _may_be_addressed(text, word):
            return 1
    if following is not None and _is_pair(text, words, at):
        return 2
    if "-" in word.low and following is not None and is_hyphenated(word):
        joined = text[word.end : following.start] == " " and following.upper
        if joined and following.caps == word.caps and _is_surname(text, following):
            return 2
    return int(_is_alone(text, word, before, page))


def _may_be_addressed(text: str, word: Word) -> bool:
    if before_organisation(text, word.end):
        return False
    if word.low in context.ORGANISATIONS:
        return word.low in context.FAMILY_TOO
    return word.low not in _TOLD and (word.low not in NEVER or word.low in FAMILY)


def _is_pair(  # noqa: PLR0911 - one return a clue
    text: str, words: list[Word], at: int
) -> bool:
    """Tells whether a given name and a word that may be a family name follow each other."""
    word, following = words[at], words[at + 1]
    if not following.upper or not (is_common_given(word) or word.low in context.GIVEN_WORDS):
        return False
    if text[word.end : following.start] != " ":
        return False
    if word.caps:
        return _is_pair_in_capitals(text, word, following)
    if following.caps or following.initial or f"{word.low} {following.low}" in context.PHRASES:
        return False
    if word.low in NO_PERSON or word.low in NEVER or word.low in THINGS_TOLD:
        return False
    if word.low in context.PLACES and following.low not in FAMILY:
        return False
    if word.low in context.PLACES and following.low in NO_PERSON:
        return False
    if following.low in SURNAMES_TOO:
        return at > 0 and words[at - 1].low in context.ROLES | context.TITLES
    if at and words[at - 1].upper and text[words[at - 1].end : word.start] == " ":
        return False  # the middle of a longer phrase
    return _is_surname(text, following)


def _is_pair_in_capitals(text: str, word: Word, following: Word) -> bool:
    """Tells whether a sure given name and a family name in capitals end a cell or a line."""
    if not following.caps or not is_common_given(word) or following.low not in FAMILY:
        return False
    if f"{word.low} {following.low}" in context.PHRASES:
        return False
    if following.low in NEVER or following.low in NO_PERSON or word.low in context.PLACES:
        return False
    return CELL_END.match(text, following.end) is not None


def _is_alone(text: str, word: Word, before: Word | None, page: Page) -> bool:
    """Tells whether a capitalised word alone is a person by who speaks, acts or is related."""
    if word.low in NEVER or not _is_told_alone(text, word, before, page):
        return False
    return not before_organisation(text, word.end)


def _is_told_alone(  # noqa: C901, PLR0911 - one return a clue
    text: str, word: Word, before: Word | None, page: Page
) -> bool:
    low = word.low
    listed = low in GIVEN or low in context.GIVEN_WORDS
    if word.start in page.speakers:
        thing = low in THINGS_TOLD or (low in NO_PERSON and low not in context.GIVEN_WORDS)
        short = word.start in page.voices and _is_short_voice(word)
        return (listed or short or low in GIVEN_RARE) and not thing
    if not (listed or low in FAMILY or low in RARE or "-" in low):
        return False
    verb = VERB.match(text, word.end)
    if low in context.PAIRED and low in FAMILY and verb is not None and verb["x"] in VOTING:
        return not word.caps
    if low in NO_PERSON:
        return False
    if word.caps:
        return WANTS.match(text, word.end) is not None and (low in FAMILY or listed)
    if low in FAMILY and APPOSED.match(text, word.end):
        return True
    if (
        before is not None
        and before.low in KIN
        and text[before.end : word.start] == " "
        and not before.upper
    ):
        return listed or low in FAMILY or low in RARE
    if before is not None and before.low in COUNTERPARTS and low in FAMILY:
        return text[before.end : word.start] == " " and CLAUSE.match(text, word.end) is not None
    if "-" in low and text[word.start + low.index("-") + 1].isupper():
        return is_hyphenated(word)
    if verb is not None and verb["x"] in PERSONAL:
        if _is_last_of_phrase(text, word, before):
            return False
        return (low in FAMILY or listed) and (low not in THINGS_TOLD or verb["x"] in HEARTFELT)
    return False


def _is_last_of_phrase(text: str, word: Word, before: Word | None) -> bool:
    """Tells whether a capitalised word, no role, stands right before an ordinary one."""
    if before is None or not before.upper or before.low in NEVER or not is_ordinary(word.low):
        return False
    return text[before.end : word.start] == " "


def _is_short_voice(word: Word) -> bool:
    return len(word.low) == _SHORTEST and not word.caps and word.low not in NO_VOICES


def _is_lower(text: str, words: list[Word], at: int) -> bool:
    """Tells whether a word of a text without capitals is on a list of names and nothing else."""
    word = words[at]
    if len(word.low) < 3 or is_ordinary(word.low) or word.odd or word.low in NO_NAMES:  # noqa: PLR2004
        return False
    if not (word.low in GIVEN or word.low in FAMILY):
        return False
    return not before_organisation(text, word.end) and not PLACE_AFTER.match(text, word.end)


def _is_lower_pair(text: str, words: list[Word], at: int) -> bool:
    """Tells whether two names follow each other without capitals in a text that has some."""
    word = words[at]
    for beside in words[max(0, at - 1) : at + 2]:
        if beside is word or beside.upper or not is_named(beside.low) or is_ordinary(beside.low):
            continue
        start, end = min(word.end, beside.end), max(word.start, beside.start)
        if text[start:end] == " " and len(beside.low) > 2:  # noqa: PLR2004
            return True
    return False
