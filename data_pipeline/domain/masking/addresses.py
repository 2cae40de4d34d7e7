"""Finds street addresses, boxes and rural routes.

A street line goes, with unit and, where they follow, city, state and ZIP code; a city alone stays.

Source: USPS Publication 28, Appendix C1 (street suffixes, the common ones) and chapter 24 to 28
(rural routes, highway contract routes, post office boxes).
"""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking.patterns import ContextRule

_STRONG = """
    Street St Avenue Ave Av Road Rd Drive Dr Lane Ln Court Ct Boulevard Blvd Circle Cir Place Pl
    Terrace Ter Terr Trail Trl Parkway Pkwy Highway Hwy Way Square Sq Pike Turnpike Tpke Crescent
    Cres Alley Aly Causeway Expressway Expy Concourse Mews Crossing Xing Loop
"""
_WEAK = """
    Bend Bluff Branch Cove Glen Green Grove Hill Landing Overlook Pass Path Plaza Point Ridge Row
    Run Trace Vista Walk Bypass Heights Hts Commons Knoll Meadow Quay Wharf Spur Crest Gate
    Court's View Vw Bl Hollow R0AD
"""


def _either_case(words: str) -> str:
    both = {form for word in words.split() for form in (word, word.upper())}
    return "|".join(sorted(both, key=lambda form: (-len(form), form)))


_LOWER_SUFFIX = (
    r"(?:street|avenue|ave|road|drive|lane|court|boulevard|blvd|circle|terrace|trail|place|hwy"
    r"|st|rd|dr|ln|ct|pl|cir|trl)"
)
_LOWER_WORD = (
    r"(?!(?:for|the|after|student|of|in|and|per|to|at|by|from|on|an|with|no|my|our|is|was|mo"
    r"|months?"
    r"|days?|yrs?|years?|late|new|old|car|auto|personal|loan|this|that|off|over|down)\b)[a-z]{3,15}"
)
_NOT_MODEL = r"(?![ ](?:Boss\b|\d{2}[A-Z]))"  # vehicles: Silverado Trail Boss, Open Road 34PA
_SUFFIX = rf"(?:{_either_case(_STRONG + _WEAK)})\b{_NOT_MODEL}"
_SIDE = r"(?:[NS]\.[EW]|[NSEW]|NW|NE|SW|SE|North|South|East|West|NORTH|SOUTH|EAST|WEST)\.?"
_WORD = (
    r"(?:(?:St|Dr|Mt|Ft|ST|MT|FT)\.?|[A-Z][a-zà-ÿ'’]{1,18}|[A-Z]['’][A-Z][a-z]{1,18}"
    r"|Mc[A-Z][a-z]{1,16}|\d{1,3}(?:st|nd|rd|th|ST|ND|RD|TH)|[A-Z][A-Zl]{2,14}"
    r"|[A-Z]{1,6}[0145][A-Zl]{1,8}|of|de|la|del|des|du|DE|LA)"
)
_NUMBER = (
    r"(?:(?:\d[\dO]{0,5}|One|Two|Three|Four|Five|Ten)(?:-\d{1,5})?(?:-?[A-Z])?"
    r"|[NSEW]\d{1,3}[ ][NSEW]\d{2,5}|[NSEW]\d{3,5})"
)
_UNIT = (
    r"(?:(?:(?:,?[ ]{1,2}|,?\n[ ]{0,3})(?:Apt|Apartment|Unit|Suite|Ste|Lot|Rm|Room|Bldg|Building|Fl"
    r"|Floor|Trlr|Trailer|Flat|Twr|Tower|PMB|HALF|Half"
    r"|Spc?|Space|Ph|APT|UNIT|SUITE|STE|LOT|BLDG|FL|TRLR|SPC?|PH|apt|unit|lot|ste|bldg|rm|flat"
    r"|interior|[Ss]te/unit)\.?[ -]?\#?"
    r"(?:[A-Z]?\d[\w-]{0,5}|[A-Z]\b(?![ ]?[a-z])|South|North|East|West)|,?[ ]{0,2}\#[ ]?[\w-]{1,6}"
    r"|,?[ ]\d{1,2}(?:st|nd|rd|th|ST|ND|RD|TH)[ ](?:[Ff]l(?:oor)?\b\.?|FL\b)"
    r"|,?[ ]\d{1,4}[A-Z]\b|,[ ](?:Upper|Lower|Down|Up|Rear|Front|up|dn|down|rear|front)\b(?![ ]"
    r"(?:to|by|for|payment))"
    r"|,?[ ]{1,2}(?:UPPER|LOWER|UPR|LWR|REAR|rear|Rear|bsmt|BSMT)\b\.?|,?[ ]{1,2}"
    r"(?:[Gg]arage[ ][Aa]pt|GARDEN[ ]{1,2}UN[Il]T"
    r"|Garden[ ]Unit|(?:English[ ])?[Bb]asement)\b){1,3}(?:[ ](?:rear|hse))*)"
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
_START = r"(?<![\w$-])(?<!\w\.)(?<!\d[,/])"
_STREET = re.compile(
    rf"{_START}(?:"
    r"[NSEW]?\d{1,5}[ ](?:County[ ](?:Road|Rd|Hwy|Highway)|C(?:oun)?ty[ ](?:Rd|Hwy)|CTH"
    r"|Co\.?[ ]Rd|Hwy)"
    r"[ ][A-Z\d]{1,4}\b"
    rf"{_UNIT}?|"
    rf"\d{{2,5}}[ ][NSEW]\.?[ ]\d{{2,5}}[ ][NSEW]\b\.?{_UNIT}?{_CITY_ZIP}?|"
    rf"(?:(?:Apt|Unit|Suite|Ste|APT"
    rf"|UNIT)\.?[ ]\w{{1,5}},[ ])?{_NUMBER}(?:[ ]?[½¼¾])?[ ]{{1,3}}(?:{_SIDE}[ ]{{1,3}})?"
    rf"(?:{_WORD}[ ]{{1,3}}){{1,3}}{_SUFFIX}"
    rf"(?:\.(?=,[ ]|[ ][A-Z\#]))?(?:(?:(?<=Road)|(?<=[Hh]wy)|(?<=HWY))[ ]\d{{1,4}}\b|"
    rf"(?<=High[Ww]ay)[ ](?:\d{{1,4}}|[A-Z]{{1,2}})\b)?{_END}"
    rf"|\d{{2,6}}[ ](?:NW|SW|NE|SE)\.?[ ]\d{{1,3}}(?:st|nd|rd|th)?\b(?:[ ]{_SUFFIX})?{_UNIT}?"
    rf"|\d{{2,5}}[A-Z]?[ ](?:{_SIDE}[ ])?(?:{_WORD}[ ]){{0,2}}{_WORD}(?:{_TRUE_UNIT}{_CITY_ZIP}?"
    rf"|{_CITY_ZIP})"
    rf"|\d{{2,5}}[ ][NSEW]\.?[ ](?:{_WORD}[ ])?{_WORD}{_UNIT}?(?=[,;.)\n]|$)"
    rf"|\d{{1,6}}(?:,[NSEW]{{1,2}})?(?:,[A-Z]{{3,15}}){{1,3}},(?:{_SUFFIX})"
    rf"(?:,(?:APT|UNIT|STE)[ ]\w{{1,5}})?"
    rf"|{_NUMBER}[ ](?:{_SIDE}[ ])?\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH)[ ]{_SUFFIX}{_END}"
    r"|\d{3,6}[ ](?:US|State|SR|TX|CA|Hwy|HWY)-\d{1,4}\b"
    r"|[NSEW]?\d{1,6}[ ](?:[NSEW]\.?[ ])?(?:Old[ ])?(?:FM|CR|SR|Co(?:unty|\.)?[ ](?:Trunk[ ])?"
    r"(?:Road|Rd|Hwy|Highway)"
    r"|State[ ](?:Route|Road|Rd|Rte|Hwy|Highway)|U\.?S\.?[ ](?:Hwy|Highway|Route|Rte)|US(?=[ ]\d)"
    r"|Hwy"
    r"|Farm[ -]to[ -]Market(?:[ ]Road|[ ]Rd)?|Ranch[ ]Road"
    r"|Highway|Route|Rte|Avenue|COUNTY[ ]ROAD|(?:US[ ]|STATE[ ])?(?:HIGHWAY|HWY|ROUTE|RTE))"
    rf"[ ](?:[A-Z]{{1,2}}|\d{{1,5}}[A-Z]?)\b(?:[ ]{_SIDE}(?!\w))?{_UNIT}?"
    rf"|\d{{3,5}}[ ]?½[ ](?:{_SIDE}[ ])?{_WORD}(?:[ ]{_WORD})?{_UNIT}?"
    r"|\d{1,6}[ ](?:Calle|Avenida|Camino|Paseo|Via|V[ií]a|Rue|Avenue|Alameda|Acequia|Plaza|Rancho"
    rf"|CALLE|AVENIDA|CAMINO)(?:[ ]{_WORD}){{1,3}}(?:[ ]{_SIDE}(?!\w))?{_UNIT}?"
    r"|(?:Calle|Avenida|Camino|Paseo)(?:[ ][A-ZÁ-Ú][\wÀ-ÿ]{1,18}){1,3}[ ]\#?\d{1,5}\b"
    rf"{_UNIT}?)"
)
_LOWER_STREET = re.compile(
    rf"{_START}\d{{2,5}}(?:-\d{{1,3}})?[ ](?:[nsew]\.?[ ])?(?:\d{{1,3}}(?:st|nd|rd|th)"
    rf"|{_LOWER_WORD}(?:[ ]{_LOWER_WORD}){{0,3}}(?:[ ]jr)?)"
    rf"[ ]{_LOWER_SUFFIX}\b"
    rf"(?![ ]of\b)"
    rf"{_UNIT}?(?:[ ]\d{{3,4}}(?=[ ]?(?:\n|and\b|$)))?"
)
# Where a street line can begin: cheap to find. What follows a number tells how it can go on.
_BEGINNING = re.compile(
    r"[\dNSEWAUOTFCP](?<![\w$-].)(?<!\w\..)(?:(?<=\d)[\dO]{0,5}(?:-\d{1,5})?(?:-?[A-Z])?"
    r"(?:[ ]?[½¼¾])?(?=[ ]{1,3}(?P<next>[^\W_])|,[A-Z])|(?<=[NSEW])\d|(?<=A)(?:pt|PT)"
    r"|(?<=U)(?:nit|NIT)|(?<=S)(?:uite|te)|(?<=O)ne|(?<=T)(?:wo|hree|en)|(?<=F)(?:our|ive)"
    r"|(?<=C)(?:alle|amino)|(?<=A)venida|(?<=P)aseo)"
)
_LOWER_TOO = re.compile(r"d(?:el?|es|u)[ ]|la[ ]|of[ ]")
_BOX = re.compile(
    r"(?<!\w)(?:(?:p\.?[ ]?o\.?[ ]?bo?x|post[ ]office[ ]box|(?:(?:hc|rr|hcr|psc|rt|rte"
    r"|r\.?[ ]?d\.|rfd"
    r"|rural[ ](?:route|delivery))[ ]?(?:\#[ ]?)?\d{1,4}|star[ ](?:route|rt\.?)),?[ ]bo?x)"
    r"[ ]\#?\d{1,6}(?:-?[A-Z])?|rural[ ](?:route|delivery)[ ]\#?\d{1,3})(?!\w)",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"\n[ ]{0,12}(?P<x>\d{1,5}[A-Z]?[ ]{1,2}[A-Z][^\n$%:|]{3,36})\n[ ]{0,12}"
    r"[A-Z][A-Za-z.]{1,14}(?:[ ][A-Z][A-Za-z.]{1,14}){0,2},?[ ]{1,2}(?:[A-Z]{2}[ ]{1,2})?\d{5}\b"
)
_PARK = re.compile(
    r"[A-Z](?<!\w[A-Z])(?:[a-z]{2,14}[ ](?:[A-Z][a-z]{2,14}[ ]){0,2}(?:MHP|MHC"
    r"|Mobile Home (?:Park|Estates)|Trailer (?:Park|Court)|RV Park)"
    r",?[ ](?:[Ll]ot|LOT|[Ss]p(?:ace|c)?|SP|[Uu]nit|[Ss]ite|\#)[ .]?\#?[A-Z]?\d{1,4}[A-Z]?\b"
    r"|(?<=G)(?:eneral Delivery|ENERAL DELIVERY)\b)"
)
_BOXES = ("box", "bx", "rural")
_PARKS = ("MHP", "MHC", "Park", "Court", "Home ", "Delivery", "DELIVERY")
_LABELLED = re.compile(
    r"\d(?<=[ :=\"']\d)\d{0,4}(?:-\d{1,4})?[A-Z]?[ ](?=[A-Z\d]|of|de|la|du)"
    rf"(?:{_SIDE}[ ])?(?:{_WORD})(?:[ ]{_WORD}){{0,3}}{_END}(?![ ]?%|\w)"
)
_LABEL_BEFORE = re.compile(
    r"(?<!proof of )(?<!Proof of )(?<!PROOF OF )"
    r"\b(?:addr(?:ess)?|street|place|located|situated|resid(?:es?|ing|ence)|lives?|living"
    r"|mailing|moved|stays?|home|res"
    r"|rent(?:s|ing|ed)? at|[Ss]till at|[Pp]roperty|Prop|PROP|[Pp]resent|Subject|SUBJECT|dorm|perm"
    r"|mail|ADDR(?:ESS)?|STREET|RES|HOME|Addr(?:ess)?|Street|Home|Mail|Mailing|Resid(?:es|ence))\b"
    r"(?:[ ]?[:=#.-]|[ ](?:is|at|in|on|to|now|given|was|address|street|line"
    r"|1)\b){0,4}[ :=\"']{1,14}\Z"
)
_WORDS = """
    addr address street place located situated reside resides residing residence live lives living
    mailing moved stay stays home res property prop present subject dorm perm mail is at in on to
    now given was line 1
"""
_LAST_WORDS = frozenset(_WORDS.split())
_LABEL_REACH, _WORD_REACH = 72, 26
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
    r"Toyota|Chevy|Dodge|Jeep|Ram|Nissan|USC|CFR|US(?![ ](?:H|R|\d))|YEARS?|MONTHS?|YRS?|MOS|CFR"
    r"|USC)\b"
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
    low = text.lower()
    for match in _BOX.finditer(text) if any(word in low for word in _BOXES) else ():
        yield match.start(), match.end(), "[ADDRESS]"
    for match in _BLOCK.finditer(text):
        yield match.start("x"), match.end("x"), "[ADDRESS]"
    for match in _PARK.finditer(text) if any(word in text for word in _PARKS) else ():
        yield match.start(), match.end(), "[ADDRESS]"
    for match in _LABELLED.finditer(text):
        if _YEAR.match(match.group()) or _MEASURE.match(match.group()):
            continue
        if _is_labelled(text, match.start()):
            yield match.start(), match.end(), "[ADDRESS]"


def _is_labelled(text: str, start: int) -> bool:
    """Tells whether a word that announces an address stands before; the last word is read first."""
    before = text[max(0, start - _WORD_REACH) : start].rstrip(" :=\"'#.-")
    if re.split(r"\W", before)[-1].lower() not in _LAST_WORDS:
        return False
    return _LABEL_BEFORE.search(text, max(0, start - _LABEL_REACH), start) is not None


def _streets(text: str) -> Iterator[re.Match[str]]:
    """Yields street lines, tried only where one can begin."""
    at = 0
    for beginning in _BEGINNING.finditer(text):
        start = beginning.start()
        if start < at:
            continue
        following = beginning["next"] or ""
        match = None
        if not following.islower() or _LOWER_TOO.match(text, beginning.start("next")):
            match = _STREET.match(text, start)
        if match is None and (following.islower() or following.isdecimal()):
            match = _LOWER_STREET.match(text, start)
        if match is not None:
            at = match.end()
            yield match


def _is_account_line(found: str) -> bool:
    return found.endswith((" LN", " CT", " PL")) and _CREDIT_WORD.search(found) is not None


def _is_vehicle(found: str) -> bool:
    return _YEAR.match(found) is not None and _STRONG_WORD.search(found) is None


_SAID = (
    r"(?:[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven"
    r"|[Tt]welve"
    r"|[A-Za-z][a-z]{2,5}teen|[Tt]wenty|[Tt]hirty|[Ff]orty|[Ff]ifty|[Ss]ixty|[Ss]eventy|[Ee]ighty"
    r"|[Nn]inety"
    r"|hundred|thousand|oh)"
)
ADDRESS_RULES: tuple[ContextRule, ...] = (
    ContextRule(
        heads="one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy"
        " eighty ninety",
        pattern=rf"(?P<x>{_SAID}(?:[ -]{_SAID}){{0,4}}[ ](?:[A-Z][a-z]{{2,14}}[ ]){{1,3}}"
        r"(?:Street|Road|Avenue|Drive|Lane|Court|Boulevard|Place|Circle|Terrace|Highway|Trail))"
        r"(?!\w)",
        placeholder="[ADDRESS]",
        cased=True,
    ),
)
"""Rules of the same kind as `masking.patterns.CONTEXT_RULES`."""
