"""Finds days of birth that no word announces: a whole date, old enough, that nothing else claims.

Hardly any other day of a credit file lies 17 years and more back without a word for what
happened then: opened, filed, built, married. So a complete and possible date from 1920 to 2008 is
taken unless such a word stands before it on the line, right after it, or at the head of its column.

A date is looked for once at every digit and name of a month, and a fixed number of characters is
read around it, so the time is linear in the length of the text.
"""

import re
from collections.abc import Iterator

_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_M, _D = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19[2-9]\d|200[0-8])"
_SHORT_YEAR = r"(?:[3-9]\d|0[0-8])"
_TH = r"(?:st|nd|rd|th)?"
_DATE = re.compile(
    r"(?:"
    rf"(?:{_M}(?P<a>[/.-]){_D}|{_D}(?P<b>[/.-]){_M})(?:(?P=a)|(?P=b))(?:{_YEAR}|{_SHORT_YEAR})"
    rf"|(?:{_YEAR}|['’]?(?!80)[3-9]\d)(?P<c>[/.-]){_M}(?P=c){_D}"
    rf"|{_D}[ ][ivx]{{1,4}}[ ]{_YEAR}|{_YEAR},[ ]{_NAME}\.?[ ]{_D}"
    rf"|['’]?(?!30|60|90)[3-9]\d[ ]{_NAME}[ ]{_D}"
    rf"|{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    rf"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){_YEAR}"
    rf"|{_D}{_TH}[ ]?(?P<e>[ /.-])[ ]?(?:of[ ])?{_NAME}\.?,?(?P=e)[ ]?"
    rf"(?:{_YEAR}|['’]?{_SHORT_YEAR})"
    rf"|{_YEAR}(?P<g>[ -]){_NAME}(?P=g){_D}"
    rf"|{_D}[ ]de[ ][a-z]{{4,10}},?[ ](?:de|del)[ ]{_YEAR}"
    r")(?![\w%]|[/-]\d|[.:]\d|,\d{3}(?!\d))"
)
_MONTH_FIRST = re.compile(
    rf"(?<![^\W_]){_NAME}(?:(?:\.?[ ]|[/.-])(?:the[ ])?{_D}{_TH}(?:,?[ ]{{1,2}}|[/.-])"
    rf"(?:{_YEAR}|['’]{_SHORT_YEAR})|[/-]{_D}[/-](?:{_SHORT_YEAR}|{_YEAR}))(?![\w%]|[/-]\d"
    r"|[.,:]\d)"
)
# Where such dates can begin, and where those that begin with a month can end: cheap to find.
_BEGINNING = re.compile(
    r"\d(?<![\w$#.:/*-]\d)(?<!\d,\d)(?:\d?[/.-][\da-z]"
    r"|\d?(?:st|nd|rd|th)?[ ](?:[./-][ ])?[a-z]{2}"
    r"|\d{3}(?:[/.-]|\d{4}(?!\d)|,?[ ][a-z]))"
)
_ENDING = re.compile(
    r"[ /.'-](?=\d)(?:(?<=[ /.-])(?:19[2-9]\d|200[0-8])|(?<=[/'-])(?:[3-9]\d|0[0-8]))(?!\d)"
)
_EVENT_BEFORE = re.compile(
    r"\b(?:record(?:ed|ing)?\b|deed|build|built|purchas|bought|acquir|incorp|found|estab|form|marri|divor|decree"
    r"|dissol|employ|began|beg[ua]n|work|join|titled?\b|judg|lien|gradua|retir|servi|orig|from\b"
    r"|thru|through|to\b|until|till|enter|arriv|mov(?:ed|ing)|rent|leas|last|check|stmt|statement"
    r"|died|death|passed[ ]away|deceas|vehicle|model|plat\b|survey|policy|effective|eff\b|since"
    r"|as[ ]of"
    r"|open|opnd|opn|issu|exp(?:ir)?|hire|start|sta?rt|dated|appl(?:y|ied)|clos|late|paid|due|fund"
    r"|filed?|report|rptd|rpt|rev\b|ver(?:sion)?|pull|sign|today|bankr|bk\b|ch(?:apter)?[ ]?\d"
    r"|disch"
    r"|date[ ](?!of[ ]birth)|score|income|inq|charge[ -]?off|c/?o\b|matur|term|note|mortgage|mtg"
    r"|loan[ ]of|bal|satisf|releas|settl|repo|foreclos|sale|sold|order|granted|approv|denied"
    r"|born[ ]in"
    r"|dla|dofd|established|est\b|built[ ]before|before|after|pre|post|member[ ]since|visa|entry"
    r"|naturali|discharged|enlist|deploy|separat|award|disab|certif|inspect|apprais|inspection"
    r"|constructed|manufactured|manuf|mfd|renewed|licensed|law|act|rule|regulation|fed\.|reg\b"
    r"|garnish|collect|evict|inherit|default|levied|levy|seiz|sued|lawsuit|attach(?:ed|ment)"
    r"|wed|anniversary|took|went|got|bpo)"
)
_EVENT_AFTER = re.compile(
    r"[ ,;:(–-]{0,3}(?:open|clos|fil|record|purch|bought|hire|start|discharg|disch|judg|lien|deed"
    r"|built|paid|charge|satisf|sold|sale|married|divorce|grad|died|effective|orig|to\b|thru|through"
    r"|until|present|build|law|rule|act\b|hud\b|\d{1,2}:\d{2}|[$]|mort|note|loan|and[ ]still)"
)
_HEADED = re.compile(
    r"^(?![^\n]*(?:birth|dob|\bbd\b))[^\d\n]{0,60}\b(?:open(?:ed)?|opnd?|issued|filed|dla|hired?|start"
    r"|date[ ]of[ ]\w{4,})\b[^\d\n]{0,80}$",
    re.MULTILINE,
)
_CLAUSE = re.compile(r"[.;]\s|,\s(?:and\s|but\s)?(?:he|she|they|who|i|her|his|wife|husband)\b")
_FIGURE = re.compile(r"\d[\d,.]{2,}")
_REACH, _AFTER, _FIGURES, _LONGEST = 42, 18, 3, 18


def find_days_of_birth(low: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of every old date that nothing else claims.

    Args:
        low: the folded text.
    """
    headed: bool | None = None
    for start, end in _dates(low):
        line = low[max(0, start - _REACH) : start].rpartition("\n")[2]
        clause = _CLAUSE.split(line)[-1].replace("[", "")
        if _EVENT_BEFORE.search(clause) or _EVENT_AFTER.match(low, end, end + _AFTER):
            continue
        if headed is None:
            headed = _HEADED.search(low) is not None
        if headed and _is_row(low, start, end):
            continue
        yield start, end, "[DOB]"


def _dates(low: str) -> Iterator[tuple[int, int]]:
    for beginning in _BEGINNING.finditer(low):
        if match := _DATE.match(low, beginning.start()):
            yield match.span()
    for ending in _ENDING.finditer(low):
        if match := _MONTH_FIRST.search(low, max(0, ending.start() - _LONGEST), ending.end() + 1):
            yield match.span()


def _is_row(low: str, start: int, end: int) -> bool:
    """Tells whether a date stands in a line of figures, below a head that says what it is."""
    line = low[low.rfind("\n", 0, start) + 1 : start], low[end:].partition("\n")[0][:120]
    return sum(len(_FIGURE.findall(part[-120:])) for part in line) >= _FIGURES - 1
