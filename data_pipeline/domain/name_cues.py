"""What stands before and after words that may be a name, and how far it tells one.

A fixed number of characters is read on either side.
"""

import re
from typing import NamedTuple

from data_pipeline.domain import name_context as context
from data_pipeline.domain.name_lists import Word

_CUE_GAP = re.compile(r"[ \t]{0,4}(?:[:=#(,/\"“>-]|\.(?=[ ])|\(s\):)?[ \t\"“]{0,4}")
_PLACEHOLDER_NEAR = re.compile(
    r"[ \t\n,;|()·:'’\"-]{1,12}(?:(?:DOB|SSN|ITIN|SS|TIN|ssn|dob|itin|born|b)[#.:]{0,2}[ \t]{0,3})?"
    r"\[(?:SSN|ITIN|DOB|PHONE|EMAIL|ROUTING|CARD|ACCOUNT|ADDRESS)\]"
)
PLACEHOLDER_BEFORE = re.compile(
    r"\[(?:SSN|ITIN|DOB|CARD|ACCOUNT)\][ \t,;|()·:'’\"-]{1,6}(?:[$]?[\d,.]{1,12}[ \t,;|]{1,6})?$"
)
_FIELD = re.compile(
    r"(?:first|last|given|family|middle|maiden|sur|full|print|legal|borrower|applicant|member"
    r"|customer|client|employee)?[ _]?name[s]?(?:[ ]?\([^()\n]{0,40}\)|[ ]used)?['\"]{0,1}"
    r"(?:[ ](?:is|was)[ ]|[ .…_]{0,30}[:=|][ \t.]{0,30}['\"]{0,1}|\.{3,30}[ ]{0,8}|[ ]{2,20}|\t)$",
    re.IGNORECASE,
)
PLAIN = re.compile(r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{2}")
ALONE_ON_LINE = re.compile(r"[ ]?(?:,|:|[ ]?[-–—]{1,2})?[ ]?(?:\r?\n|$)")
PLACE_AFTER = re.compile(r",?[ ]{1,2}[A-Z]{2}\b|,[ ][A-Z][a-z]{3,12}[ ]\d{5}")
_AFTER = re.compile(r"(?:['’]s)?[ ]([a-z]{3,9})\b")
_SPEAKER = re.compile(r"(?:^|[\n\]>])[ \t]{0,3}(?:\d{1,2}:\d{2}[ \t]{1,3})?$")
_NEXT = re.compile(r"(?:['’]s)?(?:[ ]|[ ]?&[ ]|-)([A-Za-z]{2,20})\b")
_FIELD_REACH, _SPEAKER_REACH = 80, 600


class Cue(NamedTuple):
    """What stands before a run: nothing, or how sure it makes a name."""

    title: bool = False
    role: bool = False
    greeting: bool = False
    weak: bool = False
    field: bool = False
    company: bool = False
    speaking: bool = False


_NONE = Cue()


def cue_before(text: str, words: list[Word], at: int) -> Cue:
    """Returns what stands before the word at a place among the words of a text."""
    word = words[at]
    if _is_field(text, word.start):
        return Cue(field=True)
    if not at:
        return _NONE
    before = words[at - 1]
    gap = text[before.end : word.start]
    if len(gap) > 9 or not _CUE_GAP.fullmatch(gap):  # noqa: PLR2004
        return _NONE
    plain = not gap.strip(" \t.")
    return Cue(
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


def is_speaker(text: str, word: Word) -> bool:
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


def before_cue(text: str, end: int) -> bool:
    """Tells whether what a person does follows, as in `Jane says`."""
    match = _AFTER.match(text, end)
    return match is not None and match[1] in context.AFTER


def before_organisation(text: str, end: int) -> bool:
    """Tells whether the next word makes a company or a place of it, as in `Baker Bank`."""
    match = _NEXT.match(text, end)
    if match is None:
        return False
    low = match[1].lower()
    return low in context.ORGANISATIONS and (match[1][0].isupper() or low in {"bank", "loan"})


def beside_placeholder(text: str, run: list[Word]) -> bool:
    """Tells whether another identifier of a person stands beside a run."""
    if _PLACEHOLDER_NEAR.match(text, run[-1].end):
        return True
    start = run[0].start
    return PLACEHOLDER_BEFORE.search(text[max(0, start - 32) : start]) is not None


CUE_PATTERNS = (
    _CUE_GAP,
    _PLACEHOLDER_NEAR,
    _FIELD,
    _AFTER,
    _NEXT,
    _SPEAKER,
    PLACE_AFTER,
    ALONE_ON_LINE,
    PLAIN,
)
"""Every other pattern of this module, for the masker's version."""
