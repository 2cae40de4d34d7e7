"""Finds what is recognisable by its own form: formatted numbers, e-mail addresses, links.

Source: number formats and check digits from python-stdnum (us.ssn, us.itin, us.ein, luhn) and
phonenumbers.
"""

import re
from collections.abc import Callable, Iterator

from data_pipeline.domain.masking.patterns import (
    SALUTATION,
    classify_card,
    classify_ip,
    classify_name,
    classify_phone,
    classify_tin,
)
from data_pipeline.domain.prohibited_bases import ADULT_AGE, PERSON

_BREAK = r"(?:\r?\n[ ]{0,8})"
_HYPHEN = rf"(?:[ ]?[-–](?:[ ]|{_BREAK})?|[ ])"
_AREA = (
    rf"(?:\([ ]?\d{{3}}[ ]?\)(?:[ ]{{0,2}}-?|{_BREAK})"
    rf"|\d{{3}}(?:\)(?:[ ]|{_BREAK})|[-./–]{_BREAK}?))"
)
_BROKEN_CARD = (
    rf"[2-6]\d{{3}}(?![\d -]{{0,14}}{_BREAK}[\d -]{{1,14}}{_BREAK}\d)(?:[ -]?{_BREAK}?\d{{4}}){{3}}"
)
"""A card over the end of one line; a column of figures has more than one."""
_FORMATTED = re.compile(
    rf"""(?<![\w$])(?<!\w\.)(?:
    (?<!\d-)(?P<tin>\d{{3}}[.]\d{{2}}[.]\d{{4}}|\d{{3}}/\d{{2}}/\d{{4}}
        |\d{{3}}{_HYPHEN}\d{{2}}{_HYPHEN}\d{{4}}
        |\d[ ]\d[ ]\d[ ]-[ ]\d[ ]\d[ ]-[ ]\d[ ]\d[ ]\d[ ]\d
        |[xX*]{{3}}-?[xX*]{{2}}-?\d{{4}})(?![\w-])
  | (?<!-)(?<!\d/)(?<!\d,(?!\d{{3}}-\d{{3}}-\d{{4}}))(?:
    (?P<phone>(?:\+?1[-. ]?)?{_AREA}\d{{3}}(?:[-.–]{_BREAK}?|[ ])\d{{4}}
        |\(\d{{3}}\)[ ]?\d{{7}}
        |\+\d(?:[ ().-]?\d){{7,14}})(?:[ ]?(?:x|ext\.?)[ ]?\d{{1,5}})?(?![\w-])
  | (?P<ein>\d{{2}}-\d{{7}})(?![\w-])
  | (?P<card>[2-6]\d{{3}}(?:[ -]?\d){{9,15}}|{_BROKEN_CARD})(?![\w-])
  | (?P<ip>\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?![\w.])
    ))""",
    re.VERBOSE,
)
"""Everything recognisable by its own form; the group name says what was found."""
_BEGINNING = re.compile(r"[\d(+xX*](?<![\w$].)(?<!\w\..)(?=[\d\s()+./xX*–-]{6})")
"""Where such a number can begin: seven signs of one in a row."""

_AGED_ONE = (
    rf"[ ]{PERSON}\b|[ ](?:who|retired|living)\b|,?[ ](?:has|wants|seeks|asks|requests|applies"
    r"|applying|earns|earning)\b|[ ]with[ ](?:no|good|fair|poor|bad|thin|steady|limited)\b"
)
"""What is told of a person: "67-year-old woman", "a 67-year-old, wants"."""
_AGED = re.compile(
    rf"""(?<![\w$-])(?<!\w\.)(?<!\d[/,])
    {ADULT_AGE}(?:[ -](?:years?|yrs?|yr)[ -]old(?={_AGED_ONE})|[ ]?y/?o(?!\w)
        (?![ ](?:house|home|roof|trees?|truck|car|account|trade|company|business|loan|unit|
        building)))""",
    re.VERBOSE,
)
"""The age of a person, in short or before the word for one."""
_AGE_WORD = re.compile(r"y(?:/?o(?!\w)|(?:ea)?rs?[ -]old)")
"""What stands in every such age; rare, so it is looked for first."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+'’-]{1,64}@[A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63}){1,5}")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"\[\]]{2,300}[^\s<>\"\[\].,;:!?)]")
_CLASSIFIERS: dict[str, Callable[[str], str | None]] = {
    "tin": classify_tin,
    "phone": classify_phone,
    "ein": lambda _: "[EIN]",
    "card": classify_card,
    "ip": classify_ip,
}
"""What each group of `_FORMATTED` becomes; None leaves the text as it is."""


def find_formatted(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of everything recognisable by its own form."""
    at = 0
    for beginning in _BEGINNING.finditer(text):
        start = beginning.start()
        match = _FORMATTED.match(text, start) if start >= at else None
        if match is None:
            continue
        at = match.end()
        kind = match.lastgroup or ""
        wording = _CLASSIFIERS[kind](match.group(kind))
        if wording is not None:
            yield start, at, wording
    if _AGE_WORD.search(text):
        yield from ((m.start(), m.end(), "of stated age") for m in _AGED.finditer(text))
    if "@" in text:
        yield from ((m.start(), m.end(), "[EMAIL]") for m in _EMAIL.finditer(text))
    if "://" in text or "www." in text:
        yield from ((m.start(), m.end(), "[URL]") for m in _URL.finditer(text))
    salutation = SALUTATION.match(text)
    if salutation and (wording := classify_name(salutation["x"])):
        yield salutation.start("x"), salutation.end("x"), wording
