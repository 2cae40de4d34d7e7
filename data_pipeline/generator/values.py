"""What the slots of a synthetic text's statements are filled with."""

from collections.abc import Mapping
from random import Random

from data_pipeline.generator import catalogue
from data_pipeline.generator.draws import chance
from data_pipeline.generator.facts import CheckKind, SyntheticApplicant
from data_pipeline.generator.history_facts import JobKind, PaymentRecord, RecordKind
from data_pipeline.generator.limits import Limits

Values = Mapping[str, float | str]
"""Slot values by name; the end of a name says how its value is written (`figures`)."""

_FULL_LATES = ("30/60/90 {}-{}-{}", "{}x30 {}x60 {}x90", "{} thirty, {} sixty, {} ninety", "")
_FRONT_NAMES = ("payment-to-income", "front-end ratio", "payment ratio")
_DECIDED = ("declined", "denied", "turned down", "not approved")
_GRANTED = ("approved", "cleared", "approved with conditions", "granted")
_OPEN = ("pending", "suspended", "under review", "sent to a second reader")
_JOB_WORDS: dict[JobKind, tuple[str, ...]] = {
    JobKind.PERMANENT: ("permanent", "full time", "full-time permanent", "regular staff"),
    JobKind.SELF_EMPLOYED: ("self-employed", "own business", "sole proprietor"),
    JobKind.CONTRACT: ("contract", "fixed-term contract", "1099 contract"),
    JobKind.SEASONAL: ("seasonal", "seasonal work"),
    JobKind.AGENCY: ("through an agency", "temp agency", "agency placement"),
    JobKind.GIG: ("gig work", "app-based", "paid by the job"),
}


def statement_values(
    applicant: SyntheticApplicant, limits: Limits, random: Random, *, is_denied: bool
) -> Values:
    """Returns what the slots of all statements are filled with.

    Args:
        applicant: the facts.
        limits: those that a text may quote.
        random: source of names and of what bears on nothing.
        is_denied: for the word that states the decision, where a text states it.
    """
    return (
        _names(applicant, random)
        | _request_values(applicant, limits, random)
        | _history_values(applicant, limits, random)
        | _property_values(applicant, limits)
        | _paper_values(applicant, limits, random)
        | _standing_values(applicant, limits)
        | _decision_values(random, is_denied=is_denied)
    )


def _names(applicant: SyntheticApplicant, random: Random) -> dict[str, float | str]:
    first, last = random.choice(catalogue.FIRST_NAMES), random.choice(catalogue.LAST_NAMES)
    return {
        "first": first,
        "last": last,
        "name": f"{first} {last}",
        "officer": f"{random.choice(catalogue.FIRST_NAMES)} {random.choice('ABCDEFGHKLMNPRSTW')}.",
        "town": applicant.town,
        "state": applicant.state,
        "creditor": random.choice(catalogue.CREDITORS),
        "agency": random.choice(catalogue.AGENCIES),
        "filler_usd": float(
            random.choice((random.randint(300, 4000), random.randint(4, 90) * 500))
        ),
        "filler_day": random.randint(1, 40),
        "age_count": random.randint(21, 78),
    }


def _decision_values(random: Random, *, is_denied: bool) -> dict[str, float | str]:
    words = _OPEN if chance(random, 0.25) else _DECIDED if is_denied else _GRANTED
    return {"decision_word": random.choice(words)}


def _request_values(
    applicant: SyntheticApplicant, limits: Limits, random: Random
) -> dict[str, float | str]:
    request, capacity = applicant.request, applicant.capacity
    return {
        "loan_name": random.choice(catalogue.LOAN_NAMES[request.product]),
        "purpose": request.purpose,
        "loan_usd": request.amount_usd,
        "term_months": request.term_months,
        "max_term_months": limits.max_term_months,
        "io_months": request.interest_only_months,
        "max_io_months": limits.max_interest_only_months,
        "front_name": random.choice(_FRONT_NAMES),
        "front_ratio": capacity.front_ratio,
        "back_ratio": capacity.back_ratio,
        "max_front_ratio": limits.max_front_ratio,
        "max_back_ratio": limits.max_back_ratio,
        "income_usd": capacity.annual_income_usd / 12,
        "annual_usd": capacity.annual_income_usd,
        "payment_usd": capacity.payment_usd,
        "debts_usd": capacity.monthly_debts_usd,
    }


def _history_values(
    applicant: SyntheticApplicant, limits: Limits, random: Random
) -> dict[str, float | str]:
    return (
        _job_values(applicant, limits, random)
        | _late_values(applicant, limits, random)
        | _record_values(applicant, limits, random)
        | _depth_values(applicant, limits)
    )


def _job_values(
    applicant: SyntheticApplicant, limits: Limits, random: Random
) -> dict[str, float | str]:
    job = applicant.employment
    is_steady = job.kind in {JobKind.PERMANENT, JobKind.SELF_EMPLOYED}
    required = limits.min_tenure_months if is_steady else limits.min_irregular_months
    return {
        "occupation": job.occupation,
        "employer": job.employer,
        "job_kind": random.choice(_JOB_WORDS[job.kind]),
        "tenure_months": job.tenure_months,
        "tenure_ago": job.tenure_months,
        "min_tenure_months": required,
        "field_months": job.field_months,
        "relief_months": limits.field_relief_months,
    }


def _late_values(
    applicant: SyntheticApplicant, limits: Limits, random: Random
) -> dict[str, float | str]:
    payments = applicant.payments
    account = "our own loan to them" if payments.with_us else random.choice(catalogue.CREDITORS)
    return {
        "lates_text": _lates_text(payments, random),
        "late_account": account,
        "last_late_ago": payments.last_late_months,
        "older_count": payments.num_older,
        "older_ago": payments.older_months,
        "corrected_count": payments.num_corrected,
        "max_late_count": limits.max_late_points,
    }


def _depth_values(applicant: SyntheticApplicant, limits: Limits) -> dict[str, float | str]:
    depth = applicant.depth
    return {
        "trades_count": depth.num_trades,
        "bank_trades_count": depth.num_bank_trades,
        "min_trades_count": limits.min_trades,
        "history_months": depth.history_months,
        "history_ago": depth.history_months,
        "min_history_months": limits.min_history_months,
        "alternative_months": depth.alternative_months,
        "min_alternative_months": limits.min_alternative_months,
        "inquiries_count": depth.num_inquiries,
        "shopping_count": depth.num_shopping,
        "max_inquiries_count": limits.max_inquiries,
        "score_count": depth.credit_score,
        "utilization_ratio": depth.utilization_ratio,
    }


def _record_values(
    applicant: SyntheticApplicant, limits: Limits, random: Random
) -> dict[str, float | str]:
    record = applicant.record
    if record is None:
        return {}
    return {
        "record_ago": record.age_months,
        "original_usd": record.original_usd,
        "open_usd": record.open_usd,
        "max_open_usd": limits.max_open_record_usd,
        "min_record_months": limits.min_record_months.get(record.kind, 0),
        "chapter": random.choice(("7", "13")) if record.kind is RecordKind.BANKRUPTCY else "",
    }


def _lates_text(payments: PaymentRecord, random: Random) -> str:
    counts = (payments.num_30, payments.num_60, payments.num_90)
    full = random.choices(_FULL_LATES, (0.25, 0.2, 0.1, 0.45))[0]
    if full:
        return full.format(*counts)
    named = [(number, days) for number, days in zip(counts, (30, 60, 90), strict=True) if number]
    if not named:
        return random.choice(("0x30", "none", "0", "0x30 0x60"))
    if chance(random, 0.55):
        return ", ".join(f"{number}x{days}" for number, days in named)
    return " and ".join(f"{number} at {days} days" for number, days in named)


def _property_values(applicant: SyntheticApplicant, limits: Limits) -> dict[str, float | str]:
    request, collateral, funds = applicant.request, applicant.collateral, applicant.funds
    values: dict[str, float | str] = {}
    if collateral is not None and request.value_usd is not None:
        values |= {
            "asset": collateral.description,
            "value_usd": request.value_usd,
            "owed_usd": request.amount_usd + request.prior_liens_usd,
            "ltv_ratio": request.loan_to_value_ratio or 0.0,
            "max_ltv_ratio": limits.max_value_ratio,
            "repair_item": collateral.repair_item or "",
            "repair_usd": collateral.repair_usd,
            "repair_left_usd": collateral.repair_left_usd,
            "max_repair_usd": round(limits.max_repair_ratio * request.value_usd, -1),
            "mileage_count": collateral.mileage or 0,
            "max_mileage_count": limits.max_mileage,
        }
    if funds is not None:
        values |= {
            "need_usd": funds.need_usd,
            "verified_usd": funds.verified_usd,
            "unsourced_usd": funds.unsourced_usd,
            "gift_usd": funds.gift_usd,
            "min_funds_ratio": limits.min_funds_ratio,
        }
    return values


def _paper_values(
    applicant: SyntheticApplicant, limits: Limits, random: Random
) -> dict[str, float | str]:
    papers = applicant.verification
    received = [paper for paper in papers.requested if paper not in papers.missing]
    random.shuffle(received)
    values: dict[str, float | str] = {
        "documented_usd": papers.documented_income_usd,
        "min_documented_ratio": limits.min_documented_ratio,
        "requested_count": len(papers.requested),
        "received_count": len(received),
        "request_days": papers.request_days,
        "cure_days": limits.cure_days,
        "requested_list": ", ".join(papers.requested),
        "received_list": ", ".join(received) or "nothing so far",
    }
    for kind in CheckKind:
        values[f"{kind}_required_count"] = limits.min_confirmed[kind]
    for check in papers.checks:
        values[f"{check.kind}_tried_count"] = check.num_tried
        values[f"{check.kind}_confirmed_count"] = check.num_confirmed
    return values


def _standing_values(applicant: SyntheticApplicant, limits: Limits) -> dict[str, float | str]:
    standing = applicant.standing
    return {
        "home": standing.housing if standing.stay_left_months is None else "rents",
        "housing": standing.housing,
        "address_months": standing.address_months,
        "address_ago": standing.address_months,
        "min_address_months": limits.min_address_months,
        "area_months": standing.area_months,
        "area_relief_months": limits.area_relief_months,
        "stay_months": standing.stay_left_months or 0,
        "min_stay_months": limits.min_stay_months,
        "deposit_months": standing.deposit_months,
        "min_deposit_months": limits.min_deposit_months,
        "business_months": standing.business_months or 0,
        "min_business_months": limits.min_business_months,
        "insurance_answer": "approved" if standing.mortgage_insurance else "declined",
    }
