"""What the events of a soak say of its promises: arithmetic over the log, nothing else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from soak_events import (
    Asked,
    Attacked,
    Audited,
    FaultBegan,
    FaultGivenBack,
    FaultRecovered,
    Load,
    Memory,
    Outcome,
    Part,
    Reconciled,
    ServerChanged,
    SoakEvent,
)
from soak_growth import JUDGED_LIFE_S, MAX_GROWTH, Growth, growth_of

GRACE_S = 2.0
"""After the end of a fault, an answer of 500 may still be its doing for so long."""

E = TypeVar("E", bound=SoakEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time in which a fault was held.

    Attributes:
        name: the fault.
        part: what it takes away.
        may_fail: whether it may be the cause of answers of 500.
        start: when it began, seconds.
        end: when it was given back; infinity where it never was.
        recovered_s: seconds from then to the first success; None where there was none.
    """

    name: str
    part: Part
    may_fail: bool
    start: float
    end: float = float("inf")
    recovered_s: float | None = None

    def covers(self, t: float, *, grace_s: float = 0.0) -> bool:
        """Returns whether a moment lies within, or a little after."""
        return self.start <= t <= self.end + grace_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A figure, the most that it may be, and whether it is.

    Attributes:
        name: what was promised.
        found: the figure; None where it could not be had.
        most: the most that it may be.
        is_kept: whether the promise is kept; None where it was not to be judged.
    """

    name: str
    found: float | None
    most: float
    is_kept: bool | None


class Verdict:
    """Reads the events once and answers questions about them.

    Attributes:
        events: all of them, in order.
        asked: requests that had to be answered rightly, those before the load among them.
        windows: the faults, in order.
    """

    def __init__(self, events: Sequence[SoakEvent]) -> None:
        """Takes the events of one run."""
        self.events = events
        self.asked = self.of(Asked)
        self.windows = _windows(events)
        self._stops = _stops(self.of(ServerChanged))

    def of(self, kind: type[E]) -> list[E]:
        """Returns the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def outcomes(self) -> Counter[Outcome]:
        """Returns how many requests came to what."""
        return Counter(asked.outcome for asked in self.asked)

    def wrong(self) -> list[Asked]:
        """Returns the answers that say something false."""
        return [asked for asked in self.asked if asked.outcome is Outcome.WRONG]

    def lost(self) -> list[Asked]:
        """Returns requests without an answer, but for connections cut while the server stopped.

        Those it had not accepted: what it accepted, it counts itself (`unanswered_at_stop`), and
        what it acknowledged is looked for at the end.
        """
        return [
            asked
            for asked in self.asked
            if asked.outcome is Outcome.UNANSWERED
            or (asked.outcome is Outcome.BROKEN and not self._is_stopped(asked))
        ]

    def cut_off(self) -> list[Asked]:
        """Returns requests that broke off, or found nobody, while the server was restarted."""
        kinds = {Outcome.BROKEN, Outcome.UNCONNECTED}
        return [a for a in self.asked if a.outcome in kinds and self._is_stopped(a)]

    def unreachable(self) -> list[Asked]:
        """Returns requests that found nobody listening though the server was not restarted."""
        return [
            asked
            for asked in self.asked
            if asked.outcome is Outcome.UNCONNECTED and not self._is_stopped(asked)
        ]

    def unexpected(self) -> list[Asked]:
        """Returns answers under load that a valid request must not get, whatever is broken."""
        start, _ = self.loaded
        found = [asked for asked in self.asked if asked.outcome is Outcome.UNEXPECTED]
        return [asked for asked in found if asked.t >= start]

    def failures(self) -> list[tuple[float, str, Window | None]]:
        """Returns moment, kind and cause of every answer of 500; the cause is None without one.

        A cause is a fault that may lead to such answers and is held at that moment, or was until
        two seconds before. 503 without `Retry-After` counts here too.
        """
        found = [(a.t + a.took_s, a.kind) for a in self.asked if a.outcome is Outcome.FAILED]
        found += [
            (attacked.t, attacked.kind)
            for attacked in self.of(Attacked)
            if (attacked.status or 0) >= 500 and attacked.status != 503
        ]
        return [(t, kind, self._cause(t)) for t, kind in sorted(found)]

    def unanswered_at_stop(self) -> int:
        """Returns requests that the server accepted and had not answered when it stopped.

        Those whose clients had left before are none.
        """
        ends = [each for each in self.of(ServerChanged) if each.state == "ended"]
        return sum((each.accepted or 0) - (each.answered or 0) - each.gone for each in ends)

    def bad_ends(self) -> int:
        """Returns how many times the server ended otherwise than asked to, or did not count."""
        ends = [each for each in self.of(ServerChanged) if each.state == "ended"]
        return sum(each.exit_status != 0 or each.accepted is None for each in ends)

    def growth(self) -> Growth | None:
        """Returns the growth of the process that lived longest under load, None without one."""
        lives = [life for life in self._lives() if life[2] > life[1]]
        if not lives:
            return None
        pid, start, end = max(lives, key=lambda life: life[2] - life[1])
        return growth_of(self.of(Memory), pid=pid, start=start, end=end)

    def promises(self) -> list[Promise]:
        """Returns every promise with what was found."""
        reconciled, audited = self.of(Reconciled), self.of(Audited)
        failures = [cause for _, _, cause in self.failures() if cause is None]
        counts: list[tuple[str, int | None]] = [
            ("wrong answers", len(self.wrong())),
            ("requests without an answer", len(self.lost())),
            ("accepted requests unanswered when the server stopped", self.unanswered_at_stop()),
            ("stops of the server that were not clean", self.bad_ends()),
            ("answers of 500 without their cause", len(failures)),
            ("answers that a valid request must not get", len(self.unexpected())),
            ("requests that found nobody listening", len(self.unreachable())),
            ("faults that were not recovered from", _num_unrecovered(self.windows)),
            *_reconciled(reconciled[-1] if reconciled else None),
            ("audit log not as written", audited[-1].exit_status if audited else None),
        ]
        promises = [
            Promise(name=name, found=found, most=0, is_kept=found == 0) for name, found in counts
        ]
        return [*promises, self._growth_promise()]

    @cached_property
    def loaded(self) -> tuple[float, float]:
        """When the load began and ended."""
        loads = {event.state: event.t for event in self.of(Load)}
        last = self.events[-1].t if self.events else 0.0
        start = loads.get("began", last)
        return start, loads.get("ended", last)

    def _growth_promise(self) -> Promise:
        growth, (start, end) = self.growth(), self.loaded
        ratio = None if growth is None else round(growth.ratio, 4)
        is_judged = (end - start if growth is None else growth.life_s) >= JUDGED_LIFE_S
        is_kept = ratio is not None and ratio < MAX_GROWTH
        return Promise(
            name="growth of memory, as a share",
            found=ratio,
            most=MAX_GROWTH,
            is_kept=is_kept if is_judged else None,
        )

    def _cause(self, t: float) -> Window | None:
        held = [w for w in self.windows if w.may_fail and w.covers(t, grace_s=GRACE_S)]
        return held[0] if held else None

    def _is_stopped(self, asked: Asked) -> bool:
        return any(start <= asked.t + asked.took_s <= end for start, end in self._stops)

    def _lives(self) -> list[tuple[int, float, float]]:
        """Process, and the time in which it was ready under load."""
        begun, ended = self.loaded
        changes = self.of(ServerChanged)
        stops = {each.pid: each.t for each in changes if each.state == "stopping"}
        return [
            (each.pid, max(begun, each.t), min(ended, stops.get(each.pid, ended)))
            for each in changes
            if each.state == "ready"
        ]


def p95_ms(seconds: Sequence[float]) -> float | None:
    """Returns the 95th percentile (nearest rank) in milliseconds, None of nothing."""
    if not seconds:
        return None
    return round(float(np.percentile(seconds, 95, method="inverted_cdf")) * 1000, 1)


def _windows(events: Sequence[SoakEvent]) -> list[Window]:
    """One fault is held at a time, so that each end belongs to the last beginning."""
    found: list[Window] = []
    for event in events:
        if isinstance(event, FaultBegan):
            fault = {name: getattr(event, name) for name in ("name", "part", "may_fail")}
            found.append(Window(start=event.t, **fault))
        elif isinstance(event, FaultGivenBack | FaultRecovered):
            last = found[-1]
            is_over = isinstance(event, FaultGivenBack)
            found[-1] = Window(
                name=last.name,
                part=last.part,
                may_fail=last.may_fail,
                start=last.start,
                end=event.t if is_over else last.end,
                recovered_s=None if isinstance(event, FaultGivenBack) else event.seconds,
            )
    return found


def _stops(changes: Sequence[ServerChanged]) -> list[tuple[float, float]]:
    """From each word to stop until the next process is ready."""
    found = []
    for number, each in enumerate(changes):
        if each.state == "stopping":
            later = (c.t for c in changes[number:] if c.state == "ready")
            found.append((each.t, next(later, float("inf"))))
    return found


def _num_unrecovered(windows: Sequence[Window]) -> int:
    return sum(window.recovered_s is None for window in windows)


def _reconciled(found: Reconciled | None) -> list[tuple[str, int | None]]:
    if found is None:
        return [("acknowledged steps that are not there", None)]
    return [
        ("acknowledged steps that are not there", len(found.lost_steps)),
        ("cases that cannot be read", len(found.unread_cases)),
        ("backlogs that were not completed", len(found.unfinished_backlogs)),
        ("wrong rows of backlogs", found.wrong_rows),
    ]
