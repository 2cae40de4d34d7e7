"""Every kind of event that a case can have."""

from serving.cases.events import (
    AccountReviewOpened,
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

OPENING: tuple[type[Event], ...] = (ApplicationReceived, AccountReviewOpened)
"""The events that open a case."""
EVENTS: tuple[type[Event], ...] = (
    *OPENING,
    FileRevised,
    ApplicationCompleted,
    AssessmentRecorded,
    DecisionRecorded,
    DecisionReopened,
    NoticeDrafted,
    NoticeChecked,
    NoticeReleased,
    NoticeSent,
    NoticeDiscarded,
    CounterofferAccepted,
    CounterofferDeclined,
    ReasonsRequested,
    RetentionRequested,
    LegalHoldPlaced,
    LegalHoldLifted,
    CaseRetained,
    CasePurged,
)
"""Every kind of event."""
