"""Age."""

from data_pipeline.domain.prohibited_bases.word_rules import (
    AGES,
    BESIDE_AGE,
    IS,
    PERSON,
    SECTION,
    TRAIT_END,
    WHO,
    WordGroup,
    WordRule,
)
from data_pipeline.domain.prohibited_bases.words import ORIGIN, RACE, RELIGION

_AGE = f"{SECTION}; age statements as they occur in application texts"
_NUMBER_WORDS = (
    r"(?:eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
ADULT_AGE = rf"(?:1[89]|[2-9]\d|10\d|{_NUMBER_WORDS})"
_YEARS_OLD = r"(?:[\s-]{1,2}(?:years?|yrs?|yr)\.?[\s-]{1,2}(?:old|of[\s-]age)|\s?y/?o\b)"
_AGE_END = (
    r"(?!\w)(?![%\d]|[.,:/-]\d|\s{0,4}(?:%|percent|thousand|hundred|days?|months?|mos?\b|"
    r"payments?|pmts?|dollars|k\b|late|past|points?|miles|hours|hrs|minutes|weeks|of\b|on\b|to\b|"
    r"years?\b(?!\sold)|yrs?\b(?!\sold)|in\sthe\shole|then|or\b))"
)
_AGE_STOP = r"(?=\s*(?:[.;!?)]|,\s*(?!then|\d)|$)|\s(?:and|with|when|now)\b)"
_NO_DAYS_LATE = r"(?!30|60|90|(?:thirty|sixty|ninety)(?!-))"
_NOTE_END = r"(?=[.;]?\s*(?:$|\n)|[.;]\s)"
_AGED_THINGS = (
    *("account", "acct", "average", "avg", "vehicle", "trade", "tradeline", "home", "file"),
    *("roof", "loan", "unit", "credit", "oldest", "effective", "property", "building", "house"),
    *("mean", "median", "debt", "inventory", "equipment"),
)
_AGE_YEARS = r"(?:~(?:years?|yrs?)\b\.?(?:~old\b)?)?"
_AGE_ONLY = r"(?!\w|[%\d]|[.,/-]\d|\s{0,4}(?:\+|%|days?|months?|mos?\b|years?|yrs?|y\b|k\b))"

AGE_WORDS = WordGroup(
    basis="age",
    source=_AGE,
    rules=(
        WordRule(
            heads="man woman male female gentleman lady applicant borrower coborrower customer "
            "member widow widower single married retired",
            tail=rf",?\s(?P<x>{ADULT_AGE}{_YEARS_OLD})",
            neutral="of stated age",
        ),
        WordRule(
            heads="he she i i'm he's she's who applicant app appl borrower customer member "
            "client mbr",
            tail=r"(?:['’]?(?:s|m)|\s(?:is|am|was))(?:~(?:about|almost|nearly|only|just|now|a))?"
            rf"\s(?P<x>{ADULT_AGE}(?:{_YEARS_OLD}|{_AGE_END}{_AGE_STOP}))",
            neutral="of stated age",
        ),
        WordRule(
            heads="aged age",
            tail="".join(f"(?<!{thing}.age)" for thing in _AGED_THINGS)
            + rf"(?:~of~operator)?(?:\"?\s{{0,6}}[:=]?\s{{0,6}}|\s?\()(?P<x>{ADULT_AGE})"
            r"(?!\w|[%\d]|[.,/-]\d|\s{0,4}(?:\+|%|days?|months?|mos?\b|years?|yrs?|y\b))",
            neutral="as stated",
        ),
        WordRule(
            heads="age",
            tail="".join(rf"(?<!{sign}\sage)" for sign in (r"[\w']", ",", "%"))
            + rf"\s?[:=]?\s{{0,4}}(?P<x>{ADULT_AGE}~(?:years?|yrs?)\b\.?(?:~old\b)?)",
            neutral="as stated",
        ),
        WordRule(
            heads="age",
            tail="".join(f"(?<!{thing}.age)" for thing in _AGED_THINGS)
            + rf"~of~(?:(?:the~)?(?:applicant|borrower|customer|client|member|guarantor)"
            rf"(?:\s?[:=]|~is)?~)?(?P<x>{ADULT_AGE}){_AGE_ONLY}",
            neutral="as stated",
        ),
        WordRule(
            heads="my his her applicant borrower coborrower coapplicant customer client "
            "member guarantor",
            tail=r"(?:['’]?s)?~(?:current~)?age(?:~(?:is|was)|\s?[:=])?"
            rf"~(?P<x>{ADULT_AGE}{_AGE_YEARS}){_AGE_ONLY}",
            neutral="as stated",
        ),
        WordRule(
            heads=WHO,
            tail=rf"{IS}(?:{RACE}|{ORIGIN}|{RELIGION})(?:,~(?:and~)?|~and~)"
            rf"(?P<x>{ADULT_AGE}){_AGE_END}{_AGE_STOP}",
            neutral="of stated age",
        ),
        WordRule(
            heads=AGES,
            tail=rf"(?={BESIDE_AGE}(?:{RACE}|{ORIGIN}|{RELIGION}){TRAIT_END})",
            neutral="of stated age",
        ),
        WordRule(
            heads="name",
            tail=rf"\](?:,\s|\s\()(?P<x>{ADULT_AGE}(?:{_YEARS_OLD}|(?:~and~{ADULT_AGE})?"
            rf"(?=\)|,\s[a-z\[]{{2}}))|{_NO_DAYS_LATE}{ADULT_AGE}{_NOTE_END})",
            neutral="of stated age",
        ),
        WordRule(
            heads="b b1 b2 bwr borr borrower app appl applicant mbr member cust customer client",
            tail=rf":?\s?\[name\],?\s(?P<x>{_NO_DAYS_LATE}{ADULT_AGE})(?=,(?!\d)|{_NOTE_END})",
            neutral="of stated age",
        ),
        WordRule(
            heads="turn turns turned turning",
            tail=rf"~(?P<x>(?!18|eighteen){_NO_DAYS_LATE}{ADULT_AGE})(?={_NOTE_END}|,\s[a-z]|~(?:in|and|this)\b)",
            neutral="of stated age",
        ),
        WordRule(
            heads="applicant borrower coborrower coapplicant customer member client guarantor",
            tail=rf",?\s(?P<x>{ADULT_AGE})(?=,\s?(?:retired|disabled|married|single|divorced"
            r"|widowed|(?:fe)?male|[mf]\b))",
            neutral="of stated age",
        ),
        WordRule(
            heads="in into",
            tail=r"~(?:his|her|their|my)~(?:early~|mid~|late~)?(?P<x>[2-9]0['’]?s|"
            r"twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)",
            neutral="years",
        ),
        WordRule(heads="elderly", tail=rf"(?=~{PERSON}\b)", neutral="particular"),
        WordRule(heads="elderly", neutral="particular"),
        WordRule(
            heads="old young",
            tail=r"(?=~(?:m[ae]n|wom[ae]n|lad(?:y|ies)|couple|guys?|"
            r"gentlem[ae]n|person|people|fella|girl|boy)\b)",
            neutral="particular",
        ),
        WordRule(heads="senior", tail=r"~citizens?", neutral="person"),
        WordRule(heads="octogenarian septuagenarian nonagenarian", neutral="person"),
    ),
)
