"""Finds numbers of persons by the words before them, by check digits and by length.

Formatted numbers ("123-45-6789") are found by `masking.patterns`; here are the others: a run of
digits whose nearest label says what it is, or that is too long for an amount.

A run has at most 23 digits and a label is looked for in the 48 characters before it, so the
time is linear in the length of the text.

Source: check digits as in `masking.patterns`; the North American numbering plan for area codes.
"""

import re
from collections.abc import Iterator

from stdnum import luhn
from stdnum.us import itin, rtn

_REACH = 48
_RUN = re.compile(
    r"\d(?<![\w$.]\d)(?<!\d[,/]\d)(?<![A-Za-z]-\d)(?:[ ]{1,2}-[ ]\d|[ -]?\d){4,22}"
    r"(?!\w|%|[ ]?%|[.,]\d|-\w|/\d|:\d)",
    re.ASCII,
)
_LABEL = re.compile(
    r"\b(?:(?P<routing>routing|aba\b|rtn\b|rtg\b|r/t\b|transit)"
    r"|(?P<card>cards?\b|visa\b|mastercard|amex\b|discover|debit\b|mc\b)"
    r"|(?P<ssn>ssn|ss\s?(?:#|no)|social|s0cial|soc\.? sec|soc\b"
    r"|(?<!property )tax(?:payer)? id|itin|tin\b)"
    r"|(?P<ein>f?ein\b|employer id)"
    r"|(?P<phone>phone|tel(?:ephone)?\b|te1\b|cell|mobile|call(?:ed|ing|s|back)?\b|text(?:ed|s)?\b"
    r"|fax\b|ph\b|reach|dial|vm\b|number(?: is|['’]s))"
    r"|(?P<account>acc(?:oun|0un)?['’]?t\b|accounts?\b|a/c\b|checking|savings?\b|chk\b|sav\b"
    r"|cds?\b|share\b|loan\s?(?:#|no|number|num|id|acc)|member\s?(?:#|no)"
    r"|policy\s?(?:#|no)|policy\b|iban)"
    r"|(?P<other>nmls|file\b|ref\b|case\b|app(?:lication)?\b|vin\b|model\b"
    r"|parcel|apn\b|tract\b|licen[sc]e|dl\b|uli\b|usdot|mc-|permit|hist|amount|amt\b"
    r"|bal|limit|scores?\b|fico|beacon|vantage|zip\b|check\s?(?:#|no)|invoice|order|serial"
    r"|hours|miles|income|price|value|paid\b|grossed|revenue|sales|30-60-90|naics|code\b"
    r"|esc\b|fax by|by fax|attached|lates?\b|months?\b|property tax id))"
)
_ELSE = re.compile(r"\n|; |[.?!] (?:they|the|she|he|we|it|my|our|i)\b")
_DATE_LIKE = re.compile(
    r"(?:\d{1,2}[ -]\d{1,2}[ -](?:(?:19|20)\d{2}|\d{2})|(?:19|20)\d{2}[ -]\d{1,2}[ -]\d{1,2}"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|\d{1,2}-(?:19|20)\d{2}"
    r"|(?:19|20)\d{2}-(?:19|20)?\d{2})(?!\d)"
)
_GLUED = re.compile(r"[nNsS](?<=[iIsS].)#?(?P<x>\d{9}|\d{3}-\d{2}-\d{4})(?![\w-])")
_GLUED_LABEL = re.compile(r"(?<![^\W_])(?:ssn|ss|tin|itin)\Z", re.IGNORECASE)
_PARTLY = re.compile(r"(?<![\w*])[xX*•]{2,16}[- ]?\d{4}(?![\w*-])")
_STRUCK = re.compile(
    r"(?<![\w*?.-])(?=[\dxX*?-]{0,10}\d)(?:"
    r"(?P<ssn>(?=[\d-]{0,10}[xX*?])[\dxX*?]{3}([- ])[\dxX*?]{2}\2[\dxX*?]{4})"
    r"|(?P<dob>[xX*?]{2}[-/][\dxX*?]{2}[-/](?:19|20)\d\d|\d\d[-/][xX*?]{2}[-/](?:19|20)\d\d"
    r"|(?:19|20)\d\d-(?:[xX*?]{2}-[\dxX*?]{2}|\d\d-[xX*?]{2}))"
    r"|(?P<account>(?:[xX*]{2,4}-){1,3}\d{4}|\d{4,7}[xX*]{3,12}\d{0,4}))(?![\w*?-])"
)
_STRUCK_SPACED = re.compile(r"(?<![\w*])[xX*]{3} [xX*]{2} (?P<x>\d{4})(?![\w-]|[.,/]\d)")
_LOCAL = re.compile(
    r"[2-9](?<![\w$.,/-].)\d{2}-(?!19\d\d|20\d\d|\d\d00|\d000)\d{4}(?![\w%-]|[.,/]\d)"
)
_PART = re.compile(r"[\d-]{1,24}")
_YEAR_FIRST = re.compile(r"(?:19|20)\d{2}-")
# Found by their form alone, or dates.
_ELSEWHERE = re.compile(
    r"\d{3}-\d{2}-\d{4}|\d{2}-\d{7}|\d{3}-\d{3}-\d{4}|\d{1,2}-\d{1,2}-(?:19|20)?\d{2}"
    r"|(?:19|20)\d{2}-\d{2}-\d{2}"
)
_SHORT_GROUPS = re.compile(r"\d{1,2}(?: \d{1,2}){2,12}")
_NANP = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")
_SPACED_PHONE = re.compile(r"(?:1 )?\d{3} \d{3} \d{4}")
_CARD_GROUPS = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{3,4}|\d{4}([ -])\d{6}\2\d{4,5}")
_LOOKALIKE = re.compile(r"[OolI](?:(?<=\d.)|(?=\d))")
_MISREAD = re.compile(
    r"(?<![^\W_])(?=[OolI]{0,3}[-/.]?\d)(?=\d{0,4}[-/.]?\d{0,4}[-/.]?\d{0,3}[OolI])"
    r"[\dOolI]{1,10}(?:[-/.][\dOolI]{1,10}){0,3}(?![^\W_])"
)
_DIGITS = str.maketrans("OolI", "0011")
_FOUR, _NINE, _TEN, _SIX, _EIGHT, _SHORTEST_CARD = 4, 9, 10, 6, 8, 13


def straightened(text: str) -> str:
    """Returns a text, as long as before, with digits where a bad scan made letters of them."""
    if _LOOKALIKE.search(text) is None:
        return text
    return _MISREAD.sub(lambda match: match.group().translate(_DIGITS), text)


def find_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every number that a label or its length gives away."""
    for match in _RUN.finditer(text):
        if _ELSEWHERE.fullmatch(match.group()):
            continue
        label = _label_before(text, match.start())
        for start, found in _separate(match):
            digits = re.sub(r"\D", "", found)
            wording = _labelled(label, found, digits) if label else _unlabelled(found, digits)
            if wording is not None:
                yield start, start + len(found), wording


def find_bare_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields numbers glued to their label or partly struck out, and telephones without area."""
    low = text.lower()
    for match in _GLUED.finditer(text):
        if _GLUED_LABEL.search(text, max(0, match.start() - _FOUR), match.start() + 1):
            valid = itin.is_valid(re.sub(r"\D", "", match["x"]))
            yield match.start("x"), match.end("x"), "[ITIN]" if valid else "[SSN]"
    if any(struck in low for struck in ("xx", "**", "x*", "••")):
        yield from ((m.start(), m.end(), "[ACCOUNT]") for m in _PARTLY.finditer(text))
    if any(struck in low for struck in ("xx", "**", "*-", "?-", "?/")):
        yield from _struck(text)
    for match in _LOCAL.finditer(text):
        if _label_before(text, match.start()) in {None, "phone"}:
            yield match.start(), match.end(), "[PHONE]"


def _struck(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields numbers and days of which some digits are struck out, read whole."""
    kinds = {"ssn": "[SSN]", "dob": "[DOB]", "account": "[ACCOUNT]"}
    for match in _STRUCK.finditer(text):
        kind = next(kind for kind in kinds if match[kind])
        yield match.start(), match.end(), kinds[kind]
    yield from ((m.start(), m.end(), "[SSN]") for m in _STRUCK_SPACED.finditer(text))


def _separate(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    """Yields start and wording of the numbers of a run: long ones side by side are several."""
    parts = list(_PART.finditer(match.group()))
    if len(parts) > 1 and all(len(part.group()) >= _SIX for part in parts):
        yield from ((match.start() + part.start(), part.group()) for part in parts)
    else:
        yield match.start(), match.group()


def _label_before(text: str, start: int) -> str | None:
    before = text[max(0, start - _REACH) : start].lower()
    label = None
    for match in _LABEL.finditer(before):
        # What stands on another line or in another sentence does not speak for this number.
        if not _ELSE.search(before, match.end()):
            label = match.lastgroup
    return label


def _labelled(label: str, found: str, digits: str) -> str | None:  # noqa: PLR0911
    size = len(digits)
    if size >= _SHORTEST_CARD and luhn.is_valid(digits):
        return "[CARD]"
    if label == "routing" and size == _NINE:
        return "[ROUTING]" if rtn.is_valid(digits) else "[ACCOUNT]"
    if label == "ssn" and size == _NINE:
        return "[ITIN]" if itin.is_valid(digits) else "[SSN]"
    if label == "ein" and size == _NINE:
        return "[EIN]"
    if label == "phone":
        return "[PHONE]" if _NANP.fullmatch(digits) else _unlabelled(found, digits)
    if label == "card" and _CARD_GROUPS.fullmatch(found):
        return "[CARD]"
    if label == "other":
        return "[ROUTING]" if size == _NINE and found.isdigit() and rtn.is_valid(digits) else None
    return _account(found, digits)


def _account(found: str, digits: str) -> str | None:
    if _DATE_LIKE.match(found) or _SHORT_GROUPS.fullmatch(found) or digits.endswith("0000"):
        return None
    shortest = _EIGHT if " " in found else _SIX - ("-" in found)
    return "[ACCOUNT]" if len(digits) >= shortest else None


def _unlabelled(found: str, digits: str) -> str | None:  # noqa: PLR0911
    size = len(digits)
    if size >= _SHORTEST_CARD and luhn.is_valid(digits) and len(set(digits)) > 2:  # noqa: PLR2004
        return "[CARD]"
    if _CARD_GROUPS.fullmatch(found):
        return "[ACCOUNT]"
    if _SPACED_PHONE.fullmatch(found):
        year = digits[-4:-2] in {"19", "20"}
        return "[PHONE]" if _NANP.fullmatch(digits) and not year else None
    if size < _NINE or " " in found or _YEAR_FIRST.match(found):
        return None
    if digits.endswith("0000"):
        return None
    if size == _NINE and found.isdigit() and rtn.is_valid(digits):
        return "[ROUTING]"
    if len(set(digits)) <= 3:  # noqa: PLR2004
        return None
    return "[PHONE]" if size == _TEN and _NANP.fullmatch(digits) else "[ACCOUNT]"
