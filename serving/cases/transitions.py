"""From one recorded event to the next: a case is the fold of its events.

The order of events, in words::

    received -> (incomplete notice) -> complete -> assessed -> decided
        -> notice drafted -> checked -> released by a second person -> sent -> retained -> purged

Source: 12 CFR 1002.9, 1002.12(b).
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce, singledispatch

from serving.cases.calendar_days import zone
from serving.cases.case import (
    OFFERS,
    Case,
    NoticeInPreparation,
    NoticeStep,
    OfferState,
    SentNotice,
    Stage,
    expected_events,
)
from serving.cases.errors import IllegalEventError
from serving.cases.events import (
    OPENING,
    AccountReviewOpened,
    ApplicationCompleted,
    ApplicationReceived,
    AssessmentRecorded,
    CaseKind,
    CasePurged,
    CaseRetained,
    CounterofferAccepted,
    CounterofferDeclined,
    DecisionRecorded,
    DecisionReopened,
    Event,
    LegalHoldLifted,
    LegalHoldPlaced,
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
    ReasonsRequested,
    RetentionRequested,
)
from serving.cases.guards import guard, guard_time, refuse
from serving.cases.retention import is_within_window, last_notified_at


def apply(case: Case | None, event: Event) -> Case:
    """Returns the case as an event leaves it.

    Args:
        case: the case before; None for the event that opens it.
        event: what happened.

    Raises:
        IllegalEventError: the case does not allow the event; nothing has changed.
        EventValueError: the time zone of an opening event is unknown.
    """
    if case is None:
        return _open(event)
    if type(event) not in expected_events(case):
        refuse(case, event, "it is not possible in this state: record what comes before it")
    guard_time(case, event)
    guard(event, case)
    return replace(_after(event, case), last_recorded_at=event.recorded_at)


def replay(events: Iterable[Event]) -> Case:
    """Returns the case that recorded events make.

    Raises:
        IllegalEventError: there is no event, or one does not follow from those before it.
    """
    case = reduce(apply, events, None)
    if case is None:
        raise IllegalEventError(
            state="not open",
            event="the end of the record",
            expected=tuple(kind.__name__ for kind in OPENING),
            reason="there is no event: record what opens the case",
        )
    return case


def _open(event: Event) -> Case:
    if not isinstance(event, ApplicationReceived | AccountReviewOpened):
        raise IllegalEventError(
            state="not open",
            event=type(event).__name__,
            expected=tuple(kind.__name__ for kind in OPENING),
            reason="no event has opened it: record what opens the case first",
        )
    zone(event.time_zone)
    is_application = isinstance(event, ApplicationReceived)
    return Case(
        case_id=event.case_id,
        kind=CaseKind.APPLICATION if is_application else CaseKind.EXISTING_ACCOUNT,
        applicant_kind=event.applicant_kind,
        time_zone=event.time_zone,
        opened_at=event.occurred_at,
        last_recorded_at=event.recorded_at,
        stage=Stage.RECEIVED if is_application else Stage.COMPLETE,
    )


@singledispatch
def _after(event: Event, case: Case) -> Case:
    """Returns the case after an accepted event; every kind is registered below."""
    raise NotImplementedError(type(event).__name__)


@_after.register
def _completed(event: ApplicationCompleted, case: Case) -> Case:
    # What was assessed was the incomplete application, and the items asked for are here.
    return replace(
        case,
        stage=Stage.COMPLETE,
        completed_at=event.occurred_at,
        assessment=None,
        notice=None,
    )


@_after.register
def _assessed(event: AssessmentRecorded, case: Case) -> Case:
    stage = Stage.ASSESSED if case.is_complete else case.stage
    return replace(case, stage=stage, assessment=event.assessment)


@_after.register
def _decided(event: DecisionRecorded, case: Case) -> Case:
    return replace(case, stage=Stage.DECIDED, decision=event.decision, notice=None)


@_after.register
def _reopened(_: DecisionReopened, case: Case) -> Case:
    return replace(case, stage=_stage_before_decision(case), decision=None, notice=None)


def _stage_before_decision(case: Case) -> Stage:
    if case.is_complete:
        return Stage.ASSESSED if case.assessment else Stage.COMPLETE
    return Stage.AWAITING_INFORMATION if case.sent else Stage.RECEIVED


@_after.register
def _drafted(event: NoticeDrafted, case: Case) -> Case:
    notice = NoticeInPreparation(draft=event, step=NoticeStep.DRAFTED, stepped_at=event.occurred_at)
    return replace(case, notice=notice)


@_after.register
def _checked(event: NoticeChecked, case: Case) -> Case:
    return case if event.blocking else _step(case, event, NoticeStep.CHECKED)


@_after.register
def _released(event: NoticeReleased, case: Case) -> Case:
    return _step(case, event, NoticeStep.RELEASED)


def _step(case: Case, event: Event, step: NoticeStep) -> Case:
    assert case.notice is not None  # noqa: S101  the kind of event is legal only with a notice
    notice = replace(case.notice, step=step, stepped_at=event.occurred_at)
    return replace(case, notice=notice)


@_after.register
def _sent(event: NoticeSent, case: Case) -> Case:
    assert case.notice is not None  # noqa: S101  the kind of event is legal only with a notice
    draft = case.notice.draft
    sent = SentNotice(draft=draft, channel=event.channel, notified_at=event.occurred_at)
    return replace(
        case,
        stage=_stage_after(draft.purpose, case),
        notice=None,
        sent=(*case.sent, sent),
        offer=_offer_after(draft.purpose, case),
    )


def _stage_after(purpose: NoticePurpose, case: Case) -> Stage:
    if purpose is NoticePurpose.INCOMPLETENESS:
        return Stage.AWAITING_INFORMATION
    return case.stage if case.stage is Stage.RETAINED else Stage.NOTIFIED


def _offer_after(purpose: NoticePurpose, case: Case) -> OfferState | None:
    if purpose in OFFERS:
        return OfferState.OPEN
    return OfferState.DENIED if purpose is NoticePurpose.COUNTEROFFER_NOT_ACCEPTED else case.offer


@_after.register
def _discarded(_: NoticeDiscarded, case: Case) -> Case:
    return replace(case, notice=None)


@_after.register
def _accepted(_: CounterofferAccepted, case: Case) -> Case:
    denial = NoticePurpose.COUNTEROFFER_NOT_ACCEPTED
    drops = case.notice is not None and case.notice.draft.purpose is denial
    notice = None if drops else case.notice
    return replace(case, offer=OfferState.ACCEPTED, notice=notice)


@_after.register
def _declined(_: CounterofferDeclined, case: Case) -> Case:
    return replace(case, offer=OfferState.DECLINED)


@_after.register
def _reasons_requested(event: ReasonsRequested, case: Case) -> Case:
    told = case.notice_on_request
    if told is None or not is_within_window(
        case, notified_at=told.notified_at, asked_at=event.occurred_at
    ):
        return case
    return replace(case, reasons_requested_at=event.occurred_at)


@_after.register
def _retention_requested(event: RetentionRequested, case: Case) -> Case:
    told_at = last_notified_at(case)
    if told_at is None or not is_within_window(
        case, notified_at=told_at, asked_at=event.occurred_at
    ):
        return case
    return replace(case, retention_requested_at=event.occurred_at)


@_after.register
def _held(event: LegalHoldPlaced, case: Case) -> Case:
    return replace(case, holds=case.holds | {event.hold_id})


@_after.register
def _lifted(event: LegalHoldLifted, case: Case) -> Case:
    return replace(case, holds=case.holds - {event.hold_id})


@_after.register
def _retained(_: CaseRetained, case: Case) -> Case:
    return replace(case, stage=Stage.RETAINED)


@_after.register
def _purged(_: CasePurged, case: Case) -> Case:
    # The fold keeps ids and digests; what is personal goes with the events' key.
    return replace(case, stage=Stage.PURGED, assessment=None, decision=None)
