"""The good faith exercise of a right under the Consumer Credit Protection Act."""

from data_pipeline.domain.prohibited_bases.word_rules import SECTION, WordGroup, WordRule

_RIGHTS = f"{SECTION}; titles of the Consumer Credit Protection Act"

RIGHTS_WORDS = WordGroup(
    basis="good faith exercise of a right under the Consumer Credit Protection Act",
    source=_RIGHTS,
    rules=(
        WordRule(
            heads="exercised exercising exercise",
            tail=r"~(?:his|her|their|my|any|a|our)~rights?~under~(?:the~)?"
            r"(?:consumer~credit~protection~act|ccpa|fcra|fdcpa|ecoa|tila|"
            r"fair~credit~reporting~act|truth~in~lending~act|"
            r"equal~credit~opportunity~act)",
            neutral="contacted a creditor",
        ),
        WordRule(
            heads="filed files filing submitted sent made",
            tail=r"~(?:an?~)?(?:cfpb~(?:complaints?|dispute)|"
            r"complaints?~(?:with|to)~(?:the~)?cfpb|(?:fcra|fdcpa|tila|ecoa)~"
            r"(?:disputes?|complaints?|suit|claim))",
            neutral="contacted a creditor",
        ),
        WordRule(
            heads="sued suing",
            tail=r"~(?:us|them|a~\w{1,16}|the~\w{1,16})~(?:under|over)~(?:the~)?"
            r"(?:fcra|fdcpa|tila|ecoa)",
            neutral="contacted a creditor",
        ),
    ),
)
