"""What the routes on cases give."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.domain.application import FIELD_NAMES, LoanApplication
from serving.cases.application_file import Applicant, ApplicationFile, ProductTerms, PropertyDetails
from serving.cases.audited import action_name
from serving.cases.calendar_days import local_date
from serving.cases.case import NoticeInPreparation, NoticeStep, OfferState, SentNotice, Stage
from serving.cases.clock import Clock, ClockEntry, ClockKind, ClockStatus, next_deadline
from serving.cases.clocks import clocks
from serving.cases.decisions import Assessment as CaseAssessment
from serving.cases.decisions import DecisionRecord
from serving.cases.events import ApplicantKind, CaseKind
from serving.cases.expected import expected_events
from serving.cases.file_events import FilePart
from serving.cases.notice_events import Channel, NoticeDrafted, NoticePurpose
from serving.cases.owed import OpenNotice, open_notices
from serving.cases.retention import keep_until
from serving.cases.store import StoredCase
from serving.casework.facts import CaseFacts, Consents, InformationUsed, papers_of
from serving.casework.revisions import Revision
from serving.notices.notice import Creditor, Transaction


class Answer(BaseModel):
    """What every answer has in common."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())


class ClockAnswer(Answer):
    """A period that runs, or ran, with the reason of each start, stop and restart."""

    kind: ClockKind
    status: ClockStatus = Field(description="Today, in the creditor's time zone.")
    due_on: date = Field(description="Last day of the period, in the creditor's time zone.")
    stopped_on: date | None
    entries: list[ClockEntry]


class NoticeState(Answer):
    """How far the notice to one recipient is."""

    notice_id: str
    consumer_id: str | None = Field(description="The recipient; null is the primary applicant.")
    purpose: NoticePurpose
    step: NoticeStep | None = Field(description="Null once it was sent.")
    digest: str = Field(description="SHA-256 of its content.")
    template_digest: str
    channel: Channel | None = Field(description="How it was given; null before.")
    notified_at: datetime | None = Field(description="When it was given; null before.")


class Happening(Answer):
    """An event of the case."""

    event: str = Field(examples=["decision_recorded"])
    occurred_at: datetime
    recorded_at: datetime
    person_id: str
    role: str


class CaseAnswer(Answer):
    """Where a case stands."""

    case_id: str
    kind: CaseKind
    applicant_kind: ApplicantKind
    time_zone: str
    state: str = Field(description="In words.", examples=["decided, notice (action taken) checked"])
    stage: Stage
    offer: OfferState | None
    opened_at: datetime
    completed_at: datetime | None
    due_on: date | None = Field(description="What is due first; null where nothing is owed.")
    due_clock: ClockKind | None
    is_overdue: bool
    clocks: list[ClockAnswer]
    assessment: CaseAssessment | None
    decision: DecisionRecord | None
    notices: list[NoticeState] = Field(description="Those given, then those in preparation.")
    open_notices: list[OpenNotice] = Field(
        description="What is still open, one per recipient; `step` is null before the draft."
    )
    legal_holds: list[str]
    keep_until: date | None = Field(description="Last day of keeping, holds aside.")
    possible_next: list[str] = Field(description="Kinds of events the case allows now.")
    timeline: list[Happening]


class PaperAnswer(Answer):
    """A paper of the file, without its content."""

    document_id: str
    kind: str
    media_type: str
    received_at: datetime


class FormerContents(Answer):
    """What stood in the file. Personal."""

    application: dict[str, Any] | None = Field(description="The fields given.")
    applicants: list[Applicant]
    creditors: list[Creditor]
    transaction: Transaction
    property_address_lines: list[str]


class RevisionAnswer(Answer):
    """A revision of the file, with what stood there before. Personal."""

    revised_at: datetime
    person_id: str
    cause: str
    parts: list[FilePart]
    before: FormerContents


class FileAnswer(Answer):
    """What came in. Personal."""

    application: dict[str, Any] | None = Field(description="The fields given.")
    applicants: list[Applicant]
    terms: list[ProductTerms]
    collateral: PropertyDetails | None
    facts: CaseFacts
    information: InformationUsed
    consents: Consents
    papers: list[PaperAnswer]
    revisions: list[RevisionAnswer] = Field(description="What stood there before, oldest first.")


class CaseWithFile(CaseAnswer):
    """Where a case stands, and what came in."""

    file: FileAnswer


class DecisionAnswer(Answer):
    """A decision in force."""

    case_id: str
    decision: DecisionRecord


class SummaryAnswer(Answer):
    """What is known of the application, in fixed sentences. Quotes the application."""

    facts: list[str]
    sentences: list[str]


class PurgedAnswer(Answer):
    """A case whose record was destroyed."""

    case_id: str
    stage: Stage


def case_answer(stored: StoredCase, *, now: datetime) -> CaseAnswer:
    """Returns where a case stands at a moment, UTC."""
    return CaseAnswer(**_case_fields(stored, now=now))


def case_with_file(
    stored: StoredCase,
    file: ApplicationFile,
    *,
    facts: CaseFacts,
    information: InformationUsed,
    consents: Consents,
    revisions: Sequence[Revision],
    now: datetime,
) -> CaseWithFile:
    """Returns where a case stands at a moment, UTC, and what came in."""
    return CaseWithFile(
        **_case_fields(stored, now=now),
        file=FileAnswer(
            application=_fields_given(file.application),
            applicants=list(file.applicants),
            terms=list(file.terms),
            collateral=file.collateral,
            facts=facts,
            information=information,
            consents=consents,
            papers=[
                PaperAnswer(
                    document_id=paper.document_id,
                    kind=paper.kind,
                    media_type=paper.media_type,
                    received_at=paper.received_at,
                )
                for paper in papers_of(file)
            ],
            revisions=list(map(_revision, revisions)),
        ),
    )


def _fields_given(asked: LoanApplication | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    return {n: v for n in FIELD_NAMES if (v := getattr(asked, n)) is not None}


def _revision(found: Revision) -> RevisionAnswer:
    before = found.before
    return RevisionAnswer(
        revised_at=found.revised_at,
        person_id=found.revised_by,
        cause=found.cause,
        parts=list(found.parts),
        before=FormerContents(
            application=_fields_given(before.application),
            applicants=list(before.applicants),
            creditors=list(before.creditors),
            transaction=before.transaction,
            property_address_lines=list(before.property_address),
        ),
    )


def _case_fields(stored: StoredCase, *, now: datetime) -> dict[str, Any]:
    case = stored.case
    found = clocks(stored.events)
    today = local_date(now, time_zone=case.time_zone)
    due = next_deadline(found)
    return {
        "case_id": case.case_id,
        "kind": case.kind,
        "applicant_kind": case.applicant_kind,
        "time_zone": case.time_zone,
        "state": case.state,
        "stage": case.stage,
        "offer": case.offer,
        "opened_at": case.opened_at,
        "completed_at": case.completed_at,
        "due_on": due.due_on if due else None,
        "due_clock": due.kind if due else None,
        "is_overdue": due is not None and due.due_on < today,
        "clocks": [_clock(clock, today=today) for clock in found],
        "assessment": case.assessment,
        "decision": case.decision,
        "notices": notice_states(stored),
        "open_notices": list(open_notices(case)),
        "legal_holds": sorted(case.holds),
        "keep_until": None if case.stage is Stage.PURGED else keep_until(case),
        "possible_next": [kind.__name__ for kind in expected_events(case)],
        "timeline": [
            Happening(
                event=action_name(event),
                occurred_at=event.occurred_at,
                recorded_at=event.recorded_at,
                person_id=event.actor.actor_id,
                role=event.actor.role,
            )
            for event in stored.events
        ],
    }


def _clock(clock: Clock, *, today: date) -> ClockAnswer:
    return ClockAnswer(
        kind=clock.kind,
        status=clock.status(on=today),
        due_on=clock.due_on,
        stopped_on=clock.stopped_on,
        entries=list(clock.entries),
    )


def notice_states(stored: StoredCase) -> list[NoticeState]:
    """Returns how far each notice of a case is, those given first, overtaken ones last."""
    case = stored.case
    return [*map(_sent, case.sent), *map(_preparing, case.unsent)]


def _preparing(notice: NoticeInPreparation) -> NoticeState:
    return _state(notice.draft, step=notice.step)


def _sent(sent: SentNotice) -> NoticeState:
    return _state(sent.draft, channel=sent.channel, notified_at=sent.notified_at)


def _state(
    draft: NoticeDrafted,
    *,
    step: NoticeStep | None = None,
    channel: Channel | None = None,
    notified_at: datetime | None = None,
) -> NoticeState:
    return NoticeState(
        notice_id=draft.notice_id,
        consumer_id=draft.consumer_id,
        purpose=draft.purpose,
        step=step,
        digest=draft.digest,
        template_digest=draft.template_digest,
        channel=channel,
        notified_at=notified_at,
    )
