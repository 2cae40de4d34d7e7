"""Sex, and childbearing."""

from data_pipeline.domain.prohibited_bases.word_rules import SECTION, SIGN, WordGroup, WordRule

_SEX = f"{SECTION}; 12 CFR 1003, Appendix B (sex); everyday words chosen for this project"
_FAMILY = "12 CFR 1002.6(b)(3) (childbearing); everyday words"

SEX_WORDS = WordGroup(
    basis="sex",
    source=_SEX,
    rules=(
        WordRule(heads="he", neutral="they"),
        WordRule(heads="she", neutral="they"),
        WordRule(heads="him", neutral="them"),
        WordRule(heads="his", neutral="their"),
        WordRule(heads="hers", neutral="theirs"),
        WordRule(heads="himself herself", neutral="themselves"),
        WordRule(
            heads="her",
            tail=r"(?=\s{1,3}(?!(?:to|in|on|at|for|and|but|that|if|when|with|about|the|a|an|"
            r"as|is|was|again|back|up|out|so|we|i|it|what|why|how|from|because|by|or|"
            r"there|this|not|before|after|until)\b)[\w$'\"])",
            neutral="their",
        ),
        WordRule(heads="her", neutral="them"),
        WordRule(heads="ma", tail=r"['’]am", neutral="person"),
        WordRule(
            heads="man woman male female gentleman lady guy madam sir girl fella dude",
            tail=r"(?!-(?:hours?|days?|made)|\s{1,4}(?:ual|ufact))",
            neutral="person",
        ),
        WordRule(
            heads="men women males females gentlemen ladies guys girls",
            tail=r"(?!'s~business)",
            neutral="people",
        ),
        WordRule(heads="sex gender", tail=rf"(?!{SIGN})", neutral="personal characteristic"),
    ),
)

CHILDBEARING_WORDS = WordGroup(
    basis="sex (childbearing)",
    source=_FAMILY,
    rules=(
        WordRule(
            heads="maternity paternity parental",
            tail=r"(?:~leave)?(?!~(?:ward|test|"
            r"unit|hosp|nurse))",
            neutral="leave",
        ),
        WordRule(heads="pregnant", neutral="with a personal circumstance"),
        WordRule(heads="pregnancy pregnancies", neutral="personal circumstance"),
        WordRule(
            heads="expecting",
            tail=r"~(?:an?~(?:baby|child)|twins|her~\w{1,12}~(?:baby|"
            r"child))",
            neutral="with a personal circumstance",
        ),
    ),
)
