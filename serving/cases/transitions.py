"""From one recorded event to the next: a case is the fold of its events.

The order of events, in words::

    received -> (incomplete notice) -> complete -> assessed -> decided
        -> for each recipient: notice drafted -> checked -> released by a second person -> sent
        -> retained -> purged

Source: 12 CFR 1002.9, 1002.12(b).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import reduce, singledispatch

from serving.cases.calendar_days import zone
from serving.cases.case import (
    OFFERS,
    AskedReasons,
    Case,
    NoticeInPreparation,
    NoticeStep,
    OfferState,
    OvertakenNotice,
    SentNotice,
    Stage,
)
from serving.cases.errors import IllegalEventError
from serving.cases.events import (
    PRIMARY_APPLICANT,
    AccountReviewOpened,
    ApplicationCompleted,
    ApplicationReceived,
    AssessmentRecorded,
    CaseKind,
    CounterofferAccepted,
    CounterofferDeclined,
    DecisionRecorded,
    DecisionReopened,
    Event,
    ReasonsRequested,
)
from serving.cases.every_event import OPENING
from serving.cases.expected import expected_events
from serving.cases.file_events import FilePart, FileRevised
from serving.cases.guards import guard
from serving.cases.keeping_events import (
    CasePurged,
    CaseRetained,
    LegalHoldLifted,
    LegalHoldPlaced,
    RetentionRequested,
)
from serving.cases.notice_events import (
    NoticeChecked,
    NoticeDiscarded,
    NoticeDrafted,
    NoticePurpose,
    NoticeReleased,
    NoticeSent,
)
from serving.cases.outdated import outdated_by_acceptance
from serving.cases.owed import untold
from serving.cases.refusals import guard_time, notice_of, refuse
from serving.cases.retention import asks_in_time, is_within_window


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
def _revised(event: FileRevised, case: Case) -> Case:
    if FilePart.APPLICATION not in event.parts:
        return case
    # What was assessed was another application.
    unread = replace(case, assessment=None)
    return replace(unread, stage=_stage_before_decision(unread))


@_after.register
def _completed(event: ApplicationCompleted, case: Case) -> Case:
    # What was assessed was the incomplete application, and the items asked for are here.
    return replace(
        _overtaken(case, case.preparing, at=event.occurred_at),
        stage=Stage.COMPLETE,
        completed_at=event.occurred_at,
        assessment=None,
    )


def _overtaken(case: Case, notices: tuple[NoticeInPreparation, ...], *, at: datetime) -> Case:
    """These are in preparation no more; what of them was released may have gone out before."""
    released = (n for n in notices if n.step is NoticeStep.RELEASED)
    late = tuple(OvertakenNotice(notice=notice, overtaken_at=at) for notice in released)
    left = tuple(n for n in case.preparing if n not in notices)
    return replace(case, preparing=left, overtaken=(*case.overtaken, *late))


@_after.register
def _assessed(event: AssessmentRecorded, case: Case) -> Case:
    stage = Stage.ASSESSED if case.is_complete else case.stage
    return replace(case, stage=stage, assessment=event.assessment)


@_after.register
def _decided(event: DecisionRecorded, case: Case) -> Case:
    overtaken = _overtaken(case, case.preparing, at=event.occurred_at)
    return replace(overtaken, stage=Stage.DECIDED, decision=event.decision)


@_after.register
def _reopened(_: DecisionReopened, case: Case) -> Case:
    # A released notice is sent or discarded before; only older records may have dropped one here.
    return replace(case, stage=_stage_before_decision(case), decision=None, preparing=())


def _stage_before_decision(case: Case) -> Stage:
    if case.is_complete:
        return Stage.ASSESSED if case.assessment else Stage.COMPLETE
    return Stage.AWAITING_INFORMATION if case.sent else Stage.RECEIVED


@_after.register
def _drafted(event: NoticeDrafted, case: Case) -> Case:
    notice = NoticeInPreparation(draft=event, step=NoticeStep.DRAFTED, stepped_at=event.occurred_at)
    return replace(case, preparing=(*case.preparing, notice))


@_after.register
def _checked(event: NoticeChecked, case: Case) -> Case:
    return case if event.blocking else _step(case, event, NoticeStep.CHECKED)


@_after.register
def _released(event: NoticeReleased, case: Case) -> Case:
    return _step(case, event, NoticeStep.RELEASED)


def _step(case: Case, event: NoticeChecked | NoticeReleased, step: NoticeStep) -> Case:
    stepped = notice_of(case, event)
    after = replace(stepped, step=step, stepped_at=event.occurred_at)
    return replace(case, preparing=tuple(after if n is stepped else n for n in case.preparing))


@_after.register
def _sent(event: NoticeSent, case: Case) -> Case:
    draft = notice_of(case, event).draft
    sent = SentNotice(draft=draft, channel=event.channel, notified_at=event.occurred_at)
    given = replace(
        _without(case, event.notice_id),
        sent=(*case.sent, sent),
        offer=_offer_after(draft, case),
    )
    return replace(given, stage=_stage_after(draft.purpose, given))


def _without(case: Case, notice_id: str) -> Case:
    return replace(
        case,
        preparing=tuple(n for n in case.preparing if n.draft.notice_id != notice_id),
        overtaken=tuple(o for o in case.overtaken if o.notice.draft.notice_id != notice_id),
    )


def _stage_after(purpose: NoticePurpose, case: Case) -> Stage:
    """Returns the stage after a notice was given: notified once everybody was told."""
    if purpose is NoticePurpose.INCOMPLETENESS:
        asked = Stage.AWAITING_INFORMATION
        return asked if case.stage in {Stage.RECEIVED, asked} else case.stage
    if case.stage is Stage.RETAINED or untold(case):
        return case.stage
    return Stage.NOTIFIED


def _offer_after(draft: NoticeDrafted, case: Case) -> OfferState | None:
    """Returns the offer's state: open once the primary applicant has it, denied once told so.

    What others are told, or what is recorded late of an offer accepted, leaves it.
    """
    if draft.consumer_id != PRIMARY_APPLICANT or case.offer is OfferState.ACCEPTED:
        return case.offer
    if draft.purpose in OFFERS:
        return OfferState.OPEN
    denies = draft.purpose is NoticePurpose.COUNTEROFFER_NOT_ACCEPTED
    return OfferState.DENIED if denies else case.offer


@_after.register
def _discarded(event: NoticeDiscarded, case: Case) -> Case:
    return _without(case, event.notice_id)


@_after.register
def _accepted(event: CounterofferAccepted, case: Case) -> Case:
    overtaken = _overtaken(case, outdated_by_acceptance(case), at=event.occurred_at)
    stage = Stage.NOTIFIED if case.stage is Stage.DECIDED else case.stage
    return replace(overtaken, offer=OfferState.ACCEPTED, stage=stage)


@_after.register
def _declined(_: CounterofferDeclined, case: Case) -> Case:
    return replace(case, offer=OfferState.DECLINED)


@_after.register
def _reasons_requested(event: ReasonsRequested, case: Case) -> Case:
    told = case.notice_on_request(event.consumer_id)
    if told is None or not is_within_window(
        case, notified_at=told.notified_at, asked_at=event.occurred_at
    ):
        return case
    asked = AskedReasons(consumer_id=event.consumer_id, asked_at=event.occurred_at)
    return replace(case, asked=(*case.asked, asked))


@_after.register
def _retention_requested(event: RetentionRequested, case: Case) -> Case:
    if not asks_in_time(case, asked_at=event.occurred_at):
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
    return replace(case, stage=Stage.PURGED, assessment=None, decision=None, overtaken=())
