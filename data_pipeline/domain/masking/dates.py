"""Finds dates of birth: after a word that says so, or beside a person's number or name.

Other dates (applied, opened, paid) stay: they are facts of the loan.
"""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking.patterns import ContextRule

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?|(?:twenty[ -]|thirty[ -])?(?:first|second|third|fourth|fifth|sixth"
    r"|seventh|eighth|ninth)|tenth|eleventh|twelfth|[a-z]{4,6}teenth|twentieth|thirtieth)"
)
_YEAR = (
    r"(?:['’]?\d{2,4}|(?:nineteen|two thousand|twenty)[ -](?:and[ ])?[a-z]{3,8}"
    r"(?:[ -][a-z]{3,5})?)"
)
FULL_DATE = (
    r"(?:\d{1,2}[ ]?[/.-][ ]?\d{1,2}[ ]?[/.-][ ]?(?:\d{4}|\d{2})"
    r"|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
    r"|dec)-\d{2,4}|(?:19|20)\d{6}|\d{1,2}[ ]\d{1,2}[ ](?:19|20)\d{2}"
    rf"|{_MONTH},?[ ](?:the[ ])?{_DAY},?[ ]{_YEAR}"
    rf"|{_DAY}(?:[ ]day)?[ -](?:of[ ])?{_MONTH},?[ -]{_YEAR}"
    rf"|(?:19|20)\d{{2}}[ -]{_MONTH}[ -]\d{{1,2}})"
)
_FEAST = (
    r"(?:christmas|halloween|groundhog|armistice|veterans|michaelmas|new[ ]year['’]?s"
    r"|valentine['’]?s"
    r"|independence|easter|labor|memorial|st\.?[ ]patrick['’]?s|boxing|flag)(?:[ ](?:day|eve))?"
)
_ANY_DATE = (
    rf"(?:{FULL_DATE}|\d{{1,2}}[/-](?:19|20)\d{{2}}|{_MONTH}(?:,|[ ]of)?[ ](?:19|20)\d{{2}}"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:19|20)?\d{2}"
    rf"|(?:19|20)\d{{2}},?[ ]on[ ]the[ ]{_DAY}[ ]of[ ]{_MONTH}|\d{{1,2}}[/-]{_MONTH}[/-]\d{{2,4}}"
    rf"|\d{{1,2}}[ ][a-z]{{3,5}}/[a-zà-ÿ]{{3,5}}[ ]\d{{2,4}}|\d{{1,2}}\.[IVX]{{1,4}}\.(?:19"
    rf"|20)\d{{2}}"
    rf"|(?:19|20)\d{{2}}[ ]?[–-][ ]?{_MONTH}[ ]?[–-][ ]?\d{{1,2}}"
    rf"|\d{{1,2}}[ ]de[ ][a-z]{{4,10}}[ ](?:de|del)[ ](?:19|20)\d{{2}}|{_FEAST},?"
    rf"(?:[ ]of)?[ ]['’]?\d{{2,4}}"
    r"|(?:19|20)\d{2})"
)
_BEFORE = (
    r"(?:\bd\.?[ ]?[o0]\.?[ ]?b\.?s?\b|\bbirth[ -]?(?:date|day)s?\b|\bb-?day\b|\bborn\b"
    r"|\bdates?[ ][o0]f[ ]birth\b|\bbds?(?=-)|\bd/o/b\b|\bnac(?:í|i|ido|ida|imiento)\b"
    r"|\bbirth cert[a-z]{0,10}\b|\bb\.(?=[ ]?\d)|\bbirth\b|\bbrn\b)"
)
_BORN = (
    *("birth", "born", "dob", "d0b", "o.b", "0.b", "o. b", "o b", "bday", "b-day", "bds", "d/o/b"),
    *("b.", "brn", "nac"),
)
_GAP = r"(?:[^\d\n]|\d{1,2}:\d{2}|[1-4]\b(?![/.-]\d)|\n){0,64}?"
_BIRTH = re.compile(
    rf"{_BEFORE}(?P<gap>{_GAP})(?<![\d$.])(?<!\d-)(?P<x>{_ANY_DATE})(?![\d%]|[/-]\d|,\d)",
    re.IGNORECASE,
)
_YEARLESS = re.compile(
    rf"\b(?:birth[ -]?day|b-?day)(?:[ ](?:is|was|on)|[:-]){{0,2}}[ ]{{0,2}}"
    rf"(?P<x>{_MONTH}[ ](?:the[ ])?{_DAY}|{_DAY}[ ](?:of[ ])?{_MONTH}|\d{{1,2}}/\d{{1,2}})"
    r"(?![\w/]|[ ,]{1,2}(?:19|20)\d\d)",
    re.IGNORECASE,
)
_GLUED = re.compile(
    r"(?<![^\W_])dob#?(?P<x>\d{6}|\d{8}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})(?![\w/-])", re.IGNORECASE
)
_ANOTHER = re.compile(
    rf"(?P<gap>(?:[^\d\n]|\b1003\b){{1,32}}?)(?<![\d$.-])(?P<x>{FULL_DATE})(?![\d%]|[/-]\d|,\d)",
    re.IGNORECASE,
)
_ROW_ABOVE = re.compile(
    r"^(?P<row>[^\n]{6,120})\n[ \t]*(?:date of birth|birth[ ]?date|d\.?o\.?b\b)(?![^\n]{0,60}\d)",
    re.IGNORECASE | re.MULTILINE,
)
_EACH_DATE = re.compile(rf"(?<![\d$./-]){FULL_DATE}(?![\d%/-])", re.IGNORECASE)
_SAID = (
    r"(?:oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]{3,6}teen|twenty"
    r"|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|first|second|third|fourth|fifth"
    r"|sixth"
    rf"|seventh|eighth|ninth|tenth|eleventh|twelfth|[a-z]{{4,6}}teenth|twentieth|thirtieth"
    rf"|{_MONTH})"
)
_SAID_DATE = re.compile(
    rf"(?<!\w)(?:the[ ])?{_SAID}(?:(?:[ ,-]{{1,3}}|,?[ ](?:of|the|and|of the)[ ]){_SAID}){{2,7}}"
    rf"(?!\w)",
    re.IGNORECASE,
)
_SUM = re.compile(r"(?<!nineteen )hundred|(?<![ ,]two )(?<!^two )thousand", re.IGNORECASE)
_WHOLE = re.compile(rf"(?:\w+[ ,-]+){{3}}|{_MONTH}", re.IGNORECASE)
_SAID_LABEL = re.compile(r"\b(?:d\.?o\.?b|birth[ ]?(?:day|date)?s?|born)\b", re.IGNORECASE)
_OTHER_DATE = re.compile(
    r"open|issu|exp|hire|since|dated|appl(?:y|ied)|clos|late|paid|due|fund|filed|start|report|rptd"
    r"|start|pull|sign|today|bankr|disch|\bdate\b|score|income|\[",
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
_CENTURY = re.compile(r"19[2-9]\d")
_OLD = re.compile(
    r"(?<![\d$./-])(?P<x>\d{1,2}[/.-]\d{1,2}[/.-]19[2-9]\d|19[2-9]\d-\d{2}-\d{2}"
    rf"|19[2-9]\d[ ]{_MONTH}[ ]\d{{1,2}}|{_MONTH},?[ ]{_DAY},?[ ]19[2-9]\d"
    rf"|{_DAY}[ ]{_MONTH},?[ ]19[2-9]\d)(?![\d%]|[/-]\d|,\d)",
    re.IGNORECASE,
)
_OF_THE_LOAN = re.compile(
    r"record|deed|built|buil[dt]|purchas|bought|acquir|incorp|found|estab|form|marri|divor|decree"
    r"|dissol|employ|began|beg[ua]n|work|join|member|title|judg|lien|gradua|retir|servi|orig|from"
    r"|thr(?:u|ough)|\bto\b|enter|arriv|mov(?:ed|ing)|rent|leas|last|check|stmt|statement|died"
    r"|death|passed|deceas|vehicle|model|plat|survey|policy|effective|since|until|as of",
    re.IGNORECASE,
)
_MOST, _YEAR_ALONE, _NEAR, _BEFORE_OLD, _LONGEST_DATE = 3, 4, 24, 40, 20
_SAID_WITHIN = 100


def find_birth_dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every date of birth."""
    low = text.lower()
    for match in _BIRTH.finditer(text) if any(word in low for word in _BORN) else ():
        if match["gap"].count("\n") > 1 or _OTHER_DATE.search(match["gap"].replace("[", "")):
            continue
        start, end = match.span("x")
        if end - start == _YEAR_ALONE and len(match["gap"]) > _NEAR:
            continue
        yield start, end, "[DOB]"
        yield from _joined(text, end)
    if any(word in low for word in ("birth", "born", "dob", "d.o.b")):
        yield from _told(text)
    for word, pattern in (("day", _YEARLESS), ("dob", _GLUED)):
        for match in pattern.finditer(text) if word in low else ():
            yield match.start("x"), match.end("x"), "[DOB]"
            yield from _joined(text, match.end("x"))
    yield from _old(text)
    if "[" in text:
        for pattern in _BESIDE:
            yield from ((m.start("x"), m.end("x"), "[DOB]") for m in pattern.finditer(text))


def _told(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields dates above their label and dates told in words."""
    for row in _ROW_ABOVE.finditer(text):
        for date in _EACH_DATE.finditer(text, *row.span("row")):
            yield date.start(), date.end(), "[DOB]"
    for label in _SAID_LABEL.finditer(text):
        at = label.end()
        for _ in range(_MOST):
            said = _SAID_DATE.search(text, at, at + _SAID_WITHIN)
            if said is None or _OTHER_DATE.search(text[at : said.start()].replace("[", "")):
                break
            if _SUM.search(said.group()) or (at != label.end() and not _WHOLE.search(said.group())):
                break
            at = said.end()
            yield said.start(), at, "[DOB]"


def _old(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields days of the last century that nothing calls a day of the loan: few others are told."""
    for year in _CENTURY.finditer(text):
        reach = max(0, year.start() - _LONGEST_DATE)
        match = _OLD.search(text, reach, year.end() + _LONGEST_DATE)
        if match is None:
            continue
        start, end = match.span("x")
        line = text[max(0, start - _BEFORE_OLD) : start].rpartition("\n")[2].rpartition(". ")[2]
        if not _OTHER_DATE.search(line.replace("[", "")) and not _OF_THE_LOAN.search(line):
            yield start, end, "[DOB]"


def _joined(text: str, end: int) -> Iterator[tuple[int, int, str]]:
    for _ in range(_MOST):
        match = _ANOTHER.match(text, end)
        if match is None or _OTHER_DATE.search(match["gap"]):
            return
        start, end = match.span("x")
        yield start, end, "[DOB]"


DATE_RULES: tuple[ContextRule, ...] = (
    ContextRule(
        heads="dob born birth birthday birthdate bday b",
        pattern=r"(?:b\.?(?=\s)|\w+)(?:\s(?:is|was|in|on|date"
        r"|the same day[^.\d\n]{0,12},)){0,2}[ :.=#-]{1,4}"
        rf"(?P<x>(?:0?[1-9]|1[0-2])/\d{{2}}|'\d{{2}}|{_FEAST},?\s'?\d{{2,4}}|{_MONTH}\s'\d{{2}}"
        rf"|{_MONTH}\s(?:the\s)?{_DAY}|{_MONTH}(?=[ ]*[.,;)\n]))"
        r"(?![\w/%-]|[.,]\d|[ ,]{1,2}(?:19|20)\d\d)",
        placeholder="[DOB]",
    ),
    ContextRule(
        heads="turned turns turning",
        pattern=rf"\w+\s(?:\d{{2}}|[a-z]{{4,8}}(?:-[a-z]{{3,5}})?)\son\s(?P<x>{_MONTH}\s{_DAY})"
        r"(?![\w/%-])",
        placeholder="[DOB]",
    ),
    ContextRule(
        heads="i",
        pattern=r"i(?:'m|\sam)\s(?:from\s)?(?P<x>\d{1,2}[/-]\d{1,2}[/-]\d{2}|'\d{2})(?![\w/-])",
        placeholder="[DOB]",
    ),
)
"""Rules of the same kind as `masking.patterns.CONTEXT_RULES`."""

DATE_PATTERNS = (
    _BIRTH,
    _ANOTHER,
    _OTHER_DATE,
    _YEARLESS,
    _GLUED,
    _ROW_ABOVE,
    _EACH_DATE,
    _SAID_DATE,
    _SAID_LABEL,
    _SUM,
    _WHOLE,
    _OLD,
    _OF_THE_LOAN,
    *_BESIDE,
)
"""Every pattern of this module, for the masker's version."""
