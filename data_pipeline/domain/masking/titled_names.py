"""Takes the office before a name with it, and finds names that a phrase of their own gives away.

`Deacon`, `Chairman` or `SFC (Ret.)` with a place of work tells who it is as well as a first name;
`Mr.` and `Dr.` tell nobody and are left to the rules that find the name.
"""

import re
from collections.abc import Iterable, Iterator

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking import name_heads
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    GIVEN,
    GIVEN_RARE,
    NEVER,
    NO_PERSON,
    RARE,
    Word,
    is_ordinary,
)

_OFFICES = """
Deacon Deaconess Pastor Bishop Mother Father Sister Brother Elder Rabbi Imam Chief Ensign Ens
Seaman Chair Chairman Chairwoman Chairperson Councilman Councilwoman Alderman Alderwoman
Congressman Congresswoman Senator Mayor Sheriff Deputy Trooper Det Detective Judge Justice
Coach Dean Professor Prof Private Corporal Sergeant Lieutenant Captain Major Colonel General
Commander Admiral SFC SSG SPC SGT Sgt SrA MSG CPL Cpl Pvt PFC TSgt MSgt A1C Airman Cadet CWO LT Lt
LTC LtC CPT Capt Col Maj Gen Uncle Aunt Auntie Tio Tia Tío Tía Grandma Grandpa Abuelo Abuela
Madame Monsieur Mme Sheikh Haji Hajji Padre Hermano Hermana Don Dona Doña don dona doña Pan
Pani pan pani Señor Señora Señorita Senor Senora Senorita
"""
OFFICES = frozenset(_OFFICES.split())
"""Titles that tell who it is, before a name and as they are written."""

ORDINAL = re.compile(r"[ ]the[ ](?:Second|Third|Fourth|2nd|3rd|4th)\b")
_OPENING = "([\"'“‘:–—/"
_MOST_OFFICES, _OFFICE_REACH = 2, 16

_CAPITALISED = r"[^\W\d_a-zà-ÿ][\w'’-]{1,20}"
_ASIDE = re.compile(r"[ ](?:\w+[ ])?Trust\b")
_FAMILY_FIRST = re.compile(
    r"\w+[ ](?:(?P<middle>V[aă]n|Th[iị])[ ][A-Z]\w{1,6}(?:[ ][A-Z]\w{1,6})?\b"
    r"|[A-Z][a-z]{1,6}[ ][A-Z][a-z]{1,6}\b(?![ ][A-Z]))"
)
_SHORTENED = re.compile(rf"\w+\.[ ](?:[A-Z]\.?[ ])?{_CAPITALISED}(?:[ ](?:III?|IV|Jr|Sr)\b)?")
_CAST = re.compile(r"[ ]\((?P<x>[A-Z]{3,20})\):")
_PAID = re.compile(
    r"[ ](?:TO|FROM|to|from)[ ](?P<x>[A-Z]{2,20}(?:[ ][A-Z])?[ ][A-Z]{2,20})"
    r"(?=[ ]{2}|[ ]?[\d$,;\n-]|$)"
)
_MISSING = re.compile(rf"[ ]?:[ ](?P<x>{_CAPITALISED})(?=[.;\n]|[ ]\(|$)")
_HELD = re.compile(
    rf"(?:[ ]on[ ][\w ]{{1,15}})?[ ](?:was|is)[ ](?P<x>{_CAPITALISED})(?=[.;,]|[ ]\()"
)
_SPOUSE = re.compile(r"[ ]?:[ ]{1,3}(?P<x>[A-Z]{3,15})(?=[ ]{2}|[ ]?[\n,;]|$)")
_TRUST = re.compile(rf"(?P<x>{_CAPITALISED}[ ](?:[A-Z]\.?[ ])?{_CAPITALISED})[ ]$")
_SUFFIXED = re.compile(r"(?<![\w'’-])(?P<x>[A-Z]\.?[ ][A-Z]{3,20}[ ])$")
_TOLD = {
    **dict.fromkeys(name_heads.CAST, _CAST),
    **dict.fromkeys(name_heads.PAID, _PAID),
    **dict.fromkeys(name_heads.MISSING, _MISSING),
    **dict.fromkeys(name_heads.SPOUSES, _SPOUSE),
}
_TRUST_REACH = 46

_Stretch = tuple[int, int]


def with_offices(text: str, stretches: Iterable[_Stretch]) -> list[_Stretch]:
    """Returns stretches of names with the office before and the ordinal behind each."""
    return [_with_office(text, start, end) for start, end in stretches]


def _with_office(text: str, start: int, end: int) -> _Stretch:
    for _ in range(_MOST_OFFICES):
        before = _before_office(text, start)
        if before == start:
            break
        start = before
    if text.startswith(" the ", end) and (ordinal := ORDINAL.match(text, end)):
        end = ordinal.end()
    return start, end


def _before_office(text: str, start: int) -> int:
    """Returns where the office before a place starts; the place itself if none stands there."""
    if text[start - 1 : start] != " ":
        return start
    upto = start - 1
    for retired in (" (Ret.)", " (Ret)"):
        upto -= len(retired) * text.endswith(retired, 0, upto)
    before = text[max(0, upto - _OFFICE_REACH) : upto]
    title = before.split()[-1:]
    if not title or before[-1:].isspace() or title[0].lstrip(_OPENING).rstrip(".") not in OFFICES:
        return start
    return upto - len(title[0].lstrip(_OPENING))


def phrased_names(text: str, words: Iterable[Word]) -> Iterator[_Stretch]:
    """Yields names that a phrase of their own gives away: a trust, a payee, who is absent.

    Args:
        text: the text.
        words: those of its words that are in `name_heads`.
    """
    for word in words:
        low = word.low
        if low in name_heads.VIETNAMESE or low in name_heads.ABBREVIATIONS:
            pattern = _FAMILY_FIRST if low in name_heads.VIETNAMESE else _SHORTENED
            match = pattern.match(text, word.start) if word.upper else None
            if match and (low in name_heads.ABBREVIATIONS or _is_family_first(match)):
                yield match.span()
        elif low in name_heads.SUFFIXES or low in name_heads.TRUSTS:
            yield from _ended(text, word)
        else:
            yield from _told(text, word)


def _told(text: str, word: Word) -> Iterator[_Stretch]:
    pattern = _TOLD.get(word.low)
    if pattern and (match := pattern.match(text, word.end)):
        found = match["x"].lower().split()
        missing = pattern is _MISSING
        if _is_surname(found[0]) if missing else _is_named(found[0], found[-1]):
            yield match.span("x")
    if word.low in name_heads.HOLDERS:
        match = _HELD.match(text, word.end)
        if match and _is_surname(match["x"].lower()):
            yield match.span("x")


def _ended(text: str, word: Word) -> Iterator[_Stretch]:
    """Yields the name before a suffix in capitals or before a word of a person's trust."""
    before = text[max(0, word.start - _TRUST_REACH) : word.start]
    if word.low in name_heads.SUFFIXES:
        match = _SUFFIXED.search(before) if text[word.start].isupper() else None
        if match and not is_ordinary(match["x"].lower().split()[1]):
            yield word.start - len(match[0]), word.end
        return
    match = _TRUST.search(before)
    if match and _ASIDE.match(text, word.end):
        found = match["x"].lower().split()
        if _is_named(found[0], found[-1]):
            yield word.start - len(match[0]), word.start - 1


def _is_surname(low: str) -> bool:
    return low in FAMILY and low not in NO_PERSON


def _is_family_first(match: re.Match[str]) -> bool:
    """Tells whether a name begins with the family's: by its middle name or by those behind it."""
    words = match[0].lower().split()
    if match["middle"]:
        return True
    return not any(map(is_ordinary, words[1:])) and (words[-1] in GIVEN or words[-1] in FAMILY)


def _is_named(first: str, last: str) -> bool:
    """Tells whether a given and a family name, or the one word that both are, may be a person."""
    if last in NEVER or last in NO_PERSON or first in NO_PERSON:
        return False
    if first == last:
        return not is_ordinary(first) and (first in GIVEN or first in FAMILY)
    given = first in GIVEN or first in GIVEN_RARE or first in context.GIVEN_WORDS
    return given and (last in FAMILY or last in RARE or not is_ordinary(last))
