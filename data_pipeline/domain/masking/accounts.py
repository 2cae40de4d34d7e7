"""Finds account numbers that no label stands before, by their own form.

A number in groups ("7760-5", "0447 5506 62") is an account unless it reads as a date, a range or
the number of a file; so is a long bare one that ends in no round sum, and what a mark of leaving
out stands before ("...7160", "x6694").

Source: none; how account and share numbers are written in credit files.
"""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking.account_rules import classify_account

_TOKEN = re.compile(
    r"\d(?:\d{0,5}-[A-Z]{1,2}-\d{3,6}"
    r"|[\d-]{2,24}(?:-?[A-Z]{1,2}\d{0,8}|-[A-Z]{2,5}(?:-\d{1,5})?)?)(?![\w%-]|/(?![A-Z]\d))"
)
_HEAD = re.compile(
    r"(?:^|[\s(#:;|,/*])(?P<x>(?!(?:SSN|DOB|I?TIN|F?EIN|CV?|CR|BK|NO|RN|SS|CD|APP|ID|REF|DUP|TRIP)\b|SSS|BDS)"
    r"[A-Z]{1,4}-?)\Z"
)
_OPEN_HEAD = re.compile(r"(?:^|[\s(#:;|/*\"']|(?<!\d),)\Z")
_OFFICIAL = re.compile(
    r"\bfile|\bref\b|\bcases?\b|\bapp(?:s?\b|id|l?_|l?[ .]|lic)|polic|\bvin\b|model|parcel|\bapn\b"
    r"|tract|licen|\blic\b|\bdl\b|\b(?<!loan_)(?<!acct_)(?<!member )id\b|\buli\b|usdot|\bmc\b"
    r"|permit"
    r"|naics|\bcode|docket|claim|commitment|\bindex|\bvol\b|\bpg\b(?!&)|\bpages?\b|\bbook\b|instr"
    r"|invoice|\binv\b|order|serial|\bzip|nmls|court|district|cause|bankruptcy"
    r"|ch(?:apter|\.)? ?(?:7|1[123])\b|section"
    r"|\bcfr|\busc\b|\breg\b|\bform\b|\blots?\b|escrow|title|badge|\bpart\b|\bfax|\bplan\b|grant"
    r"|\bpin\b|\bmls\b|\btax|certificate|\bcert\.|apprais|recept|recorded|deed|judg|hull|\btag\b"
    r"|plate|stock"
    r"|ticket|confirm|tracking|resol|\bcall(?:ed)?\b|phone|tel\b|\bcell|mobile|score|fico|factor"
    r"|reason"
    r"|hours|miles|income|years?\b|engine|\bunit|batch|terminal|\bseq\b|_seq|\btrace|session|event"
    r"|version|build|release|\brule|\bitem|queue|employer|\bctc\b|\blead\b|deal|history|record"
    r"|thread|request|\bcomp\b|\bdoc\b|clerk|letter #|police|report in|infile|vessel|\bts\b"
    r"|\bwho\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;\n]|(?<!\bno)(?<!\bNo)(?<!acct)(?<!\bcert)(?<!\blic)\. ")
_GOES_ON = re.compile(r"[.:]\d|,\d{3}(?![\d-])")
_OF_THINGS = re.compile(
    r" ?(?:months?|mos?\b|hours|hrs|units|sq|ft\b|acres|miles|mi\b|days|weeks|wks|lbs|pct|percent"
    r"|people|head|range|k\b|years?|yrs?|am\b|pm\b|bushels|gal|degrees|volts|rpm|[A-Z][a-z]+ (?:St"
    r"|Ave|Rd|Dr|Blvd|Ln|Way|Ct)\b)"
)
_DATE = re.compile(
    r"\d{2}-[A-Z]{1,2}-\d+|(?:(?:19|20)\d{2}-)?\d{2}-\d{2}T\d{2}|20[012]\d-\d{2,}(?:-\d+)*"
    r"|[012]\d-\d{5,6}|2[3-6]-\d{4}"
    r"|\d{3}-\d{3}|\d{3}-\d{2}-\d{4}|\d{3}-\d{3}-\d{4}|"
    r"(?:19|20)\d{2}(?:-\d{1,2}){0,2}|(?:19|20)\d{2}-(?:19|20)\d{2}|\d{1,2}-\d{1,2}-(?:\d{2}|\d{4})"
    r"|\d{1,2}-(?:19|20)\d{2}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d"
    r"|(?:0[1-9]|1[0-2])[0-3]\d(?:19|20)\d{2}|[0-3]\d(?:0[1-9]|1[0-2])(?:19|20)\d{2}"
)
_LATES = re.compile(r"(?:0?30|60|90|120|\d)(?:-(?:60|90|120|\d)){1,3}")
_LAST_FOUR = (
    ("..", re.compile(r"\.(?<![\w.]\.)\.{1,3}-?(?P<x>\d{4})(?![\w%]|[.,/-]\d)")),
    ("…", re.compile(r"…-?(?P<x>\d{4})(?![\w%]|[.,/-]\d)")),
)
_STRUCK_FOUR = re.compile(
    r"[xX](?<![\w&\n][xX])(?<!\d [xX])(?<! at [xX])-?(?P<x>\d{4})(?![\w%]|[.,/-]\d)"
)
_SPACED = re.compile(
    r"\d(?<![\w$.,/-]\d)(?<![ ][ ]\d)[\d-]{0,5}(?:[ ]\d{2,5}){1,3}(?:[ ]\d{1,4})?(?![ ]?\d"
    r"|[\w%/-]|[.,]\d|[ ]{2,}\d)"
)
_SHAPED = re.compile(
    r"\d{4}(?: \d{4}){1,2} \d{1,3}|0\d{2,4}(?: \d{3,4}){1,3}(?: \d{1,4})?"
    r"|\d{2,6} 0\d{3,5} \d{3,4}|\d{2}-\d{3}(?: \d{2,4}){2}"
)
_LISTED = re.compile(
    r"(?i:\b(?:notes|accounts|accts|acct nos|shares|certs|members|loans))(?:[ ](?:nos?\.?|are"
    r"|were|#))?"
    r"[ :#]{1,3}(?P<x>\d{4,10}(?:(?:, | and | & |, and |/| or )\d{4,10}){1,8})(?![\w%-]|[.,]\d)"
)
_PAIR = re.compile(r"\d{4}(?:, and |, | and | & |/| or )\d{4}")
_EACH = re.compile(r"\d+")
_REACH, _LONG, _LONGEST_BARE, _SHORTEST_BARE, _PAIRED, _FOUR = 30, 6, 8, 7, 2, 4


def find_accounts(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every account number known by its form."""
    for match in _TOKEN.finditer(text):
        head = _HEAD.search(text, max(0, match.start() - _LONG), match.start())
        open_head = _OPEN_HEAD.search(text, max(0, match.start() - 1), match.start())
        if head is None and open_head is None:
            continue
        start = head.start("x") if head else match.start()
        if _is_account(match.group(), headed=head is not None) and _is_free(
            text, start, match.end()
        ):
            yield start, match.end(), "[ACCOUNT]"
    for start, end in _last_four(text):
        if classify_account(text[start:end]) is not None:
            yield start, end, "[ACCOUNT]"
    for match in _SPACED.finditer(text):
        if _SHAPED.fullmatch(match.group()) and _is_free(text, match.start(), match.end()):
            yield match.start(), match.end(), "[ACCOUNT]"
    if _PAIR.search(text):
        yield from _listed(text)


def _last_four(text: str) -> Iterator[tuple[int, int]]:
    for sign, pattern in _LAST_FOUR:
        if sign in text:
            yield from (match.span("x") for match in pattern.finditer(text))
    yield from (match.span("x") for match in _STRUCK_FOUR.finditer(text))


def _listed(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _LISTED.finditer(text):
        for each in _EACH.finditer(text, *match.span("x")):
            if classify_account(each.group()) is not None:
                yield each.start(), each.end(), "[ACCOUNT]"


def _is_account(found: str, *, headed: bool) -> bool:
    if _DATE.fullmatch(found) or _LATES.fullmatch(found):
        return False
    size = sum(map(str.isdigit, found))
    parts = found.split("-")
    if len(parts) == 1:
        short = found.isdigit() and not headed
        return size >= _LONG if not short else _is_long_bare(found)
    if not all(part.isdigit() for part in parts):
        return size >= _LONG
    if headed:
        return size >= _LONG - 1
    if len(parts) == _PAIRED and _is_range(*parts):
        return False
    return size >= _LONG or (len(parts[0]) == _FOUR and size > _FOUR)


def _is_long_bare(found: str) -> bool:
    return _SHORTEST_BARE <= len(found) <= _LONGEST_BARE and not found.endswith("00")


def _is_range(low: str, high: str) -> bool:
    if low.endswith("0") and high.endswith("0"):
        return True
    return len(low) == len(high) and int(low) < int(high) < 1.3 * int(low)


def _is_free(text: str, start: int, end: int) -> bool:
    """Tells whether nothing around says that the number is of a file, a court or a count."""
    if _GOES_ON.match(text, end):
        return False
    clause = _CLAUSE.split(text[max(0, start - _REACH) : start])[-1]
    return not _OFFICIAL.search(clause) and not _OF_THINGS.match(text, end)


ACCOUNT_PATTERNS = (
    _TOKEN,
    _HEAD,
    _OPEN_HEAD,
    _OFFICIAL,
    _CLAUSE,
    _GOES_ON,
    _OF_THINGS,
    _DATE,
    _LATES,
    *(pattern for _, pattern in _LAST_FOUR),
    _STRUCK_FOUR,
    _PAIR,
    _SPACED,
    _SHAPED,
    _LISTED,
)
"""Every pattern of this module, for the masker's version."""
