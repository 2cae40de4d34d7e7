"""The known chance that a synthetic loan, made on the requested terms, defaults within 12 months.

Logistic in the latent facts. It knows no limit and no decision, so a file can be denied and safe,
or approved and risky, as in life.
"""

from math import log1p

from data_pipeline.generator.facts import SyntheticApplicant
from data_pipeline.generator.history_facts import JobKind
from data_pipeline.generator.limits import MARKET_LIMITS, SEASONED
from data_pipeline.generator.log_odds import logistic

_INTERCEPT = -3.5
_MOST_MONTHS = 120


def default_probability(applicant: SyntheticApplicant) -> float:
    """Returns the true chance of default within 12 months, 0-1."""
    return logistic(default_logit(applicant))


def default_logit(applicant: SyntheticApplicant) -> float:
    """Returns the log-odds of default within 12 months."""
    return _INTERCEPT + _capacity(applicant) + _history(applicant) + _stability(applicant)


def _capacity(applicant: SyntheticApplicant) -> float:
    limits = MARKET_LIMITS[applicant.request.product]
    capacity, funds = applicant.capacity, applicant.funds
    logit = 1.8 * (capacity.back_ratio / limits.max_back_ratio - 0.8)
    logit += 0.9 * (capacity.front_ratio / limits.max_front_ratio - 0.7)
    documented = applicant.verification.documented_income_usd * 12 / capacity.annual_income_usd
    logit += 1.5 * max(0.0, 1 - documented)
    if funds is not None:
        covered = (funds.verified_usd - funds.unsourced_usd) / funds.need_usd
        logit -= 0.8 * (min(covered, 2.0) - 1)
    ratio = applicant.request.loan_to_value_ratio
    if ratio is not None:
        logit += 1.2 * (ratio / limits.max_value_ratio - 0.85)
    return logit


def _history(applicant: SyntheticApplicant) -> float:
    payments, depth, record = applicant.payments, applicant.depth, applicant.record
    logit = 0.22 * min(payments.late_points, 10) + 0.03 * payments.num_older
    logit += 0.06 * min(depth.num_counted_inquiries, 12)
    logit += 0.9 * (depth.utilization_ratio - 0.35)
    logit -= 0.15 * log1p(depth.history_months / 12)
    if record is not None:
        recency = 1 - min(record.age_months, _MOST_MONTHS) / _MOST_MONTHS
        weight = 1.0 if record.kind in SEASONED or record.open_usd else 0.4
        logit += weight * recency
    return logit


def _stability(applicant: SyntheticApplicant) -> float:
    job, standing = applicant.employment, applicant.standing
    logit = -0.18 * log1p(job.tenure_months / 12)
    logit += 0.0 if job.kind in {JobKind.PERMANENT, JobKind.SELF_EMPLOYED} else 0.35
    logit -= 0.08 * log1p(standing.address_months / 12)
    if standing.business_months is not None:
        logit += 0.5 - 0.2 * log1p(standing.business_months / 12)
    return logit
