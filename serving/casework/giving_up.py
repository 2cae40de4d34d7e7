"""Notices that were not released in time are given up, each with its own event."""

from serving.cases.case import NoticeStep
from serving.cases.events import Actor
from serving.cases.notice_events import NoticeDiscarded
from serving.cases.store import StoredCase
from serving.casework.desk import Desk


def give_up(
    desk: Desk, stored: StoredCase, *, cause: str, by: Actor
) -> tuple[NoticeDiscarded, ...]:
    """Returns that every notice in preparation is given up, but for the released ones.

    What was released may have gone out already, and is recorded as sent or given up by a person.
    """
    return tuple(
        NoticeDiscarded(**desk.when(by), notice_id=notice.draft.notice_id, cause=cause)
        for notice in stored.case.preparing
        if notice.step is not NoticeStep.RELEASED
    )
