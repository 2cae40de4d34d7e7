"""What the routes on notices take."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from serving.api.case_requests import Cause, Command, ConsumerId, Id, Lines, Moment, TermBody
from serving.cases.notice_events import Channel
from serving.notices.forms import ActionKind, NoticeForm
from serving.notices.notice import Channel as PlannedChannel
from serving.notices.notice import Language


class CounterofferBody(Command):
    """What is offered instead."""

    terms: list[TermBody] = Field(max_length=20)
    respond_by: date
    accept_at_lines: Lines = Field(
        default=[], description="Where to accept; empty takes the creditor's address."
    )


class DraftAllBody(Command):
    """What every notice of a case is drafted with; everything left out takes what is usual."""

    case_id: Id
    form: NoticeForm | None = Field(
        None,
        description="C-1 to C-7 or APPROVAL, for applicants; null takes the usual one. A guarantor "
        "gets REPORT-USED.",
    )
    channel: PlannedChannel = PlannedChannel.POSTAL
    language: Language = Field(
        Language.ENGLISH, description="Only 'en' has approved texts (12 CFR 1002.4(e))."
    )
    dated_on: date | None = Field(
        None,
        description="Null takes today where the creditor is; forms C-4, C-5 and C-6 go out within "
        "two days of it.",
    )
    missing_items: list[str] = Field(
        default=[], max_length=40, description="What form C-6 asks for, each item by its name."
    )
    respond_by: date | None = Field(None, description="Last day to send it, for form C-6 alone.")
    counteroffer: CounterofferBody | None = Field(
        None,
        description="What form C-4 offers, in the same letter as the reasons; null takes what "
        "another letter of the decision offers, on whose terms all agree.",
    )
    reasons_contact: str | None = Field(
        None, max_length=200, description="The office that gives reasons, for form C-5."
    )
    account_action: ActionKind | None = Field(
        None,
        description="Of an existing account: termination or unfavorable_change; null takes what "
        "another letter of the decision tells, for all tell the same.",
    )
    action_description: str | None = Field(
        None,
        max_length=100,
        description="The action taken in words that fit it, such as 'Account suspended', 'Credit "
        "limit lowered' or 'Request for a higher credit limit denied'; null takes those of another "
        "letter of the decision, or the usual ones.",
    )


class DraftRequestBody(DraftAllBody):
    """The notice to one recipient; everything left out takes what is usual."""

    consumer_id: ConsumerId | None = Field(
        None, description="The recipient; null takes the primary applicant."
    )


class WarningCause(Command):
    """Why a notice may go out although a check warns."""

    check_id: str = Field(pattern=r"^[A-Z][0-9]{1,2}$", examples=["C6"])
    cause: Cause


class CheckRequest(Command):
    """The written causes of the warnings, if any."""

    causes: list[WarningCause] = Field(default=[], max_length=40)


class SentRequest(Command):
    """How and when a notice was given to its recipient."""

    channel: Channel
    sent_at: Moment = None
    consent_id: Id | None = Field(None, description="For electronic delivery, and no other.")


NoticeFileBody = Annotated[Any, Field(description="What `wherefore notice check FILE` takes.")]
