"""Draws collateral, funds and verifications of a synthetic applicant from margins.

Margins are as in `history`: above 0 the facts pass the market's limit.
"""

from dataclasses import dataclass
from math import exp
from random import Random

from data_pipeline.domain.application import LoanProduct
from data_pipeline.generator import catalogue
from data_pipeline.generator.draws import calm, chance
from data_pipeline.generator.facts import Check, CheckKind, Collateral, Funds, Request, Verification
from data_pipeline.generator.limits import Limits

_MOVABLE = frozenset({LoanProduct.AUTO, LoanProduct.SMALL_BUSINESS, LoanProduct.FARM})
_REPAIR_SHARE = 0.45
_INCOME_CHECK = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralPlan:
    """Collateral before it has a price.

    Attributes:
        value_ratio: loan with prior liens over value.
        repair_ratio: repairs found over value; 0 where none were.
        repair_left_ratio: repairs still to be done over value.
        mileage: of a vehicle.
        description: what it is.
        repair_item: what needs or needed repair; None without repairs.
    """

    value_ratio: float
    repair_ratio: float
    repair_left_ratio: float
    mileage: int | None
    description: str
    repair_item: str | None

    def priced(self, value_usd: float) -> Collateral:
        """Returns the collateral at a value, US dollars."""
        return Collateral(
            description=self.description,
            repair_item=self.repair_item,
            repair_usd=_to(self.repair_ratio * value_usd, step=50),
            repair_left_usd=_to(self.repair_left_ratio * value_usd, step=50),
            mileage=self.mileage,
        )


def _to(amount_usd: float, *, step: int) -> float:
    return float(round(amount_usd / step) * step)


def plan_collateral(
    margin: float, product: LoanProduct, limits: Limits, random: Random
) -> CollateralPlan | None:
    """Returns collateral that shows the margin; None for unsecured products."""
    if product not in catalogue.COLLATERALS:
        return None
    is_vehicle = product is LoanProduct.AUTO
    by_repair = margin > 0 and chance(random, 0.25)
    by_mileage = margin > 0 and is_vehicle and not by_repair and chance(random, 0.4)
    value_margin = min(margin, calm(random)) if by_repair or by_mileage else margin
    repair, left = _repairs(margin, limits, random, is_decisive=by_repair)
    mileage_margin = margin if by_mileage else 3 * calm(random)
    items = catalogue.MACHINE_REPAIRS if product in _MOVABLE else catalogue.HOUSING_REPAIRS
    return CollateralPlan(
        value_ratio=max(0.08, limits.max_value_ratio * exp(0.06 * value_margin)),
        repair_ratio=repair,
        repair_left_ratio=left,
        mileage=round(limits.max_mileage * exp(0.12 * mileage_margin)) if is_vehicle else None,
        description=random.choice(catalogue.COLLATERALS[product]),
        repair_item=random.choice(items) if repair else None,
    )


def _repairs(
    margin: float, limits: Limits, random: Random, *, is_decisive: bool
) -> tuple[float, float]:
    """Returns the repairs found and those left, as shares of the value."""
    if is_decisive:
        left = limits.max_repair_ratio * (1 + 0.6 * margin)
        return left * random.choice((1.0, random.uniform(1.0, 1.8))), left
    if not chance(random, _REPAIR_SHARE):
        return 0.0, 0.0
    found = random.uniform(0.02, 0.16)
    if chance(random, 0.55):
        return found, 0.0
    return found, min(found, limits.max_repair_ratio * random.uniform(0.1, 0.85))


def draw_funds(margin: float, request: Request, limits: Limits, random: Random) -> Funds:
    """Returns funds that show the margin.

    Funds needed are the down payment, costs of closing and some months of reserves.
    """
    costs_usd = request.amount_usd * random.uniform(0.02, 0.05)
    reserves_usd = request.instalment_usd * random.randint(0, 6)
    need_usd = _to(request.down_payment_usd + costs_usd + reserves_usd, step=10)
    covered = min(limits.min_funds_ratio - 0.12 * margin, random.uniform(1.5, 5.0))
    counted_usd = max(0.03, covered) * need_usd
    unsourced_usd = need_usd * random.uniform(0.05, 0.6) if chance(random, 0.4) else 0.0
    gift_usd = counted_usd * random.uniform(0.1, 0.6) if chance(random, 0.25) else 0.0
    return Funds(
        need_usd=need_usd,
        verified_usd=_to(counted_usd + unsourced_usd, step=5),
        unsourced_usd=_to(unsourced_usd, step=5),
        gift_usd=_to(gift_usd, step=50),
    )


def draw_verification(
    margins: tuple[float, float], limits: Limits, random: Random, *, monthly_income_usd: float
) -> Verification:
    """Returns what was asked of others.

    Args:
        margins: of unverifiable information and of an incomplete application.
        limits: the market's.
        random: source of what is left open.
        monthly_income_usd: gross income as stated, a month.
    """
    by_income = chance(random, _INCOME_CHECK)
    documented = random.choice((1.0, random.uniform(0.94, 1.0)))
    if by_income:
        documented = min(1.0, max(0.1, limits.min_documented_ratio - 0.08 * margins[0]))
    kinds = random.sample(tuple(CheckKind), random.choice((1, 2, 2, 3)))
    checks = []
    for kind in kinds:
        is_decisive = not by_income and kind is kinds[0]
        checks.append(_check(margins[0] if is_decisive else -1.0, kind, limits, random))
    random.shuffle(checks)
    requested, missing, days = _papers(margins[1], limits, random)
    return Verification(
        documented_income_usd=_to(documented * monthly_income_usd, step=1),
        checks=tuple(checks),
        requested=requested,
        missing=missing,
        request_days=days,
    )


def _check(margin: float, kind: CheckKind, limits: Limits, random: Random) -> Check:
    required = limits.min_confirmed[kind]
    if margin > 0:
        confirmed = max(0, required - max(1, round(0.5 + 0.7 * margin)))
        return Check(kind=kind, num_tried=required + random.randint(1, 2), num_confirmed=confirmed)
    confirmed = required + random.choice((0, 0, 1))
    tried = confirmed + random.randint(0, 3)
    return Check(kind=kind, num_tried=max(tried, 2), num_confirmed=confirmed)


def _papers(
    margin: float, limits: Limits, random: Random
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Returns papers asked for, those missing, and the days since."""
    requested = tuple(random.sample(catalogue.PAPERS, random.randint(2, 6)))
    num_missing = 0
    days = random.randint(3, 2 * limits.cure_days)
    if margin > 0:
        num_missing = random.randint(1, min(3, len(requested)))
        days = round(limits.cure_days * (1 + 0.4 * margin)) + 1
    elif chance(random, 0.4):
        num_missing = random.randint(1, min(3, len(requested)))
        days = 2 + int((limits.cure_days - 4) * random.betavariate(1.4, 1.9))
    return requested, tuple(random.sample(requested, num_missing)), days
