"""Religion."""

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
from data_pipeline.domain.prohibited_bases.words import RELIGION

RELIGION_WORDS = WordGroup(
    basis="religion",
    source=f"{SECTION}; names of religions chosen for this project",
    rules=(
        WordRule(
            heads="muslim jewish catholic protestant mormon hindu buddhist sikh baptist "
            "methodist lutheran christian amish mennonite pentecostal evangelical orthodox",
            tail=rf"(?=~{PERSON}\b)",
            neutral="particular",
        ),
        WordRule(
            heads=AGES, tail=rf"{BESIDE_AGE}(?P<x>{RELIGION}){TRAIT_END}", neutral="particular"
        ),
        WordRule(
            heads=WHO,
            tail=rf"{IS}{LISTED}(?:devout~|practicing~)?(?P<x>{RELIGION}){STATEMENT_END}",
            neutral="particular",
        ),
        WordRule(
            heads="is was am are",
            tail=r"~(?:an?~)?(?:devout~|practicing~)?(?P<x>muslim|jewish|jew|hindu|buddhist|"
            r"sikh|mormon)",
            neutral="particular",
        ),
        WordRule(heads="religion religions", neutral="personal characteristic"),
        WordRule(
            heads="religious",
            tail=r"~(?:beliefs?|practices?|affiliation)",
            neutral="personal characteristic",
        ),
    ),
)
