"""Finds dates of birth: after a word that says so, or beside a person's number or name.

Other dates (applied, opened, paid) stay: they are facts of the loan. Everything is looked for in
the folded text, which is as long as the text itself.
"""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking.calendar_dates import find_days_of_birth
from data_pipeline.domain.masking.folding import fold
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
    rf"|\d{{1,2}}[ ][a-z]{{3,5}}/[a-zÀ-ÿ]{{3,5}}[ ]\d{{2,4}}|\d{{1,2}}\.[ivx]{{1,4}}\.(?:19"
    rf"|20)\d{{2}}"
    rf"|(?:19|20)\d{{2}}[ ]?[–-][ ]?{_MONTH}[ ]?[–-][ ]?\d{{1,2}}"
    rf"|\d{{1,2}}[ ]de[ ][a-z]{{4,10}}[ ](?:de|del)[ ](?:19|20)\d{{2}}|{_FEAST},?"
    rf"(?:[ ]of)?[ ]['’]?\d{{2,4}}|(?:0?[1-9]|1[0-2])/[3-9]\d|{_MONTH}[ ]['’][3-9]\d"
    r"|(?:19|20)\d{2})"
)
_BEFORE = (
    r"[bdgn](?<!\w[bdgn])(?:(?<=d)(?<!\[d)"
    r"(?:\.?[ ]?[o0]\.?[ ]?b\.?s?\b|/o/b\b|ates?[ ][o0]f[ ]birth\b)"
    r"|(?<=b)(?:irth(?:[ -]?(?:date|day)s?|[ ]cert[a-z]{0,10})?\b|-?day\b|orn\b|ds?(?=-)"
    r"|\.(?=[ ]?\d)|rn\b|0rn\b)"
    r"|(?<=n)(?:ac(?:[íÍ]|i|ido|ida|imiento)\b|[éÉe]e?[ ]le\b)|(?<=g)eb\b)"
)
_BORN = re.compile(_BEFORE)
_GAP = r"(?:[^\d\n]|\d{1,2}:\d{2}|[1-4]\b(?![/.-]\d)|\n){0,64}?"
_BIRTH = re.compile(
    rf"{_BEFORE}(?P<gap>{_GAP})(?<![\d$.])(?<!\d-)(?P<x>{_ANY_DATE})(?![\d%]|[/-]\d|,\d)"
)
_YEARLESS = re.compile(
    rf"b(?<!\wb)(?:irth[ -]?day|-?day)(?:[ ](?:is|was|on)|[:-]){{0,2}}[ ]{{0,2}}"
    rf"(?P<x>{_MONTH}[ ](?:the[ ])?{_DAY}|{_DAY}[ ](?:of[ ])?{_MONTH}|\d{{1,2}}/\d{{1,2}})"
    r"(?![\w/]|[ ,]{1,2}(?:19|20)\d\d)"
)
_GLUED = re.compile(
    r"dob(?<![^\W_]dob)#?(?P<x>\d{6}|\d{8}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})(?![\w/-])"
)
_ANOTHER = re.compile(
    rf"(?P<gap>(?:[^\d\n]|\b1003\b){{1,32}}?)(?<![\d$.-])"
    rf"(?P<x>{FULL_DATE}|{_MONTH}[ ]['’][3-9]\d|(?:0?[1-9]|1[0-2])/[3-9]\d)(?![\d%]|[/-]\d|,\d)"
)
_ROW_ABOVE = re.compile(
    r"^(?P<row>[^\n]{6,120})\n[ \t]*(?:date of birth|birth[ ]?date|d\.?o\.?b\b)(?![^\n]{0,60}\d)",
    re.MULTILINE,
)
_EACH_DATE = re.compile(rf"(?<![\d$./-]){FULL_DATE}(?![\d%/-])")
_SAID = (
    r"(?:oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]{3,6}teen|twenty"
    r"|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|first|second|third|fourth|fifth"
    r"|sixth"
    rf"|seventh|eighth|ninth|tenth|eleventh|twelfth|[a-z]{{4,6}}teenth|twentieth|thirtieth"
    rf"|{_MONTH})"
)
_SAID_DATE = re.compile(
    rf"(?=[a-z])(?<!\w)(?:the[ ])?{_SAID}(?:(?:[ ,-]{{1,3}}|,?[ ](?:of|the|and|of the)[ ]){_SAID})"
    rf"{{2,7}}(?!\w)"
)
_SUM = re.compile(r"(?<!nineteen )hundred|(?<![ ,]two )(?<!^two )thousand")
_WHOLE = re.compile(rf"(?:\w+[ ,-]+){{3}}|{_MONTH}")
_SAID_LABEL = re.compile(
    r"[bd](?<!\w[bd])(?:(?<=d)\.?o\.?b|(?<=b)irth[ ]?(?:day|date)?s?|(?<=b)orn)\b"
)
_OTHER_DATE = re.compile(
    r"open|issu|exp|hire|since|dated|appl(?:y|ied)|clos|late|paid|due|fund|filed|start|report|rptd"
    r"|start|pull|sign|today|bankr|disch|\bdate\b|score|income|\["
)
_RECENT = re.compile(r"^(?:[^\d]{3,12})?20(?:09|[1-3]\d)$")
_SEPARATORS = " \t,;|()/:·\"'-"
_SEPARATOR = rf"[{_SEPARATORS}]{{1,8}}"
_ADULT = r"(?=[^,;|()\[\n]{0,12}(?:19[2-9]\d|200[0-8])|\d{1,2}[/.-]\d{1,2}[/.-][3-9]\d(?!\d))"
_AFTER_TAG = re.compile(
    rf"\[(?:ssn|itin|name|phone)\]{_SEPARATOR}(?P<x>{_ADULT}{FULL_DATE})(?![\d/-])"
)
_TAG = re.compile(r"\[(?:ssn|itin|phone)\]")
_BEFORE_TAG = re.compile(rf"(?<![\d/.-])(?P<x>{_ADULT}{FULL_DATE}){_SEPARATOR}\[[a-z]{{3,5}}\]")
_MOST, _YEAR_ALONE, _NEAR, _LONGEST = 3, 4, 24, 80
_SAID_WITHIN = 100


def find_birth_dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every date of birth."""
    low = fold(text)
    yield from _announced(low)
    if any(word in low for word in ("birth", "born", "dob", "d.o.b")):
        yield from _told(low)
    for word, pattern in (("day", _YEARLESS), ("dob", _GLUED)):
        for match in pattern.finditer(low) if word in low else ():
            yield match.start("x"), match.end("x"), "[DOB]"
            yield from _joined(low, match.end("x"))
    yield from find_days_of_birth(low)
    if "[" in low:
        yield from ((start, end, "[DOB]") for start, end in _beside(low))


def _announced(low: str) -> Iterator[tuple[int, int, str]]:
    """Yields the dates behind a word of birth, and what is joined to them."""
    for match in _births(low):
        gap, (start, end) = match["gap"], match.span("x")
        if gap.count("\n") > 1 or _OTHER_DATE.search(gap.replace("[", "")):
            continue
        if "[dob]" in gap and _RECENT.search(match["x"]):
            continue  # the day of birth has been told; a recent year more is of something else
        if end - start == _YEAR_ALONE and len(gap) > _NEAR:
            continue
        yield start, end, "[DOB]"
        yield from _joined(low, end)


def _beside(low: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of dates right behind or before the placeholder of a person's number."""
    yield from (match.span("x") for match in _AFTER_TAG.finditer(low))
    at = 0
    for tag in _TAG.finditer(low):
        # A date that can be of an adult ends with a digit: most placeholders have none before them.
        if low[max(0, tag.start() - 9) : tag.start()].rstrip(_SEPARATORS)[-1:].isdigit():
            first = max(at, tag.start() - _LONGEST)
            if match := _BEFORE_TAG.search(low, first, tag.end()):
                yield match.span("x")
        at = tag.end()


def _births(low: str) -> Iterator[re.Match[str]]:
    """Yields what `_BIRTH.finditer` would, tried only where a word of birth stands."""
    at = 0
    for word in _BORN.finditer(low):
        match = _BIRTH.match(low, word.start()) if word.start() >= at else None
        if match is not None:
            at = match.end()
            yield match


def _told(low: str) -> Iterator[tuple[int, int, str]]:
    """Yields dates above their label and dates told in words."""
    for row in _ROW_ABOVE.finditer(low):
        for date in _EACH_DATE.finditer(low, *row.span("row")):
            yield date.start(), date.end(), "[DOB]"
    for label in _SAID_LABEL.finditer(low):
        at = label.end()
        for _ in range(_MOST):
            said = _SAID_DATE.search(low, at, at + _SAID_WITHIN)
            if said is None or _OTHER_DATE.search(low[at : said.start()].replace("[", "")):
                break
            if _SUM.search(said.group()) or (at != label.end() and not _WHOLE.search(said.group())):
                break
            at = said.end()
            yield said.start(), at, "[DOB]"


def _joined(low: str, end: int) -> Iterator[tuple[int, int, str]]:
    for _ in range(_MOST):
        match = _ANOTHER.match(low, end)
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
