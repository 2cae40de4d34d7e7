"""Words and patterns beside which the rules of `broad_names` take a word for a name."""

import re

KIN = frozenset(
    [
        "wife", "husband", "son", "daughter", "mother", "father", "mom", "dad", "brother",
        "sister", "nephew", "niece", "cousin", "uncle", "aunt", "spouse", "fiance", "fiancee",
        "boyfriend", "girlfriend", "partner", "roommate", "neighbor", "landlord", "named",
    ]
)  # fmt: skip
"""Who is named after one of them is a person, whatever the name looks like."""

ADDRESSED = frozenset({"mr", "mrs", "ms", "dr"})
"""Titles that stand before nothing but a name."""

PERSONAL = frozenset(
    [
        "abstained", "presented", "seconded", "dissented", "voted", "objected", "recused", "says",
        "said", "asks", "asked", "told", "wants", "thinks", "wishes", "hears", "earns", "keyed",
        "called", "emailed", "texted", "agreed", "insists", "works",
        "owes", "owns", "reported", "explained", "stated", "admits", "noted", "filed",
    ]
)  # fmt: skip
"""What only persons do."""

HEARTFELT = frozenset(
    ["hears", "asks", "asked", "wishes", "thinks", "insists", "abstained", "seconded", "recused"]
)
"""Those of them that make a person even of a thing: no price asks."""

VOTING = HEARTFELT | {"presented", "dissented", "voted", "objected"}
"""What a family name that is a word of companies too does as a person."""

COUNTERPARTS = frozenset(
    ["attorney", "appraiser", "realtor", "notary", "trustee", "underwriter", "processor",
     "landlord", "landlady", "supervisor", "executor", "translator"]
)  # fmt: skip
"""Roles that stand right before the name of who has one."""

THINGS_TOLD = frozenset(
    [
        "bill", "page", "price", "cash", "case", "rule", "law", "stone", "street", "house", "will",
        "post", "field", "grant", "chase", "mark", "may", "land", "wood", "cost", "major", "man",
        "good", "best", "book", "plant", "lawyer", "sellers", "rich", "long", "short",
        "early", "close", "church", "park", "parks", "back", "still",
    ]
)  # fmt: skip
"""Family names that are more often things; a verb behind them makes no person of them."""

SURNAMES_TOO = frozenset(
    ["park", "falls", "springs", "church", "lake", "street", "hills", "mills", "forest", "glass"]
)
"""Words of places that are a family name where a role or a title stands before both."""

NO_FIRST_LETTERS = frozenset("nsew")
"""Letters that are a point of the compass in an address."""

NO_NAMES = frozenset({"fema", "emer", "bah"})
"""Abbreviations that a list of names holds."""

LETTERED = frozenset(
    [
        "exhibit", "schedule", "appendix", "item", "part", "plan", "box", "class", "tier",
        "grade", "unit", "apt", "suite", "lot", "section", "addendum", "attachment", "form",
        "step", "phase", "option", "group", "type", "series", "building", "bldg",
    ]
)  # fmt: skip
"""A letter after one of them numbers it."""

NO_VOICES = frozenset(
    ["me", "us", "we", "he", "it", "sp", "ai", "cs", "ta", "op", "qc", "hr", "ag"]
)
"""Two letters before a colon that tell a part in a conversation, and not who has it."""

YEAR = re.compile(r"(?:19|20)\d\d[ ](?:[A-Z]\w{1,12}[ ])?$")
VERB = re.compile(r"[ ](?P<x>[a-z]{4,9})\b")
MIDDLE = re.compile(r"[a-z0-9,;(/:–—-][ (\"“]{1,2}$")
WANTS = re.compile(r"[ ](?:ASKS|WISHES|HEARS|THINKS|INSISTS)\b")
APPOSED = re.compile(
    r",[ ](?:the|his|her|their|our|my)[ ](?:[a-z-]{2,12}[ ])?(?:officer|husband|ex-husband|wife"
    r"|ex-wife|widow|widower|son|daughter|mother|father|brother|sister|uncle|aunt|nephew|niece"
    r"|cousin|borrower|co-borrower|applicant|co-applicant|co-signer|cosigner|guarantor|appraiser"
    r"|attorney|lawyer|accountant|trustee|underwriter|processor|landlord|neighbor|fiance|foreman)\b"
)
CLAUSE = re.compile(r"(?:'s)?(?:[ ][a-z]{2,}\b|[.,;:)\n]|$)")
CELL_END = re.compile(r"[ ]{2}|[ ]?[\n,;\t/|(]|[ ][\d$#-]|$")
