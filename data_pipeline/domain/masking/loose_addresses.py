"""Finds addresses that are no plain street line, by the words before and behind a number.

A number and any suffix of the post ("2401 Wisteria Wlk"), a number and an ordinal ("218 N. 52nd"),
a number and a name behind "lives at", a road with its number after it, a lot in a park, a highway
with a house on it, a box in unusual writing. An address says nothing about a loan that its city
does not; years, sums, scores and measures before a word are left.

Each number is read once with the word in front of it, which tells what can stand there; a fixed
number of characters around it is read, so the time is linear in the length of the text.

Source: USPS Publication 28, Appendix C1 (street suffixes) and chapters 23 to 29.
"""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking.folding import fold
from data_pipeline.domain.masking.patterns import ContextRule

_SUFFIX = (
    r"(?:Street|St|Avenue|Ave?|Road|Rd|Drive|Dr|Lane|Ln|Larie|Court|Ct|Boulevard|Bo?u?le?vd|Blvd"
    r"|B1vd|Bl|Circle|Cir|Place|Pl|Terrace|Terr?|Trail|Trl?|Trce|Parkway|Pk[wy]{1,2}|Pk|Highway|Hwy"
    r"|Way|Wy|Square|Sq|Pike|Turnpike|Tpke|Loop|Lp|Alley|Aly|Crossing|Xing|Crst|Crescent|Cres|Cove"
    r"|Cv|Creek|Crk|Ck|Hollow|Holw|Hl|Ridge|Rdg|Run|Row|Pass|Path|Point|Pt|Plaza|Plz|Walk|Wlk|Bend"
    r"|Bnd|Bluff|Blf|Branch|Cyn|Extension|Ext|Ferry|Fry|Gardens?|Gdns?|Gateway|Gtwy|Glen"
    r"|Gln|Green|Grn|Grove|Grv|Harbor|Hbr|Heights|Hts|Junction|Jct|Knolls?|Landing|Lndg|Manor|Mnr"
    r"|Meadows?|Mdws?|Orchard|Oval|Pnes?|Prairie|Shores?|Spur|Trace|Valley|Vly|View|Vw|Vista|Vis"
    r"|Woods?|By-?[Pp]ass|Frontage|Freeway|Fwy|Expressway|Expy|Causeway|Cswy|STREET|ST|AVENUE|AVE?"
    r"|ROAD|RD|DRIVE|DR|LANE|COURT|BLVD|BL|CIRCLE|CIR|PLACE|TERRACE|TER|TRAIL|TRL|PKWY|HWY|WAY"
    r"|street|st|avenue|ave|road|rd|lane|ln|blvd)"
)
_SIDE = r"(?:[NSEW]\.?|[NS][EW]\.?|North|South|East|West)"
_NAME = r"(?:(?:St|Mt|Ft|Dr)\.|[A-Z][\w'’]{1,16}|\d{1,3}(?:st|nd|rd|th)|[A-Z]{2,14})"
_PIECE = (
    r"(?:,?[ ]{0,3}(?:(?:(?i:apartment|apt|un[il1]t|suite|ste|lot|space|spc|trailer|trlr|bldg"
    r"|building|rm|room|floor|pmb|dept|villa|v[il1]{3}a|qtrs|hse|house|number|no|casita)\b\.?[ ]?"
    r"\#?[ ]?(?:\d[\w-]{0,6}|[A-Z]-?\d{0,5}\b)|\#[ ]?[\w-]{1,6})"
    r"|(?i:rear|upper|lower|lwr|upr|upstairs|downstairs|basement|bsmt|casita|carriage[ ]house"
    r"|garden[ ]level|\d{1,2}(?:st|nd|rd|th)[ ]fl(?:oor)?)\b\.?|[A-Z]-?\d{1,4}\b))"
)
_PIECES = rf"{_PIECE}{{0,3}}"
_STOP = (
    r"(?![ ]{1,3}(?i:Years?|Yrs?|Months?|Mos?|Days?|Acres?|Units?|Miles|Hours|Payments?|Accounts?"
    r"|Trades?|Inquir\w+|Lates?|Percent|Points|Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?"
    r"|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?|LTV|DTI|CLTV|FICO|SCORE|DPD|INQ|TRD|BPS"
    r"|WK(?:LY)?|HRS?|EQ|TU|EX|XP|EXP|EFX|PCT|NET|GROSS|CASH|MI|BAL"
    r"|APR|CFR|USC|U\.S|USD|Equifax|Experian|TransUnion|Vantage\w*|Beacon|Middle|Mid|Visa"
    r"|Kia|Ford|Honda|Toyota|Chev\w*|Dodge|Jeep|Ram|Nissan|GMC|Tesla|BMW|Hyundai|Subaru|Buick"
    r"|Fair|Total|Equal|Truth|Monthly|Annual|Per|And|The|We|He|She|They|It|In|At|On|For)\b)"
)
_NUMBER = r"\d{1,5}(?:-\d{1,5})?(?:[ ]?(?:½|[1l]/2)|-1/2)?[A-JL-Z]?"
_NUMBERED = re.compile(
    rf"(?!(?:19[5-9]|20[0-3])\d[ ])(?:{_NUMBER}{_STOP}[ ]{{1,3}}(?:{_SIDE}[ ]{{1,3}})?"
    rf"(?:{_NAME}[ ]{{1,3}}){{1,4}}{_SUFFIX}\b(?:\.(?![ ][A-Z][a-z]))?(?:[ ]{_SIDE}(?!\w))?"
    rf"{_PIECES}|\d{{2,5}}[ ](?:(?:{_SIDE}|[nsew])[ ])?\d{{1,3}}(?:st|nd|rd|th)\b"
    rf"(?:[ ]{_SUFFIX}\b\.?)?{_PIECES}(?=[,;.:)\n\"]|[ ](?:and|for|since|in|is|was)\b|$)"
    rf"|\d{{2,5}}[ ](?:{_SIDE}[ ])?{_NAME}(?:[ ]{_NAME}){{0,2}},[ ]"
    r"(?i:apt|unit|spc|space|ste|suite|lwr|upr|upper|lower|bldg|number)\b\.?(?:[ ]\#?\d[\w-]{0,5})?"
    rf"|\d{{2,5}}[ ]{_SIDE}[ ]\d{{2,5}}[ ]{_SIDE}(?!\w){_PIECES})"
)
_GOES_ON = re.compile(
    r"\d{1,5}(?:-\d{1,5})?(?:[ ]?[½1l/2]{1,3}|-1/2)?[A-JL-Z]?[ ]{1,3}(?:[A-Z\d]|[nsew][ ])"
)
_ANNOUNCED = re.compile(
    rf"(?!(?:19|20)\d\d\b)\d{{2,5}}(?:-\d{{1,4}})?[A-Z]?{_STOP}[ ](?:{_SIDE}[ ])?"
    rf"{_NAME}(?:[ ]{_NAME}){{0,3}}(?:[ ]{_SIDE}(?!\w))?{_PIECES}"
    r"(?=[,;.)\n\"'?:](?!\d)|[ ](?:and|for|since|in|is|was)\b|[ ][-–(\$]|[ ]{2}|$)"
)
_LOW = re.compile(
    r"\d{2,5}(?:-\d{1,3})?[ ](?:[nsew]w?\.?[ ])?(?:(?!(?:for|the|after|of|in|and|per|to|at|by|from"
    r"|on|an|with|no|is|was|mo|months?|days?|yrs?|years?|down|units?|acres|miles|percent|pct|points?"
    r"|dollars|bucks|score|dti|ltv|left|more|lates?|times|hours|over|under|net|gross|bal|balance"
    r"|limit|since|but|if|due|cash|weeks|people|other|rate|fixed|total)\b)"
    r"[a-z]{3,14}|\d{1,3}(?:st|nd|rd|th))(?:[ ](?:st|ave|rd|dr|ln|ct|pl|blvd|cir|way|hwy))?"
    r"(?:[ ](?:rear|upper|lower|downstairs|upstairs|\d(?:st|nd|rd)[ ]fl))?(?=[,;.)\n\"]|$"
    r"|[ ](?:from|since|and)\b)"
)
_ROAD = (
    r"(?:(?i:county[ ](?:road|rd|hwy|highway|trunk)|c(?:oun)?ty[ ](?:rd|hwy|trunk)"
    r"|highway|hwy|state[ ](?:route|road|rte|hwy|rd)|route|rte?|bia[ ](?:route|road|rte)"
    r"|bureau[ ]of[ ]indian[ ]affairs[ ](?:road|rd|route)|navajo[ ](?:route|rte|road)"
    r"|farm[ ]to[ ]market|forest[ ](?:road|rd)|township[ ]r(?:oa)?d|carr\.?|interstate)"
    r"|(?:US|CR|SR|NM)(?![ ](?:19|20)\d\d)|FM|RM|CTH)"
)
_PLACED = (
    r"(?:,?[ ]?(?:(?i:mile(?:[ ]?post)?|mp|exit|km|hse|house|trailer|lot|box|apt|unit|number"
    r"|no\b\.?|frontage)[ ]?\#?\d{1,5}(?:\.\d)?|\#\d{1,5}))"
)
# A road alone is a description; with a number before it, or a house or a mile on it, an address.
_ROADED = re.compile(
    rf"(?<![\w$])(?:(?!(?:19|20)\d\d[ ])[NSEW]?\d{{2,6}}(?:-\d{{1,4}})?[ ](?:[A-Za-z]{{2}}[ ])?"
    rf"{_ROAD}[ ]\#?\d{{1,5}}[A-Z]?\b(?:[ ](?:{_SIDE}|[nsew])(?!\w))?{_PLACED}{{0,3}}"
    rf"|(?:(?i:lot|mile[ ]?post|mm)[ ]\d+[ ]|\d{{1,2}}[ ]MI[ ][NSEW][ ]OF[ ]TOWN[ ]ON[ ]){_ROAD}"
    rf"[ ]\#?\d{{1,5}}[A-Z]?\b{_PLACED}{{0,3}}"
    rf"|{_ROAD}[ ]\#?\d{{1,5}}[A-Z]?\b(?:[ ]{_SIDE}(?!\w))?{_PLACED}{{1,3}})"
)
_AFTER_ROAD = re.compile(
    r"(?<![\w$])(?:[A-Z][a-z'’]{2,14}[ ]){1,3}"
    r"(?:Street|St|Avenue|Ave?|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Boulevard|Blvd|Circle|Terrace|Trl"
    r"|Trail|Parkway|Pkwy|Highway|[Hh]wy|Pike|Pk|Turnpike|Loop|Creek|Ck|Crossing|Xing)\b\.?"
    rf"(?:[ ]{_SIDE}(?!\w))?"
    r"(?:,?[ ](?i:number|no\.?|house|\#(?=\d{3})|lot|bldg\.?|unit)[ ]?\#?\d[\w-]{0,6}"
    r"|,?[ ](?!(?:19|20)\d\d\b)\d{3,5}(?:-\d{1,4})?(?![\w%$/]|[ ](?:LTV|CLTV|DTI)|[.,]\d"
    r"|[ ]?(?:acres|units|miles|mo|years|bed|bath|thousand|hundred|k\b|sq)))"
    rf"{_PIECES}"
)
_PARKED = re.compile(
    r"(?<!\w)(?i:lot|space|spc?|trailer|trlr|site|slip|housing|qtrs|bldg\.?|beq|unit|apt"
    r"|apartment)\.?[ ]?\#?[A-Z]?-?\d{1,5}(?:-?[A-Z])?(?:[ ]rm[ ]\w{1,5})?,[ ]"
    r"(?:(?:[A-Z][\w'’]{1,14}[ ]){0,3}(?:MHP|MHC|Park|Estates|Court|Village|Ridge|Housing|Camp|NAS"
    rf"|{_SUFFIX})\b|\d{{2,5}}[ ](?:{_SIDE}[ ])?(?:{_NAME}|[a-z]{{4,12}})(?:[ ]{_NAME}){{0,3}})"
)
_BOXED = re.compile(
    r"(?<!\w)(?:p\.?[ ]?o\.?[ ]?(?:drawer|b[o0]x)|drawer|box(?=[ ]\#?\d{2,5}[,.;\n])|lock[ ]?box"
    r"|rte?\.?[ ]\d{1,3}[ ]{1,2}b[o0]x|r\.?[ ]?r\.?[ ]?\#?\d{1,3},?[ ]b[o0]?x"
    r"|star[ ]rt\.?[ ]\d{0,3}[ ]?bo?x|hcr?[ ]?\d{1,3},?[ ]bo?x)[ ]{1,2}\#?[\dlo]{1,6}(?:-?[a-z])?"
    r"(?!\w|[.,]\d|-\d)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    rf"\[ADDRESS\](?:{_PIECE}|[ ]\d{{1,4}}(?=,[ ][A-Z]|[ ]{{3}}|\n|$)"
    r"|[ ](?:rear|upper|lower|downstairs|upstairs)\b){1,3}"
)
_FRONT = re.compile(
    r"(?:(?i:bldg|building|apt|unit|lot|apartment|space|spc)\b\.?[ ]\#?[\w-]{1,6},?[ ]){1,2}\Z"
    r"|(?<!\d)\d{2,5}[ ]block[ ]of[ ]\Z"
)


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CUES = _words("""
    live lives living lived reside resides residing residence stay stays staying moved mailing
    address addr resid home house property prop rental premises subject dwelling place condo
    duplex physical forwarding at on still sister son mother father brother
""")
_LOW_CUES = _words("lives live lived living resides moved stays address addr")
_LINKS = _words("at to over out on in is")
_OTHER_CUES = _words("file loan case app motel")
_ROADS = _words("""
    road rd hwy highway trunk route rte rt us cr sr nm fm rm cth carr interstate market
""")
_LOTS = _words("lot space sp spc trailer trlr site slip housing qtrs bldg beq unit apt apartment")
_BOXES = _words("box bx b0x drawer")
_SUFFIXES = _words("""
    street st avenue av ave road rd drive dr lane ln court ct boulevard blvd circle terrace trl
    trail parkway pkwy highway hwy pike pk turnpike loop creek ck crossing xing number no house
    lot bldg unit n s e w ne nw se sw
""")
_BY_WORD = ((_ROADS, _ROADED), (_LOTS, _PARKED), (_SUFFIXES, _AFTER_ROAD), (_BOXES, _BOXED))
_START = re.compile(r"\d(?<![\w$./:'’-]\d)(?<!\d,\d)")
_TAG = re.compile(r"\[ADDRESS\]")
_WITHIN, _FEW, _FROM, _TO, _FRONT_REACH = 24, 4, 60, 90, 32

_Hit = tuple[int, int, str]


def find_loose_addresses(text: str) -> Iterator[_Hit]:
    """Yields start, end and placeholder of every address that is no plain street line."""
    low = fold(text)
    for number in _START.finditer(text):
        at = number.start()
        words = low[max(0, at - _WITHIN) : at].rpartition("\n")[2].rstrip(" .:=#,\"'(").split()
        cue = words[-1].rpartition("(")[2] if words else ""
        for match in (_line(text, at, cue, words[-_FEW:]), _around(text, at, cue)):
            if match is not None:
                yield match.start(), match.end(), "[ADDRESS]"
    if "[ADDRESS]" in text:
        yield from ((start, end, "[ADDRESS]") for start, end in _extended(text))


def _line(text: str, at: int, cue: str, words: list[str]) -> re.Match[str] | None:
    """Returns the address that begins with a number, told by the words before it."""
    match = None
    if _GOES_ON.match(text, at) and cue not in _OTHER_CUES:
        match = _NUMBERED.match(text, at)
        if match is None and cue in _CUES:
            match = _ANNOUNCED.match(text, at)
    if match is None and (cue in _LOW_CUES or (cue in _LINKS and not _LOW_CUES.isdisjoint(words))):
        match = _LOW.match(text, at)
    return match


def _around(text: str, at: int, cue: str) -> re.Match[str] | None:
    """Returns the address that the word before a number belongs to: a road, a lot, a box."""
    for words, pattern in _BY_WORD:
        if cue in words:
            match = pattern.search(text, max(0, at - _FROM), at + _TO)
            if match is not None and match.start() <= at < match.end():
                return match
    return None


def _extended(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of masked addresses with units left beside them."""
    for tag in _TAG.finditer(text):
        front = _FRONT.search(text, max(0, tag.start() - _FRONT_REACH), tag.start())
        tail = _TAIL.match(text, tag.start())
        if front or tail:
            yield (front or tag).start(), (tail or tag).end()


_SAID = (
    r"(?:[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven"
    r"|[Tt]welve|[A-Za-z][a-z]{2,5}teen|[Tt]wenty|[Tt]hirty|[Ff]orty|[Ff]ifty|[Ss]ixty|[Ss]eventy"
    r"|[Ee]ighty|[Nn]inety|hundred|thousand|oh|zero)"
)
_WORDS = (
    rf"(?:{_SAID}(?:[ -]{_SAID}){{2,4}}|{_SAID}[ -](?:hundred|{_SAID}teen|[a-z]{{3,5}}ty)"
    rf"|(?:[Tt]en|[A-Za-z]+teen|[A-Za-z]{{3,5}}ty)[ -]{_SAID}ty)"
)
SPOKEN_RULES: tuple[ContextRule, ...] = (
    ContextRule(
        heads="one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy"
        " eighty ninety",
        pattern=rf"(?P<x>{_WORDS}[ ](?:(?:west|east|north|south)[ ](?:{_WORDS}[ ](?:west|east|north"
        r"|south))|(?!(?:January|February|March|April|May|June|July|August|September"
        r"|October|November"
        r"|December|Honda|Ford|Toyota|Chevy|DTI|LTV|FICO|Percent|Dollars|I|And|At|On|In|For)\b)"
        r"[A-Z][a-z]{2,14}(?:[ ][A-Z][a-z-]{1,8}){0,3}(?:-[A-Z][a-z]+)?)"
        rf"(?:,?[ ](?:apartment|unit|suite|number|lot)[ ]{_SAID}(?:[ ][A-Z]\b)?)?)(?!\w)",
        placeholder="[ADDRESS]",
        cased=True,
    ),
)
"""Rules of the same kind as `masking.patterns.CONTEXT_RULES`: numbers of houses told in words."""
