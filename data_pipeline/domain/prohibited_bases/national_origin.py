"""National origin."""

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
from data_pipeline.domain.prohibited_bases.words import ORIGIN

_RACE = f"{SECTION}; 12 CFR 1003, Appendix B (race and ethnicity categories); OMB SPD 15"

ORIGIN_WORDS = WordGroup(
    basis="national origin",
    source=f"{_RACE}; comment 2(z)-2; nationalities chosen for this project",
    rules=(
        WordRule(
            heads="hispanic latino latina latinos latinas latinx hispanics",
            tail=r"(?!~(?:chamber|federal|credit|bank|business))(?:~or~latin[oa])?",
            neutral="particular",
        ),
        WordRule(heads=AGES, tail=rf"{BESIDE_AGE}(?P<x>{ORIGIN}){TRAIT_END}", neutral="particular"),
        WordRule(
            heads="mexican cuban chinese filipino japanese korean vietnamese nigerian "
            "african arab arabic haitian jamaican dominican salvadoran guatemalan honduran "
            "colombian venezuelan brazilian peruvian ecuadorian pakistani bangladeshi iranian "
            "iraqi syrian lebanese egyptian ethiopian somali kenyan ghanaian polish russian "
            "ukrainian german irish italian greek turkish french spanish "
            "laotian hmong cambodian thai burmese nepali afghan sudanese congolese rican",
            tail=rf"(?:(?=~{PERSON}\b)|(?=~speaking\b))",
            neutral="particular",
        ),
        WordRule(
            heads=WHO,
            tail=rf"{IS}{LISTED}(?P<x>{ORIGIN}){STATEMENT_END}",
            neutral="particular",
        ),
        WordRule(heads="mexican puerto", tail=r"~(?:americans?|ricans?)", neutral="particular"),
        WordRule(heads="immigrant immigrants foreigner foreigners", neutral="person"),
        WordRule(heads="immigrated emigrated", neutral="moved"),
        WordRule(heads="national", tail=r"~origin", neutral="personal characteristic"),
    ),
)
