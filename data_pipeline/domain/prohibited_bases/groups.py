"""All words of prohibited bases, one group after the other."""

from data_pipeline.domain.prohibited_bases.age import AGE_WORDS
from data_pipeline.domain.prohibited_bases.demographic_lines import DEMOGRAPHIC_LINES
from data_pipeline.domain.prohibited_bases.marital_status import MARITAL_WORDS
from data_pipeline.domain.prohibited_bases.national_origin import ORIGIN_WORDS
from data_pipeline.domain.prohibited_bases.public_assistance import ASSISTANCE_WORDS
from data_pipeline.domain.prohibited_bases.race import RACE_WORDS
from data_pipeline.domain.prohibited_bases.religion import RELIGION_WORDS
from data_pipeline.domain.prohibited_bases.rights import RIGHTS_WORDS
from data_pipeline.domain.prohibited_bases.sex import CHILDBEARING_WORDS, SEX_WORDS
from data_pipeline.domain.prohibited_bases.word_rules import WordGroup

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
