"""Words that state a prohibited basis, and the neutral words that stand in for them.

The bases are those of 12 CFR 1002.2(z): race, color, religion, national origin, sex, marital
status, age, income from a public assistance program, and the good faith exercise of a right under
the Consumer Credit Protection Act. The tables are data: one `WordGroup` per basis and kind of
word, each naming where its words come from; `word_rules` tells how a rule is written.

Words that also name things (black, white, Indian, single, age) count only beside a word for a
person or on a demographic line such as "Sex: F". Such a line ends at the first word that is no
value of it: what stands behind is a fact of the loan.
"""

from data_pipeline.domain.prohibited_bases.age import ADULT_AGE
from data_pipeline.domain.prohibited_bases.groups import GROUPS
from data_pipeline.domain.prohibited_bases.word_rules import PERSON, WordGroup, WordRule

__all__ = ["ADULT_AGE", "GROUPS", "PERSON", "WordGroup", "WordRule"]
