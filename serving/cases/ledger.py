"""The clocks of one case while its events are read."""

from dataclasses import dataclass, field
from datetime import date

from serving.cases.calendar_days import local_date
from serving.cases.case import Case
from serving.cases.clock import ClockEntry, ClockKind, ClockStep
from serving.cases.events import Event


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The clocks as far as the events have been read.

    Attributes:
        case: the case after the latest event.
        event: the latest event.
        index: its position, from 0.
        decided: position of the latest decision; -1 before one.
        entries: the steps of each clock that has started.
    """

    case: Case
    event: Event
    index: int = 0
    decided: int = -1
    entries: dict[ClockKind, list[ClockEntry]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The event's day in the creditor's time zone."""
        return local_date(self.event.occurred_at, time_zone=self.case.time_zone)

    def runs(self, kind: ClockKind) -> bool:
        """Returns whether a clock runs."""
        steps = self.entries.get(kind, [])
        return bool(steps) and steps[-1].step is not ClockStep.STOP

    def due_on(self, kind: ClockKind) -> date:
        """Returns the due day of a clock that has started."""
        return self.entries[kind][-1].due_on

    def start(
        self, kind: ClockKind, *, due_on: date, reason: str, clause: str, again: bool = False
    ) -> None:
        """Notes a start, or a restart where the clock has run before or `again` says so."""
        step = ClockStep.RESTART if again or kind in self.entries else ClockStep.START
        self._note(kind, step, due_on=due_on, reason=reason, clause=clause)

    def stop(self, kind: ClockKind, *, reason: str, clause: str) -> None:
        """Notes a stop; a clock that does not run is left alone."""
        if self.runs(kind):
            due_on = self.due_on(kind)
            self._note(kind, ClockStep.STOP, due_on=due_on, reason=reason, clause=clause)

    def stop_earlier(self, kind: ClockKind, *, reason: str, clause: str) -> None:
        """Notes a stop also where the clock was stopped by what happened later than this event."""
        steps = self.entries.get(kind, [])
        if steps and (self.runs(kind) or steps[-1].at > self.event.occurred_at):
            due_on = self.due_on(kind)
            self._note(kind, ClockStep.STOP, due_on=due_on, reason=reason, clause=clause)

    def _note(
        self, kind: ClockKind, step: ClockStep, *, due_on: date, reason: str, clause: str
    ) -> None:
        entry = ClockEntry(
            step=step,
            at=self.event.occurred_at,
            on=self.today,
            due_on=due_on,
            reason=reason,
            clause=clause,
            event_index=self.index,
        )
        self.entries.setdefault(kind, []).append(entry)
