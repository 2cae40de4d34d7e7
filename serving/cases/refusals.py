"""Refusing an event: for its time, or because the notice that it is about is not in preparation."""

from datetime import datetime
from typing import Never

from serving.cases.case import Case, NoticeInPreparation
from serving.cases.errors import EventTimeError, IllegalEventError
from serving.cases.events import (
    AssessmentRecorded,
    CounterofferAccepted,
    CounterofferDeclined,
    DecisionRecorded,
    DecisionReopened,
    Event,
    ReasonsRequested,
)
from serving.cases.expected import expected_events
from serving.cases.notice_events import (
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
)

AboutNotice = NoticeChecked | NoticeReleased | NoticeSent | NoticeDiscarded
"""The events about a notice in preparation."""


def refuse(
    case: Case, event: Event, reason: str, kind: type[IllegalEventError] = IllegalEventError
) -> Never:
    """Raises `kind` for an event that the case refuses."""
    raise kind(
        state=case.state,
        event=type(event).__name__,
        expected=tuple(expected.__name__ for expected in expected_events(case)),
        reason=reason,
    )


def guard_time(case: Case, event: Event) -> None:
    """Refuses an event that was recorded, or happened, before what it follows.

    Raises:
        EventTimeError: as above.
    """
    if event.recorded_at < case.last_recorded_at:
        reason = "it was recorded before the last event: check the machine's time"
        refuse(case, event, reason, EventTimeError)
    if event.occurred_at < (_follows(case, event) or case.opened_at):
        reason = "it happened before what it follows: correct its time"
        refuse(case, event, reason, EventTimeError)


def _follows(case: Case, event: Event) -> datetime | None:
    """Returns when that happened which an event follows, None for the opening of the case."""
    followed: datetime | None = None
    match event:
        case NoticeChecked() | NoticeReleased() | NoticeSent() | NoticeDiscarded():
            found = case.notice(event.notice_id)
            followed = found.stepped_at if found else None
        case AssessmentRecorded() | DecisionRecorded():
            followed = case.completed_at
        case NoticeDrafted(purpose=NoticePurpose.REASONS_STATEMENT):
            followed = case.asked_at(event.consumer_id)
        case NoticeDrafted() | DecisionReopened():
            followed = case.decision.decided_at if case.decision else None
        case CounterofferAccepted() | CounterofferDeclined():
            followed = case.offer_notice.notified_at if case.offer_notice else None
        case ReasonsRequested():
            told = case.notice_on_request(event.consumer_id)
            followed = told.notified_at if told else None
        case _:
            followed = None
    return followed


def notice_of(case: Case, event: AboutNotice) -> NoticeInPreparation:
    """Returns the notice in preparation that an event is about.

    Raises:
        IllegalEventError: it is not in preparation.
    """
    found = case.notice(event.notice_id)
    if found is None:
        refuse(case, event, "it is about another notice than those in preparation: name one")
    return found
