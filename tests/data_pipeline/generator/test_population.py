from dataclasses import FrozenInstanceError
from random import Random

import numpy as np
import pytest

from data_pipeline.domain import ratios
from data_pipeline.domain.application import LoanProduct
from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.generator.applications import application_of
from data_pipeline.generator.limits import MARKET_LIMITS
from data_pipeline.generator.policy import HMDA_SHARES
from data_pipeline.generator.population import DENIAL_SHARE, draw_applicant, draw_latents


@pytest.fixture(scope="module")
def drawn():
    latents = [draw_latents(np.random.default_rng((5, index))) for index in range(3_000)]
    return [(each, draw_applicant(each, Random(index))) for index, each in enumerate(latents)]


def test_the_same_sources_draw_the_same_applicant():
    first, second = (
        draw_applicant(draw_latents(np.random.default_rng(4)), Random(4)) for _ in range(2)
    )
    assert first == second


def test_the_facts_cannot_be_changed(drawn):
    with pytest.raises(FrozenInstanceError):
        drawn[0][1].capacity.annual_income_usd = 1.0


def test_every_applicant_fits_the_application_form_and_its_arithmetic(drawn):
    for _, applicant in drawn:
        form = application_of(applicant, text="a text")
        request, capacity = applicant.request, applicant.capacity
        instalment = ratios.monthly_instalment_usd(
            form.loan_amount_usd,
            annual_rate_percent=request.rate_percent,
            term_months=request.term_months,
        )
        assert capacity.payment_usd == pytest.approx(instalment + request.escrow_usd, abs=0.01)
        assert form.debt_to_income_ratio == ratios.debt_to_income_ratio(
            monthly_debts_usd=form.monthly_debt_payments_usd + capacity.payment_usd,
            annual_income_usd=form.annual_income_usd,
        )
        if form.property_value_usd is not None:
            assert form.loan_to_value_ratio == ratios.loan_to_value_ratio(
                loan_amount_usd=form.loan_amount_usd + request.prior_liens_usd,
                property_value_usd=form.property_value_usd,
            )


def test_no_fact_contradicts_another(drawn):
    for _, applicant in drawn:
        job, depth, record = applicant.employment, applicant.depth, applicant.record
        assert job.field_months >= job.tenure_months
        assert depth.num_bank_trades <= depth.num_trades
        assert (depth.history_months == 0) == (depth.num_trades == 0)
        assert 0 <= depth.num_shopping <= depth.num_inquiries
        assert applicant.standing.area_months >= applicant.standing.address_months
        assert set(applicant.verification.missing) <= set(applicant.verification.requested)
        assert all(c.num_confirmed <= c.num_tried for c in applicant.verification.checks)
        assert (applicant.payments.last_late_months > 0) == (applicant.payments.late_points > 0)
        assert record is None or record.open_usd <= record.original_usd
        if applicant.collateral:
            assert applicant.collateral.repair_left_usd <= applicant.collateral.repair_usd
        if applicant.funds:
            assert applicant.funds.unsourced_usd <= applicant.funds.verified_usd
            assert applicant.funds.need_usd > 0


def test_margins_pass_the_market_about_as_often_as_hmda_says(drawn):
    for category in CATEGORIES:
        passed = sum(latents.margins[category] > 0 for latents, _ in drawn) / len(drawn)
        assert passed == pytest.approx(DENIAL_SHARE * HMDA_SHARES[category], rel=0.75, abs=0.012)


def test_low_income_goes_with_heavy_debts_and_short_funds(drawn):
    incomes = [latents.income_score for latents, _ in drawn]
    backs = [
        a.capacity.back_ratio / MARKET_LIMITS[a.request.product].max_back_ratio for _, a in drawn
    ]
    assert np.corrcoef(incomes, backs)[0, 1] < -0.1
    funded = [(x, a.funds) for (latents, a) in drawn if a.funds and (x := latents.income_score)]
    covered = [min(f.verified_usd / f.need_usd, 3) for _, f in funded]
    assert np.corrcoef([income for income, _ in funded], covered)[0, 1] > 0.05


def test_late_payers_have_more_records_and_lower_scores(drawn):
    late = [a for _, a in drawn if a.payments.late_points > 2]
    prompt = [a for _, a in drawn if a.payments.late_points == 0]
    assert len(late) > 50
    assert np.mean([a.depth.credit_score for a in late]) < np.mean(
        [a.depth.credit_score for a in prompt]
    )
    assert np.mean([a.record is not None for a in late]) > np.mean(
        [a.record is not None for a in prompt]
    )


def test_every_product_is_asked_for_and_only_secured_ones_have_collateral(drawn):
    assert {applicant.request.product for _, applicant in drawn} == set(LoanProduct)
    unsecured = {LoanProduct.PERSONAL, LoanProduct.CREDIT_CARD, LoanProduct.STUDENT_REFI}
    for _, applicant in drawn:
        assert (applicant.collateral is None) == (applicant.request.product in unsecured)
        assert (applicant.request.value_usd is None) == (applicant.collateral is None)
