"""Lines that state a personal characteristic, such as "Sex: F"."""

from data_pipeline.domain.prohibited_bases.word_rules import SIGN, WordGroup, WordRule
from data_pipeline.domain.prohibited_bases.words import COUNTRY, ORIGIN, RACE, RELIGION, SEX, values

_DEMOGRAPHIC_LINE = "12 CFR 1003, Appendix B, and 12 CFR 1002.13 (labels of monitoring information)"
_STATUS = r"(?:married|unmarried|single|separated|divorced|widowed)"
_NO_VALUE = r"(?:unknown|unverified|verified|pending|missing|incomplete|see|none|not)\b"
_LONE = rf"(?!{_NO_VALUE})[a-z]{{3,15}}(?=[ ]{{0,3}}(?:[;|\n]|$))"
"""An unlisted word that fills the rest of its field: nothing is lost with it."""
_RACE_VALUE = values(rf"(?:{RACE}|{ORIGIN}|mixed|other|[wbaih])(?!\w)")
_ORIGIN_VALUE = rf"(?:{values(rf'(?:{ORIGIN}|{COUNTRY}|{RACE})(?![a-z])')}|{_LONE})"

DEMOGRAPHIC_LINES = WordGroup(
    basis="demographic line",
    source=_DEMOGRAPHIC_LINE,
    rules=(
        WordRule(
            heads="sex gender",
            tail=rf"{SIGN}(?P<x>{values(rf'{SEX}(?![a-z])')})",
            neutral="a personal characteristic",
        ),
        WordRule(
            heads="race ethnicity",
            tail=rf"(?:\s?/\s?(?:ethnicity|colou?r|origin))?{SIGN}(?P<x>{_RACE_VALUE})",
            neutral="a personal characteristic",
        ),
        WordRule(
            heads="skin applicant borrower applicant's borrower's",
            tail=rf"~colou?r{SIGN}(?P<x>{RACE})",
            neutral="a personal characteristic",
        ),
        WordRule(
            heads="religion",
            tail=rf"{SIGN}(?P<x>{values(rf'{RELIGION}(?![a-z])')}|{_LONE})",
            neutral="a personal characteristic",
        ),
        WordRule(
            heads="nationality national",
            tail=rf"(?:(?<=nationality)|~origin){SIGN}(?P<x>{_ORIGIN_VALUE})",
            neutral="a personal characteristic",
        ),
        WordRule(
            heads="marital mar",
            tail=rf"\.?(?:~stat(?:us)?)?\s?[:=]\s?(?P<x>(?:{_STATUS}|[msdw]))(?!\w)",
            neutral="a personal characteristic",
        ),
        WordRule(
            heads="marital",
            tail=rf"~stat(?:us)?\.?(?:~is)?[ ](?P<x>(?:{_STATUS}|[msdw]))(?![\w'’&/])",
            neutral="a personal characteristic",
        ),
        WordRule(
            heads="status",
            tail=r"\s?[:=]\s?(?P<x>single|married|unmarried|divorced|widowed)"
            r"(?=\s?(?:[.,;|)/\n]|$)|~(?:and|with|no)\b|~\w{1,12}:)",
            neutral="a personal characteristic",
        ),
    ),
)
