"""Marital status."""

from data_pipeline.domain.prohibited_bases.word_rules import SECTION, WordGroup, WordRule

_MARITAL = f"{SECTION}; 12 CFR 1002.5(d)(1) (married, unmarried, separated); everyday words"

MARITAL_WORDS = WordGroup(
    basis="marital status",
    source=_MARITAL,
    rules=(
        WordRule(
            heads="married",
            tail=r"~filing~(?:jointly|joint|separately|separate)",
            neutral="with a stated filing status",
        ),
        WordRule(heads="mfj mfs", neutral="stated filing status"),
        WordRule(
            heads="ex former late",
            tail=r"~(?:husband|wife|spouse)",
            neutral="former household member",
        ),
        WordRule(
            heads="husband wife spouse hubby fiance fiancee fiancé fiancée boyfriend "
            "girlfriend newlywed missus",
            neutral="household member",
        ),
        WordRule(heads="husbands wives spouses newlyweds", neutral="household members"),
        WordRule(heads="widow widower", neutral="surviving household member"),
        WordRule(heads="widowed w1dowed divorced div'd", neutral="with a household change"),
        WordRule(heads="divorce divorces", neutral="household change"),
        WordRule(heads="divorcee divorcée", neutral="person with a household change"),
        WordRule(heads="legally", tail=r"~separated", neutral="with a household change"),
        WordRule(
            heads="separated",
            tail=r"(?=~from~(?:his|her|my|their)~(?:husband|wife|"
            r"spouse|household))",
            neutral="with a household change",
        ),
        WordRule(heads="unmarried remarried married", tail=r"(?!~into)", neutral="in a household"),
        WordRule(heads="marriage", tail=r"(?!~(?:line|wall))", neutral="household"),
        WordRule(heads="maiden", tail=r"(?=~name)", neutral="former"),
        WordRule(
            heads="single",
            tail=r"(?:~(?:mothers?|fathers?|moms?|dads?|mama))",
            neutral="parent",
        ),
        WordRule(
            heads="single",
            tail=r"(?=~(?:man|woman|male|female|parent|"
            r"lady|guy)\b)",
            neutral="particular",
        ),
        WordRule(
            heads="single",
            tail=r"(?=,\s?(?:no\s(?:kids|dep)|m\b|f\b|male|female|"
            r"divorced|\d{2}\b))",
            neutral="of stated household",
        ),
        WordRule(
            heads="is am i'm",
            tail=r"~(?P<x>single)(?=\s?[,.;]|~(?:and|with)\b)",
            neutral="in a household",
        ),
    ),
)
