"""When the notice on an application falls due, as a file of applications says it.

Source: 12 CFR 1002.9(a)(1)(i): 30 days after receiving a completed application; (c)(1): 30 days
after receiving an incomplete one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from data_pipeline.sources.rows import RowValueError
from serving.cases.calendar_days import days_after, local_date
from serving.cases.clock import NOTIFY_DAYS

Order = Literal["input", "due-date"]
"""In which order rows are scored: as they stand, or what falls due first, first."""

COMPLETED, RECEIVED = "completed_at", "received_at"

DATE_COLUMNS = (COMPLETED, RECEIVED)
"""Columns that tell when an application was complete, and when it came in."""

_NO_DAY = 9_999_999


class DueNote(StrEnum):
    """What is wrong with the dates of a row."""

    NO_DATE = "no_date"
    UNREADABLE = "unreadable_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When the notice on a row falls due.

    Attributes:
        due_on: last day to notify; None where no date of the row can be read.
        note: what is wrong with its dates; None where nothing is.
    """

    due_on: date | None
    note: DueNote | None = None

    @property
    def rank(self) -> int:
        """What rows are ordered by, below 10 million; those without a day come last."""
        return _NO_DAY if self.due_on is None else self.due_on.toordinal()


def due_of(cells: Mapping[str, object] | RowValueError, *, time_zone: str | None) -> Due:
    """Returns when the notice on a row falls due.

    That is 30 days after the application was complete, and where the row does not say when, 30
    days after it came in, which is never later. A day is ISO 8601 (`2026-11-20`), a moment
    likewise (`2026-11-20T22:30:00-05:00`), or a date or timestamp of Parquet.

    Args:
        cells: the row's cells by column, or what is wrong with the whole row.
        time_zone: the creditor's, in which a moment with an offset has its day; None takes the day
            as it is written.
    """
    if isinstance(cells, RowValueError):
        return Due(due_on=None, note=DueNote.UNREADABLE)
    given = [value for name in DATE_COLUMNS if not _is_blank(value := cells.get(name))]
    days = [_due_on(value, time_zone=time_zone) for value in given]
    due_on = next((day for day in days if day is not None), None)
    if not given:
        return Due(due_on=None, note=DueNote.NO_DATE)
    return Due(due_on=due_on, note=DueNote.UNREADABLE if days[0] is None else None)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _due_on(value: object, *, time_zone: str | None) -> date | None:
    try:
        day = _day(value, time_zone=time_zone)
        return None if day is None else days_after(day, NOTIFY_DAYS)
    except (ValueError, OverflowError):  # no date, or one at the end of the calendar
        return None


def _day(value: object, *, time_zone: str | None) -> date | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime):
        return value if isinstance(value, date) else None
    if value.tzinfo is None or time_zone is None:
        return date.fromordinal(value.toordinal())  # refuses pandas' moment that is none
    return local_date(value, time_zone=time_zone)
