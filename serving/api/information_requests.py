"""What the routes take of reports, scores and consents that were obtained."""

from datetime import date

from pydantic import Field

from serving.api.case_requests import Command, ConsentBody, ConsumerId, Lines


class AgencyBody(Command):
    """A consumer reporting agency."""

    name: str = Field(max_length=200)
    address_lines: Lines
    telephone: str = Field(max_length=40, description="Toll-free where the agency is nationwide.")
    is_nationwide: bool


class ReportBody(Command):
    """A consumer report that was considered."""

    consumer_id: ConsumerId
    agency: AgencyBody


class ScoreBody(Command):
    """A credit score that was considered, as its provider delivered it (15 USC 1681g(f)(1)).

    It stands beside the report on the same consumer that it was made from.
    """

    consumer_id: ConsumerId
    score: int
    created_on: date = Field(description="The day the score was created.")
    range_low: int
    range_high: int
    key_factors: list[str] = Field(
        max_length=5,
        description="In the provider's order: four at most, a fifth where one is the number of "
        "inquiries.",
    )
    provided_by: str = Field(max_length=200)
    inquiries_factor: str | None = Field(
        None, description="Which of the key factors is the number of inquiries."
    )


class InformationRequest(Command):
    """What was obtained from others and considered; replaces what was said of it before."""

    reports: list[ReportBody] = Field(default=[], max_length=20)
    scores: list[ScoreBody] = Field(default=[], max_length=20)
    other_information_used: bool = Field(
        default=False, description="An affiliate or another outside source (15 USC 1681m(b))."
    )


class ConsentsRequest(Command):
    """The consents to electronic records that hold; replaces what was said of them before."""

    consents: list[ConsentBody] = Field(max_length=100)
