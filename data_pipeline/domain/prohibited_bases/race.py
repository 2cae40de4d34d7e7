"""Race and color."""

from data_pipeline.domain.prohibited_bases.word_rules import (
    AGES,
    BESIDE_AGE,
    IS,
    LISTED,
    PERSON,
    SECTION,
    STATEMENT_END,
    TRAIT_END,
    WHO,
    WordGroup,
    WordRule,
)
from data_pipeline.domain.prohibited_bases.words import RACE

_RACE = f"{SECTION}; 12 CFR 1003, Appendix B (race and ethnicity categories); OMB SPD 15"

RACE_WORDS = WordGroup(
    basis="race and color",
    source=_RACE,
    rules=(
        WordRule(
            heads="black white brown asian indian native",
            tail=rf"(?=~{PERSON}\b)",
            neutral="particular",
        ),
        WordRule(heads=AGES, tail=rf"{BESIDE_AGE}(?P<x>{RACE}){TRAIT_END}", neutral="particular"),
        WordRule(
            heads=WHO,
            tail=rf"{IS}{LISTED}(?P<x>{RACE}){STATEMENT_END}",
            neutral="particular",
        ),
        WordRule(
            heads="native",
            tail=r"~(?:american|hawaiian)s?(?!~(?:corp|corporation|bank|"
            r"credit|home))",
            neutral="particular",
        ),
        WordRule(heads="american", tail=r"~indians?", neutral="particular"),
        WordRule(heads="alaska", tail=r"~natives?(?!~corp)", neutral="particular"),
        WordRule(heads="pacific", tail=r"~islanders?", neutral="particular"),
        WordRule(heads="african asian", tail=r"~americans?", neutral="particular"),
        WordRule(heads="guamanian chamorro samoan caucasian caucasians", neutral="particular"),
        WordRule(heads="race skin", tail=r"~(?:or|and)~color", neutral="personal characteristic"),
    ),
)
