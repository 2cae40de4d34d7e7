"""Notices that nobody needs as they are any more are given up, each with its own event."""

from collections.abc import Iterable

from serving.cases.case import NoticeInPreparation, NoticeStep
from serving.cases.notice_events import NoticeDiscarded
from serving.casework.desk import When


def give_up(
    notices: Iterable[NoticeInPreparation], when: When, *, cause: str
) -> tuple[NoticeDiscarded, ...]:
    """Returns that some notices in preparation are given up, but for the released ones.

    What was released may have gone out already, and is recorded as sent or given up by a person.

    Args:
        notices: those that are overtaken.
        when: when, and by whom.
        cause: why, written.
    """
    return tuple(
        NoticeDiscarded(**when, notice_id=notice.draft.notice_id, cause=cause)
        for notice in notices
        if notice.step is not NoticeStep.RELEASED
    )
