"""What the route takes that corrects or supplements the file of a case."""

from pydantic import Field

from serving.api.case_requests import (
    Cause,
    Command,
    ConsumerId,
    CreditorBody,
    Lines,
    TransactionBody,
)
from serving.api.schemas import ApplicationBody


class ParticularsBody(Command):
    """How an applicant or guarantor is named and reached from now on; null leaves what is there."""

    consumer_id: ConsumerId
    name: str | None = Field(None, max_length=200)
    address_lines: Lines | None = Field(None, examples=[["77 Mill Lane", "Millbrook, OH 43299"]])
    email: str | None = Field(
        None, max_length=320, description="An empty text takes it off the file."
    )


class ReviseRequest(Command):
    """What is to stand in the file from now on, and why; what is left out stays."""

    cause: Cause
    applicants: list[ParticularsBody] = Field(
        default=[], max_length=20, description="Who is named or reached differently, at any time."
    )
    application: ApplicationBody = Field(
        None,
        description="The whole application as corrected or supplemented, before a decision. It "
        "has to be assessed anew. The reference of the case stays.",
    )
    transaction: TransactionBody | None = Field(None, description="Before a decision.")
    creditors: list[CreditorBody] | None = Field(
        None, max_length=20, description="The one, before a decision."
    )
    property_address_lines: Lines | None = Field(None, description="Before a decision.")
