"""Finds identifying numbers of every shape behind a word that announces one.

What follows "policy", "certificate", "loan" or the like may be in groups, hold letters, stars and
strokes, and lie behind "no.", "ref" or a name. It goes when it holds at least four digits and does
not read as a date, a year or a sum. Where the word also comes before sums and terms ("loan 250000",
"note 5/1 ARM"), a plain number goes only behind "no." or "#".

Source: none; how identifying numbers are announced in credit files.
"""

import re

from data_pipeline.domain.masking.patterns import ContextRule

_UNIT = (
    r"(?![ ]?(?:months?|mos?\b|mths?|years?|yrs?|days?|units?|acres|miles|mi\b|sq|sf\b|hours|hrs"
    r"|hrs?|k\b|x\d|pct|percent|at\b|@|for\b|bps|points|dpd|late|rate|fixed|arm\b|due\b|bal))"
)
_GROUP = rf"[A-Z]{{0,5}}\d[\dA-Z*]{{0,23}}(?![a-z_]|[.,]\d|[ ]?%){_UNIT}"
_JOINT = r"(?:[-–]|[./#]|[ ](?=\d)(?!(?:0?[1-9]|1[0-2])/\d|(?:19|20)\d\d\b))"
_LABEL = (
    r"(?!(?:N0|NO|NUM|ABA|RTG|RTN|ACCT|APP|MICR|DRFT|SCORE|FICO|ONE|COWS|TD|BAL|LIM|LIMIT"
    r"|AMT|PMT|HC|CL|HIGH"
    r"|PAST|DUE|LTV|DTI|SINCE|FY|OPEN|OPN|FROM|TERM|RATE|USD|MC|USDOT|NMLS|ZIP|AND|OF|IN|ON|TO|AT)\b)"
)
_NUMBER = (
    rf"{_LABEL}(?:(?:[A-Z]{{1,4}}(?:[-/.#]|[ ]|(?=\d))|[a-z]{{1,3}}(?=\d))){{0,2}}{_GROUP}"
    rf"(?:{_JOINT}(?:{_GROUP}|(?<=[-/])[A-Z]{{1,4}}\b)){{0,6}}"
    r"(?:[ ][A-Z](?![\w'’.]))?"
)
_AFTER = r"(?![\w%$-]|[.,/:]\d)"
_NO = (
    r"(?:[ ]?(?:#|[Nn]os?\b\.?|NO\b\.?|[Nn]um(?:ber)?\b|NUM(?:BER)?\b|[Nn]br\b|NBR|ID\b|id\b"
    r"|[Rr]ef\b\.?|REF\b|is\b|was\b|under\b|reads?\b|on[ ]file\b|of\b|[:=#]|\.(?![ ]))){0,4}"
    r"[ ]{0,6}[\"']?"
)
_NAMED = r"(?:[ ](?:with|from|at|by|to)[ ][A-Z][\w&'’.-]{1,14}(?:[ ][A-Z][\w&'’.-]{1,14}){0,2},?)?"
_LEAST_DIGITS, _LEAST_PLAIN = 4, 5
_NO_NUMBER = re.compile(
    r"FY.*|[012]\d-\d{4,5}(?:-.*)?|\d\d-[A-Z]{1,2}-.*|[A-Z]{2}-?\d\d-.*|\d{3}-[\dA-Z]{2}-[\dA-Z]{4}|"
    r"\d{1,5}/[\d.]{1,6}(?: .*)?|\d{3}(?:/\d{3})+.*|\d{3}(?: \d{3})+|(?:0?30|60|90|120"
    r"|\d)(?:-(?:0?30|60|90|120|\d))+"
    r"|(?:19|20)\d\d(?:[-/. ](?:19|20)?\d\d){0,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,6}000"
    r"|\d{1,2}[-/.](?:19|20)?\d\d|\d{1,2}[-/]\d{1,2}|[A-Z]{3,5} \d{1,3}|\d{3} \d{3}"
    r"|(?:[A-Z]{1,5} )?\d{1,3}(?: \d{1,3})?|\d{1,2} (?:19|20)\d\d|(?:[A-Z]+ )?(?:19|20)\d\d"
    r"|(?:FY|Q\d|W|SBA|HUD|IRS|FNMA|FHLMC|UCC|FHA|VA|DU|LP|REG|CFR|USC)[ -]?\d{1,5}[A-Z]?"
    r"|[A-Z]{1,5} \d{1,3}(?:000)?|\d{2,3}[-/ ]\d{2,3}|\d{1,2} (?:30|15|20|10) \d{1,2}"
    r"|(?:BAL|AMT|LIM|PMT|HC|CL|TERM|RATE|DTI|LTV|ORIG|PAID|INT|LIMIT|HIGH|PAST) .*"
)
_PLAIN = re.compile(r"\d+")


def classify_announced(found: str) -> str | None:
    """Returns the placeholder for a number behind a word that hardly announces anything else."""
    if _NO_NUMBER.fullmatch(found) or sum(map(str.isdigit, found)) < _LEAST_DIGITS:
        return None
    if _PLAIN.fullmatch(found) and (len(found) < _LEAST_PLAIN or found.endswith("00")):
        return None
    return "[ACCOUNT]"


def classify_written(found: str) -> str | None:
    """Returns the placeholder for a number behind such a word, unless it may be a sum or a term."""
    if found.isdigit() and found[0] != "0":
        return None
    if sum(map(str.isdigit, found)) <= _LEAST_DIGITS and not any(map(str.isalpha, found)):
        return None
    return classify_announced(found)


CUED_RULES: tuple[ContextRule, ...] = (
    ContextRule(
        heads="policy po1icy pol membership patron certificate cert certno binder annuity passbook"
        " participant subscriber",
        pattern=rf"(?:a/c|(?!a\b)\w+\b){_NAMED}(?:[ ](?:order|case|claim|loan|card|policy))?{_NO}"
        rf"(?P<x>{_NUMBER}){_AFTER}",
        classify=classify_announced,
        cased=True,
    ),
    ContextRule(
        heads="loan ln note line heloc mortgage lease draft drft savings sav checking chk share dda"
        " card visa mc amex cd cds collection coll lender bank ck fcu cu debt insurance"
        " hazard haz carrier part",
        pattern=rf"\w+\b{_NAMED}{_NO}(?P<x>{_NUMBER}){_AFTER}",
        classify=classify_written,
        cased=True,
    ),
    ContextRule(
        heads="suffix suffixes sfx subaccount",
        pattern=r"\w+[ :#]{1,3}(?P<x>[A-Z]\d{1,3}(?:(?:, | and |, and |/| & )[A-Z]\d{1,3}){0,4})"
        r"(?!\w)",
        placeholder="[ACCOUNT]",
        cased=True,
    ),
    ContextRule(
        heads="last",
        pattern=r"last[ -]?(?:four|4)(?:\sdigits)?\b[^\d\n$]{0,20}(?<![\d.,-])(?P<x>[#x*]{0,6}-?"
        r"(?!19\d\d|20\d\d)\d{4})(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="and or",
        pattern=r"(?:(?<=\[ssn\] )|(?<=\[ssn\], ))\w+\s(?P<x>(?!19\d\d|20\d\d)\d{4})"
        r"(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="ending ends end finishing",
        pattern=r"\w+(?:\s(?:in|with|on|w/))?\s?[:#]?\s?[-x*#.…]{1,6}(?P<x>(?!(?:19|20)\d\d)\d{4})"
        r"(?![\w%]|[.,/-]\d)",
        placeholder="[ACCOUNT]",
    ),
)
"""Rules of the same kind as `masking.patterns.CONTEXT_RULES`."""
