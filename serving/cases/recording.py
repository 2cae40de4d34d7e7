"""What every store checks before it records: the rules that no database can know.

The stores share these, so that the one in memory refuses what the real one refuses.
"""

import hashlib
from collections.abc import Sequence
from functools import reduce

from serving.cases.application_file import ApplicationFile
from serving.cases.case import Case, Stage
from serving.cases.errors import IllegalEventError
from serving.cases.events import AccountReviewOpened, ApplicationReceived, Event
from serving.cases.every_event import OPENING
from serving.cases.file_rules import check_media_type
from serving.cases.keeping_events import CasePurged
from serving.cases.notice_events import NoticeDrafted, NoticeReleased
from serving.cases.store import NoticeContent
from serving.cases.store_errors import (
    CaseConflictError,
    CasePurgedError,
    IdTakenError,
    NoticeContentError,
    RecordFieldError,
)
from serving.cases.transitions import apply


def case_opened_by(opening: Event) -> Case:
    """Returns the case that an event opens. Raises IllegalEventError where it opens none."""
    if not isinstance(opening, ApplicationReceived | AccountReviewOpened):
        raise IllegalEventError(
            state="not open",
            event=type(opening).__name__,
            expected=tuple(kind.__name__ for kind in OPENING),
            reason="no event has opened it: record what opens the case first",
        )
    return apply(None, opening)


def check_open(stage: Stage) -> None:
    """Raises CasePurgedError for a case that has ended."""
    if stage is Stage.PURGED:
        raise CasePurgedError


def check_count(*, expected: int | None, found: int, of: str) -> None:
    """Raises CaseConflictError where the caller has seen another number; None has to see none."""
    if expected not in {None, found}:
        raise CaseConflictError(expected=f"{expected} {of}", found=f"{found} {of}")


def check_assignee(*, expected: str | None, found: str | None) -> None:
    """Raises CaseConflictError where another person works on a case than the caller has seen."""
    if expected != found:
        raise CaseConflictError(
            expected="the one it was read with", found="another person who works on it"
        )


def after(case: Case, events: Sequence[Event]) -> Case:
    """Returns the case after further events, none of which may follow a purge in the same call."""
    return reduce(apply, events, case)


def ends_in_purge(events: Sequence[Event]) -> bool:
    """Returns whether the events purge the case."""
    return any(isinstance(event, CasePurged) for event in events)


def check_notices(
    events: Sequence[Event], notices: Sequence[NoticeContent]
) -> dict[str, NoticeContent]:
    """Returns the contents by id, after comparing each with its draft.

    Raises:
        NoticeContentError: a draft without content, content without a draft or release, or content
            that is not what the draft's digest says.
        RecordFieldError: the media type of a rendering is none.
    """
    given = {notice.notice_id: notice for notice in notices}
    digests = {e.notice_id: e.digest for e in events if isinstance(e, NoticeDrafted)}
    released = {e.notice_id: e.digest for e in events if isinstance(e, NoticeReleased)}
    if missing := digests.keys() - given.keys():
        raise NoticeContentError(found=f"{len(missing)} drafts without content")
    for notice_id, notice in given.items():
        expected = digests.get(notice_id) or released.get(notice_id)
        if expected is None:
            raise NoticeContentError(found="content of a notice that is not drafted or released")
        for media_type in notice.renderings:
            check_media_type(media_type)
        if hashlib.sha256(notice.content).hexdigest() != expected:
            raise NoticeContentError(found="content with another sha256 than the draft's digest")
    return given


def check_documents(before: ApplicationFile, file: ApplicationFile) -> None:
    """Checks that a revised file has every document there was, and one that tells what is new.

    Raises:
        IdTakenError: a document that is kept is missing, changed or in another place.
        RecordFieldError: no document is added.
    """
    num_kept = len(before.documents)
    if file.documents[:num_kept] != before.documents:
        raise IdTakenError(kind="document")
    if len(file.documents) == num_kept:
        raise RecordFieldError(field="documents", expected="one more, which tells what is new")
