"""What the routes on notices and the worklist give."""

from datetime import date, datetime

from pydantic import Field

from serving.api.case_answers import Answer, NoticeState, notice_states
from serving.cases.case import NoticeStep
from serving.cases.clock import next_deadline
from serving.cases.clocks import clocks
from serving.cases.store import StoredCase
from serving.cases.worklist import WorklistEntry, days_left, is_overdue
from serving.notices.checks.verdict import Verdict


class NoticeAnswer(NoticeState):
    """A notice and where its case stands."""

    case_id: str
    case_state: str
    due_on: date | None


class NoticesAnswer(Answer):
    """The notices drafted, the primary applicant's first."""

    notices: list[NoticeAnswer]


class CheckAnswer(Answer):
    """Every verdict, as `wherefore notice check --json` prints them."""

    blocked: bool = Field(description="Whether a failure blocks the release now.")
    verdicts: list[Verdict]


class CheckedNotice(CheckAnswer):
    """Every verdict, and how far the notice is after the check."""

    notice_id: str
    step: NoticeStep
    blocked_by: list[str] = Field(
        description="Ids of the checks that keep it a draft; A1 alone waits for the release."
    )


class WorklistLine(Answer):
    """A case as the worklist shows it; nothing in it is personal."""

    entry: WorklistEntry
    is_overdue: bool
    days_left: int | None = Field(description="Until the due day; below 0 when it is over.")


class WorklistAnswer(Answer):
    """Cases by due day; those that owe nothing come last."""

    entries: list[WorklistLine]
    next: str | None = Field(description="Send it as `after` for the next page; null at the end.")


def notice_answer(stored: StoredCase, notice_id: str) -> NoticeAnswer | None:
    """Returns how far a notice is; None for one that was given up."""
    for state in notice_states(stored):
        if state.notice_id == notice_id:
            due = next_deadline(clocks(stored.events))
            return NoticeAnswer(
                **state.model_dump(),
                case_id=stored.case.case_id,
                case_state=stored.case.state,
                due_on=due.due_on if due else None,
            )
    return None


def worklist_line(entry: WorklistEntry, *, now: datetime) -> WorklistLine:
    """Returns a line of the worklist at a moment, UTC."""
    left = days_left(entry, now=now)
    return WorklistLine(entry=entry, is_overdue=is_overdue(entry, now=now), days_left=left)
