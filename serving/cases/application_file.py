"""What is kept of an application beside the events: who applied, for what, and on which papers.

Everything personal in it is readable only while the case has its key: names, addresses, the
application as submitted and the content of documents.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from data_pipeline.domain.application import LoanApplication, LoanProduct, Occupancy

CENT = Decimal("0.01")


class ApplicantRole(StrEnum):
    """In which role somebody takes part. Source: 12 CFR 1002.2(e), 1002.9(f)."""

    PRIMARY = "primary"
    JOINT = "joint"
    GUARANTOR = "guarantor"


class TermsKind(StrEnum):
    """Whose terms they are."""

    REQUESTED = "requested"
    OFFERED = "offered"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """One applicant or guarantor.

    Attributes:
        consumer_id: id that ties credit data and notices to the person; never a name or a social
            security number. The same person has the same id in every case.
        role: in which role.
        name: full name. Personal.
        address_lines: last known address: street, then city, state and ZIP code. Personal.
        email: for electronic notices; None without one. Personal.
    """

    consumer_id: str
    role: ApplicantRole
    name: str
    address_lines: tuple[str, ...]
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTerms:
    """The credit, as requested, offered instead, or granted.

    Attributes:
        kind: whose terms.
        product: what kind of credit; None where not said.
        amount_usd: US dollars and cents; None where not said.
        term_months: months, at most two decimals; None where not said.
        annual_rate_percent: percent a year, at most six decimals; None where not said.
    """

    kind: TermsKind
    product: LoanProduct | None = None
    amount_usd: Decimal | None = None
    term_months: Decimal | None = None
    annual_rate_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDetails:
    """The property or vehicle that secures the credit.

    Attributes:
        value_usd: US dollars and cents.
        property_type: kind of property or vehicle, in words.
        state: US state or territory, two letters.
        occupancy: how it is to be used.
        num_units: dwelling units.
        lien_position: 1 first lien, 2 subordinate.
        address_lines: where it lies. Personal.
    """

    value_usd: Decimal | None = None
    property_type: str | None = None
    state: str | None = None
    occupancy: Occupancy | None = None
    num_units: int | None = None
    lien_position: int | None = None
    address_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A paper of the file: a pay stub, an appraisal, a letter, a note.

    Attributes:
        document_id: id, unique over all cases.
        kind: what it is, a lower-case word such as pay_stub.
        media_type: of its content, such as application/pdf.
        received_at: when it came in, UTC.
        content: its bytes. Personal.
    """

    document_id: str
    kind: str
    media_type: str
    received_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFile:
    """The file of one case.

    Attributes:
        application: the application as submitted; None for an existing account under review.
        applicants: everyone who takes part, the primary one first.
        terms: at most one per kind, in the order of the kinds.
        collateral: what secures the credit; None where nothing does.
        documents: papers in the order in which they came.
    """

    application: LoanApplication | None = None
    applicants: tuple[Applicant, ...] = ()
    terms: tuple[ProductTerms, ...] = ()
    collateral: PropertyDetails | None = None
    documents: tuple[Document, ...] = ()

    @property
    def product(self) -> LoanProduct | None:
        """The product asked for; None where none is said."""
        asked = [terms.product for terms in self.terms if terms.kind is TermsKind.REQUESTED]
        return asked[0] if asked else None


def usd(amount: float | None) -> Decimal | None:
    """Returns an amount in dollars and cents, halves away from zero; None stays None."""
    return None if amount is None else _rounded(amount, CENT)


def requested_terms(application: LoanApplication) -> ProductTerms:
    """Returns the terms that an application asks for."""
    term, rate = application.loan_term_months, application.interest_rate_percent
    return ProductTerms(
        kind=TermsKind.REQUESTED,
        product=application.product,
        amount_usd=usd(application.loan_amount_usd),
        term_months=None if term is None else _rounded(term, CENT),
        annual_rate_percent=None if rate is None else _rounded(rate, Decimal("0.000001")),
    )


def collateral_of(
    application: LoanApplication, *, address_lines: tuple[str, ...] = ()
) -> PropertyDetails | None:
    """Returns what an application says of the property that secures the credit, or None."""
    found = PropertyDetails(
        value_usd=usd(application.property_value_usd),
        property_type=application.property_type,
        state=application.state,
        occupancy=application.occupancy,
        num_units=application.num_units,
        lien_position=application.lien_position,
        address_lines=address_lines,
    )
    return None if found == PropertyDetails() else found


def file_of(
    application: LoanApplication, *, applicants: tuple[Applicant, ...] = ()
) -> ApplicationFile:
    """Returns the file that an application makes: itself, its terms and its collateral."""
    return ApplicationFile(
        application=application,
        applicants=applicants,
        terms=(requested_terms(application),),
        collateral=collateral_of(application),
    )


def _rounded(value: float, step: Decimal) -> Decimal:
    # repr gives the shortest decimal that means this float, which is the figure as submitted.
    assert math.isfinite(value)  # noqa: S101  an application holds finite numbers only
    return Decimal(repr(float(value))).quantize(step, rounding="ROUND_HALF_UP")
