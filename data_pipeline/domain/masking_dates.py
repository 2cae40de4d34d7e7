"""Finds dates of birth: after a word that says so, or beside a person's number or name.

Other dates (applied, opened, paid) stay: they are facts of the loan.
"""

import re
from collections.abc import Iterator

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
FULL_DATE = (
    r"(?:\d{1,2}[ ]?[/.-][ ]?\d{1,2}[ ]?[/.-][ ]?(?:\d{4}|\d{2})"
    r"|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
    r"|dec)-\d{2,4}|(?:19|20)\d{6}|\d{1,2}[ ]\d{1,2}[ ](?:19|20)\d{2}"
    rf"|{_MONTH},?[ ](?:the[ ])?{_DAY},?[ ]['’]?\d{{2,4}}"
    rf"|{_DAY}[ -](?:of[ ])?{_MONTH},?[ -]\d{{2,4}})"
)
_ANY_DATE = (
    rf"(?:{FULL_DATE}|\d{{1,2}}[/-](?:19|20)\d{{2}}|{_MONTH},?[ ](?:19|20)\d{{2}}"
    rf"|(?:19|20)\d{{2}},?[ ]on[ ]the[ ]{_DAY}[ ]of[ ]{_MONTH}|(?:19|20)\d{{2}})"
)
_BEFORE = (
    r"(?:\bd\.?[ ]?[o0]\.?[ ]?b\.?s?\b|\bbirth[ -]?(?:date|day)s?\b|\bb-?day\b|\bborn\b"
    r"|\bdates?[ ][o0]f[ ]birth\b|\bbds?(?=-)|\bd/o/b\b|\bb\.(?=[ ]?\d)|\bbirth\b)"
)
_GAP = r"(?:[^\d\n]|\d{1,2}:\d{2}|[ ]?[34]\b|\n){0,64}?"
_BIRTH = re.compile(
    rf"{_BEFORE}(?P<gap>{_GAP})(?<![\d$.-])(?P<x>{_ANY_DATE})(?![\d%]|[/-]\d|,\d)", re.IGNORECASE
)
_ANOTHER = re.compile(
    rf"(?P<gap>[^\d\n]{{1,32}}?)(?<![\d$.-])(?P<x>{FULL_DATE})(?![\d%]|[/-]\d|,\d)", re.IGNORECASE
)
_OTHER_DATE = re.compile(
    r"open|issu|exp|hire|since|dated|appl(?:y|ied)|clos|late|paid|due|fund|filed|start|report|rptd"
    r"|start|pull|sign|letter|today|bankr|disch|\bdate\b|score|income|\[",
    re.IGNORECASE,
)
_SEPARATOR = r"[ \t,;|()/:·\"'-]{1,8}"
_ADULT = r"(?=[^,;|()\[\n]{0,12}(?:19[2-9]\d|200[0-8])|\d{1,2}[/.-]\d{1,2}[/.-][3-9]\d(?!\d))"
_BESIDE = (
    re.compile(
        rf"\[(?:SSN|ITIN|NAME|PHONE)\]{_SEPARATOR}(?P<x>{_ADULT}{FULL_DATE})(?![\d/-])",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![\d/.-])(?P<x>{_ADULT}{FULL_DATE}){_SEPARATOR}\[(?:SSN|ITIN|PHONE)\]",
        re.IGNORECASE,
    ),
)
_MOST, _YEAR_ALONE, _NEAR = 3, 4, 24


def find_birth_dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every date of birth."""
    for match in _BIRTH.finditer(text):
        if match["gap"].count("\n") > 1 or _OTHER_DATE.search(match["gap"].replace("[", "")):
            continue
        start, end = match.span("x")
        if end - start == _YEAR_ALONE and len(match["gap"]) > _NEAR:
            continue
        yield start, end, "[DOB]"
        yield from _joined(text, end)
    if "[" in text:
        for pattern in _BESIDE:
            yield from ((m.start("x"), m.end("x"), "[DOB]") for m in pattern.finditer(text))


def _joined(text: str, end: int) -> Iterator[tuple[int, int, str]]:
    for _ in range(_MOST):
        match = _ANOTHER.match(text, end)
        if match is None or _OTHER_DATE.search(match["gap"]):
            return
        start, end = match.span("x")
        yield start, end, "[DOB]"


DATE_PATTERNS = (_BIRTH, _ANOTHER, _OTHER_DATE, *_BESIDE)
"""Every pattern of this module, for the masker's version."""
