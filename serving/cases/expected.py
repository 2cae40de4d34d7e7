"""Which kinds of events a case allows now."""

from collections.abc import Callable

from serving.cases.case import Case, NoticeStep, OfferState, Stage
from serving.cases.events import (
    AccountReviewOpened,
    ApplicantKind,
    ApplicationCompleted,
    ApplicationReceived,
    AssessmentRecorded,
    CounterofferAccepted,
    CounterofferDeclined,
    DecisionRecorded,
    DecisionReopened,
    Event,
    ReasonsRequested,
)
from serving.cases.file_events import FileRevised
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
    NoticeReleased,
    NoticeSent,
)
from serving.cases.owed import is_finished, may_ask, open_notices, to_draft

UNDECIDED = (Stage.RECEIVED, Stage.AWAITING_INFORMATION, Stage.COMPLETE, Stage.ASSESSED)
"""The stages in which no decision is in force yet."""

STEPS_BEFORE: dict[type[Event], tuple[NoticeStep, ...]] = {
    NoticeChecked: (NoticeStep.DRAFTED,),
    NoticeReleased: (NoticeStep.CHECKED,),
    NoticeSent: (NoticeStep.RELEASED,),
    NoticeDiscarded: tuple(NoticeStep),
}
"""The steps at which a notice must be for each event about it."""


def expected_events(case: Case) -> tuple[type[Event], ...]:
    """Returns the kinds of event that the case allows now; empty once it is purged.

    Whether one event of such a kind is accepted also depends on what it says.
    """
    return tuple(kind for kind, is_legal in _LEGAL.items() if is_legal(case))


def _at(*stages: Stage) -> Callable[[Case], bool]:
    return lambda case: case.stage in stages


def _before(kind: type[Event]) -> Callable[[Case], bool]:
    return lambda case: any(notice.step in STEPS_BEFORE[kind] for notice in case.unsent)


def _may_request_reasons(case: Case) -> bool:
    return case.stage is not Stage.PURGED and bool(may_ask(case))


def _may_request_retention(case: Case) -> bool:
    if case.applicant_kind is not ApplicantKind.LARGE_BUSINESS or case.retention_requested_at:
        return False
    return bool(case.sent) and case.stage is not Stage.PURGED


_LEGAL: dict[type[Event], Callable[[Case], bool]] = {
    ApplicationReceived: lambda _: False,
    AccountReviewOpened: lambda _: False,
    FileRevised: lambda case: case.stage is not Stage.PURGED,
    ApplicationCompleted: _at(Stage.RECEIVED, Stage.AWAITING_INFORMATION),
    AssessmentRecorded: _at(*UNDECIDED),
    DecisionRecorded: _at(*UNDECIDED),
    DecisionReopened: lambda case: case.stage is Stage.DECIDED and not case.told,
    NoticeDrafted: lambda case: bool(to_draft(case)),
    NoticeChecked: _before(NoticeChecked),
    NoticeReleased: _before(NoticeReleased),
    NoticeSent: _before(NoticeSent),
    NoticeDiscarded: _before(NoticeDiscarded),
    CounterofferAccepted: lambda case: (
        case.offer in {OfferState.OPEN, OfferState.DECLINED} and case.stage is not Stage.PURGED
    ),
    CounterofferDeclined: lambda case: (
        case.offer is OfferState.OPEN and case.stage is not Stage.PURGED
    ),
    ReasonsRequested: _may_request_reasons,
    RetentionRequested: _may_request_retention,
    LegalHoldPlaced: lambda case: case.stage is not Stage.PURGED,
    LegalHoldLifted: lambda case: bool(case.holds) and case.stage is not Stage.PURGED,
    CaseRetained: is_finished,
    CasePurged: lambda case: case.stage is Stage.RETAINED and not open_notices(case),
}
