"""Which cases something happened to between two days, as their creditors count days."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import sqlalchemy as sa

from serving.adapters.sql.engine import reading
from serving.adapters.sql.tables import applications, events
from serving.cases.calendar_days import local_date
from serving.cases.events import AccountReviewOpened, ApplicationReceived, DecisionRecorded
from serving.cases.notice_events import NoticeSent

_ONE_DAY = timedelta(days=1)


class CaseDay(StrEnum):
    """Which day of a case counts."""

    RECEIVED = "received"
    DECIDED = "decided"
    """Any decision, also one that was taken back."""
    NOTIFIED = "notified"
    """Any notice sent, and an approval told."""


_EVENTS = {
    CaseDay.RECEIVED: (ApplicationReceived, AccountReviewOpened),
    CaseDay.DECIDED: (DecisionRecorded,),
    CaseDay.NOTIFIED: (NoticeSent,),
}


def cases_of_days(engine: sa.Engine, day: CaseDay, *, first: date, last: date) -> tuple[str, ...]:
    """Returns the cases to which something happened from one day to another, both included.

    Purged cases are among them: when something happened stays known.

    Args:
        engine: the database of cases.
        day: what happened.
        first: the first day, in the creditor's time zone.
        last: the last day.
    """
    kinds = [event.__name__ for event in _EVENTS[day]]
    wanted = (
        sa.select(events.c.case_id, events.c.occurred_at, applications.c.time_zone)
        .join(applications, applications.c.case_id == events.c.case_id)
        # A day anywhere on earth lies within a day of the same day in UTC.
        .where(events.c.kind.in_(kinds), events.c.occurred_at >= _midnight(first, -_ONE_DAY))
        .where(events.c.occurred_at < _midnight(last, 2 * _ONE_DAY))
        .order_by(events.c.case_id)
    )
    with reading(engine) as connection:
        found = {
            row.case_id: None
            for row in connection.execute(wanted)
            if first <= local_date(row.occurred_at, time_zone=row.time_zone) <= last
        }
    return tuple(found)


def _midnight(day: date, shift: timedelta) -> datetime:
    start = datetime.combine(day, time(), tzinfo=UTC)
    try:
        return start + shift
    except OverflowError:
        return start
