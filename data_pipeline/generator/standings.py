"""Draws residence, relationship, age of a business and the terms asked for, from margins."""

from math import exp
from random import Random

from data_pipeline.domain.application import LoanProduct
from data_pipeline.generator import catalogue
from data_pipeline.generator.draws import calm, chance
from data_pipeline.generator.facts import Standing
from data_pipeline.generator.limits import Limits

_P = LoanProduct
_TERM_STEPS: dict[LoanProduct, tuple[int, ...]] = {
    _P.MORTGAGE: (180, 240, 300, 360, 420, 480),
    _P.HELOC: (120, 144, 180, 216, 240),
    _P.AUTO: (36, 48, 60, 66, 72, 84, 96),
    _P.PERSONAL: (24, 36, 48, 60, 72, 84),
    _P.CREDIT_CARD: (36,),
    _P.STUDENT_REFI: (60, 84, 120, 180, 216, 240),
    _P.SMALL_BUSINESS: (36, 60, 84, 120, 144, 180),
    _P.FARM: (60, 120, 180, 240, 300, 360),
    _P.MANUFACTURED_HOME: (120, 180, 240, 276, 300),
}
_INTEREST_ONLY = frozenset({_P.HELOC, _P.SMALL_BUSINESS, _P.FARM})
_ASKS_INTEREST_ONLY = 0.4
_TEMPORARY_SHARE = 0.12
_NEWCOMER_SHARE = 0.35
_INSURED_ABOVE = 0.8
_INSURANCE_DENIED = 0.004


def draw_terms(
    margin: float, product: LoanProduct, limits: Limits, random: Random
) -> tuple[int, int]:
    """Returns the term and the months without repayment asked for, which show the margin."""
    steps = _TERM_STEPS[product]
    offered = [term for term in steps if term <= limits.max_term_months]
    longer = [term for term in steps if term > limits.max_term_months]
    may_defer = product in _INTEREST_ONLY
    interest_only = 0
    if may_defer and chance(random, _ASKS_INTEREST_ONLY):
        interest_only = random.randint(1, limits.max_interest_only_months // 6) * 6
    if margin <= 0 or not longer:
        return random.choice(offered), interest_only
    if may_defer and chance(random, 0.4):
        excess = max(1, round(margin)) * 6
        return random.choice(offered), limits.max_interest_only_months + excess
    return longer[min(int(margin), len(longer) - 1)], interest_only


def draw_standing(
    margin: float,
    product: LoanProduct,
    limits: Limits,
    random: Random,
    *,
    value_ratio: float | None,
) -> Standing:
    """Returns a standing of which one fact shows the margin and the others are calm."""
    subject = _subject(product, limits, random)
    address, area = _address(margin if subject == "address" else None, limits, random)
    stay_left = _stay_left(margin if subject == "stay" else None, limits, random)
    housing = catalogue.HOUSING if stay_left is None else catalogue.TEMPORARY_HOUSING
    business_months = None
    if product in {_P.SMALL_BUSINESS, _P.FARM}:
        young = margin if subject == "business" else calm(random)
        business_months = round(limits.min_business_months / exp(0.4 * young))
    is_insured = product is _P.MORTGAGE and (value_ratio or 0) > _INSURED_ABOVE
    return Standing(
        housing=random.choice(housing),
        address_months=address,
        area_months=area,
        stay_left_months=stay_left,
        deposit_months=_deposit(margin if subject == "deposit" else None, limits, random),
        business_months=business_months and min(business_months, random.randint(120, 480)),
        mortgage_insurance=not chance(random, _INSURANCE_DENIED) if is_insured else None,
    )


def _subject(product: LoanProduct, limits: Limits, random: Random) -> str:
    if product in {_P.SMALL_BUSINESS, _P.FARM}:
        return random.choices(("business", "address", "stay"), (0.75, 0.15, 0.1))[0]
    deposit = 0.4 if limits.min_deposit_months else 0.0
    return random.choices(("deposit", "address", "stay"), (deposit, 0.35, 0.25))[0]


def _address(margin: float | None, limits: Limits, random: Random) -> tuple[int, int]:
    if margin is None or margin <= 0:
        if chance(random, _NEWCOMER_SHARE):
            months = random.randint(1, limits.min_address_months)
            return months, random.randint(limits.area_relief_months, 300)
        months = round(limits.min_address_months / exp(0.9 * calm(random)))
        return min(months, 360), random.randint(min(months, 360), 380)
    months = max(0, round((limits.min_address_months + 0.5) / exp(0.5 * margin) - 1))
    return months, random.randint(months, limits.area_relief_months - 6)


def _stay_left(margin: float | None, limits: Limits, random: Random) -> int | None:
    if margin is not None and margin > 0:
        return max(0, limits.min_stay_months - max(1, round(0.5 + margin)))
    if chance(random, _TEMPORARY_SHARE):
        return random.randint(limits.min_stay_months, 14)
    return None


def _deposit(margin: float | None, limits: Limits, random: Random) -> int:
    required = limits.min_deposit_months
    if margin is not None and margin > 0:
        return max(0, required - max(1, round(0.5 + 1.2 * margin)))
    if not required and chance(random, 0.4):
        return 0
    return required + int(random.expovariate(0.03))
