"""Demographics of synthetic applicants, apart from everything that is trained on.

For measuring fairness only. The table is keyed by file id; no text, label, field or example is
made from it, and no other module of the generator but its writer knows this one. It leans on
income a little, as it does in life, so that a model's outputs can differ between groups although
it has never seen them.
"""

from dataclasses import dataclass
from math import exp, log
from random import Random

_MEDIAN_INCOME_USD = 80_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticDemographics:
    """Demographics of one synthetic applicant.

    Attributes:
        id: id of the file.
        age_years: 18-90.
        sex: "female" or "male".
        race: in the words of HMDA's aggregate categories.
        ethnicity: "Hispanic or Latino" or "Not Hispanic or Latino".
        marital_status: "married", "unmarried" or "separated".
    """

    id: str
    age_years: int
    sex: str
    race: str
    ethnicity: str
    marital_status: str


# Share among applicants, and how strongly it rises with the logarithm of income.
_RACES = {
    "White": (0.66, 0.15),
    "Black or African American": (0.15, -0.45),
    "Asian": (0.11, 0.35),
    "American Indian or Alaska Native": (0.03, -0.45),
    "Native Hawaiian or Other Pacific Islander": (0.02, -0.2),
    "2 or more minority races": (0.03, -0.1),
}
_ETHNICITIES = {"Hispanic or Latino": (0.17, -0.35), "Not Hispanic or Latino": (0.83, 0.05)}
_SEXES = {"female": (0.47, -0.25), "male": (0.53, 0.2)}
_MARITAL = {"married": (0.52, 0.4), "unmarried": (0.42, -0.4), "separated": (0.06, -0.2)}


def draw_demographics(id: str, *, annual_income_usd: float, seed: int) -> SyntheticDemographics:  # noqa: A002
    """Returns demographics, the same for the same arguments.

    Args:
        id: id of the file.
        annual_income_usd: gross income of the applicants, above 0.
        seed: of the table; another one gives other people to the same files.
    """
    random = Random(f"{seed}/{id}/demographics")  # noqa: S311
    income = log(annual_income_usd / _MEDIAN_INCOME_USD)
    return SyntheticDemographics(
        id=id,
        age_years=min(90, max(18, round(random.gauss(45 + 4 * income, 13)))),
        sex=_drawn(_SEXES, income, random),
        race=_drawn(_RACES, income, random),
        ethnicity=_drawn(_ETHNICITIES, income, random),
        marital_status=_drawn(_MARITAL, income, random),
    )


def _drawn(shares: dict[str, tuple[float, float]], income: float, random: Random) -> str:
    weights = [share * exp(slope * income) for share, slope in shares.values()]
    return random.choices(list(shares), weights)[0]
