"""What is true of a synthetic applicant's work and credit history.

Like `facts`, these records hold no prohibited basis.
"""

from dataclasses import dataclass
from enum import StrEnum


class JobKind(StrEnum):
    """How an applicant earns."""

    PERMANENT = "permanent"
    SELF_EMPLOYED = "self-employed"
    CONTRACT = "contract"
    SEASONAL = "seasonal"
    AGENCY = "temp agency"
    GIG = "gig work"


class RecordKind(StrEnum):
    """What a derogatory record is."""

    BANKRUPTCY = "bankruptcy"
    FORECLOSURE = "foreclosure"
    REPOSSESSION = "repossession"
    COLLECTION = "collection"
    JUDGMENT = "judgment"
    GARNISHMENT = "garnishment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """Work.

    Attributes:
        kind: how the applicant earns.
        occupation: in words.
        employer: invented name.
        tenure_months: time in the present job or pattern of work.
        field_months: time in the same line of work, at least `tenure_months`.
    """

    kind: JobKind
    occupation: str
    employer: str
    tenure_months: int
    field_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord:
    """How obligations were paid.

    Attributes:
        num_30: payments 30 days late in the last 24 months; likewise `num_60`, `num_90`.
        num_60: see `num_30`.
        num_90: see `num_30`.
        last_late_months: months since the most recent of these; 0 where there is none.
        with_us: whether they were late on a loan of this lender.
        num_older: late payments more than 24 months ago.
        older_months: months since those.
        num_corrected: late payments reported by mistake and withdrawn, not in any other count.
    """

    num_30: int
    num_60: int
    num_90: int
    last_late_months: int
    with_us: bool
    num_older: int
    older_months: int
    num_corrected: int

    @property
    def late_points(self) -> int:
        """Lates of the last 24 months, a 30 counting one, a 60 two, a 90 three."""
        return self.num_30 + 2 * self.num_60 + 3 * self.num_90


@dataclass(frozen=True, slots=True, kw_only=True)
class DerogatoryRecord:
    """A public record or collection.

    Attributes:
        kind: what it is.
        age_months: months since discharge, sale, repossession or filing.
        original_usd: amount when it arose.
        open_usd: amount still unpaid; 0 where paid, released or discharged.
    """

    kind: RecordKind
    age_months: int
    original_usd: float
    open_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDepth:
    """How much credit experience there is.

    Attributes:
        credit_score: 300-850.
        num_trades: accounts on the report.
        num_bank_trades: of these, with banks and credit unions rather than finance companies.
        history_months: age of the oldest account; 0 without any.
        alternative_months: months of documented rent, utilities and insurance payments.
        num_inquiries: inquiries of the last six months.
        num_shopping: of these, from shopping for one and the same loan within two weeks.
        utilization_ratio: revolving balances over limits.
    """

    credit_score: int
    num_trades: int
    num_bank_trades: int
    history_months: int
    alternative_months: int
    num_inquiries: int
    num_shopping: int
    utilization_ratio: float

    @property
    def num_counted_inquiries(self) -> int:
        """Inquiries with those of one shopping trip counted once."""
        return self.num_inquiries - max(self.num_shopping - 1, 0)
