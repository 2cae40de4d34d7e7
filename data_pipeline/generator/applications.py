"""The application form that a synthetic applicant would hand in."""

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.generator.facts import SyntheticApplicant

_MONTHS = 12


def application_of(applicant: SyntheticApplicant, *, text: str | None = None) -> LoanApplication:
    """Returns the facts an application form would hold, with a free text where one is given."""
    request, depth, standing = applicant.request, applicant.depth, applicant.standing
    payments, funds = applicant.payments, applicant.funds
    is_line = request.product in {LoanProduct.CREDIT_CARD, LoanProduct.HELOC}
    business_months = standing.business_months
    return LoanApplication(
        text=text,
        product=request.product,
        purpose=request.purpose,
        loan_amount_usd=request.amount_usd,
        loan_term_months=None if is_line else request.term_months,
        loan_features="interest-only payments" if request.interest_only_months else None,
        annual_income_usd=applicant.capacity.annual_income_usd,
        monthly_debt_payments_usd=applicant.capacity.monthly_debts_usd,
        debt_to_income_ratio=applicant.capacity.back_ratio,
        property_value_usd=request.value_usd,
        loan_to_value_ratio=request.loan_to_value_ratio,
        down_payment_usd=request.down_payment_usd or None,
        liquid_assets_usd=None if funds is None else funds.verified_usd,
        employment_length_years=round(applicant.employment.tenure_months / _MONTHS, 2),
        employment_status=applicant.employment.kind.value,
        credit_score=depth.credit_score if depth.num_trades else None,
        num_open_accounts=depth.num_trades,
        num_delinquencies_2y=payments.num_30 + payments.num_60 + payments.num_90,
        num_public_records=int(applicant.record is not None),
        num_inquiries_6m=depth.num_inquiries,
        credit_history_years=round(depth.history_months / _MONTHS, 2),
        revolving_utilization_ratio=depth.utilization_ratio,
        housing_status=standing.housing,
        residence_length_years=round(standing.address_months / _MONTHS, 2),
        state=applicant.state,
        property_type=None if applicant.collateral is None else applicant.collateral.description,
        business_age_years=(
            None if business_months is None else round(business_months / _MONTHS, 2)
        ),
    )
