"""How words of prohibited bases are written as rules, and what several bases share.

`heads` are whole words, separated by spaces, any of which starts the match; `tail` is a regular
expression for what follows, in which `~` stands for the gap between two words. Matching ignores
case unless `cased` is set. Where the tail holds a group named `x`, only that group is replaced and
the rest is context. A replacement is never empty, so no income or other lending fact disappears
with the word, and no replacement starts a rule of these tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRule:
    """One pattern and its neutral wording.

    Attributes:
        heads: whole words, lower case, separated by spaces, that start a match.
        tail: regular expression for what follows the head; empty for the bare word.
        neutral: the wording put in place; a single word takes over capitals of what it replaces.
        cased: whether case must agree; heads are then matched in upper case.
    """

    heads: str
    tail: str = ""
    neutral: str
    cased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WordGroup:
    """Rules for one basis.

    Attributes:
        basis: the prohibited basis as 12 CFR 1002.2(z) names it.
        source: where the words of the group come from.
        rules: tried in order; the first that matches at a word wins.
    """

    basis: str
    source: str
    rules: tuple[WordRule, ...]


SECTION = "12 CFR 1002.2(z)"
"""Names the prohibited bases."""

PERSON = (
    r"(?:m[ae]n|wom[ae]n|fe?males?|males?|applicants?|co-?applicants?|borrowers?|co-?borrowers?|"
    r"persons?|people|couples?|famil(?:y|ies)|households?|immigrants?|nationals?|lad(?:y|ies)|"
    r"gentlem[ae]n|guys?|girls?|boys?|customers?|mothers?|fathers?|members?|mbr|"
    r"citizens?|congregants?|believers?|veterans?|vet|retirees?|widow(?:er)?s?|clients?|"
    r"homeowners?|employees?|workers?|firefighter|nurse|teacher|driver|student|welder|farmer)"
)
WHO = "he she i they we applicant applicants borrower borrowers coborrower coapplicant customer"
IS = r"(?:['’]?(?:s|m|re)|~(?:is|am|are|was|were))~(?:an?~)?"
LISTED = r"(?:[a-z\d-]{1,16}(?:,~(?:and~)?|~and~)){0,2}"
"""What else such a sentence lists before: "is retired, 71 and"."""
STATEMENT_END = (
    r"(?=\s*(?:[.,;:!?)\]/\"]|$)|~(?:and|or|but|with|who|by|from|in|at|on|has|speak\w*)\b"
    rf"|~{PERSON}\b)(?!~and~(?:decker|\[name))"
)
SIGN = r"\s?(?:[:=(]|-(?=\s))\s?"
AGES = " ".join(map(str, range(18, 100)))
"""Ages of adults, as heads of rules on shorthand: "71 and Black", "71, widowed, Baptist"."""
BESIDE_AGE = r"(?<![$%.,/#'’-]\d\d)(?:,\s?|~and~|\s?/\s?)(?:[a-z-]{3,16},\s?){0,2}"
"""What stands between such an age and the trait."""
TRAIT_END = r"(?=\s*(?:[.,;/)]|$)|~(?:and|with|married|single|divorced|(?:fe)?male)\b)"
"""What follows the trait: it describes nothing else ("white collar")."""
