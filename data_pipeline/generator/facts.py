"""What is true of a synthetic applicant and the request: the latent facts, and nothing else.

No record here holds a prohibited basis; those stand in `demographics`, which these modules never
import. Ratios are computed by `data_pipeline.domain.ratios`, so they agree with serving.
"""

from dataclasses import dataclass
from enum import StrEnum

from data_pipeline.domain.application import LoanProduct
from data_pipeline.domain.ratios import (
    debt_to_income_ratio,
    loan_to_value_ratio,
    monthly_instalment_usd,
)
from data_pipeline.generator.history_facts import (
    CreditDepth,
    DerogatoryRecord,
    Employment,
    PaymentRecord,
)

_MONTHS = 12


class CheckKind(StrEnum):
    """What is verified by asking somebody."""

    EMPLOYMENT = "employment"
    RESIDENCE = "residence"
    IDENTITY = "identity"
    REFERENCES = "references"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for.

    Attributes:
        product: kind of loan.
        purpose: use of the money, in words.
        amount_usd: amount asked for, above 0.
        term_months: term asked for; for a card or line, the term its payment is reckoned over.
        rate_percent: rate quoted, percent a year.
        interest_only_months: months without repayment that are asked for; 0 for none.
        escrow_usd: taxes and insurance that come with the payment, a month.
        value_usd: value of the collateral; None for unsecured products.
        prior_liens_usd: loans that stand before this one on the same collateral; 0 mostly.
        down_payment_usd: own money put in; 0 where none is due.
    """

    product: LoanProduct
    purpose: str
    amount_usd: float
    term_months: int
    rate_percent: float
    interest_only_months: int
    escrow_usd: float
    value_usd: float | None
    prior_liens_usd: float
    down_payment_usd: float

    @property
    def instalment_usd(self) -> float:
        """The level payment that repays the loan, US dollars a month, without escrow."""
        return monthly_instalment_usd(
            self.amount_usd, annual_rate_percent=self.rate_percent, term_months=self.term_months
        )

    @property
    def loan_to_value_ratio(self) -> float | None:
        """Loan with prior liens over value; None for unsecured products."""
        if self.value_usd is None:
            return None
        return loan_to_value_ratio(
            loan_amount_usd=self.amount_usd + self.prior_liens_usd,
            property_value_usd=self.value_usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Income and what it has to carry.

    Attributes:
        annual_income_usd: gross income of all applicants, a year, above 0.
        monthly_debts_usd: payments on existing obligations, a month, without the new loan.
        payment_usd: payment of the new loan with escrow, a month.
    """

    annual_income_usd: float
    monthly_debts_usd: float
    payment_usd: float

    @property
    def front_ratio(self) -> float:
        """The new payment over gross monthly income."""
        return self.payment_usd * _MONTHS / self.annual_income_usd

    @property
    def debts_ratio(self) -> float:
        """Existing obligations over gross monthly income."""
        return self.monthly_debts_usd * _MONTHS / self.annual_income_usd

    @property
    def back_ratio(self) -> float:
        """All obligations with the new payment over gross monthly income."""
        return debt_to_income_ratio(
            monthly_debts_usd=self.monthly_debts_usd + self.payment_usd,
            annual_income_usd=self.annual_income_usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """The state of what secures the loan; its value stands in `Request`.

    Attributes:
        description: what it is, in words.
        repair_item: what was found in need of repair; None where nothing was.
        repair_usd: cost of the repair as found.
        repair_left_usd: cost of what is still to be done.
        mileage: of a vehicle; None for anything else.
    """

    description: str
    repair_item: str | None
    repair_usd: float
    repair_left_usd: float
    mileage: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """Own money towards closing.

    Attributes:
        need_usd: down payment, closing costs and reserves together.
        verified_usd: balances seen on statements, gifts included.
        unsourced_usd: part of these that came in lately without a known source; does not count.
        gift_usd: part of these that is a documented gift.
    """

    need_usd: float
    verified_usd: float
    unsourced_usd: float
    gift_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An inquiry with somebody else.

    Attributes:
        kind: what is verified.
        num_tried: contacts, documents or elements tried.
        num_confirmed: of these, that confirmed it.
    """

    kind: CheckKind
    num_tried: int
    num_confirmed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was asked of others, and what came back.

    Attributes:
        documented_income_usd: monthly income that papers support.
        checks: inquiries made.
        requested: papers asked of the applicant.
        missing: of these, that have not come in.
        request_days: days since they were asked for.
    """

    documented_income_usd: float
    checks: tuple[Check, ...]
    requested: tuple[str, ...]
    missing: tuple[str, ...]
    request_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Residence, relationship and, for a business, its age.

    Attributes:
        housing: own, rent and the like, in words.
        address_months: time at the present address.
        area_months: time in the same area, at least `address_months`.
        stay_left_months: months left of a temporary stay; None where the home is permanent.
        deposit_months: time as a depositor of this lender; 0 where none.
        business_months: time with filed results of an applying business; None without one.
        mortgage_insurance: whether the insurer agreed; None where none was asked.
    """

    housing: str
    address_months: int
    area_months: int
    stay_left_months: int | None
    deposit_months: int
    business_months: int | None
    mortgage_insurance: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticApplicant:
    """All latent facts of one synthetic applicant and request.

    Attributes:
        state: US state, two letters.
        town: invented town.
        request: what is asked for.
        capacity: income and obligations.
        employment: work.
        payments: how obligations were paid.
        record: a derogatory record; None where there is none.
        depth: credit experience.
        collateral: state of the collateral; None for unsecured products.
        funds: own money; None where the product needs none.
        verification: what was asked of others.
        standing: residence and relationship.
    """

    state: str
    town: str
    request: Request
    capacity: Capacity
    employment: Employment
    payments: PaymentRecord
    record: DerogatoryRecord | None
    depth: CreditDepth
    collateral: Collateral | None
    funds: Funds | None
    verification: Verification
    standing: Standing
