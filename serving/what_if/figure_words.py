"""Words beside a figure that tell what it counts.

They are looked for a few words before and behind it, up to the end of its clause.
"""

import re

_CLAUSE_END = re.compile(r"[.,;!?](?=\s|$)|\n")
_LONGEST = 60  # characters that are looked at on either side
_WORD = r"[^\W_]+(?:['’-][^\W_]+)*"

_NUMBERED = re.compile(r"\b(?:files?|no|nos|number|acct|account)\b[.:#\s]*$", re.IGNORECASE)
_COUNTED = re.compile(r"[\s-]*(?:#|(?:miles?|mi|sq|units?|acres?)\b)", re.IGNORECASE)

_TERM_BEFORE = re.compile(
    r"\b(?:terms?|over|for|repay\w*|wants?|wanted|asks?|asked|asking|loans?|notes?|amorti\w*)\b",
    re.IGNORECASE,
)
_TERM_BEHIND = re.compile(r"\b(?:terms?|loans?|notes?|amorti\w*)\b", re.IGNORECASE)
_OTHER_MONTHS = re.compile(
    r"\b(?:last|past|ago|since|within|job|employ\w*|histor\w*|statements?|reserves?|lates?|been|"
    r"work\w*|liv(?:es|ed|ing)|rent\w*|left|remain\w*|old)\b",
    re.IGNORECASE,
)
_RATE_BEFORE = re.compile(r"\b(?:apr|rates?|overtime)\b", re.IGNORECASE)
_RATE_BEHIND = re.compile(r"\b(?:apr|rates?)\b(?!\W*\d)", re.IGNORECASE)
_PAY_BEHIND = re.compile(r"^of (?:his|her|their|my) pay\b|\bovertime\b", re.IGNORECASE)


def is_plain_amount(match: re.Match[str]) -> bool:
    """Tells whether a bare number neither counts things nor is the number of something."""
    text = match.string
    before = text[max(0, match.start() - _LONGEST) : match.start()]
    return not (_NUMBERED.search(before) or _COUNTED.match(text, match.end()))


def is_term(match: re.Match[str]) -> bool:
    """Tells whether a number of months is plainly the term of the loan."""
    before, behind = _before(match, num_words=4), _behind(match, num_words=4)
    if _OTHER_MONTHS.search(before) or _OTHER_MONTHS.search(behind):
        return False
    nearest = _behind(match, num_words=2)
    return bool(_TERM_BEFORE.search(before) or _TERM_BEHIND.search(nearest))


def is_other_share(match: re.Match[str]) -> bool:
    """Tells whether a share is that of a rate or of somebody's pay."""
    return bool(
        _RATE_BEFORE.search(_before(match, num_words=2))
        or _RATE_BEHIND.search(_behind(match, num_words=3))
        or _PAY_BEHIND.search(_behind(match, num_words=5))
    )


def _before(match: re.Match[str], *, num_words: int) -> str:
    text = match.string[max(0, match.start() - _LONGEST) : match.start()]
    clause = _CLAUSE_END.split(text)[-1]
    words = list(re.finditer(_WORD, clause))[-num_words:]
    return clause[words[0].start() :] if words else ""


def _behind(match: re.Match[str], *, num_words: int) -> str:
    text = match.string[match.end() : match.end() + _LONGEST]
    clause = _CLAUSE_END.split(text, maxsplit=1)[0].lstrip(" -")
    words = list(re.finditer(_WORD, clause))[:num_words]
    return clause[: words[-1].end()] if words else ""
