"""Finds account numbers, the ends of numbers and numbers told in words, by the word before them."""

import re

from data_pipeline.domain.masking.patterns import ContextRule

_YEAR_OR_ROUND = re.compile(r"(?:19|20)\d{2}(?:-(?:19|20)?\d{2})?|\d{1,2}-\d{1,2}-\d{2,4}|\d+00")


def classify_account(found: str) -> str | None:
    """Returns the account placeholder, unless the found text is a year, a date or a round sum."""
    return None if _YEAR_OR_ROUND.fullmatch(found) else "[ACCOUNT]"


_SPOKEN_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double)"
_SPOKEN = rf"(?:{_SPOKEN_WORD}|\d{{1,4}}(?!\d|[%/]|,\d))"
_PHONE_SIZE, _TAX_SIZE, _LEAST_SPOKEN = 10, 9, 7


def classify_spoken(found: str) -> str | None:
    """Returns the placeholder for digits told one by one in words, by their number; else None."""
    spoken = len(re.findall(rf"\b{_SPOKEN_WORD}\b", found))
    size = spoken + len(re.findall(r"\d", found))
    if spoken < 3 or size < _LEAST_SPOKEN:  # noqa: PLR2004
        return None
    return {_PHONE_SIZE: "[PHONE]", _TAX_SIZE: "[SSN]"}.get(size, "[ACCOUNT]")


ACCOUNT_RULES: tuple[ContextRule, ...] = (
    ContextRule(
        heads="account acct card loan checking savings policy visa debit chk sav share heloc",
        pattern=r"\w+\s?[:#]?\s?(?P<x>[x*]{1,12}-?\d[\d-]{2,16}|[a-z]{1,3}-\d[\d-]{4,16})(?![\w%]"
        r"|[.,]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="account acct",
        pattern=r"\w+(?:\s\([^()\n]{1,12}\))?,?\s?(?:#|no\.?|num(?:ber)?|nbr|id)?"
        r"(?:\s(?:i|he|she|they|we|you)\s\w{2,8})?(?:\s(?:is|was))?\s?[:#]?\s?"
        r"(?P<x>[a-z]{0,3}-?\d[\d-]{4,22}(?:-[a-z]\d{0,2})?)(?![\w%-]|[.,/]\d|\sk\b)",
        classify=classify_account,
    ),
    ContextRule(
        heads="checking savings chk sav share draft loan heloc dda",
        pattern=r"\w+\s?(?:#|:)?\s?(?P<x>[a-z]{0,2}-?\d{5,12}-[a-z]\d{0,2})(?!\w)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="member mbr",
        pattern=r"\w+(?:\s?(?:id|no\.?|number|num|#))?\s?[:#]?\s?(?P<x>[a-z]?\d{5,12})(?![\w%-]"
        r"|[.,/]\d)",
        classify=classify_account,
    ),
    ContextRule(
        heads="account acct card loan checking savings visa mastercard amex debit credit",
        pattern=r"\w+(?:\scard)?\s?[:#]?\s?(?:\.{2,4}|…)[ -]?(?P<x>\d{3,5})(?![\w%]|[.,/-]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="ending ends",
        pattern=r"(?<!period )(?<!year )(?<!month )(?<!week )(?<!quarter )(?<!date )\w+"
        r"(?:\s(?:in|with|w/))?\s?[:#]?\s?(?P<x>(?!(?:19|20)\d\d)[x*#]{0,8}\d{4})(?![\w%]"
        r"|[.,/-]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="ssn ss social soc",
        pattern=r"\w+(?:\ssec(?:urity)?)?\.?(?:\s?(?:#|number|no))?[ ,:]{0,2}\(?last\s(?:four|4)"
        r"(?:\sdigits)?\)?(?:\s(?:is|are|of))?\s?[:=#-]?\s?(?P<x>\d{4})(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="ssn ss soc social",
        pattern=r"\w+(?:\ssec(?:urity)?)?\s?(?:last\s?(?:4|four)|ends?|ending)(?:\s(?:in|is|of))?"
        r"[ :=#]{1,3}(?P<x>\d{4})(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="ssn ss soc social",
        pattern=r"\w+(?:\son\s\w{2,8})?[ :=#]{1,3}(?P<x>[x*]{1,2}[ -]{0,2}\d{4})(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="ssn4 ss4 soc4 last4",
        pattern=r"\w+(?:\s(?:of\s)?(?:ssn?|soc|social))?\s?[:=#]?\s?\"?(?P<x>\d{4})(?![\w%]"
        r"|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="ssn ss soc social",
        pattern=r"\w+(?:\s(?:is|number|no)){0,2}\s?:?\s(?P<x>\d{3}\s(?:dash|hyphen)\s\d{2}\s"
        r"(?:dash|hyphen)\s\d{4})(?!\w)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="last",
        pattern=r"last\s(?:four|4)(?:\sdigits)?(?:\sof)?(?:\s(?:your|the|his|her))?(?:\s(?:social"
        r"|ssn|ss))?"
        r"\s?[?.:,]?\s?\n[^\n:\d]{0,20}[:>](?:[^\n\d]{0,14}/)?\s(?P<x>\d{4}"
        rf"|{_SPOKEN_WORD}(?:[ ,.-]{{1,3}}{_SPOKEN_WORD}){{3}})(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="hers his mine theirs other",
        pattern=r"(?:(?<=\[ssn\], )|(?<=\[ssn\] and )|(?<=\[ssn\]; ))\w+(?:\s(?:is|ends"
        r"|in)){0,2}\s(?P<x>\d{4})(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="last ends ending final",
        pattern=r"\w+\b[^\d\n$]{0,24}\b(?:ssn?|soc|social|tin)\b[^\d\n$]{0,12}"
        r"(?:\n[^\n\d]{0,20}[:>][^\d\n$]{0,8})?(?<![\d.,-])(?P<x>(?!19\d\d|20\d\d)\d{4})(?![\w%]"
        r"|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="ssn ss soc social tin",
        pattern=r"\w+\b[^\d\n$]{0,20}\b(?:last|ends?|ending|final|finish(?:es)?)\b[^\d\n$]{0,14}"
        r"(?<![\d.,-])(?P<x>(?!19\d\d|20\d\d)\d{3,4})(?![\w%]|[.,/-]\d)",
        placeholder="[SSN]",
    ),
    ContextRule(
        heads="account acct card loan checking savings visa mastercard amex member share",
        pattern=r"\w+\b[^\d\n$]{0,24}\b(?:last|ends?|ending|final)\b"
        r"(?![ ]?(?:bal|val|dti|score|paid|pay|pmt|late|date|month|year|on))[^\d\n$]{0,14}"
        r"(?<![\d.,-])(?P<x>(?!19\d\d|20\d\d)\d{4})(?![\w%]|[.,/-]\d)",
        classify=classify_account,
    ),
    ContextRule(
        heads="iban",
        pattern=r"iban\W{1,3}(?P<x>[a-z]{2}\d{2}[ ]?[a-z\d]{4}(?:[ ]?\d{2,18}){1,6})(?!\w)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="last",
        pattern=r"last\s(?:four|4)(?:\sdigits)?(?:\sof)?(?:\s(?:the|his|her|my|your|their))?\s?"
        r"(?:social|ssn|ss#?"
        r"|acct|account|card)(?:\s(?:is|are|number|no|#)|[:#]){0,2}\s?(?P<x>\d{4})(?![\w%]"
        r"|[.,/-]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="share shares mem mbr suffix ledger passbook sfx",
        pattern=r"\w+(?:\s?(?:no\.?|#|id))?[ .:#]{1,3}(?P<x>[a-z]?\d{4,6}(?:-[a-z]?\d{1,3})?)"
        r"(?![\w%-]|[.,/]\d)",
        classify=classify_account,
    ),
    ContextRule(
        heads="amex visa disc discover mc",
        pattern=r"\w+\s-(?P<x>\d{4,5})(?![\w%]|[.,/-]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="end ends last starts",
        pattern=r"(?:ends?\.|starts(?:\swith)?|last\s(?:numbers|digits)(?:\sare)?)[ :]{1,4}"
        r"(?P<x>(?!(?:19|20)\d\d)\d{4})(?![\w%]|[.,/-]\d)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="suffix sfx",
        pattern=r"\w+[ :#]{1,3}(?P<x>[sl]\d{1,3})(?!\w)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="ending ends end",
        pattern=rf"\w+(?:\s(?:in|with))?[ ,:]{{1,3}}(?P<x>{_SPOKEN_WORD}"
        rf"(?:[ ,.-]{{1,3}}{_SPOKEN_WORD}){{3}})(?!\w)",
        placeholder="[ACCOUNT]",
    ),
    ContextRule(
        heads="zero oh one two three four five six seven eight nine double",
        pattern=rf"(?P<x>(?:{_SPOKEN}[ ,.-]{{1,3}}){{4,16}}{_SPOKEN})(?!\w)",
        classify=classify_spoken,
    ),
)
"""Rules of the same kind as `masking.patterns.CONTEXT_RULES`."""
