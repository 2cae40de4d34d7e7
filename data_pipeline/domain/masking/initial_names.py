"""Finds family names after initials: `H. Price`, `J.D. Long`."""

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.broad_cues import LETTERED, MIDDLE, NO_FIRST_LETTERS
from data_pipeline.domain.masking.name_cues import leads_on
from data_pipeline.domain.masking.name_lists import FAMILY, NEVER, NO_PERSON, Word

_DOTS = frozenset({". ", "."})
_REACH = 4


def initialled(text: str, words: list[Word], at: int) -> int:
    """Returns how many words from an initial on are a name; 0: none."""
    if _is_two_initials(text, words[at : at + 3]):
        return 3
    return 2 * _is_one_initial(text, words, at)


def _is_one_initial(text: str, words: list[Word], at: int) -> bool:
    word = words[at]
    if word.low in NO_FIRST_LETTERS or text[word.end : word.end + 2] != ". ":
        return False
    if at and (words[at - 1].low in LETTERED or words[at - 1].initial):
        return False
    following = words[at + 1] if at + 1 < len(words) else None
    if following is None or not following.upper or following.caps or following.initial:
        return False
    if following.start != word.end + 2 or following.low not in FAMILY or following.low == "box":
        return False
    if following.low in NEVER or leads_on(text, following):
        return False
    return MIDDLE.search(text[max(0, word.start - _REACH) : word.start]) is not None


def _is_two_initials(text: str, words: list[Word]) -> bool:
    """Tells whether a family name that is an ordinary word too follows two initials."""
    if len(words) < 3 or not words[1].initial:  # noqa: PLR2004
        return False
    second, family = words[1], words[-1]
    if not family.upper or family.caps or family.low not in FAMILY:
        return False
    if family.low in NEVER or family.low in NO_PERSON or leads_on(text, family):
        return False
    if f"{words[0].low}{second.low}" in context.NO_INITIALS:
        return False
    gaps = text[words[0].end : second.start], text[second.end : family.start]
    return gaps[0] in _DOTS and gaps[1] == ". "
