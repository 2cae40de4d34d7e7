"""What a synthetic lender allows: limits per product, and variants of the policy that differ.

The market's limits are invented after common US practice; a variant multiplies some of them. One
variant is held out: no training text is decided by it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from data_pipeline.domain.application import LoanProduct
from data_pipeline.generator.facts import CheckKind
from data_pipeline.generator.history_facts import RecordKind


class PolicyVariant(StrEnum):
    """Whose limits decide."""

    MARKET = "market"
    STRICT = "strict"
    LENIENT = "lenient"
    THRIFT = "thrift"
    REGIONAL = "regional"


HELD_OUT_VARIANTS = frozenset({PolicyVariant.REGIONAL})
"""Variants that decide no training text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one product under one variant.

    Attributes:
        max_front_ratio: new payment over gross income.
        max_back_ratio: all obligations over gross income.
        modest_debts_ratio: existing obligations over income below which they are no reason.
        max_value_ratio: loan with prior liens over value.
        max_repair_ratio: open repairs over value.
        max_mileage: of a vehicle.
        min_tenure_months: in a permanent job or own business.
        min_irregular_months: in contract, seasonal, agency or gig work.
        field_relief_months: time in the line of work that divides the two above by three.
        max_late_points: lates of the last 24 months, a 60 counting two and a 90 three.
        min_record_months: seasoning of a bankruptcy, foreclosure or repossession.
        max_open_record_usd: unpaid collection, judgment or garnishment.
        min_trades: accounts on the report.
        min_history_months: age of the oldest account.
        min_alternative_months: documented payments that stand in for a credit file.
        max_inquiries: inquiries of the last six months, a shopping trip counting once.
        min_funds_ratio: counted funds over funds needed.
        min_documented_ratio: documented over stated income.
        min_confirmed: confirmations needed of each kind of check.
        cure_days: time to send papers that are missing.
        min_address_months: at the present address.
        area_relief_months: time in the area in whose presence the address does not matter.
        min_stay_months: that a temporary stay must still last.
        max_term_months: term on offer.
        max_interest_only_months: months without repayment on offer.
        min_deposit_months: as a depositor; 0 where no relationship is needed.
        min_business_months: of filed results.
    """

    max_front_ratio: float
    max_back_ratio: float
    modest_debts_ratio: float = 0.08
    max_value_ratio: float = 1.0
    max_repair_ratio: float = 0.04
    max_mileage: int = 110_000
    min_tenure_months: int
    min_irregular_months: int = 24
    field_relief_months: int = 36
    max_late_points: int
    min_record_months: dict[RecordKind, int]
    max_open_record_usd: float
    min_trades: int
    min_history_months: int
    min_alternative_months: int = 12
    max_inquiries: int
    min_funds_ratio: float = 1.0
    min_documented_ratio: float = 0.9
    min_confirmed: dict[CheckKind, int]
    cure_days: int = 30
    min_address_months: int = 12
    area_relief_months: int = 36
    min_stay_months: int = 6
    max_term_months: int
    max_interest_only_months: int = 0
    min_deposit_months: int = 0
    min_business_months: int = 24


SEASONED = (RecordKind.BANKRUPTCY, RecordKind.FORECLOSURE, RecordKind.REPOSSESSION)
"""Records that time cures; the others are cured by payment."""

_CONFIRMED = {
    CheckKind.EMPLOYMENT: 1,
    CheckKind.RESIDENCE: 2,
    CheckKind.IDENTITY: 3,
    CheckKind.REFERENCES: 2,
}


_P = LoanProduct
_NUMBERS: dict[LoanProduct, tuple[float, float, float, int, int, float, int, int, int, int]] = {
    _P.MORTGAGE: (.32, .45, .95, 24, 1, 1500, 3, 24, 6, 360),
    _P.HELOC: (.20, .44, .85, 24, 1, 1000, 3, 36, 5, 180),
    _P.AUTO: (.15, .48, 1.20, 9, 3, 2000, 2, 18, 7, 72),
    _P.PERSONAL: (.12, .42, 1.0, 12, 2, 800, 3, 24, 5, 60),
    _P.CREDIT_CARD: (.06, .46, 1.0, 6, 1, 500, 2, 12, 4, 36),
    _P.STUDENT_REFI: (.14, .43, 1.0, 9, 1, 700, 3, 30, 6, 180),
    _P.SMALL_BUSINESS: (.30, .50, .80, 24, 2, 2500, 4, 36, 8, 120),
    _P.FARM: (.34, .52, .70, 24, 2, 3000, 3, 36, 6, 240),
    _P.MANUFACTURED_HOME: (.28, .43, .92, 12, 2, 1800, 2, 18, 6, 240),
}  # fmt: skip
_SEASONING: dict[LoanProduct, tuple[int, int, int]] = {
    _P.MORTGAGE: (48, 60, 36),
    _P.HELOC: (48, 60, 36),
    _P.AUTO: (18, 30, 24),
    _P.PERSONAL: (36, 48, 30),
    _P.CREDIT_CARD: (30, 48, 24),
    _P.STUDENT_REFI: (48, 60, 36),
    _P.SMALL_BUSINESS: (36, 48, 36),
    _P.FARM: (48, 60, 36),
    _P.MANUFACTURED_HOME: (24, 36, 24),
}
_INTEREST_ONLY = {_P.HELOC: 60, _P.SMALL_BUSINESS: 12, _P.FARM: 24}
_DEPOSIT = {_P.PERSONAL: 6, _P.CREDIT_CARD: 3, _P.STUDENT_REFI: 3}


def _market(product: LoanProduct) -> Limits:
    front, back, value, tenure, lates, open_usd, trades, history, inquiries, term = _NUMBERS[
        product
    ]
    return Limits(
        max_front_ratio=front,
        max_back_ratio=back,
        max_value_ratio=value,
        min_tenure_months=tenure,
        max_late_points=lates,
        min_record_months=dict(zip(SEASONED, _SEASONING[product], strict=True)),
        max_open_record_usd=open_usd,
        min_trades=trades,
        min_history_months=history,
        max_inquiries=inquiries,
        max_term_months=term,
        max_interest_only_months=_INTEREST_ONLY.get(product, 0),
        min_deposit_months=_DEPOSIT.get(product, 0),
        min_confirmed=_CONFIRMED,
    )


MARKET_LIMITS: dict[LoanProduct, Limits] = {product: _market(product) for product in LoanProduct}
"""The market's limits by product."""

_FACTORS: dict[PolicyVariant, dict[str, float]] = {
    PolicyVariant.MARKET: {},
    PolicyVariant.STRICT: {
        "max_front_ratio": 0.94,
        "max_back_ratio": 0.95,
        "max_value_ratio": 0.98,
        "min_tenure_months": 1.25,
        "max_open_record_usd": 0.7,
        "min_history_months": 1.3,
        "min_funds_ratio": 1.06,
        "cure_days": 0.8,
        "min_business_months": 1.25,
    },
    PolicyVariant.LENIENT: {
        "max_front_ratio": 1.05,
        "max_back_ratio": 1.06,
        "max_value_ratio": 1.03,
        "min_tenure_months": 0.75,
        "min_irregular_months": 0.75,
        "max_open_record_usd": 1.4,
        "max_inquiries": 1.3,
        "min_funds_ratio": 0.95,
        "cure_days": 1.5,
        "min_address_months": 0.5,
    },
    PolicyVariant.THRIFT: {
        "max_front_ratio": 1.06,
        "max_back_ratio": 0.97,
        "max_value_ratio": 0.97,
        "max_mileage": 0.85,
        "max_inquiries": 0.85,
        "min_documented_ratio": 1.02,
        "min_address_months": 1.5,
        "min_deposit_months": 2.0,
        "min_history_months": 1.25,
    },
    PolicyVariant.REGIONAL: {
        "max_front_ratio": 0.95,
        "max_back_ratio": 1.04,
        "max_value_ratio": 1.04,
        "min_tenure_months": 1.5,
        "max_open_record_usd": 0.6,
        "min_trades": 1.4,
        "min_funds_ratio": 0.97,
        "min_documented_ratio": 0.97,
        "cure_days": 0.7,
        "min_business_months": 0.75,
        "min_deposit_months": 0.5,
    },
}


def _varied(limits: Limits, factors: dict[str, float]) -> Limits:
    changes: dict[str, float | int] = {}
    for name, factor in factors.items():
        value = getattr(limits, name)
        changes[name] = round(value * factor) if isinstance(value, int) else value * factor
    return replace(limits, **_rounded(changes))  # type: ignore[arg-type]


def _rounded(changes: dict[str, float | int]) -> dict[str, float | int]:
    """Returns limits as a policy manual would print them."""
    return {
        name: value if isinstance(value, int) else round(value, -2 if name.endswith("_usd") else 2)
        for name, value in changes.items()
    }


LIMITS: dict[tuple[LoanProduct, PolicyVariant], Limits] = {
    (product, variant): _varied(limits, _FACTORS[variant])
    for product, limits in MARKET_LIMITS.items()
    for variant in PolicyVariant
}
"""The limits by product and variant."""
