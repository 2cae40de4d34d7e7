from dataclasses import replace
from random import Random

import numpy as np
import pytest

from data_pipeline.domain.application import LoanProduct
from data_pipeline.domain.taxonomy import CATEGORIES, REASON_INFO, DenialCategory, DenialReason
from data_pipeline.generator.facts import Check, CheckKind
from data_pipeline.generator.history_facts import DerogatoryRecord, RecordKind
from data_pipeline.generator.limits import LIMITS, MARKET_LIMITS, PolicyVariant
from data_pipeline.generator.policy import (
    HMDA_SHARES,
    MAX_REASONS,
    RANDOM_CAUSE_SHARE,
    decide,
    draw_decisions,
)
from data_pipeline.generator.population import Latents, draw_applicant
from data_pipeline.generator.severities import OUT_OF_QUESTION, Assessment, assess

_C = DenialCategory
CALM = (-3.0,) * len(CATEGORIES)


def applicant(product=LoanProduct.MORTGAGE, *, seed=1, **margins):
    latents = Latents(
        product=product,
        income_score=0.0,
        margins={c: margins.get(c.name.lower(), -3.0) for c in CATEGORIES},
    )
    return draw_applicant(latents, Random(seed))


def severity(who, category, *, limits=None):
    limits = limits or MARKET_LIMITS[who.request.product]
    assessment = assess(who, limits)
    position = CATEGORIES.index(category)
    return assessment.severities[position], assessment.reasons[position]


UNSECURED = {LoanProduct.PERSONAL, LoanProduct.CREDIT_CARD, LoanProduct.STUDENT_REFI}
WITHOUT_FACTS = {
    _C.COLLATERAL: UNSECURED,
    _C.INSUFFICIENT_FUNDS: UNSECURED | {LoanProduct.HELOC},
}


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_margin_shows_in_the_severity_of_its_category_and_in_no_other(category):
    for product in set(LoanProduct) - WITHOUT_FACTS.get(category, set()):
        for seed in range(8):
            who = applicant(product, seed=seed, **{category.name.lower(): 1.6})
            severities = assess(who, MARKET_LIMITS[product]).severities
            passed = {c for c, s in zip(CATEGORIES, severities, strict=True) if s > 0}
            # A payment that is too high by itself also weighs on the total.
            assert passed in ({category}, {category, _C.EXCESSIVE_OBLIGATIONS})


def test_an_applicant_within_every_limit_passes_none():
    for product in LoanProduct:
        for seed in range(10):
            who = applicant(product, seed=seed)
            assert max(assess(who, MARKET_LIMITS[product]).severities) < 0


def test_a_reason_belongs_to_its_category():
    for seed in range(60):
        who = applicant(seed=seed, other=2.0, limited_credit=2.0, public_record=2.0)
        reasons = assess(who, MARKET_LIMITS[LoanProduct.MORTGAGE]).reasons
        assert [REASON_INFO[reason].category for reason in reasons] == list(CATEGORIES)


def test_an_old_bankruptcy_is_harmless_and_a_young_one_is_not():
    def with_age(months):
        record = DerogatoryRecord(
            kind=RecordKind.BANKRUPTCY, age_months=months, original_usd=9e3, open_usd=0.0
        )
        return replace(applicant(), record=record)

    assert severity(with_age(80), _C.PUBLIC_RECORD)[0] < 0
    young, reason = severity(with_age(20), _C.PUBLIC_RECORD)
    assert young > 1
    assert reason is DenialReason.BANKRUPTCY


def test_a_paid_collection_is_harmless_and_no_record_is_out_of_question():
    paid = DerogatoryRecord(
        kind=RecordKind.COLLECTION, age_months=4, original_usd=9e3, open_usd=0.0
    )
    assert severity(replace(applicant(), record=paid), _C.PUBLIC_RECORD)[0] < 0
    open_ = replace(paid, open_usd=9e3)
    assert severity(replace(applicant(), record=open_), _C.PUBLIC_RECORD)[0] > 1
    assert severity(replace(applicant(), record=None), _C.PUBLIC_RECORD)[0] == OUT_OF_QUESTION


def test_a_debt_is_no_reason_where_other_debts_are_modest():
    who = applicant(insufficient_income=2.0)
    capacity = replace(who.capacity, monthly_debts_usd=10.0)
    who = replace(who, capacity=capacity)
    assert severity(who, _C.INSUFFICIENT_INCOME)[0] > 0
    assert severity(who, _C.EXCESSIVE_OBLIGATIONS)[0] < 0


def test_documented_rent_stands_in_for_a_credit_file():
    who = applicant()
    empty = replace(who.depth, num_trades=0, num_bank_trades=0, history_months=0)
    bare = replace(who, depth=replace(empty, alternative_months=3))
    shown = replace(who, depth=replace(empty, alternative_months=18))
    assert severity(bare, _C.LIMITED_CREDIT) == (1.5, DenialReason.NO_CREDIT_FILE)
    assert severity(shown, _C.LIMITED_CREDIT)[0] < 0


def test_rate_shopping_counts_once():
    who = applicant()
    many = replace(who.depth, num_inquiries=12, num_shopping=0)
    shopped = replace(many, num_shopping=10)
    assert severity(replace(who, depth=many), _C.RECENT_INQUIRIES)[0] > 1
    assert severity(replace(who, depth=shopped), _C.RECENT_INQUIRIES)[0] < 0


def test_funds_without_a_source_do_not_count():
    who = applicant()
    funds = replace(who.funds, need_usd=1000.0, verified_usd=1300.0, unsourced_usd=0.0)
    unsourced = replace(funds, unsourced_usd=600.0)
    assert severity(replace(who, funds=funds), _C.INSUFFICIENT_FUNDS)[0] < 0
    assert severity(replace(who, funds=unsourced), _C.INSUFFICIENT_FUNDS)[0] > 1


def test_one_confirmation_is_enough_for_work_and_too_little_for_identity():
    who = applicant()

    def checked(kind):
        checks = (Check(kind=kind, num_tried=4, num_confirmed=1),)
        return replace(who, verification=replace(who.verification, checks=checks))

    assert severity(checked(CheckKind.EMPLOYMENT), _C.UNVERIFIABLE_INFORMATION)[0] < 0
    failed, reason = severity(checked(CheckKind.IDENTITY), _C.UNVERIFIABLE_INFORMATION)
    assert failed > 0
    assert reason is DenialReason.UNABLE_TO_VERIFY_IDENTITY


def test_missing_papers_matter_only_after_the_time_to_send_them():
    who = applicant()
    waiting = replace(who.verification, missing=who.verification.requested[:1], request_days=9)
    late = replace(waiting, request_days=60)
    assert severity(replace(who, verification=waiting), _C.INCOMPLETE_APPLICATION)[0] < 0
    assert severity(replace(who, verification=late), _C.INCOMPLETE_APPLICATION)[0] > 1


def test_variants_differ_in_limits_and_the_strict_one_is_stricter():
    for product in LoanProduct:
        strict, lenient = (
            LIMITS[product, v] for v in (PolicyVariant.STRICT, PolicyVariant.LENIENT)
        )
        assert strict.max_back_ratio < lenient.max_back_ratio
        assert len({id(LIMITS[product, v]) for v in PolicyVariant}) == len(PolicyVariant)
        assert len({repr(LIMITS[product, v]) for v in PolicyVariant}) == len(PolicyVariant)


def test_the_most_severe_come_first_and_at_most_four_are_stated():
    severities = (4.5, 1.0, -3.0, 3.5, 2.5, -6.0, 1.7, -3.0, 3.0, -3.0, -3.0, -3.0)
    draws = draw_decisions(severities, num_draws=500, generator=np.random.default_rng(0))
    assert draws.order_DK.shape == (500, MAX_REASONS)
    stated = [c for c in draws.order_DK[~draws.random_DC.any(axis=1)].tolist() if c[0] >= 0]
    assert len(stated) > 400
    usual = np.mean([row == [0, 3, 8, 4] for row in stated])
    assert usual > 0.85


def test_noise_decides_near_the_limit_only():
    def denied(severity):
        severities = (severity, *CALM[1:])
        draws = draw_decisions(severities, num_draws=4000, generator=np.random.default_rng(1))
        return (draws.order_DK[:, 0] >= 0).mean()

    assert denied(-1.0) < 0.01
    assert 0.45 < denied(0.0) < 0.55
    assert denied(1.0) > 0.98


def test_a_known_share_of_causes_is_random_and_says_so():
    severities = (2.0, *CALM[1:])
    draws = draw_decisions(severities, num_draws=20_000, generator=np.random.default_rng(2))
    share = draws.random_DC.any(axis=1).mean()
    # A swap for the category that is stated already is none.
    expected = RANDOM_CAUSE_SHARE * (1 - HMDA_SHARES[CATEGORIES[0]] / sum(HMDA_SHARES.values()))
    assert share == pytest.approx(expected, abs=0.005)
    for row in np.flatnonzero(draws.random_DC.any(axis=1))[:50]:
        assert draws.random_DC[row, draws.order_DK[row, 0]]


def test_a_decision_names_reasons_in_the_order_of_its_categories():
    assessment = Assessment(
        severities=(3.0, 1.5, *CALM[2:]),
        reasons=assess(applicant(), MARKET_LIMITS[LoanProduct.MORTGAGE]).reasons,
        subjects=("capacity",) * len(CATEGORIES),
    )
    decision = decide(assessment, generator=np.random.default_rng(3))
    assert decision.categories == (_C.INSUFFICIENT_INCOME, _C.EXCESSIVE_OBLIGATIONS)
    assert decision.reasons == (
        DenialReason.INCOME_INSUFFICIENT_FOR_AMOUNT,
        DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME,
    )
    assert decision.random_categories == ()
