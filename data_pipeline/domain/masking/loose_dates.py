"""Finds days of birth in unusual writing, beside a word of birth or a name.

Behind a word of birth every writing goes: month first or last, years of two digits, misread
letters, a day or a month alone. Right behind a masked name a month and year or a year between
brackets goes; so do whole dates of children after a word for them. Everything is looked for in the
folded text.

Source: none; how days of birth are written in credit files.
"""

import re
from collections.abc import Iterator

from data_pipeline.domain.masking.folding import fold

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:i[l1])?|may|ju[nle1](?:e|y)?|je|jly"
    r"|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|[mn]o[vr](?:e[mr]n?ber)?|novernber|dec(?:ember)?|decernber)"
)
_TH = r"(?:st|nd|rd|th)?"
_DAY = rf"(?:[0-3]?\d{_TH})"
_YEAR = r"(?:(?:19|20)\d\d|'?\d\d)"
_ODD = (
    rf"(?:\d{{1,2}}[ ]?[-/.][ ]?\d{{1,2}}[ ]?[-/.][ ]?[\dbsoli]{{2,4}}"
    rf"|\d{{1,2}}[ ]\d{{1,2}}[ ]\d{{2,4}}"
    rf"|(?:0?[1-9]|1[0-2])[-/](?:[3-9]\d|(?:19|20)\d\d|0\d)"
    rf"|{_DAY}[ /.-]?{_MONTH}\.?,?[ /.-]?{_YEAR}"
    rf"|{_MONTH}\.?[ /.-]?(?:the[ ])?{_DAY},?[ /.-]{{1,2}}{_YEAR}"
    rf"|{_MONTH}\.?,?[ ](?:of[ ])?{_YEAR}(?:,?[ ](?:the[ ])?{_DAY})?"
    rf"|{_YEAR},?[ ]?[-/.]?{_MONTH}\.?[ .-]?{_DAY}|(?:19|20)\d\d[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?"
    rf"|{_YEAR},[ ]{_DAY}[ ]{_MONTH}\.?|'\d\d[ ,-]{{1,2}}{_MONTH}[ ]{_DAY}"
    rf"|(?:'\d\d|(?:19|20)\d\d),?[ ](?:on[ ]the[ ])?{_DAY}[ ](?:of[ ])?{_MONTH}"
    rf"|{_DAY}[ ]of[ ]{_MONTH}[ ](?:of[ ])?{_YEAR}"
    rf"|{_DAY}[ ](?:day[ ])?of[ ](?:the[ ])?{_DAY},?[ ](?:of[ ])?{_YEAR}"
    rf"|\d{{1,2}}/\d{{1,2}},?[ ]yr\.?[ ](?:19|20)?\d\d|\d{{1,2}}-[xiv]{{1,4}}-\d{{2,4}}"
    rf"|\d{{1,2}}[-/ ][a-z]{{4,10}}[-/ ]1[34]\d\d|{_DAY}[ ]de[ ][a-z]{{4,10}},?[ ](?:de"
    rf"|del)[ ]\d{{4}}"
    rf"|\d{{4}}年\d{{1,2}}月\d{{1,2}}日|\d{{6}}|\d{{8}}|{_MONTH}[ ]{_DAY})"
)
_END = r"(?![\w%]|[/-]\d|[.,]\d)"
_CUE = (
    r"[bcdnty](?<!\w[bcdnty])(?<!\[d)(?:(?<=d)\.?[ ]?o\.?[ ]?b|(?<=y)ob|(?<=n)acid[oa]"
    r"|(?<=b)(?:irth(?:[ -]?(?:date|day)s?)?|-?day|d|[o0]rn|rn|(?=\.))"
    r"|(?<=c)ame[ ]into[ ]the[ ]world|(?<=t)urn(?:ed|s|ing)?[ ]\d\d[ ]on)\b\.?"
)
_SKIP = (
    r"(?:[ ]?[:=./#(\"'-]|[ ](?:is|was|are|on|in|as|of|date|year|declared|entered|el|the|week|day"
    r"|before|monday|tuesday|wednesday|thursday|friday|saturday|sunday|[a-z]\w+,)\b){0,6}"
    r"[ ,\"'“]{0,6}"
)
_BORN = re.compile(rf"{_CUE}(?P<gap>{_SKIP})(?:the[ ])?(?<![\d$])(?P<x>{_ODD}){_END}")
_ANOTHER = re.compile(
    rf"\[dob\](?:[^\d\n\[$]|\[name\]){{1,24}}?(?<![\d$.-])"
    rf"(?P<x>{_MONTH}[ ]\d{{1,2}},?[ ](?:19|20)\d\d"
    rf"|(?:19|20)\d\d[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?|\d{{1,2}}[-/](?:[3-9]\d|19\d\d)"
    rf"|\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|{_MONTH}\.?[ ]'\d\d|\((?:19[2-9]\d|200[0-8])\)){_END}"
)
_NAMED = re.compile(
    r"\[name\](?:,? (?:of|the|in|a|who's|who is)[^\d\n.;$\[(]{0,20})?,? ?[(,;]{1,2} ?[(]?"
    r"(?:\[ssn\][,;] )?(?P<x>(?:19[2-9]\d|200[0-8])(?=[)-])"
    r"|(?:0?[1-9]|1[0-2])[-/][4-9]\d(?=[),;. ])|\d{1,2}-[ivx]{1,4}-\d{2,4}"
    r"|'[3-9]\d-\d{1,2}-\d{1,2}|(?:0?[1-9]|1[0-2])/'?[3-9]\d(?=\)))"
)
_TAXED = re.compile(
    rf"\[ssn\][);,]{{1,2}}[ ](?P<x>(?:19[2-9]\d|200[0-8])(?=\))|{_MONTH}\.?[ ]'\d\d"
    r"|(?:0?[1-9]|1[0-2])/'?[3-9]\d(?=[),;]))"
)
_CHILD = re.compile(
    r"[bcdkns](?<!\w[bcdkns])(?:(?<=c)hild(?:ren)?|(?<=k)ids?|(?<=d)ependents?|(?<=s)ons?"
    r"|(?<=d)aughters?|(?<=b)aby|(?<=n)ewborn)\b"
    rf"(?P<gap>[^\d\n;$]{{1,48}}?)(?P<x>{_MONTH}[ ]\d{{1,2}},?[ ]20[0-2]\d|20[0-2]\d-\d\d-\d\d"
    r"|\d{1,2}/\d{1,2}/20[0-2]\d)"
)
_EVENT = re.compile(
    r"\$|open|issu|hire|since|appl|clos|paid|due|fund|filed|report|sign|enrol|start|deliver|surg"
    r"|dated"
)


def find_loose_dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of days of birth in unusual writing."""
    low = fold(text)
    patterns = (_BORN, _CHILD, *((_NAMED, _ANOTHER, _TAXED) if "[" in low else ()))
    for pattern in patterns:
        for match in pattern.finditer(low):
            # What happened on a day, told between the word and the day, says it is another one.
            if not _EVENT.search(low, match.start(), match.start("x")):
                yield match.start("x"), match.end("x"), "[DOB]"
