"""How far the facts of a synthetic applicant pass the limits of a policy, category by category."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log
from typing import NamedTuple

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory, DenialReason
from data_pipeline.generator.facts import CheckKind, SyntheticApplicant
from data_pipeline.generator.history_facts import JobKind, RecordKind
from data_pipeline.generator.limits import SEASONED, Limits

OUT_OF_QUESTION = -6.0
"""Severity of a category that the facts do not even touch."""

_MOST = 5.0
_RELIEVED = -1.5

_IRREGULAR = frozenset({JobKind.CONTRACT, JobKind.SEASONAL, JobKind.AGENCY, JobKind.GIG})
_RECORD_REASONS = {
    RecordKind.BANKRUPTCY: DenialReason.BANKRUPTCY,
    RecordKind.FORECLOSURE: DenialReason.FORECLOSURE_OR_REPOSSESSION,
    RecordKind.REPOSSESSION: DenialReason.FORECLOSURE_OR_REPOSSESSION,
    RecordKind.COLLECTION: DenialReason.COLLECTION_OR_JUDGMENT,
    RecordKind.JUDGMENT: DenialReason.COLLECTION_OR_JUDGMENT,
    RecordKind.GARNISHMENT: DenialReason.GARNISHMENT_OR_ATTACHMENT,
}
_CHECK_REASONS = {
    CheckKind.EMPLOYMENT: DenialReason.UNABLE_TO_VERIFY_EMPLOYMENT,
    CheckKind.RESIDENCE: DenialReason.UNABLE_TO_VERIFY_RESIDENCE,
    CheckKind.IDENTITY: DenialReason.UNABLE_TO_VERIFY_IDENTITY,
    CheckKind.REFERENCES: DenialReason.UNABLE_TO_VERIFY_CREDIT_REFERENCES,
}


class Finding(NamedTuple):
    """How far facts pass a limit.

    Attributes:
        severity: above 0 the limit is passed.
        reason: what would be stated.
        subject: the facts it rests on, as `statements` names them.
    """

    severity: float
    reason: DenialReason
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How far the facts pass each limit.

    Attributes:
        severities: by category in label order, -6 to 5; above 0 the limit is passed, -6 says that
            the category is out of question.
        reasons: the reason each category would be stated with, in label order.
        subjects: the facts each category rests on, in label order, as `statements` names them.
    """

    severities: tuple[float, ...]
    reasons: tuple[DenialReason, ...]
    subjects: tuple[str, ...]


def _income(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    severity = (applicant.capacity.front_ratio / limits.max_front_ratio - 1) / 0.13
    return Finding(severity, DenialReason.INCOME_INSUFFICIENT_FOR_AMOUNT, "capacity")


def _obligations(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    capacity = applicant.capacity
    excess = (capacity.back_ratio / limits.max_back_ratio - 1) / 0.1
    weight = (capacity.debts_ratio - limits.modest_debts_ratio) / 0.04
    reason = DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME
    return Finding(min(excess, weight), reason, "capacity")


def _employment(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    job = applicant.employment
    is_irregular = job.kind in _IRREGULAR
    required = limits.min_irregular_months if is_irregular else limits.min_tenure_months
    if job.field_months >= limits.field_relief_months:
        required = required // 3
    reason = (
        DenialReason.TEMPORARY_OR_IRREGULAR_EMPLOYMENT
        if is_irregular
        else DenialReason.LENGTH_OF_EMPLOYMENT
    )
    return Finding(log((required + 0.5) / (job.tenure_months + 1)) / 0.5, reason, "job")


def _payments(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    payments = applicant.payments
    reason = (
        DenialReason.POOR_CREDIT_PERFORMANCE_WITH_US
        if payments.with_us
        else DenialReason.DELINQUENT_OBLIGATIONS_WITH_OTHERS
    )
    return Finding(payments.late_points - limits.max_late_points - 0.5, reason, "lates")


def _record(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    record = applicant.record
    if record is None:
        return Finding(OUT_OF_QUESTION, DenialReason.COLLECTION_OR_JUDGMENT, "record")
    if record.kind in SEASONED:
        required = limits.min_record_months[record.kind]
        severity = (required - record.age_months) / (required / 3)
    else:
        severity = (record.open_usd / limits.max_open_record_usd - 1) / 0.75
    return Finding(severity, _RECORD_REASONS[record.kind], "record")


def _depth(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    depth = applicant.depth
    few = (limits.min_trades - depth.num_trades - 0.5) / 0.9
    poor = 0.9 if depth.num_bank_trades == 0 else -2.0
    young = log(limits.min_history_months / (depth.history_months + 0.5)) / 0.5
    finding = max(
        Finding(few, DenialReason.INSUFFICIENT_CREDIT_REFERENCES, "depth"),
        Finding(poor, DenialReason.UNACCEPTABLE_CREDIT_REFERENCES, "depth"),
        Finding(young, DenialReason.LIMITED_CREDIT_EXPERIENCE, "depth"),
    )
    if depth.num_trades == 0:
        finding = Finding(1.5, DenialReason.NO_CREDIT_FILE, "depth")
    if depth.alternative_months >= limits.min_alternative_months:
        return finding._replace(severity=min(finding.severity, _RELIEVED))
    return finding


def _inquiries(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    excess = applicant.depth.num_counted_inquiries - limits.max_inquiries - 0.5
    return Finding(excess, DenialReason.NUMBER_OF_RECENT_INQUIRIES, "inquiries")


def _collateral(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    reason = DenialReason.COLLATERAL_VALUE_OR_TYPE_INSUFFICIENT
    collateral, value_usd = applicant.collateral, applicant.request.value_usd
    ratio = applicant.request.loan_to_value_ratio
    if collateral is None or value_usd is None or ratio is None:
        return Finding(OUT_OF_QUESTION, reason, "value")
    repair_ratio = collateral.repair_left_usd / value_usd
    miles = collateral.mileage
    worn = log(miles / limits.max_mileage) / 0.12 if miles else -inf
    return max(
        Finding(log(ratio / limits.max_value_ratio) / 0.06, reason, "value"),
        Finding((repair_ratio / limits.max_repair_ratio - 1) / 0.6, reason, "repair"),
        Finding(worn, reason, "mileage"),
    )


def _funds(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    reason = DenialReason.INSUFFICIENT_FUNDS_DOWN_PAYMENT_CLOSING_RESERVES
    funds = applicant.funds
    if funds is None:
        return Finding(OUT_OF_QUESTION, reason, "funds")
    covered = (funds.verified_usd - funds.unsourced_usd) / funds.need_usd
    return Finding((limits.min_funds_ratio - covered) / 0.12, reason, "funds")


def _unverifiable(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    stated_usd = applicant.capacity.annual_income_usd / 12
    documented = applicant.verification.documented_income_usd / stated_usd
    missing = (limits.min_documented_ratio - documented) / 0.08
    checks = [
        Finding(
            (limits.min_confirmed[check.kind] - check.num_confirmed - 0.5) / 0.7,
            _CHECK_REASONS[check.kind],
            check.kind.value,
        )
        for check in applicant.verification.checks
    ]
    return max([Finding(missing, DenialReason.UNABLE_TO_VERIFY_INCOME, "proof"), *checks])


def _incomplete(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    reason = DenialReason.CREDIT_APPLICATION_INCOMPLETE
    verification = applicant.verification
    if not verification.missing:
        return Finding(OUT_OF_QUESTION, reason, "papers")
    return Finding((verification.request_days / limits.cure_days - 1) / 0.4, reason, "papers")


def _other(applicant: SyntheticApplicant, limits: Limits) -> Finding:
    return max([*_standing(applicant, limits), *_terms(applicant, limits)])


def _standing(applicant: SyntheticApplicant, limits: Limits) -> list[Finding]:
    standing = applicant.standing
    at_address = log((limits.min_address_months + 0.5) / (standing.address_months + 1)) / 0.5
    if standing.area_months >= limits.area_relief_months:
        at_address = min(at_address, _RELIEVED)
    findings = [Finding(at_address, DenialReason.LENGTH_OF_RESIDENCE, "address")]
    if standing.stay_left_months is not None:
        short = limits.min_stay_months - standing.stay_left_months - 0.5
        findings.append(Finding(short, DenialReason.TEMPORARY_RESIDENCE, "stay"))
    if limits.min_deposit_months:
        missing = (limits.min_deposit_months - standing.deposit_months - 0.5) / 1.2
        findings.append(Finding(missing, DenialReason.NO_DEPOSIT_RELATIONSHIP, "deposit"))
    if standing.business_months is not None:
        young = log(limits.min_business_months / (standing.business_months + 0.5)) / 0.4
        findings.append(Finding(young, DenialReason.BUSINESS_EARNINGS_RECORD, "business"))
    if standing.mortgage_insurance is False:
        findings.append(Finding(1.5, DenialReason.MORTGAGE_INSURANCE_DENIED, "insurance"))
    return findings


def _terms(applicant: SyntheticApplicant, limits: Limits) -> list[Finding]:
    request, reason = applicant.request, DenialReason.PRODUCT_OR_TERMS_NOT_OFFERED
    too_long = (request.term_months / limits.max_term_months - 1.1) / 0.1
    findings = [Finding(too_long, reason, "term")]
    if request.interest_only_months:
        excess = request.interest_only_months - limits.max_interest_only_months
        findings.append(Finding((excess - 3) / 5, reason, "interest_only"))
    return findings


_RULES: dict[DenialCategory, Callable[[SyntheticApplicant, Limits], Finding]] = dict(
    zip(
        CATEGORIES,
        (_income, _obligations, _employment, _payments, _record, _depth, _inquiries, _collateral,
         _funds, _unverifiable, _incomplete, _other),
        strict=True,
    )
)  # fmt: skip


def assess(applicant: SyntheticApplicant, limits: Limits) -> Assessment:
    """Returns the severity and the reason of every category."""
    findings = [rule(applicant, limits) for rule in _RULES.values()]
    return Assessment(
        severities=tuple(min(max(f.severity, OUT_OF_QUESTION), _MOST) for f in findings),
        reasons=tuple(finding.reason for finding in findings),
        subjects=tuple(finding.subject for finding in findings),
    )
