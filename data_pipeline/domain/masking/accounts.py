"""Finds account numbers that no label stands before, by their own form.

A number in groups ("7760-5", "0447 5506 62") is an account unless it reads as a date, a range or
the number of a file; so is a long bare one that ends in no round sum, and what a mark of leaving
out stands before ("...7160", "x6694").

Source: none; how account and share numbers are written in credit files.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from data_pipeline.domain.masking.account_rules import classify_account
from data_pipeline.domain.masking.folding import fold

_TOKEN = re.compile(
    r"\d(?:\d{0,5}-[A-Z]{1,2}-\d{3,6}"
    r"|[\d-]{2,24}(?:-?[A-Z]{1,2}\d{0,8}|-[A-Z]{2,5}(?:-\d{1,5})?)?)(?![\w%-]|/(?![A-Z]\d))"
)
_HEAD = re.compile(
    r"(?:^|[\s(#:;|,/*])(?P<x>(?!(?:SSN|DOB|I?TIN|F?EIN|CV?|CR|BK|NO|RN|SS|CD|APP|ID|REF|DUP|TRIP)\b|SSS|BDS)"
    r"[A-Z]{1,4}-?)\Z"
)
_OPENERS = frozenset(["", *"(#:;|/*\"'"])
_OFFICIAL = re.compile(
    r"\b(?:file|ref\b|cases?\b|app(?:s?\b|id|l?_|l?[ .]|lic)|vin\b|model|parcel|apn\b|tract"
    r"|(?<!loan_)(?<!acct_)(?<!member )id\b|uli\b|usdot|mc\b|permit|naics|code|docket|claim"
    r"|commitment|index|vol\b|pg\b(?!&)|pages?\b|book\b|instr|invoice|inv\b|order|serial|zip"
    r"|nmls|court|district|cause|bankruptcy|ch(?:apter|\.)? ?(?:7|1[123])\b|section|cfr|usc\b"
    r"|reg\b|form\b|lots?\b|escrow|title|part\b|fax|grant|pin\b|mls\b|tax|apprais|recept"
    r"|recorded|deed|judg|hull|tag\b|plate|stock|ticket|confirm|tracking|resol|call(?:ed)?\b"
    r"|phone|tel\b|cell|mobile|score|fico|factor|reason|hours|miles|income|years?\b|engine"
    r"|unit|batch|terminal|seq\b|_seq|trace|session|event|version|build|release|rule|item"
    r"|queue|employer|ctc\b|lead\b|deal|history|record|thread|request|comp\b|doc\b|clerk"
    r"|letter #|police|report in|infile|vessel|ts\b|who\b)"
)
SUM_WORDS = (
    r"(?:assets?|liabilit(?:y|ies)|net[ ]worth|revenues?|inventor(?:y|ies)|a/?[rp]|receivables?"
    r"|payables?|(?<!home )equity|sales|income|profits?|loss|receipts|ebitda|bal(?:ance)?|amount"
    r"|cash|debts?|worth|value|price|cost)"
)
"""What only a sum follows."""
_SUM_BEFORE = re.compile(
    rf"\b{SUM_WORDS}(?:[ ](?:of|is|was|at|are|were|totals?|total(?:ed|ing)))?[ :=~$]{{1,4}}\Z"
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
_SEVERAL = ("notes", "accounts", "accts", "acct nos", "shares", "certs", "members", "loans")
_PAIR = re.compile(r"\d{4}(?:, and |, | and | & |/| or )\d{4}")
_EACH = re.compile(r"\d+")
_REACH, _LONG, _LONGEST_BARE, _SHORTEST_BARE, _PAIRED, _FOUR = 30, 6, 8, 7, 2, 4


def find_accounts(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every account number known by its form."""
    for start, end in _tokens(text):
        if is_free(text, start, end):
            yield start, end, "[ACCOUNT]"
    for start, end in _last_four(text):
        if classify_account(text[start:end]) is not None:
            yield start, end, "[ACCOUNT]"
    for match in _SPACED.finditer(text):
        if _SHAPED.fullmatch(match.group()) and is_free(text, match.start(), match.end()):
            yield match.start(), match.end(), "[ACCOUNT]"
    low = text.lower()
    if any(word in low for word in _SEVERAL) and _PAIR.search(text):
        yield from _listed(text)


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of every number in one piece that is written like an account."""
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        head = _HEAD.search(text, max(0, start - _LONG), start) if _is_headed(text, start) else None
        if head is None and not _is_open(text, start):
            continue
        if not _is_account(match.group(), headed=head is not None):
            continue
        if head is not None:
            yield head.start("x"), end
        elif not (match.group().isdecimal() and _is_sum(text, start)):
            yield start, end


def _is_headed(text: str, start: int) -> bool:
    """Tells whether letters can stand in front of a number, as part of it."""
    before = text[max(0, start - 1) : start]
    return before == "-" or "A" <= before <= "Z"


def _is_open(text: str, start: int) -> bool:
    """Tells whether a number stands apart from what is before it."""
    before = text[max(0, start - 1) : start]
    if before == ",":
        return not text[max(0, start - 2) : start - 1].isdecimal()
    return before in _OPENERS or before.isspace()


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


def _is_account(found: str, *, headed: bool) -> bool:  # noqa: PLR0911
    if found.isdecimal() and not headed and not _is_long_bare(found):
        return False  # before any pattern: most tokens are short plain numbers
    if _DATE.fullmatch(found) or _LATES.fullmatch(found):
        return False
    size = sum(map(str.isdigit, found))
    parts = found.split("-")
    if len(parts) == 1:
        return size >= _LONG
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


def _is_sum(text: str, start: int) -> bool:
    """Tells whether the word before a plain number says that it is a sum."""
    return _SUM_BEFORE.search(fold(text[max(0, start - _REACH) : start])) is not None


def is_free(text: str, start: int, end: int) -> bool:
    """Tells whether nothing around says that the number is of a file, a court or a count."""
    if _GOES_ON.match(text, end):
        return False
    if _OF_THINGS.match(text, end):
        return False
    return not _is_official(_CLAUSE.split(text[max(0, start - _REACH) : start])[-1])


@lru_cache(maxsize=256)
def _is_official(clause: str) -> bool:
    return _OFFICIAL.search(fold(clause)) is not None
