"""How long a case's record is kept.

Source: 12 CFR 1002.12(b)(1) (25 months; 12 for business credit), (b)(3) (no notification required:
from receipt), (b)(4) (investigation or suit), (b)(5) (revenues above $1 million: 60 days, or 12
months where reasons or retention were asked for within them).
"""

from datetime import date, datetime

from serving.cases.calendar_days import days_after, local_date, months_after
from serving.cases.case import Case
from serving.cases.decisions import WITH_NOTICE
from serving.cases.events import ApplicantKind
from serving.cases.notice_events import NoticePurpose

CONSUMER_MONTHS = 25
BUSINESS_MONTHS = 12
LARGE_BUSINESS_DAYS = 60
REQUEST_WINDOW_DAYS = 60
"""Days after notification in which reasons, or retention, may be asked for."""


def is_within_window(case: Case, *, notified_at: datetime, asked_at: datetime) -> bool:
    """Returns whether a request came within 60 days of a notification, that day included."""
    last = days_after(local_date(notified_at, time_zone=case.time_zone), REQUEST_WINDOW_DAYS)
    return local_date(asked_at, time_zone=case.time_zone) <= last


def last_notified_at(case: Case) -> datetime | None:
    """Returns when the applicant was last notified of anything, or None."""
    return max((notice.notified_at for notice in case.sent), default=None)


def last_told_at(case: Case) -> datetime | None:
    """Returns when the applicant was last notified of action taken, or None.

    What is missing from an application is no action taken. Source: 12 CFR 1002.12(b)(5).
    """
    asks = NoticePurpose.INCOMPLETENESS
    told = (n.notified_at for n in case.sent if n.draft.purpose is not asks)
    return max(told, default=None)


def asks_in_time(case: Case, *, asked_at: datetime) -> bool:
    """Returns whether retention was asked for within 60 days of the notification of action taken.

    Before that notification nothing is over; who was notified of nothing at all asks in vain.
    """
    told_at = last_told_at(case)
    if told_at is None:
        return last_notified_at(case) is not None
    return is_within_window(case, notified_at=told_at, asked_at=asked_at)


def keep_until(case: Case) -> date | None:
    """Returns the last day on which the record must be kept, legal holds aside.

    None while the case is still open without any notice, so that no period has begun. A large
    business that was notified of no action taken is kept as any business: 12(b)(5) counts from
    that notification, while 12(b)(1) also counts from one of incompleteness.
    """
    notified_at = last_notified_at(case)
    if notified_at is None:
        if case.decision is None or case.decision.outcome in WITH_NOTICE:
            return None
        return _months_from(case, case.opened_at)
    large, told_at = case.applicant_kind is ApplicantKind.LARGE_BUSINESS, last_told_at(case)
    if large and told_at is not None and not (case.asked or case.retention_requested_at):
        return days_after(local_date(told_at, time_zone=case.time_zone), LARGE_BUSINESS_DAYS)
    return _months_from(case, notified_at)


def purge_refusal(case: Case, *, on: date) -> str | None:
    """Returns why the record may not be purged on a day, or None where it may.

    The whole last day belongs to the period: a purge is possible from the day after.
    """
    if case.holds:
        return f"{len(case.holds)} legal holds are in force: lift each when its matter has ended"
    until = keep_until(case)
    if until is None:
        return "no retention period has begun: notify the applicant or close the case first"
    if on <= until:
        return f"the record must be kept through {until}: purge it after that day"
    return None


def _months_from(case: Case, at: datetime) -> date:
    consumer = case.applicant_kind is ApplicantKind.CONSUMER
    months = CONSUMER_MONTHS if consumer else BUSINESS_MONTHS
    return months_after(local_date(at, time_zone=case.time_zone), months)
