"""What an applicant told, declined to tell, or was noted, for monitoring.

Categories are those of 12 CFR 1002.13(a)(1)(i)(A) and, below them, those of 12 CFR 1003,
Appendix B, which 1002.13(a)(1)(i)(B) allows instead; marital status is worded as
1002.13(a)(1)(iii) has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

T = TypeVar("T")


class AskedUnder(StrEnum):
    """Which rule has the creditor ask."""

    REGULATION_B = "regulation_b"
    """Purchase or refinancing of a principal residence. Source: 12 CFR 1002.13(a)(1)."""
    REGULATION_C = "regulation_c"
    """Any loan on a dwelling that is reported. Source: 12 CFR 1003.4(a)(10)(i), 1002.5(a)(2)."""


class TakenBy(StrEnum):
    """How the application was taken. Source: 12 CFR 1003, Appendix B; comment 13(b)-4."""

    IN_PERSON = "in_person"
    """Also over electronic media with video."""
    TELEPHONE = "telephone"
    MAIL = "mail"
    """Also by fax."""
    INTERNET = "internet"


class Origin(StrEnum):
    """Where an answer comes from. Source: 12 CFR 1002.13(b)."""

    SELF_REPORTED = "self_reported"
    OBSERVED = "observed"
    """Declined, then noted on the basis of visual observation or surname."""
    DECLINED = "declined"
    """The applicant chose not to tell, and nothing was noted instead."""


class Ethnicity(StrEnum):
    """Ethnicity; the first two are the aggregate categories."""

    HISPANIC_OR_LATINO = "hispanic_or_latino"
    NOT_HISPANIC_OR_LATINO = "not_hispanic_or_latino"
    MEXICAN = "mexican"
    PUERTO_RICAN = "puerto_rican"
    CUBAN = "cuban"
    OTHER_HISPANIC_OR_LATINO = "other_hispanic_or_latino"


class Race(StrEnum):
    """Race; the first five are the aggregate categories."""

    AMERICAN_INDIAN_OR_ALASKA_NATIVE = "american_indian_or_alaska_native"
    ASIAN = "asian"
    BLACK_OR_AFRICAN_AMERICAN = "black_or_african_american"
    NATIVE_HAWAIIAN_OR_OTHER_PACIFIC_ISLANDER = "native_hawaiian_or_other_pacific_islander"
    WHITE = "white"
    ASIAN_INDIAN = "asian_indian"
    CHINESE = "chinese"
    FILIPINO = "filipino"
    JAPANESE = "japanese"
    KOREAN = "korean"
    VIETNAMESE = "vietnamese"
    OTHER_ASIAN = "other_asian"
    NATIVE_HAWAIIAN = "native_hawaiian"
    GUAMANIAN_OR_CHAMORRO = "guamanian_or_chamorro"
    SAMOAN = "samoan"
    OTHER_PACIFIC_ISLANDER = "other_pacific_islander"


class Sex(StrEnum):
    """Sex."""

    FEMALE = "female"
    MALE = "male"


class MaritalStatus(StrEnum):
    """Marital status; unmarried includes single, divorced and widowed. Source: 1002.5(d)(1)."""

    MARRIED = "married"
    UNMARRIED = "unmarried"
    SEPARATED = "separated"


AGGREGATE: frozenset[StrEnum] = frozenset([*list(Ethnicity)[:2], *list(Race)[:5], *Sex])
"""What may be noted on the basis of visual observation or surname. Source: 12 CFR 1003, App. B."""

WRITTEN_IN: Mapping[str, Ethnicity | Race] = MappingProxyType(
    {
        "other_hispanic_or_latino": Ethnicity.OTHER_HISPANIC_OR_LATINO,
        "american_indian_or_alaska_native": Race.AMERICAN_INDIAN_OR_ALASKA_NATIVE,
        "other_asian": Race.OTHER_ASIAN,
        "other_pacific_islander": Race.OTHER_PACIFIC_ISLANDER,
    }
)
"""Categories beside which an applicant may write a name of origin or tribe, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """The answer to one question.

    Attributes:
        origin: where it comes from.
        values: what was answered or noted, in the order given; empty where declined.
    """

    origin: Origin
    values: tuple[T, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringRecord:
    """The answers of one applicant. None: the question was not asked.

    Attributes:
        consumer_id: whose they are.
        asked_under: which rule has the creditor ask.
        taken_by: how the application was taken.
        ethnicity: one or more, as answered.
        race: one or more, as answered.
        sex: one or both, as answered.
        marital_status: as answered; never noted by observation.
        age_years: as answered, whole years, 0 to 130; never noted by observation.
        written_in: names of origin or tribe in the applicant's own words, by `WRITTEN_IN`.
        observation_not_possible: what was declined in person could not be noted either.
    """

    consumer_id: str
    asked_under: AskedUnder
    taken_by: TakenBy
    ethnicity: Answer[Ethnicity] | None = None
    race: Answer[Race] | None = None
    sex: Answer[Sex] | None = None
    marital_status: Answer[MaritalStatus] | None = None
    age_years: Answer[int] | None = None
    written_in: tuple[tuple[str, str], ...] = ()
    observation_not_possible: bool = False
