"""What stands before and after words that may be a name, and how far it tells one.

A fixed number of characters is read on either side.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.name_lists import Word

_CUE_GAP = re.compile(r"[ \t]{0,4}(?:[\"']?[:=][\"']?|[#(,/\"“>-]|\.(?=[ ])|\(s\):)?[ \t\"“]{0,4}")
_PLACEHOLDER_NEAR = re.compile(
    r"[ \t\n,;|()·:'’\"-]{1,12}(?:(?:DOB|SSN|ITIN|SS|TIN|ssn|dob|itin|born|b)[#.:]{0,2}[ \t]{0,3})?"
    r"\[(?:SSN|ITIN|DOB|PHONE|EMAIL|ROUTING|CARD|ACCOUNT|ADDRESS)\]"
)
PLACEHOLDER_BEFORE = re.compile(
    r"\[(?:SSN|ITIN|DOB|CARD|ACCOUNT)\][ \t,;|()·:'’\"-]{1,6}(?:[$]?[\d,.]{1,12}[ \t,;|]{1,6})?$"
)
_FIELD = re.compile(
    r"(?:[ ]?\([^()\n]{0,40}\)|[ ]used)?['\"]?"
    r"(?:[ ](?:is|was)[ ]|[ .…_]{0,30}[:=|>][ \t.]{0,30}['\"]?|\.{3,30}[ ]{0,8}|[ ]{2,20}|\t)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\n[12][.)]?[ ]{1,3}(?=[A-Z]{2,20}(?:[ ]{1,3}[A-Z]{1,20}){0,2}\n[ ]{0,3}[23][.)]?[ ])"
)
_LINE = re.compile(
    r"^[ \t>|]{0,4}(?:[\[(][^\[\]()\n]{1,20}[\])][ \t]{0,3}"
    r"|\d{1,2}:\d{2}(?::\d{2})?[ ]?(?:[ap]m?)?[ \t-]{1,3})?"
    r"(?P<label>[^\W\d_][\w'’.-]{0,24}(?:[ ][\w'’.(@-][\w'’.)-]{0,20}){0,3})"
    r"[ ]?[:>]",
    re.MULTILINE,
)
PLAIN = re.compile(r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{2}")
ALONE_ON_LINE = re.compile(r"[ ]?(?:,|:|[ ]?[-–—]{1,2})?[ ]?(?:\r?\n|$)")
PLACE_AFTER = re.compile(
    r",?[ ]{1,2}[A-Z]{2}\b|,[ ][A-Z][a-z]{3,12}[ ]\d{5}"
    r"|[ ](?:branch|desk|office|area|county|campus)\b"
    r"|,[ ](?:A(?:labama|laska|rizona|rkansas)|C(?:alifornia|olorado|onnecticut)|Delaware|Florida"
    r"|Georgia|Hawaii|I(?:daho|llinois|ndiana|owa)|K(?:ansas|entucky)|Louisiana|M(?:aine|aryland"
    r"|assachusetts|ichigan|innesota|ississippi|issouri|ontana)|Ne(?:braska|vada|w[ ])|North[ ]"
    r"|South[ ]|O(?:hio|klahoma|regon)|Penn|Rhode|Tenn|Texas|Utah|V(?:ermont|irginia)|W(?:ashington"
    r"|est[ ]V|isconsin|yoming))"
)
_AFTER = re.compile(r"(?:['’]s)?[ ]([a-z]{3,9})\b")
_OFFICE = re.compile(
    r"[ ](?:in|from|over in|@|at|w/|with)[ ](?:our |the |your |my )?(?:collections|disputes|closing"
    r"|underwriting|processing|servicing|payroll|hr|human resources|accounting|fraud|funding"
    r"|retention|post-clos(?:e|ing)|secondary|capital markets"
    r"|lending|loss mit|branch|intake|compliance|operations|ops|the branch|uw|escrow)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(r"(?P<owned>['’]s)?(?:[ ]|[ ]?&[ ]|-)(?P<word>[A-Za-z]{2,20})\b")
_LONGER = re.compile(
    r"(?:[ ](?:&[ ])?[A-Z][a-z][\w'’-]{0,20}){1,2}[ ](?P<last>[A-Z][A-Za-z]{1,20})\b"
)
_LAST_LINE = re.compile(
    r"\n[ \t]{0,4}(?P<x>[A-Z][a-z]{1,14})[ ]{0,3}(?:\n\n|\n?$|\n(?=[A-Z][a-z]+[ ][A-Z]))"
)


_FEW = 12  # a capital in so many words is one in a text that does without


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
_CUED = (
    context.TITLES | context.ROLES | context.GREETINGS | context.EMPLOYERS | context.SPEAKING
    | context.WEAK
)  # fmt: skip


class Page(NamedTuple):
    """What the lay-out of a text tells about names in it.

    Attributes:
        fields: positions where the value of a name's field starts.
        speakers: positions where a line of a conversation names who speaks.
        voices: those of them that speak more than twice: a role, perhaps, and not its holder.
        last_lines: positions of single words on the last line of a paragraph: who signs.
        lower: hardly a word of the text has a capital, so names have none either.
    """

    fields: frozenset[int]
    speakers: frozenset[int]
    voices: frozenset[int]
    last_lines: frozenset[int]
    lower: bool


def page_of(text: str, words: list[Word]) -> Page:
    """Returns what the lay-out of a text tells about names in it."""
    starts: dict[str, list[int]] = {}
    sure = set()
    for match in _LINE.finditer(text):
        starts.setdefault(match["label"], []).append(match.start("label"))
        if match.start("label") - match.start() > 3:  # noqa: PLR2004 - the time stands before it
            sure.add(match.start("label"))
    groups = [group for group in starts.values() if len(group) > 1]
    return Page(
        fields=frozenset(_fields(text, words)),
        speakers=frozenset(at for group in groups for at in group) | sure,
        last_lines=frozenset(match.start("x") for match in _LAST_LINE.finditer(text)),
        lower=sum(word.upper for word in words) * _FEW < len(words),
        voices=frozenset(at for group in groups for at in group[2:] and group) | sure,
    )


def _fields(text: str, words: list[Word]) -> Iterator[int]:
    for at, word in enumerate(words):
        if not word.heads:
            continue
        if "name" in word.low:
            if match := _FIELD.match(text, word.end):
                yield match.end()
            elif at and words[at - 1].low in context.KINDS_OF_NAME:
                yield word.end + 1
        elif word.low in context.NAME_LABELS:
            match = _FIELD.match(text, word.end)
            if match and match.group().strip(" .") in {":", "="}:
                yield match.end()
    if "\n1" in text:
        yield from (match.end() for match in _NUMBERED.finditer(text))


def cue_before(text: str, words: list[Word], at: int, page: Page) -> Cue:
    """Returns what stands before the word at a place among the words of a text."""
    word = words[at]
    if word.start in page.fields:
        return Cue(field=True)
    if not at:
        return _NONE
    before = words[at - 1]
    if before.low not in _CUED:
        return _NONE
    gap = text[before.end : word.start]
    if gap != " " and (len(gap) > 9 or not _CUE_GAP.fullmatch(gap)):  # noqa: PLR2004
        return _NONE
    if ":" in gap and before.start in page.voices:
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


def is_alone_on_line(text: str, word: Word) -> bool:
    """Tells whether a capitalised word is all of a line, but for what closes an address."""
    if not word.upper or text[word.start - 1 : word.start] not in {"", "\n"}:
        return False
    return ALONE_ON_LINE.match(text, word.end) is not None


def before_cue(text: str, end: int) -> bool:
    """Tells whether what a person does follows, as in `Jane says`."""
    match = _AFTER.match(text, end)
    if match is not None and match[1] in context.AFTER:
        return True
    return _OFFICE.match(text, end) is not None


def before_organisation(text: str, end: int, *, sole: bool = True) -> bool:
    """Tells whether the next word makes a company or a place of it, as in `Baker Bank`.

    Args:
        text: the text.
        end: where the name ends.
        sole: the name is one word; of several words none is a company by what they possess.
    """
    match = _NEXT.match(text, end)
    if match is None:
        return False
    low = match["word"].lower()
    if match["owned"]:
        return sole and low in context.ORGANISATIONS - context.MAKES and match["word"][0].isupper()
    return low in context.ORGANISATIONS and (match["word"][0].isupper() or low in {"bank", "loan"})


def within_organisation(text: str, end: int) -> bool:
    """Tells whether capitalised words up to a company's follow, as in `Crowe Al-Rashid LLC`."""
    match = _LONGER.match(text, end)
    return match is not None and match["last"].lower() in context.ORGANISATIONS


def leads_on(text: str, word: Word) -> bool:
    """Tells whether a company or a place goes on after a word."""
    return (
        before_organisation(text, word.end)
        or within_organisation(text, word.end)
        or PLACE_AFTER.match(text, word.end) is not None
    )


def beside_placeholder(text: str, run: list[Word]) -> bool:
    """Tells whether another identifier of a person stands beside a run."""
    if _PLACEHOLDER_NEAR.match(text, run[-1].end):
        return True
    start = run[0].start
    return PLACEHOLDER_BEFORE.search(text[max(0, start - 32) : start]) is not None
