"""Clocks that depend on who was given a notice: disclosures of reports, requests for reasons."""

from datetime import date

from serving.cases.calendar_days import days_after, local_date
from serving.cases.clock import NOTIFY_DAYS, ClockKind
from serving.cases.events import ReasonsRequested
from serving.cases.ledger import Ledger
from serving.cases.owed import may_ask, unanswered, undisclosed

_OF_THE_NOTICE = (
    ClockKind.ACTION_TAKEN,
    ClockKind.ADVERSE_ACTION_ON_INCOMPLETE,
    ClockKind.ACCOUNT_ADVERSE_ACTION,
    ClockKind.COUNTEROFFER,
)


def note_disclosures(ledger: Ledger) -> None:
    """Starts and stops the time to disclose their reports to others than the primary applicant.

    The Fair Credit Reporting Act names no number of days, so the day of the primary applicant's
    notice is taken. Source: 15 USC 1681m(a).
    """
    kind = ClockKind.REPORT_DISCLOSURES
    owed = undisclosed(ledger.case)
    if owed and not ledger.runs(kind):
        ledger.start(
            kind,
            due_on=_day_of_the_notice(ledger),
            reason="reports or scores of others than the primary applicant were used: each of them "
            "is owed a disclosure, by the day of the notice",
            clause="15 USC 1681m(a)",
        )
    elif not owed:
        reason = "nobody beside the primary applicant is owed a disclosure any more"
        ledger.stop(kind, reason=reason, clause="15 USC 1681m(a)")


def _day_of_the_notice(ledger: Ledger) -> date:
    running = [ledger.due_on(kind) for kind in _OF_THE_NOTICE if ledger.runs(kind)]
    return min(running, default=days_after(ledger.today, NOTIFY_DAYS))


def note_request(event: ReasonsRequested, ledger: Ledger) -> None:
    """Notes a request for reasons; one after 60 days starts nothing."""
    case = ledger.case
    if case.asked_at(event.consumer_id) is None:
        return
    if not may_ask(case):
        ledger.stop(
            ClockKind.REASONS_REQUEST_WINDOW,
            reason="the applicant asked for the reasons",
            clause="1002.9(a)(2)(ii)",
        )
    due_on = _day_of_the_statement(ledger)
    if not ledger.runs(ClockKind.REASONS_STATEMENT) or (
        ledger.due_on(ClockKind.REASONS_STATEMENT) != due_on
    ):
        ledger.start(
            ClockKind.REASONS_STATEMENT,
            due_on=due_on,
            reason="the applicant asked for the reasons within 60 days of the notification",
            clause="1002.9(a)(2)(ii)",
        )


def note_statement(ledger: Ledger) -> None:
    """Notes that reasons were given: the clock stops, or runs for the next who asked."""
    kind, clause = ClockKind.REASONS_STATEMENT, "1002.9(a)(2)(ii)"
    if not unanswered(ledger.case):
        ledger.stop(kind, reason="the statement of reasons was given", clause=clause)
    elif ledger.due_on(kind) != _day_of_the_statement(ledger):
        reason = "the statement of reasons was given; another applicant waits for theirs"
        ledger.start(kind, due_on=_day_of_the_statement(ledger), reason=reason, clause=clause)


def _day_of_the_statement(ledger: Ledger) -> date:
    """Returns the last day to answer whoever asked first and waits."""
    case = ledger.case
    asked = [case.asked_at(recipient) for recipient in unanswered(case)]
    first = min(at for at in asked if at is not None)
    return days_after(local_date(first, time_zone=case.time_zone), NOTIFY_DAYS)
