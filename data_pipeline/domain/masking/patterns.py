"""Finds personal identifiers by what a word in front of them gives away.

What is recognisable by its own form is found in `masking.formatted`; here is what is only
recognisable beside a word ("acct ending 3310", "Dear Ms. Ortiz"): `CONTEXT_RULES` are tried where
such a word stands. All quantifiers are bounded, so a text is read in linear time.

Source: number formats and check digits from python-stdnum (us.ssn, us.itin, us.ein, us.rtn, luhn)
and phonenumbers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from stdnum import luhn
from stdnum.us import itin, rtn

from data_pipeline.domain.masking.name_context import BRANDS, GIVEN_TOO, LABELS
from data_pipeline.domain.masking.name_lists import is_named

PLACEHOLDERS: tuple[str, ...] = (
    "[SSN]", "[ITIN]", "[EIN]", "[ACCOUNT]", "[ROUTING]", "[CARD]", "[PHONE]", "[EMAIL]",
    "[URL]", "[IP]", "[ADDRESS]", "[DOB]", "[NAME]",
)  # fmt: skip
"""The typed placeholders that stand for personal identifiers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRule:
    """An identifier that a word in front of it gives away.

    Attributes:
        heads: lower-case words, separated by spaces, where the rule is tried.
        pattern: regular expression matched from the head on; group `x` is replaced.
        placeholder: what is put in place, or None to let `classify` choose.
        classify: looks at the found text and returns a placeholder, or None to leave it.
        cased: whether case matters.
    """

    heads: str
    pattern: str
    placeholder: str = ""
    classify: Callable[[str], str | None] | None = None
    cased: bool = False


def classify_tin(found: str) -> str:
    """Returns the placeholder for a nine-digit taxpayer number written as 3-2-4."""
    return "[ITIN]" if itin.is_valid(re.sub(r"\D", "", found)) else "[SSN]"


def classify_phone(found: str) -> str | None:
    """Returns the placeholder when the number can be dialled, else None.

    Grouped by spaces alone it might be three figures in a row ("scores 742 719 2019") and is left
    to the rules that look for a word such as "call" before it.
    """
    try:
        number = phonenumbers.parse("".join(found.split()), "US")
    except phonenumbers.NumberParseException:
        return None
    spaced = not any(mark in found for mark in "-–.()+")
    return "[PHONE]" if not spaced and phonenumbers.is_possible_number(number) else None


def classify_card(found: str) -> str | None:
    """Returns the placeholder when the check digit is right, else None."""
    return "[CARD]" if luhn.is_valid(re.sub(r"\D", "", found)) else None


def classify_routing(found: str) -> str:
    """Returns the routing placeholder, or the account one when the check digit is wrong."""
    return "[ROUTING]" if rtn.is_valid(found) else "[ACCOUNT]"


def classify_ip(found: str) -> str | None:
    """Returns the placeholder when every part is at most 255, else None."""
    return "[IP]" if all(int(part) <= 255 for part in found.split(".")) else None  # noqa: PLR2004


_CAP = r"(?:[A-ZÀ-ÖØ-Þ][\w'’-]{0,24}\.?)"
_NICK = r"(?:[ ][\"“(][A-Z][a-z]{1,14}[\"”)])"
_PARTICLE = r"(?:[ ](?:de|la|del|van|von|der|da|dos|bin|al))"
_GIVEN = (
    r"(?:(?:St|Wm|Jr|Sr|Chas|Geo)\.|[A-ZÀ-ÖØ-Þ](?:(?:[\w-]|['’](?!s(?!\w))){1,24}|\.?(?![\w'’])))"
)
PERSON_NAME = rf"{_GIVEN}{_NICK}?(?:{_PARTICLE}{{0,2}}[ ]{_GIVEN}){{0,3}}"
_TWO_NAMES = (
    rf"(?:{_GIVEN}\.?{_NICK}?(?:{_PARTICLE}{{0,2}}[ ]{_GIVEN}\.?){{1,3}}|"
    rf"{_CAP},[ ]?{_CAP}(?:[ ][A-Z]\.?(?!\w))?)"
)
_LABEL_END = r"(?=[ \t]*(?:[,;|/()\[\n\r—–=]|-[ ]|\.(?:\s|$)|\d|$|[ ]{2}))"
_LABEL = r"(?:[ _]?[Nn]ame|[ _]?NAME)?\.{0,20}[ ]{0,8}[:=][ ]{0,8}"
_DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s\d{1,2}(?:st|nd|rd|th)?,?"
    r"\s\d{4}|\d{1,2}\s(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s\d{4}|"
    r"\d{1,2}/\d{2,4}|(?:19|20)\d{2}(?!\d))"
)

_ORGANISATIONS_AND_ANSWERS = """a an the i we he she they it yes no not n/a na none good
    thank thanks hello hi
    okay well
    first second third self approved denied declined pending verified unknown same see per or
    bank credit union company co inc llc lp llp corp corporation trust fund services service group
    dealer dealership holdings farms farm enterprises partners association federal national lender
    lending loan loans mortgage finance financial team committee officer underwriter underwriting
    department desk customer applicant borrower member client sir madam gentlemen folks friend
    friends all both everyone whom board manager branch household person people their them
    themselves
    particular benefit leave january february march april may june july august september october
    november december monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri
    sat sun income credit score employment status type date reason purpose amount us usa attached
    received file new old total gross net joint individual sole retired
    medical center hospital school schools district county university college city state regional
    health store stores auto motors trucking officers respected greetings ladies refinancing
    clinic church insurance agency realty homes construction supply"""
_ABBREVIATIONS = frozenset(w for w in BRANDS | LABELS if len(w) < 5 and not is_named(w))  # noqa: PLR2004
NOT_A_NAME: frozenset[str] = frozenset(_ORGANISATIONS_AND_ANSWERS.split())
"""Words that show a capitalised phrase not to be a person (organisations, months, answers)."""


def classify_name(found: str) -> str | None:
    """Returns the placeholder unless a word of the phrase rules a person out."""
    words = re.split(r"[\s,.]+", found.lower())
    if words[-1] and not words[-1].isdigit():
        words = [w for w in words[:-1] if w not in GIVEN_TOO] + words[-1:]
    if found.isupper() and any(w in _ABBREVIATIONS for w in words[1:]):
        return None
    return None if NOT_A_NAME.intersection(words) else "[NAME]"


_ACCOUNT_WORD = (
    r"(?:\s?(?:#|no\.?|num(?:ber)?|nbr|ending(?:\sin)?|ends?\s(?:in|w/|with)|id)\s?(?:#|is|in)?\s?:?\s?"
    r"(?:[x*]{0,12}-?))"
)

CONTEXT_RULES: tuple[ContextRule, ...] = (
    ContextRule(
        heads="ssn ss social tin itin",
        pattern=r"\w+(?:\ssecurity)?(?:\s?(?:#|number|num|no)\.?)?(?:\s(?:is|ending(?:\sin)?|"
        r"last\s(?:four|4)|ends\sin))?\s?[:=#]?\s?(?P<x>\d{9}|\d{3}[ ./-]?\d{2}[ ./-]?\d{4}|"
        r"(?<=ending )\d{4}|(?<=ending in )\d{4}|(?<=ends in )\d{4}|(?<=last 4 )\d{4}|"
        r"(?<=last four )\d{4})(?![\w-])",
        classify=classify_tin,
    ),
    ContextRule(
        heads="ein fein",
        pattern=r"\w+(?:\s?(?:#|no\.?|number))?\s?[:=]?\s?(?P<x>\d{2}-?\d{7})(?!\w)",
        placeholder="[EIN]",
    ),
    ContextRule(
        heads="routing aba rtn",
        pattern=r"\w+(?:\s?(?:#|no\.?|number|num))?(?:\sis)?\s?[:=]?\s?(?P<x>\d{9})(?!\w)",
        classify=classify_routing,
    ),
    ContextRule(
        heads="account acct member loan card checking savings policy visa mastercard mc amex debit "
        "discover chk sav share heloc",
        pattern=rf"\w+{_ACCOUNT_WORD}(?P<x>(?:[a-z]{{1,4}}-?)?\d[\d-]{{2,24}}\d)(?![\w%]|[.,]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="account acct loan_no loan_id acct_no account_no cif member",
        pattern=r"\w+\.{0,20}\s?[:=#]?\s?(?P<x>\d{6,17}|\d{4}-\d{4}(?:-\d{4}){0,2})(?![\w%-]|[.,]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="call called phone tel cell mobile fax ph text telephone contact",
        pattern=r"\w+(?:\s(?:at|me|number|no|us|#)){0,2}\.?\s?[:=]?\s?"
        r"(?P<x>\d{3}[-.]\d{4}|\d{3}\s\d{3}\s\d{4}|\d{10})(?![\w-]|[.,]\d)",
        placeholder="[PHONE]",
    ),
    ContextRule(
        heads="dob d0b brn dob_yr dob_year yob born birthdate birthday birth",
        pattern=r"\w+(?:\s?date|\sday)?(?:\s(?:of\sbirth|is|on|in)){0,2}\s{0,4}[:=]?-?\s{0,4}"
        rf"(?:in\s)?(?P<x>{_DATE}|(?<=born in )['’]\d\d)(?!\w)",
        placeholder="[DOB]",
    ),
    ContextRule(
        heads="date",
        pattern=rf"date\sof\sbirth\s?[:=]?\s?(?:is\s)?(?P<x>{_DATE})(?!\w)",
        placeholder="[DOB]",
    ),
    ContextRule(
        heads="mr mrs ms miss dr mx sr sra señor señora",
        pattern=rf"(?P<x>(?:Mrs?|Ms|MRS?|MS|Dr|Mx|Sra?|Se[ñ]ora?)\b(?:\.|(?=[ ]))[ ]?"
        r"(?:(?:and|&)[ ]Mrs?\.?[ ])?"
        rf"{PERSON_NAME}|"
        r"Miss[ ][A-Z][a-z]{1,20}(?:[ ][A-Z][a-z]{1,20})?)",
        classify=classify_name,
        cased=True,
    ),
    ContextRule(
        heads="dear",
        pattern=rf"[Dd]ear[ ](?P<x>{PERSON_NAME})(?=[ ]?[,:;\n\r—-])",
        classify=classify_name,
        cased=True,
    ),
    ContextRule(
        heads="name",
        pattern=rf"(?:[Nn]ame|NAME)(?:\.{{0,30}}[ ]{{0,8}}[:=][ ]{{0,8}}|\.{{3,30}}[ ]{{0,8}})"
        rf"(?P<x>{_TWO_NAMES}|{_GIVEN}(?=[ ]*[\n\r;|]))",
        classify=classify_name,
        cased=True,
    ),
    ContextRule(
        heads="my",
        pattern=rf"[Mm]y name is (?P<x>{PERSON_NAME})",
        classify=classify_name,
        cased=True,
    ),
    ContextRule(
        heads="applicant borrower coborrower coapplicant borr borr1 borr2 buyer app appl cust "
        "customer client member guarantor cosigner signer from to cc by attn officer underwriter "
        "lo uw b1 b2 a1 a2 co processor seller owner spouse",
        pattern=rf"\w+{_LABEL}(?P<x>{_TWO_NAMES}){_LABEL_END}",
        classify=classify_name,
        cased=True,
    ),
    ContextRule(
        heads="sincerely regards respectfully thanks cordially yours truly best you signed",
        pattern=rf"\w+[,.!]?[ ]?(?:\r?\n[ ]?){{1,3}}[-—~]?[ ]?"
        rf"(?P<x>{PERSON_NAME})(?=[ ]*(?:[\r\n,]|$))",
        classify=classify_name,
        cased=True,
    ),
)
"""Identifiers recognised by the word before them; every rule is tried at each of its heads."""

SERVICER = re.compile(
    r"\b(?:mortgage|mtg|servicers?|serviced|first|1st|lien|dot|w/|with|by|to|at|from|owed?|lender)"
    r"[ :(]{1,3}mr\.? cooper\b|\bmr\.? cooper[ ,(]{1,3}(?:\d|mortgage|mtg|loan|1st|first|orig|pmt"
    r"|heloc|pays?off|serv|2nd|statement|acct|account)",
    re.IGNORECASE,
)
"""Mr. Cooper as what services a mortgage, not as a person."""
SERVICER_NAMES = frozenset({"mr. cooper", "mr cooper", "cooper"})
"""What is left alone then, in lower case."""

SALUTATION = re.compile(rf"(?P<x>{_GIVEN}(?:[ ]{_GIVEN})?),[ ]*(?=\r?\n)")
"""A first line that holds nothing but a name and a comma."""
