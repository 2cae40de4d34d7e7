"""Words that state a prohibited basis, and the neutral words that stand in for them.

The bases are those of 12 CFR 1002.2(z): race, color, religion, national origin, sex, marital
status, age, income from a public assistance program, and the good faith exercise of a right under
the Consumer Credit Protection Act. The tables are data: one `WordGroup` per basis and kind of
word, each naming where its words come from; `word_rules` tells how a rule is written.

Words that also name things (black, white, Indian, single, age) count only beside a word for a
person or on a demographic line such as "Sex: F". Such a line ends at the first word that is no
value of it: what stands behind is a fact of the loan.
"""

from data_pipeline.domain.prohibited_bases.age import ADULT_AGE, AGE_WORDS
from data_pipeline.domain.prohibited_bases.demographic_lines import DEMOGRAPHIC_LINES
from data_pipeline.domain.prohibited_bases.marital_status import MARITAL_WORDS
from data_pipeline.domain.prohibited_bases.national_origin import ORIGIN_WORDS
from data_pipeline.domain.prohibited_bases.public_assistance import ASSISTANCE_WORDS
from data_pipeline.domain.prohibited_bases.race import RACE_WORDS
from data_pipeline.domain.prohibited_bases.religion import RELIGION_WORDS
from data_pipeline.domain.prohibited_bases.rights import RIGHTS_WORDS
from data_pipeline.domain.prohibited_bases.sex import CHILDBEARING_WORDS, SEX_WORDS
from data_pipeline.domain.prohibited_bases.word_rules import PERSON, WordGroup, WordRule

__all__ = ["ADULT_AGE", "GROUPS", "PERSON", "WordGroup", "WordRule"]

GROUPS: tuple[WordGroup, ...] = (
    DEMOGRAPHIC_LINES,
    ASSISTANCE_WORDS,
    RACE_WORDS,
    ORIGIN_WORDS,
    RELIGION_WORDS,
    SEX_WORDS,
    MARITAL_WORDS,
    AGE_WORDS,
    CHILDBEARING_WORDS,
    RIGHTS_WORDS,
)
"""All word rules, by basis; the order decides between rules that start at the same word."""
