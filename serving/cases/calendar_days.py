"""Calendar days as the creditor counts them.

Regulation B counts calendar days, weekends and holidays included. A moment belongs to the day it
has in the creditor's time zone; from there on only dates are added, so no hour is lost or won when
clocks change.
"""

import calendar
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from serving.cases.errors import EventValueError

_MONTHS_PER_YEAR = 12


@cache
def zone(name: str) -> ZoneInfo:
    """Returns the time zone of an IANA name such as America/New_York.

    Raises:
        EventValueError: no such time zone is known here.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EventValueError(
            field="time_zone",
            found="a name that no time zone has",
            expected="an IANA name such as America/New_York",
        ) from error


def local_date(at: datetime, *, time_zone: str) -> date:
    """Returns the calendar day of a moment in a time zone."""
    return at.astimezone(zone(time_zone)).date()


def days_after(day: date, num_days: int) -> date:
    """Returns the day that many calendar days later; the day itself is not counted."""
    return day + timedelta(days=num_days)


def months_after(day: date, num_months: int) -> date:
    """Returns the same day of the month that many months later, or that month's last day."""
    years, month_index = divmod(day.month - 1 + num_months, _MONTHS_PER_YEAR)
    year, month = day.year + years, month_index + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last))
