"""Due dates, replayed from recorded events, each with the reason of every start, stop and restart.

A clock is never stored: `clocks` derives all of them from the same events as the case. Days are
calendar days in the creditor's time zone, counted from the moment a thing happened; the day it
happened is day 0, and the whole due day is in time. A notice stops a clock when it is mailed,
delivered or sent, never when it is drafted, checked or released.

Source: 12 CFR 1002.9(a)(1), (a)(2)(ii), (c); 1002.12(b); comments 9-2, 9-3, 9(a)(1)-1, -3, -6 and
9(a)(3)-5.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

NOTIFY_DAYS = 30
"""Days to notify of action taken, of incompleteness, or to answer a request for reasons."""
COUNTEROFFER_DAYS = 90
"""Days to notify of adverse action after a counteroffer that was not accepted."""


class ClockKind(StrEnum):
    """What a clock measures."""

    INCOMPLETE_APPLICATION = "incomplete_application"
    APPLICANT_RESPONSE = "applicant_response"
    ACTION_TAKEN = "action_taken"
    ADVERSE_ACTION_ON_INCOMPLETE = "adverse_action_on_incomplete"
    ACCOUNT_ADVERSE_ACTION = "account_adverse_action"
    COUNTEROFFER = "counteroffer"
    REASONS_REQUEST_WINDOW = "reasons_request_window"
    REASONS_STATEMENT = "reasons_statement"
    REPORT_DISCLOSURES = "report_disclosures"
    RETENTION = "retention"


_APPLICANT_S = frozenset({ClockKind.APPLICANT_RESPONSE, ClockKind.REASONS_REQUEST_WINDOW})

CREDITOR_CLOCKS = frozenset(ClockKind) - _APPLICANT_S - {ClockKind.RETENTION}
"""The clocks that the creditor must meet; the others measure the applicant's time, or keeping."""


class ClockStep(StrEnum):
    """What happened to a clock."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


class ClockStatus(StrEnum):
    """How a clock stands on a day. LATE was stopped after its due day, PAST runs beyond it."""

    RUNNING = "running"
    PAST = "past"
    MET = "met"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEntry:
    """One start, stop or restart of a clock.

    Attributes:
        step: which.
        at: when the thing that caused it happened, UTC.
        on: that moment's day in the creditor's time zone.
        due_on: last day of the period from this step on.
        reason: why, in a sentence.
        clause: the rule it follows from.
        event_index: position of the event that caused it, from 0.
    """

    step: ClockStep
    at: datetime
    on: date
    due_on: date
    reason: str
    clause: str
    event_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One period that runs, or ran.

    Attributes:
        kind: what it measures.
        entries: its steps in the order of recording; the first is a start, or a restart after an
            answered notice of incompleteness.
    """

    kind: ClockKind
    entries: tuple[ClockEntry, ...]

    @property
    def due_on(self) -> date:
        """Last day of the period, in the creditor's time zone."""
        return self.entries[-1].due_on

    @property
    def stopped_on(self) -> date | None:
        """Day on which it was stopped; None while it runs."""
        last = self.entries[-1]
        return last.on if last.step is ClockStep.STOP else None

    def status(self, *, on: date) -> ClockStatus:
        """Returns how the clock stands on a day in the creditor's time zone.

        PAST is overdue for a clock of the creditor, expired for the applicant's time, and free to
        be purged for retention.
        """
        if self.stopped_on is not None:
            return ClockStatus.MET if self.stopped_on <= self.due_on else ClockStatus.LATE
        return ClockStatus.RUNNING if on <= self.due_on else ClockStatus.PAST


def next_deadline(found: Iterable[Clock]) -> Clock | None:
    """Returns the creditor's running clock that is due first, or None where nothing is due."""
    running = [c for c in found if c.kind in CREDITOR_CLOCKS and c.stopped_on is None]
    return min(running, key=lambda clock: (clock.due_on, clock.kind), default=None)


def clock_of(found: Sequence[Clock], kind: ClockKind) -> Clock | None:
    """Returns the clock of a kind, or None where it never started."""
    return next((clock for clock in found if clock.kind is kind), None)
