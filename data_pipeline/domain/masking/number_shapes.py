"""Finds identifying numbers that no word announces, by shape alone: not written like a figure.

A figure of a credit file is a sum, a rate, a score, a term, a date, a year, a count. What is
written like none of them identifies something: leading zeros, letters among digits, groups that
are no sums, and, in a text that writes its sums with commas, a long run of digits without any.
What a word in front calls a case, a form or a thing stays, as does what a unit follows.

Every token is looked at once and a fixed number of characters around it is read, so the time is
linear in the length of the text.

Source: none; how identifying numbers are written in credit files.
"""

import re
from collections.abc import Iterator

from stdnum.us import itin, rtn

from data_pipeline.domain.masking.accounts import SUM_WORDS, is_free
from data_pipeline.domain.masking.folding import fold

_RUN = re.compile(
    r"\d(?<![\w$./*#:–-]\d)(?<!\d[ ]\d)\d{4,15}(?![\w%]|[./–-]\w|:\d|[ ]\d)", re.ASCII
)
_MIXED = re.compile(
    r"[A-Za-z\d](?<![\w$.,/*–-][A-Za-z\d])(?=[A-Za-z\d-]{0,9}?\d-?\d)"
    r"(?:(?<=[A-Z])[A-Z]{0,2}\d{2,5}-\d{3,9}|(?<=[A-Z])[A-Z]{0,2}\d{1,3}-\d{1,3}-\d{3,6}"
    r"|(?<=[A-Z])[A-Z]{1,3}[-/]\d{4,10}(?:-\d{1,4})?|(?<=[A-Z])[A-Z]{0,3}[-/]\d{2,6}[-/]\d{2,8}"
    r"|(?<=\d)\d{0,3}-[A-Z]{1,3}-\d{3,8}|(?<=[A-Za-z])\d{6,10}(?:-\d{1,4})?"
    r"|(?<=[A-Z])[A-Z]{1,3}\d{5,12}|(?<=\d)\d?[A-Z]{1,2}\d{4,8}"
    r"|(?<=\d)\d{4,7}-[A-Z]{1,2}\d{0,4}|(?<=\d)\d{4,9}[A-Z]{1,2}\d{0,4})"
)
_GROUPS = re.compile(
    r"\d(?<![\w$./*#:–-]\d)(?<!\d[ ]\d)(?<!\d,\d)\d{0,5}(?:[ ]\d{1,6}){1,5}(?:-\d{1,4})?"
    r"(?![ ]?[\d$]|[\w%/–-]|[.:]\d|,\d{3}(?!\d))"
)
_HYPHENED = re.compile(
    r"\d(?<![\w$./*–-]\d)(?<!\d,\d)\d{0,11}(?:[-/]\d{1,8}){1,4}(?![\w%–-]|[.:/]\d)"
)
# Where a number of several parts, and one with letters, can stand: cheap to find.
_PARTED = re.compile(r"\d(?<![\w$.*–-]\d)\d{0,11}(?:,?[ ]|[-/])(?=\d)")
_LETTERED = re.compile(r"\d(?<!\d\d)(?:(?<=[A-Za-z]\d)|(?<=[A-Z][-/]\d)|(?=\d{0,9}-?[A-Z]))")
_LETTERS_BEFORE = re.compile(r"[A-Za-z]{0,4}[-/]?\Z")
_SINGLE = re.compile(
    r"\d(?<![\w$.,/*#:–-]\d)(?<!\d[ ]\d)(?:,?[ ]\d){6,16}(?![ ]?[\d$]|[\w%/–-]|[.:,]\d)"
)
_IBAN = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z][ ]?\d{2}(?:[ ]?\d{4}){3,6}(?:[ ]?\d{1,3})?(?!\w)")
_READ_SSN = re.compile(
    r"[\dOolISBxX?*](?=[\dOolISBxX?*]{2}[ –./-])(?<![\w$.*?-].)(?<!\d[ ].)"
    r"[\dOolISBxX?*]{2}(?P<by>[ ]?[-–./][ ]?|[ ])"
    r"[\dOolISBxX?*]{2}(?:[ ]?[-–./][ ]?|[ ])[\dOolISBxX?*]{4}(?![\w$%?*]|[-,.]\d)"
)
_HIDDEN = re.compile(r"\*(?<=[\s(,:]\*)-?(?P<x>\d{4})(?![\w%*]|[.,/-]\d)")
_OF_A_FILE = re.compile(
    r"(?:SSA|HUD|FSA|IRS|CV|CR|BK|LM|FHA|VA|SBA|DD|UCC|CFR|SR|APP|TRK|AD|RM|CBD|FORM|SECT?|AUS"
    r"|TRID|MERS|TX|HB|SB|FY|Q|W|E|I|F|NMLS|DTI|LTV|FICO|LP|DU)"
    r"-?\d|(?:0\d|1\d|2[0-6])-[A-Z]|(?:CV|CR|SC|LM|BK|CI|DR|PR|TX|SB)-\d\d-|\d\d-[A-Z]-\d"
    r"|(?:[A-Z]-?)?\d{4}-?[A-Z]{1,3}$|(?:19|20)\d\d[A-Z]|VIN"
)
_SUM = re.compile(r"\d(?<![\d,]\d)\d{0,2},\d{3}(?![\d-])")
_ROUND = re.compile(r"\d*[05]0|\d{1,3}|(?:19|20)\d\d")
_THREE = re.compile(r"\d{3}(?: \d{3}){0,3}")
_DATED = re.compile(
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|(?:0[1-9]|1[0-2])[0-3]\d(?:19|20)\d\d"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:19|20)\d\d"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:0\d|1\d|2[0-7])"
)
_DATE_ALIKE = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[-/](?:0?[1-9]|[12]\d|3[01])(?:[-/](?:\d{2}|\d{4}))?"
    r"|(?:0?[1-9]|1[0-2])[-/](?:\d{2}|(?:19|20)\d{2})|(?:19|20)\d\d(?:[-/]\d{1,4}){1,2}"
    r"|\d{2}-\d{2}|\d{3}-\d{3}|\d{1,2}/\d{1,4}(?:/\d{1,4})?"
)
_LATE = frozenset(["0", "1", "2", "3", "4", "5", "6", "30", "60", "90", "120", "150", "180"])
_CUED = re.compile(
    r"\b(?:acc(?:oun)?ts?|a/c|notes?|loans?|shares?|sav(?:ings)?|ch(?:ec)?kg?(?:ing)?|cds?|certs?"
    r"|certificates?|member(?:ship)?|mbr|deposit|club|mmkt|dda|line|heloc|card|visa|secured"
    r"|suffix(?:es)?|coll(?:ection)?|contract|ledger|dep|pledged?|ira|auto|polic(?:y|ies)|pol"
    r"|insurance|patron|number|numbered|no\.?|part\.|bank|cu|fcu|drft|draft)\b[^.;\n]{0,24}$"
)
_ZIP = re.compile(r"(?:\b[A-Z]{2}|[A-Z][a-z]+\]?|\]),?[ ]{1,2}$")
_UNIT_AFTER = re.compile(
    r"[ -]?(?:months?|mos?\b|hours|hrs|units|sq|sf\b|ft\b|acres|miles|mi\b|days|weeks|lbs|pct"
    r"|percent|people|head|k\b|years?|yrs?|am\b|pm\b|bushels|gal|dpd|x\d|@|bal|over|down|debt|cash"
    r"|net|gross|annual|per\b|a[ ]month|monthly|total|limit|loan|mortgage|equity|left|owed|owing"
    r"|financed|pmt|payment|income|square|dollars|points|bps|to[ ]\d|w2|wages)"
)
_SUM_BEFORE = re.compile(
    rf"(?:\b(?:{SUM_WORDS}|amt|limit|paid|payoff|of|for|at|to|from|net|gross|total|approx|about"
    r"|around|over|under|owes?|rev|equity|down|ask(?:ing)?|req(?:uest)?(?:ed)?|financed|salary|wages"
    r"|tax(?:es)?|agi|arv|high|hc|cl|lim|credit[ ]line|zip|nmls|id|form|section|years?|scores?|fico"
    r"|hist\w*|pmt|payment|draw|min|max|rent|appraised|est|mileage|odometer|odo|vin|model|seq|row"
    r"|factors?|reasons?|codes?|naics|sic|plus|due|since|date|dated|opened|as[ ]of|app|disp"
    r"|[<>=+~@×x])[ :=#~$]{0,4})$"
)
_DIGIT_BESIDE = re.compile(r"\d[ ,]+$")
_FIGURE_AFTER = re.compile(r"[ ]{1,2}[A-Z]?\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_REACH, _FEW_SUMS, _SEVEN, _SIX, _FIVE, _FOUR, _NINE, _TEN = 34, 3, 7, 6, 5, 4, 9, 10
_LONGEST_UNIT = 16

_Hit = tuple[int, int, str]


def find_by_shape(text: str) -> Iterator[_Hit]:
    """Yields start, end and placeholder of every number that is written like no figure."""
    yield from _runs(text)
    for start, end in _mixed(text):
        if is_free(text, start, end):
            yield start, end, "[ACCOUNT]"
    yield from _parted(text)
    for match in _READ_SSN.finditer(text):
        if sum(map(str.isdigit, match.group())) >= _FIVE and _is_broken(match):
            yield match.start(), match.end(), "[SSN]"
    yield from ((m.start(), m.end(), "[ACCOUNT]") for m in _IBAN.finditer(text))
    if "*" in text:
        yield from ((m.start("x") - 1, m.end(), "[ACCOUNT]") for m in _HIDDEN.finditer(text))


def _mixed(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of numbers with letters."""
    at = 0
    for digit in _LETTERED.finditer(text):
        letters = _LETTERS_BEFORE.search(text, max(at, digit.start() - _FIVE), digit.start())
        start = letters.start() if letters else digit.start()
        match = _MIXED.match(text, start) if start >= at else None
        if match is None:
            continue
        at = match.end()
        if not _OF_A_FILE.match(match.group()) and not _opens(text, start) and _ends(text, at):
            yield start, at


def _parted(text: str) -> Iterator[_Hit]:
    """Yields numbers in groups, with hyphens, and of digits one by one."""
    grouped = hyphened = single = 0
    for beginning in _PARTED.finditer(text):
        start = beginning.start()
        if text[beginning.end() - 1] != " ":
            if start >= hyphened and (match := _HYPHENED.match(text, start)):
                hyphened = match.end()
                if _is_hyphened(text, match):
                    yield from _free(text, *match.span())
            continue
        if start >= grouped and (match := _GROUPS.match(text, start)):
            grouped = match.end()
            if _is_grouped(text, match):
                yield from _free(text, *match.span())
        if start >= single and (match := _SINGLE.match(text, start)):
            single = match.end()
            yield from _spelt(match)


def _spelt(match: re.Match[str]) -> Iterator[_Hit]:
    digits = re.sub(r"\D", "", match.group())
    if len(set(digits)) >= _FIVE and max(digits) > "6":  # a row of late payments has no higher
        yield match.start(), match.end(), _SPELT.get(len(digits), "[ACCOUNT]")


_SPELT = {_NINE: "[SSN]", _TEN: "[PHONE]"}


def _free(text: str, start: int, end: int) -> Iterator[_Hit]:
    if is_free(text, start, end):
        yield start, end, "[ACCOUNT]"


def _is_broken(match: re.Match[str]) -> bool:
    """Tells whether a number of three, two and four signs is no row of plain figures."""
    found = match.group()
    return match["by"].strip() != "" or any(sign in "OolISBxX?*" for sign in found)


def _runs(text: str) -> Iterator[_Hit]:
    commas: bool | None = None
    for match in _RUN.finditer(text):
        if commas is None:
            commas = _writes_commas(text)
        start, end = match.span()
        found = match.group()
        if len(found) == _NINE and _in_row(text, start, end):
            yield start, end, _nine(found)
        elif _is_number(text, start, found, commas=commas):
            yield from _free(text, start, end)


def _nine(found: str) -> str:
    if rtn.is_valid(found):
        return "[ROUTING]"
    return "[ITIN]" if itin.is_valid(found) else "[SSN]"


def _in_row(text: str, start: int, end: int) -> bool:
    """Tells whether a number is a field between commas."""
    return text[start - 1 : start] == "," or (
        text[end : end + 1] == "," and text[end + 1 : end + 2] in '0123456789,"'
    )


def _writes_commas(text: str) -> bool:
    sums = _SUM.finditer(text)
    return sum(1 for _ in zip(range(_FEW_SUMS), sums, strict=False)) == _FEW_SUMS


def _is_number(text: str, start: int, found: str, *, commas: bool) -> bool:
    size = len(found)
    led = found[0] == "0" and size >= _SIX
    # What costs no search comes first: most numbers are round or stand in a text without commas.
    if not led and (not commas or found.endswith("00") or _opens(text, start)):
        return False
    if _DATED.fullmatch(found) or found.endswith("000") or len(set(found)) < 3:  # noqa: PLR2004
        return False
    if _SUM_BEFORE.search(_before(text, start)) or _has_unit(text, start + size):
        return False
    if led:
        return len(set(found)) > 3 or max(found) > "3"  # noqa: PLR2004
    return size >= _SIX or (
        not _ZIP.search(text[max(0, start - _REACH) : start]) and _is_cued(text, start)
    )


def _before(text: str, start: int) -> str:
    return fold(text[max(0, start - _REACH) : start])


def _is_cued(text: str, start: int) -> bool:
    return _CUED.search(_before(text, start)) is not None


def _has_unit(text: str, end: int) -> bool:
    return _UNIT_AFTER.match(fold(text[end : end + _LONGEST_UNIT])) is not None


def _ends(text: str, end: int) -> bool:
    after = text[end : end + 2]
    if after[:1].isalnum() or after[:1] in {"%", "_", "-"}:
        return False
    return not (after[:1] in {".", "/", ","} and after[1:].isdigit())


def _opens(text: str, start: int) -> bool:
    """Tells whether a number stands in the title of the text: that of the file itself."""
    return start < _REACH * 2 and "\n" not in text[:start]


def _is_grouped(text: str, match: re.Match[str]) -> bool:  # noqa: PLR0911
    parts = re.split("[ -]", match.group())
    size = sum(map(len, parts))
    if size < _SEVEN or _has_unit(text, match.end()) or _is_column(text, match):
        return False
    if all(_ROUND.fullmatch(part) and part[0] != "0" for part in parts):
        if _THREE.fullmatch(match.group()) or parts[0] in _LATE:
            return False
        return _is_cued(text, match.start())
    if any(part[0] == "0" for part in parts):
        return max(map(len, parts)) > 2 or size >= _NINE  # noqa: PLR2004
    if any(map(_YEAR.fullmatch, parts)) or all(part.endswith("0") for part in parts):
        return False
    if max(map(len, parts)) < _FOUR:
        return False
    return not _SUM_BEFORE.search(_before(text, match.start()))


def _is_column(text: str, match: re.Match[str]) -> bool:
    """Tells whether other figures stand beside, as in the line of a table."""
    before = text[max(0, match.start() - 4) : match.start()]
    return bool(_DIGIT_BESIDE.search(before)) or bool(_FIGURE_AFTER.match(text, match.end()))


def _is_hyphened(text: str, match: re.Match[str]) -> bool:
    found = match.group()
    parts = re.split("[-/]", found)
    if _DATE_ALIKE.fullmatch(found) or _LATE.issuperset(parts):
        return False
    if "/" in found and not any(len(part) >= _FIVE for part in parts):
        return False
    if len(parts) == 2 and all(part.endswith("0") for part in parts):  # noqa: PLR2004
        return False
    return _is_cued(text, match.start())
