"""Finds street addresses, boxes and rural routes.

A street line goes, with unit and, where they follow, city, state and ZIP code; a city alone stays.

Source: USPS Publication 28, Appendix C1 (street suffixes, the common ones) and chapter 24 to 28
(rural routes, highway contract routes, post office boxes).
"""

import re
from collections.abc import Iterator

_STRONG = [
    "Street",
    "St",
    "Avenue",
    "Ave",
    "Av",
    "Road",
    "Rd",
    "Drive",
    "Dr",
    "Lane",
    "Ln",
    "Court",
    "Ct",
    "Boulevard",
    "Blvd",
    "Circle",
    "Cir",
    "Place",
    "Pl",
    "Terrace",
    "Ter",
    "Terr",
    "Trail",
    "Trl",
    "Parkway",
    "Pkwy",
    "Highway",
    "Hwy",
    "Way",
    "Square",
    "Sq",
    "Pike",
    "Turnpike",
    "Tpke",
    "Crescent",
    "Cres",
    "Alley",
    "Aly",
    "Causeway",
    "Expressway",
    "Expy",
    "Concourse",
    "Mews",
    "Crossing",
    "Xing",
    "Loop",
]
_WEAK = [
    "Bend",
    "Bluff",
    "Branch",
    "Cove",
    "Glen",
    "Green",
    "Grove",
    "Hill",
    "Hollow",
    "Landing",
    "Overlook",
    "Pass",
    "Path",
    "Plaza",
    "Point",
    "Ridge",
    "Row",
    "Run",
    "Trace",
    "Vista",
    "Walk",
    "Bypass",
    "Heights",
    "Hts",
    "Commons",
    "Knoll",
    "Meadow",
    "Quay",
    "Wharf",
    "Spur",
    "Crest",
    "Gate",
    "Court's",
]


def _either_case(words: list[str]) -> str:
    both = {form for word in words for form in (word, word.upper())}
    return "|".join(sorted(both, key=lambda form: (-len(form), form)))


_LOWER_SUFFIX = r"(?:street|avenue|ave|road|drive|lane|court|blvd|st|rd|dr|ln|ct)"
_LOWER_WORD = (
    r"(?!(?:for|the|after|student|of|in|and|per|to|at|by|from|on|an|with|no|my|our|is|was|mo"
    r"|months?"
    r"|days?|yrs?|years?|late|new|old|car|auto|personal|loan|this|that|off|over|down)\b)[a-z]{3,15}"
)
_NOT_MODEL = r"(?![ ](?:Boss\b|\d{2}[A-Z]))"  # vehicles: Silverado Trail Boss, Open Road 34PA
_SUFFIX = rf"(?:{_either_case(_STRONG + _WEAK)})\b{_NOT_MODEL}"
_SIDE = r"(?:[NSEW]|NW|NE|SW|SE|North|South|East|West|NORTH|SOUTH|EAST|WEST)\.?"
_WORD = (
    r"(?:(?:St|Dr|Mt|Ft|ST|MT|FT)\.?|[A-Z][a-zà-ÿ'’]{1,18}|[A-Z]['’][A-Z][a-z]{1,18}"
    r"|Mc[A-Z][a-z]{1,16}|\d{1,3}(?:st|nd|rd|th|ST|ND|RD|TH)|[A-Z]{3,15}|of|de|la|del|DE|LA)"
)
_NUMBER = (
    r"(?:(?:\d[\dO]{0,5}|One|Two|Three|Four|Five|Ten)(?:-\d{1,5})?(?:-?[A-Z])?"
    r"|[NSEW]\d{1,3}[ ][NSEW]\d{2,5}|[NSEW]\d{3,5})"
)
_UNIT = (
    r"(?:,?[ ]{1,2}(?:Apt|Apartment|Unit|Suite|Ste|Lot|Rm|Room|Bldg|Building|Fl|Floor|Trlr|Trailer"
    r"|Spc?|Space|Ph|APT|UNIT|SUITE|STE|LOT|BLDG|FL|TRLR|SPC?|PH|apt|unit|lot|ste|bldg)\.?[ ]?\#?"
    r"(?:[A-Z]?\d[\w-]{0,5}|[A-Z]\b)|,?[ ]?\#[ ]?[\w-]{1,6}|,?[ ]\d{1,2}(?:st|nd|rd|th)[ ][Ff]loor"
    r"|,?[ ]\d{1,4}[A-Z]\b|,[ ](?:Upper|Lower|Down|Up|Rear|Front)\b|[ ](?:UPPER|LOWER|REAR|rear)\b)"
)
_TRUE_UNIT = (
    r"(?:,?[ ](?:Apt|Apartment|Unit|Suite|Ste|Lot|Trlr|Trailer|APT|UNIT|STE|LOT)\.?[ ]?\#?"
    r"(?:\d[\w-]{0,5}|[A-Z]\b)|,?[ ]?\#[ ]?[\w-]{1,6})"
)
_CITY_ZIP = (
    r"(?:,?[ ]{1,3}[A-Z][A-Za-z.]{1,20}(?:[ ][A-Z][A-Za-z]{1,20}){0,2},?[ ][A-Z]{2},?[ ]"
    r"\d{5}(?:-\d{4})?\b)"
)
_END = rf"(?:[ ]{_SIDE}(?!\w))?{_UNIT}?(?:,?[ ]{_SIDE}(?!\w))?{_CITY_ZIP}?"
_START = r"(?<![\w$.-])(?<!\d[,/])"
_STREET = re.compile(
    rf"{_START}(?:"
    r"[NSEW]?\d{1,5}[ ](?:County[ ](?:Road|Rd|Hwy|Highway)|C(?:oun)?ty[ ](?:Rd|Hwy)|CTH"
    r"|Co\.?[ ]Rd|Hwy)"
    r"[ ][A-Z\d]{1,4}\b|"
    rf"\d{{2,5}}[ ][NSEW]\.?[ ]\d{{2,5}}[ ][NSEW]\b\.?{_UNIT}?{_CITY_ZIP}?|"
    rf"(?:(?:Apt|Unit|Suite|Ste|APT"
    rf"|UNIT)\.?[ ]\w{{1,5}},[ ])?{_NUMBER}(?:[ ]½)?[ ]{{1,3}}(?:{_SIDE}[ ]{{1,3}})?"
    rf"(?:{_WORD}[ ]{{1,3}}){{1,3}}{_SUFFIX}"
    rf"(?:\.(?=[ ,][ ]?[A-Z\#]))?(?:(?<=Road|.Hwy)[ ]\d{{1,4}}\b)?{_END}"
    rf"|\d{{2,6}}[ ](?:NW|SW|NE|SE)\.?[ ]\d{{1,3}}(?:st|nd|rd|th)?\b(?:[ ]{_SUFFIX})?{_UNIT}?"
    rf"|\d{{2,5}}[A-Z]?[ ](?:{_SIDE}[ ])?(?:{_WORD}[ ]){{0,2}}{_WORD}(?:{_TRUE_UNIT}{_CITY_ZIP}?"
    rf"|{_CITY_ZIP})"
    rf"|\d{{2,5}}[ ][NSEW]\.?[ ](?:{_WORD}[ ])?{_WORD}(?=[,;.)\n]|$)"
    rf"|\d{{1,6}}(?:,[NSEW]{{1,2}})?(?:,[A-Z]{{3,15}}){{1,3}},(?:{_SUFFIX})"
    rf"(?:,(?:APT|UNIT|STE)[ ]\w{{1,5}})?"
    rf"|{_NUMBER}[ ](?:{_SIDE}[ ])?\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH)[ ]{_SUFFIX}{_END}"
    r"|\d{3,6}[ ](?:US|State|SR|TX|CA|Hwy|HWY)-\d{1,4}\b"
    r"|\d{1,6}[ ](?:FM|CR|SR|County[ ](?:Road|Rd|Hwy)|State[ ](?:Route|Road|Hwy)|US[ ]Hwy|Hwy"
    rf"|Highway|Route|Rte|Avenue|COUNTY[ ]ROAD|HIGHWAY|HWY)[ ](?:[A-Z]{{1,2}}|\d{{1,5}})\b{_UNIT}?"
    r"|\d{1,6}[ ](?:Calle|Avenida|Camino|Paseo|Via|V[ií]a|Rue|Avenue|Alameda|Acequia|Plaza|Rancho"
    rf"|CALLE|AVENIDA|CAMINO)(?:[ ]{_WORD}){{1,3}}(?:[ ]{_SIDE}(?!\w))?{_UNIT}?"
    r"|(?:Calle|Avenida|Camino|Paseo)(?:[ ][A-ZÁ-Ú][\wÀ-ÿ]{1,18}){1,3}[ ]\#?\d{1,5}\b"
    rf"{_UNIT}?"
    rf"|\d{{2,5}}[ ](?:[nsew]\.?[ ])?(?:\d{{1,3}}(?:st|nd|rd|th)|{_LOWER_WORD}"
    rf"(?:[ ]{_LOWER_WORD}){{0,3}}(?:[ ]jr)?)"
    rf"[ ]{_LOWER_SUFFIX}\b"
    rf"(?![ ]of\b)"
    rf"{_UNIT}?"
    r")"
)
_BEGINNING = re.compile(
    r"(?<![\w$.-])(?:\d|[NSEW]\d|Apt|APT|Unit|UNIT|Suite|Ste|One|T|F|Calle|Avenida|Camino|Paseo)"
)
_BOX = re.compile(
    r"(?<!\w)(?:p\.?[ ]?o\.?[ ]?box|post[ ]office[ ]box|(?:hc|rr|hcr|psc"
    r"|rural[ ]route)[ ]?\d{1,4},?[ ]box)"
    r"[ ]\#?\d{1,6}(?:-?[A-Z])?(?!\w)",
    re.IGNORECASE,
)
_PARK = re.compile(
    r"(?<!\w)(?:[A-Z][a-z]{2,14}[ ]){1,3}(?:MHP|MHC|Mobile Home (?:Park|Estates)"
    r"|Trailer (?:Park|Court)|RV Park)"
    r",?[ ](?:[Ll]ot|LOT|[Ss]p(?:ace|c)?|SP|[Uu]nit|[Ss]ite|\#)[ .]?\#?[A-Z]?\d{1,4}[A-Z]?\b"
    r"|\bGeneral Delivery\b"
)
_PARKS = ("MHP", "MHC", "Park", "Court", "Home ", "Delivery")
_LABELLED = re.compile(
    r"(?:(?<!proof of )(?<!Proof of )(?<!PROOF OF )"
    r"\b(?:addr(?:ess)?|street|place|located|situated|resid(?:es?|ing|ence)|lives?|living"
    r"|mailing|moved|stays?|home|res"
    r"|mail|ADDR(?:ESS)?|STREET|RES|HOME|Addr(?:ess)?|Street|Home|Mail|Mailing|Resid(?:es|ence))\b"
    rf")(?:[ ]?[:=#.-]|[ ](?:is|at|in|on|to|now|given|was|address|street|line"
    rf"|1)\b){{0,4}}[ :=\"']{{1,14}}"
    rf"{_START}(?P<x>\d{{1,5}}(?:-\d{{1,4}})?[A-Z]?[ ](?:{_SIDE}[ ])?"
    rf"(?:{_WORD})(?:[ ]{_WORD}){{0,2}}{_END})(?![ ]?%|\w)"
)
_YEAR = re.compile(r"(?:19[5-9]|20[0-3])\d[ ]")
_STRONG_WORD = re.compile(
    rf"\b(?:{_either_case(_STRONG)}|[Cc]alle|CALLE|{_LOWER_SUFFIX})\b|\d(?:st|nd|rd|th)\b"
    rf"|[ ](?:Rte|FM|CR|Camino)[ ]"
)
_CREDIT_WORD = re.compile(r"\b(?:PERS|SIG|AUTO|STUDENT|LOAN|MTG|INST|UNSEC|CAR)\b")
_NOT_BEFORE = re.compile(r"(?:file|loan|case|app|motel)[ ]\#?$", re.IGNORECASE)
_MEASURE = re.compile(
    r"\d+[ ](?:Years?|Yrs?|Months?|Mos?|Days?|Acres?|Units?|Miles|Hours|Payments?|Kia|Ford|Honda|"
    r"January|February|March|April|May|June|July|August|September|October|November|December|of|"
    r"Toyota|Chevy|Dodge|Jeep|Ram|Nissan|USC|CFR|US|YEARS?|MONTHS?|YRS?|MOS|CFR|USC)\b"
)


def find_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every street line, box or rural route."""
    for match in _streets(text):
        found = match.group()
        if _is_vehicle(found) or _is_account_line(found) or _MEASURE.match(found):
            continue
        before = text[max(0, match.start() - 9) : match.start()]
        if _STRONG_WORD.search(found) or not _NOT_BEFORE.search(before):
            yield match.start(), match.end(), "[ADDRESS]"
    for match in _BOX.finditer(text):
        yield match.start(), match.end(), "[ADDRESS]"
    for match in _PARK.finditer(text) if any(word in text for word in _PARKS) else ():
        yield match.start(), match.end(), "[ADDRESS]"
    for match in _LABELLED.finditer(text):
        if not _YEAR.match(match["x"]) and not _MEASURE.match(match["x"]):
            yield match.start("x"), match.end("x"), "[ADDRESS]"


def _streets(text: str) -> Iterator[re.Match[str]]:
    """Yields what `_STREET.finditer` would, tried only where a street line can begin."""
    at = 0
    for beginning in _BEGINNING.finditer(text):
        if beginning.start() < at:
            continue
        match = _STREET.match(text, beginning.start())
        if match is not None:
            at = match.end()
            yield match


def _is_account_line(found: str) -> bool:
    return found.endswith((" LN", " CT", " PL")) and _CREDIT_WORD.search(found) is not None


def _is_vehicle(found: str) -> bool:
    return _YEAR.match(found) is not None and _STRONG_WORD.search(found) is None


ADDRESS_PATTERNS = (
    _STREET,
    _BOX,
    _PARK,
    _LABELLED,
    _YEAR,
    _STRONG_WORD,
    _MEASURE,
    _CREDIT_WORD,
    _NOT_BEFORE,
)
"""Every pattern of this module, for the masker's version."""
