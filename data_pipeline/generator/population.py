"""Draws synthetic applicants: correlated income, debts, history, collateral and funds.

A Gaussian copula with three factors (capacity, discipline, stability) ties the categories
together. Each category has a margin: above 0 the applicant's facts pass the market's limit, which
happens as often as HMDA's shares and `DENIAL_SHARE` say; the facts are then chosen so that they
show the margin. Facts that look bad and are harmless (an old bankruptcy, papers that came late)
are as common as bad ones, so that a word alone says little.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp
from random import Random
from statistics import NormalDist

import numpy as np

from data_pipeline.domain.application import LoanProduct
from data_pipeline.domain.ratios import monthly_instalment_usd
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from data_pipeline.generator import catalogue
from data_pipeline.generator.facts import Capacity, Request, SyntheticApplicant
from data_pipeline.generator.history import draw_depth, draw_job, draw_payments, draw_record
from data_pipeline.generator.limits import MARKET_LIMITS
from data_pipeline.generator.means import (
    CollateralPlan,
    draw_funds,
    draw_verification,
    plan_collateral,
)
from data_pipeline.generator.policy import HMDA_SHARES
from data_pipeline.generator.standings import draw_standing, draw_terms

DENIAL_SHARE = 0.35
"""Share of applications that are denied, about."""

_C = DenialCategory
_P = LoanProduct
_MARGIN_SCALE = 2.0

PRODUCT_SHARES: dict[LoanProduct, float] = dict(
    zip(LoanProduct, (0.26, 0.09, 0.16, 0.12, 0.11, 0.06, 0.09, 0.05, 0.06), strict=True)
)
"""How often each product is asked for."""

# Loadings on capacity, discipline and stability; the rest of each margin is its own.
_LOADINGS: dict[DenialCategory, tuple[float, float, float]] = {
    _C.INSUFFICIENT_INCOME: (0.45, 0.0, 0.1),
    _C.EXCESSIVE_OBLIGATIONS: (0.4, 0.3, 0.0),
    _C.EMPLOYMENT_HISTORY: (0.1, 0.0, 0.4),
    _C.PAYMENT_HISTORY: (0.1, 0.55, 0.0),
    _C.PUBLIC_RECORD: (0.1, 0.5, 0.1),
    _C.LIMITED_CREDIT: (0.0, -0.1, 0.3),
    _C.RECENT_INQUIRIES: (0.1, 0.35, 0.1),
    _C.COLLATERAL: (0.2, 0.0, 0.0),
    _C.INSUFFICIENT_FUNDS: (0.45, 0.1, 0.1),
    _C.UNVERIFIABLE_INFORMATION: (0.1, 0.1, 0.3),
    _C.INCOMPLETE_APPLICATION: (0.0, 0.1, 0.35),
    _C.OTHER: (0.0, 0.0, 0.3),
}
_INCOME_LOADINGS = (-0.5, -0.1, -0.1)
_INCOME_SPREAD = 0.42
_MEDIAN_INCOMES = dict(
    zip(LoanProduct, (94e3, 108e3, 66e3, 62e3, 55e3, 78e3, 98e3, 92e3, 54e3), strict=True)
)
_RATES = dict(zip(LoanProduct, (6.6, 8.4, 8.1, 13.5, 22.0, 6.4, 9.6, 7.8, 8.9), strict=True))
_CARRIES_ESCROW = frozenset({_P.MORTGAGE, _P.MANUFACTURED_HOME})
_ESCROW_RATE = 0.00115
_BEHIND_FIRST_LIEN = frozenset({_P.HELOC})

# Correction of the rates, fitted so that after variants, judgement, chance and facts rounded to
# what an applicant would have, the shares come out near HMDA's.
_TUNING: dict[DenialCategory, float] = {
    _C.EXCESSIVE_OBLIGATIONS: 0.93,
    _C.LIMITED_CREDIT: 0.85,
    _C.RECENT_INQUIRIES: 0.42,
    _C.COLLATERAL: 0.82,
    _C.INCOMPLETE_APPLICATION: 1.05,
    _C.OTHER: 0.88,
}
_INAPPLICABLE: dict[DenialCategory, frozenset[LoanProduct]] = {
    _C.COLLATERAL: frozenset({_P.PERSONAL, _P.CREDIT_CARD, _P.STUDENT_REFI}),
    _C.INSUFFICIENT_FUNDS: frozenset({_P.PERSONAL, _P.CREDIT_CARD, _P.STUDENT_REFI, _P.HELOC}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Latents:
    """What the facts are drawn from.

    Attributes:
        product: what is asked for.
        income_score: standard normal rank of income.
        margins: by category; above 0 the market's limit is to be passed.
    """

    product: LoanProduct
    income_score: float
    margins: dict[DenialCategory, float]


@lru_cache
def _cutoff(category: DenialCategory) -> float:
    excluded = _INAPPLICABLE.get(category, frozenset())
    applicable = sum(s for product, s in PRODUCT_SHARES.items() if product not in excluded)
    share = DENIAL_SHARE * HMDA_SHARES[category] * _TUNING.get(category, 1.0) / applicable
    return NormalDist().inv_cdf(1 - share)


_LOADING_CF = np.array([_LOADINGS[c] for c in CATEGORIES] + [_INCOME_LOADINGS])
_OWN_C = np.sqrt(1 - (_LOADING_CF**2).sum(axis=1))
_CUMULATIVE_PRODUCTS = np.cumsum(list(PRODUCT_SHARES.values()))


def draw_latents(generator: np.random.Generator) -> Latents:
    """Returns one applicant's latent margins."""
    position = int(np.searchsorted(_CUMULATIVE_PRODUCTS, generator.random()))
    normal = generator.standard_normal(3 + len(_OWN_C))
    score_C = (_LOADING_CF @ normal[:3] + _OWN_C * normal[3:]).tolist()
    return Latents(
        product=tuple(PRODUCT_SHARES)[min(position, len(PRODUCT_SHARES) - 1)],
        income_score=score_C[-1],
        margins={
            category: _MARGIN_SCALE * (score - _cutoff(category))
            for category, score in zip(CATEGORIES, score_C, strict=False)
        },
    )


def draw_applicant(latents: Latents, random: Random) -> SyntheticApplicant:
    """Returns the facts of one applicant.

    Args:
        latents: from `draw_latents`.
        random: source of everything the latents leave open.
    """
    product, margins = latents.product, latents.margins
    limits = MARKET_LIMITS[product]
    plan = plan_collateral(margins[_C.COLLATERAL], product, limits, random)
    by_terms, by_standing = _share_out(margins[_C.OTHER], product, random)
    income_usd = float(
        round(_MEDIAN_INCOMES[product] * exp(_INCOME_SPREAD * latents.income_score) / 60) * 60
    )
    request = _draw_request(latents, plan, random, income_usd=income_usd, terms_margin=by_terms)
    funds = None
    if product not in _INAPPLICABLE[_C.INSUFFICIENT_FUNDS]:
        funds = draw_funds(margins[_C.INSUFFICIENT_FUNDS], request, limits, random)
    payments = draw_payments(margins[_C.PAYMENT_HISTORY], limits, random)
    record = draw_record(margins[_C.PUBLIC_RECORD], limits, random)
    credit_margins = (margins[_C.LIMITED_CREDIT], margins[_C.RECENT_INQUIRIES])
    paper_margins = (margins[_C.UNVERIFIABLE_INFORMATION], margins[_C.INCOMPLETE_APPLICATION])
    trouble = payments.late_points + (0 if record is None else 2)
    return SyntheticApplicant(
        state=random.choice(catalogue.STATES),
        town=random.choice(catalogue.TOWNS),
        request=request,
        capacity=_draw_capacity(
            margins[_C.EXCESSIVE_OBLIGATIONS], request, random, income_usd=income_usd
        ),
        employment=draw_job(margins[_C.EMPLOYMENT_HISTORY], limits, random),
        payments=payments,
        record=record,
        depth=draw_depth(credit_margins, limits, random, trouble=trouble),
        collateral=None if plan is None else plan.priced(request.value_usd or 0.0),
        funds=funds,
        verification=draw_verification(
            paper_margins, limits, random, monthly_income_usd=income_usd / 12
        ),
        standing=draw_standing(
            by_standing, product, limits, random, value_ratio=request.loan_to_value_ratio
        ),
    )


def _share_out(margin: float, product: LoanProduct, random: Random) -> tuple[float, float]:
    """Returns the margins of the terms asked for and of the standing; one of them is calm."""
    is_business = product in {_P.SMALL_BUSINESS, _P.FARM}
    share = {True: 0.2, False: 0.0 if product is _P.CREDIT_CARD else 0.45}[is_business]
    by_terms = random.random() < share
    return (margin, -1.0) if by_terms else (-1.0, margin)


def _draw_request(
    latents: Latents,
    plan: CollateralPlan | None,
    random: Random,
    *,
    income_usd: float,
    terms_margin: float,
) -> Request:
    product = latents.product
    limits = MARKET_LIMITS[product]
    term_months, interest_only_months = draw_terms(terms_margin, product, limits, random)
    rate_percent = round(_RATES[product] + random.gauss(0, 0.7), 2)
    margin = latents.margins[_C.INSUFFICIENT_INCOME]
    payment_usd = limits.max_front_ratio * exp(0.13 * margin) * income_usd / 12
    per_usd = monthly_instalment_usd(1.0, annual_rate_percent=rate_percent, term_months=term_months)
    ratio = plan.value_ratio if plan else 1.0
    if product in _CARRIES_ESCROW:
        per_usd += _ESCROW_RATE / ratio
    step = 100 if product not in {_P.MORTGAGE, _P.FARM} else 500
    amount_usd = float(max(round(payment_usd / per_usd / step), 3) * step)
    prior_usd = 0.0
    if product in _BEHIND_FIRST_LIEN:
        prior_usd = float(round(amount_usd * random.uniform(0.6, 3.5) / 500) * 500)
    value_usd = None
    if plan is not None:
        value_usd = float(max(round((amount_usd + prior_usd) / ratio / 100), 1) * 100)
    purpose = random.choice(catalogue.PURPOSES[product])
    is_purchase = value_usd is not None and not prior_usd and "refinance" not in purpose
    return Request(
        product=product,
        purpose=purpose,
        amount_usd=amount_usd,
        term_months=term_months,
        rate_percent=rate_percent,
        interest_only_months=interest_only_months,
        escrow_usd=float(round(_ESCROW_RATE * value_usd))
        if value_usd and product in _CARRIES_ESCROW
        else 0.0,
        value_usd=value_usd,
        prior_liens_usd=prior_usd,
        down_payment_usd=max(value_usd - amount_usd, 0.0) if value_usd and is_purchase else 0.0,
    )


def _draw_capacity(
    margin: float, request: Request, random: Random, *, income_usd: float
) -> Capacity:
    payment_usd = round(request.instalment_usd + request.escrow_usd, 2)
    max_back = MARKET_LIMITS[request.product].max_back_ratio
    debts_usd = max_back * exp(0.1 * margin) * income_usd / 12 - payment_usd
    least_usd = random.uniform(0.0, 0.07) * income_usd / 12
    return Capacity(
        annual_income_usd=income_usd,
        monthly_debts_usd=float(round(max(debts_usd, least_usd))),
        payment_usd=payment_usd,
    )
