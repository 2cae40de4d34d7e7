"""What a text may say about a synthetic applicant: statements by subject.

Whether a fact passes a limit changes figures, never words: the same statement, in the same
templates, is made of a ratio of 28 and of 58 percent, of a collection paid and of one open.
"""

from random import Random

from data_pipeline.domain.application import LoanProduct
from data_pipeline.generator.draws import chance
from data_pipeline.generator.facts import SyntheticApplicant
from data_pipeline.generator.history_facts import PaymentRecord
from data_pipeline.generator.phrases import Statement


def statements_by_subject(
    applicant: SyntheticApplicant, random: Random
) -> dict[str, tuple[Statement, ...]]:
    """Returns what can be said, by subject; a subject without facts is absent."""
    names: dict[str, list[str]] = {
        "capacity": random.choices(
            (["front", "back"], ["amounts"], ["amounts", "back"]), (0.55, 0.25, 0.2)
        )[0],
        "job": _job(applicant),
        "lates": _lates(applicant.payments),
        "record": [_record(applicant)],
        "depth": _depth(applicant),
        "inquiries": _inquiries(applicant),
        "proof": ["proof"],
        "papers": ["papers" if chance(random, 0.5) else "papers_list"],
        "score": ["score"] if applicant.depth.num_trades else [],
    }
    names |= {check.kind.value: [check.kind.value] for check in applicant.verification.checks}
    names |= _of_property(applicant) | _of_standing(applicant)
    return {
        subject: tuple(Statement(name=name, subject=subject) for name in said)
        for subject, said in names.items()
        if said
    }


def _job(applicant: SyntheticApplicant) -> list[str]:
    job = applicant.employment
    return ["job", "job_field"] if job.field_months > job.tenure_months + 12 else ["job"]


def _lates(payments: PaymentRecord) -> list[str]:
    names = ["lates" if payments.late_points else "lates_none"]
    names += ["lates_older"] if payments.num_older else []
    return names + (["lates_corrected"] if payments.num_corrected else [])


def _record(applicant: SyntheticApplicant) -> str:
    return f"record_{applicant.record.kind.value}" if applicant.record else "record_none"


def _depth(applicant: SyntheticApplicant) -> list[str]:
    depth = applicant.depth
    names = ["depth" if depth.num_trades else "depth_none"]
    return names + (["depth_alternative"] if depth.alternative_months else [])


def _inquiries(applicant: SyntheticApplicant) -> list[str]:
    return ["inquiries", "inquiries_shopping"] if applicant.depth.num_shopping else ["inquiries"]


def _of_property(applicant: SyntheticApplicant) -> dict[str, list[str]]:
    collateral, funds = applicant.collateral, applicant.funds
    names: dict[str, list[str]] = {}
    if collateral is not None:
        names["value"] = ["value"]
        names["repair"] = ["repair"] if collateral.repair_item else []
        names["mileage"] = ["mileage"] if collateral.mileage else []
    if funds is not None:
        names["funds"] = ["funds"]
        names["funds"] += ["funds_unsourced"] if funds.unsourced_usd else []
        names["funds"] += ["funds_gift"] if funds.gift_usd else []
    return names


def _of_standing(applicant: SyntheticApplicant) -> dict[str, list[str]]:
    standing, request = applicant.standing, applicant.request
    has_local_ties = standing.area_months > standing.address_months + 12
    return {
        "address": ["address", "address_area"] if has_local_ties else ["address"],
        "stay": [] if standing.stay_left_months is None else ["stay"],
        "deposit": ["deposit"],
        "business": [] if standing.business_months is None else ["business"],
        "insurance": [] if standing.mortgage_insurance is None else ["insurance"],
        "term": [] if request.product is LoanProduct.CREDIT_CARD else ["term"],
        "interest_only": ["interest_only"] if request.interest_only_months else [],
    }
