"""What the routes on cases take. Unknown fields are errors: nothing of a record is dropped.

What was obtained from others stands in `information_requests`, decisions in `decision_requests`.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from serving.api.schemas import ApplicationBody
from serving.cases.application_file import ApplicantRole
from serving.cases.events import CaseKind
from serving.cases.notice_events import Channel
from serving.notices.notice import CreditorType, CreditRequest

Lines = Annotated[list[str], Field(max_length=8)]
Moment = Annotated[
    AwareDatetime | None,
    Field(
        description="With an offset from UTC; null means now.", examples=["2026-11-20T15:00:00Z"]
    ),
]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
ConsumerId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Ties credit data and notices to one person; nothing personal.",
        examples=["consumer-1"],
    ),
]
Cause = Annotated[str, Field(max_length=2000, description="Why, in three words at least.")]


class Command(BaseModel):
    """What every command has in common: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class ApplicantBody(Command):
    """One applicant or guarantor."""

    consumer_id: ConsumerId
    name: str = Field(max_length=200, examples=["Dana Whitlow"])
    address_lines: Lines = Field(examples=[["18 Alder Court, Apt. 3", "Millbrook, OH 43299"]])
    role: ApplicantRole | None = Field(
        None, description="Null is the primary applicant for the first, joint for any other."
    )
    email: str | None = Field(None, max_length=320)


class CreditorBody(Command):
    """Who takes the action; names its line of Appendix A."""

    name: str = Field(max_length=200)
    address_lines: Lines
    creditor_type: CreditorType = Field(
        description="Which line of 12 CFR 1002, Appendix A: it names the Federal agency."
    )
    telephone: str | None = None


class TransactionBody(Command):
    """The credit asked for, as a notice describes it."""

    request: CreditRequest = CreditRequest.LOAN
    description: str = Field(
        max_length=200,
        description="Continues 'Your request for': the credit alone, without names of places.",
        examples=["a personal loan of $24,000"],
    )


class BusinessBody(Command):
    """Facts of a business applicant."""

    gross_revenue_usd: Decimal | None = Field(
        None, ge=0, description="Of the preceding fiscal year; null for a business that starts."
    )
    is_trade_credit_or_factoring: bool = False


class ConsentBody(Command):
    """Consent to electronic records (15 USC 7001)."""

    consent_id: Id
    consumer_id: ConsumerId
    given_on: date
    withdrawn_on: date | None = None


class ReceiveRequest(Command):
    """An application comes in, or the review of an existing account begins."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "application": {
                        "text": "Asks for $24,000 over 60 months. Debts take 61% of her income.",
                        "product": "personal",
                        "loan_amount_usd": 24000,
                    },
                    "applicants": [
                        {
                            "consumer_id": "consumer-1",
                            "name": "Dana Whitlow",
                            "address_lines": ["18 Alder Court", "Millbrook, OH 43299"],
                        }
                    ],
                    "transaction": {"description": "a personal loan of $24,000"},
                    "creditors": [
                        {
                            "name": "Quarry Street Finance Company",
                            "address_lines": ["400 Quarry Street", "Millbrook, OH 43299"],
                            "creditor_type": "other_creditor",
                            "telephone": "(614) 555-0130",
                        }
                    ],
                    "time_zone": "America/New_York",
                }
            ]
        }
    )

    application: ApplicationBody = Field(
        None, description="As for /api/v1/predict; its `id` is kept as your reference."
    )
    applicants: list[ApplicantBody] = Field(
        max_length=20, description="The primary applicant first."
    )
    transaction: TransactionBody
    creditors: list[CreditorBody] = Field(
        default=[], max_length=20, description="One; empty takes the creditor of the policy file."
    )
    business: BusinessBody | None = Field(None, description="Null for consumer credit.")
    consents: list[ConsentBody] = Field(default=[], max_length=100)
    kind: CaseKind = CaseKind.APPLICATION
    case_id: Id | None = Field(
        None, description="An id of your own, nothing personal; null lets one be made."
    )
    time_zone: str | None = Field(
        None,
        max_length=64,
        description="The creditor's, an IANA name; null takes that of the policy file.",
        examples=["America/New_York"],
    )
    received_at: Moment = None
    property_address_lines: Lines = []
    is_hmda_reportable: bool = Field(
        default=False, description="Whether the register of 12 CFR 1003 reports it."
    )


class CompleteRequest(Command):
    """The last piece of information was obtained."""

    completed_at: Moment = None


class AssessRequest(Command):
    """Who is to assess: the model, or the person who asks, without it."""

    by_hand: bool = False


class AssignRequest(Command):
    """Who is to work on the case."""

    person_id: Id | None = Field(description="Null for nobody.")


class HoldRequest(Command):
    """A legal hold."""

    hold_id: Id


class MomentRequest(Command):
    """When something happened."""

    at: Moment = None


class ReasonsRequest(Command):
    """Who asked for the reasons, and when."""

    consumer_id: ConsumerId | None = Field(
        None, description="Who asked; null is the primary applicant."
    )
    at: Moment = None


class CounterofferAnswer(Command):
    """What the applicant said to a counteroffer."""

    accepted: bool
    at: Moment = None


class ApprovalRequest(Command):
    """How an approval was told."""

    channel: Channel
    told_at: Moment = None


class TermBody(Command):
    """One term of a counteroffer."""

    label: str = Field(max_length=100, examples=["Amount"])
    value: str = Field(max_length=100, examples=["$12,000.00"])


class OfferRequest(Command):
    """Which terms were offered without a letter of ours, and how."""

    terms: list[TermBody] = Field(max_length=20)
    channel: Channel
    told_at: Moment = None


class EmptyRequest(Command):
    """Nothing to say: the person is that of the key."""
