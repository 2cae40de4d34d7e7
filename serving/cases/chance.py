"""Chance and time of simulated cases: who acts when, and how carefully."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypedDict

from serving.cases.calendar_days import local_date
from serving.cases.case import Case
from serving.cases.events import Actor, ActorKind

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_PEOPLE = ("u-1", "u-2", "u-3")
_CAUSE = "the documents on file say otherwise"
_PROGRAM = Actor(actor_id="program", role="system", kind=ActorKind.SYSTEM)


class When(TypedDict):
    """The fields of every event."""

    occurred_at: datetime
    recorded_at: datetime
    actor: Actor


class Chance:
    """Draws what events need, in a time that only goes forward.

    Attributes:
        random: where everything random comes from.
        now: when the next event is recorded, UTC.
        carelessness: share of details that are wrong, 0-1.
    """

    def __init__(self, random: Random, *, carelessness: float) -> None:
        """Starts at a random moment of the four years from 2024 on, a leap year."""
        self.random = random
        self.now = FIRST_DAY + timedelta(minutes=random.randrange(4 * 365 * 24 * 60))
        self.carelessness = carelessness
        self._serial = 0

    def pass_time(self, *, days: float) -> None:
        """Lets time go by."""
        self.now += timedelta(days=days)

    def wait_for(self, day: date | None, case: Case) -> None:
        """Lets time go by until a day is over in the creditor's time zone."""
        if day is None:
            return
        left = (day - local_date(self.now, time_zone=case.time_zone)).days
        if left >= 0:
            self.pass_time(days=left + 2)

    def is_careful(self) -> bool:
        """Draws whether the next detail is right."""
        return self.random.random() >= self.carelessness

    def new_id(self, prefix: str) -> str:
        """Returns an id that no other event has."""
        self._serial += 1
        return f"{prefix}-{self._serial}"

    def cause(self) -> str:
        """Returns a written cause; a careless one says nothing."""
        return _CAUSE if self.is_careful() else "ok"

    def person(self, *, but: Collection[str] = ()) -> Actor:
        """Returns a person other than some; a careless event is a program's."""
        if not self.is_careful():
            return Actor(actor_id="program", role="scorer", kind=ActorKind.SYSTEM)
        people = [person for person in _PEOPLE if person not in but]
        return Actor(actor_id=self.random.choice(people), role="underwriter")

    def when(self, actor: Actor | None = None) -> When:
        """Returns when something happens; a careless event happened before it could."""
        early = timedelta() if self.is_careful() else timedelta(days=self.random.randrange(90))
        return When(occurred_at=self.now - early, recorded_at=self.now, actor=actor or _PROGRAM)
