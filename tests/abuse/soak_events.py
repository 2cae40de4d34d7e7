"""What happens in a soak, one JSON object a line, each written as it happens.

Times are seconds since the log was opened. Texts of applications stand in no event.
"""

import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Outcome(StrEnum):
    """What came of a request.

    ANSWERED: as it should be. WRONG: a success that says something false. REFUSED: 429 or 503 with
    `Retry-After`. FAILED: another status of 500 or more. UNEXPECTED: any other status that a valid
    request must not get. UNCONNECTED: nobody listened. BROKEN: the connection ended without an
    answer. UNANSWERED: nothing came in time.
    """

    ANSWERED = "answered"
    WRONG = "wrong"
    REFUSED = "refused"
    FAILED = "failed"
    UNEXPECTED = "unexpected"
    UNCONNECTED = "unconnected"
    BROKEN = "broken"
    UNANSWERED = "unanswered"


class Part(StrEnum):
    """What of the service has to work again before it counts as recovered."""

    PREDICTIONS = "predictions"
    CACHE = "cache"
    CASES = "cases"
    BACKLOGS = "backlogs"


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    t: float = -1.0


class Began(_Event):
    """The service is up; what the run is."""

    event: Literal["began"] = "began"
    conditions: dict[str, Any]


class Asked(_Event):
    """A request that the service must answer rightly; `t` is when it was sent.

    `step` is the event of a case that it asks to record, `note` says what is wrong.
    """

    event: Literal["asked"] = "asked"
    took_s: float
    kind: str
    outcome: Outcome
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    case_id: str | None = None
    step: str | None = None
    note: str | None = None
    is_probe: bool = False


class Attacked(_Event):
    """A request that is meant to be refused, or that its client breaks off."""

    event: Literal["attacked"] = "attacked"
    kind: str
    status: int | None = Field(
        None, description="None where no answer came, or none was waited for."
    )


class FaultBegan(_Event):
    """A fault is about to be injected."""

    event: Literal["fault_began"] = "fault_began"
    name: str
    part: Part
    may_fail: bool = Field(description="Whether it may be the cause of answers of 500.")


class FaultGivenBack(_Event):
    """What was taken away is there again."""

    event: Literal["fault_given_back"] = "fault_given_back"
    name: str


class FaultRecovered(_Event):
    """The first success after that; None where there was none in time."""

    event: Literal["fault_recovered"] = "fault_recovered"
    name: str
    seconds: float | None = None


class ServerChanged(_Event):
    """The server's process; what it counted when it stopped.

    `gone` are accepted requests whose clients had left before that.
    """

    event: Literal["server"] = "server"
    state: Literal["starting", "ready", "stopping", "ended"]
    pid: int
    exit_status: int | None = None
    accepted: int | None = None
    answered: int | None = None
    gone: int = 0


class Memory(_Event):
    """Memory of the server's process, MiB; PSS is None where the system does not tell it."""

    event: Literal["memory"] = "memory"
    pid: int
    rss_mib: float
    pss_mib: float | None = None


class Load(_Event):
    """The load begins or ends; `rate` is of operations a second."""

    event: Literal["load"] = "load"
    state: Literal["began", "ended"]
    rate: float


class Reconciled(_Event):
    """What was found of the cases and backlogs that the service had acknowledged."""

    event: Literal["reconciled"] = "reconciled"
    cases: int
    steps: int
    lost_steps: list[str] = Field(description="CASE STEP of each that is not there.")
    told_otherwise: int = Field(description="Steps that are there though 503 was answered.")
    unread_cases: list[str] = Field(description="Cases that could not be read.")
    backlogs: int
    unfinished_backlogs: list[str]
    wrong_rows: int
    resumed_backlogs: int


class Audited(_Event):
    """What `wherefore audit verify` said at the end."""

    event: Literal["audited"] = "audited"
    exit_status: int
    told: str


SoakEvent = Annotated[
    Began
    | Asked
    | Attacked
    | FaultBegan
    | FaultGivenBack
    | FaultRecovered
    | ServerChanged
    | Memory
    | Load
    | Reconciled
    | Audited,
    Field(discriminator="event"),
]
_ADAPTER: TypeAdapter[SoakEvent] = TypeAdapter(SoakEvent)


class EventLog:
    """Appends events to a file; every line is with the system when `write` returns."""

    def __init__(self, path: Path) -> None:
        """Opens a new file.

        Raises:
            FileExistsError: the file is there already.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("x", encoding="utf-8", buffering=1)
        self._began, self._lock = time.monotonic(), threading.Lock()

    @property
    def now(self) -> float:
        """Seconds since the log was opened."""
        return time.monotonic() - self._began

    def write(self, event: BaseModel, *, t: float | None = None) -> None:
        """Appends an event that happened now, or at `t`."""
        stamped = event.model_copy(update={"t": round(self.now if t is None else t, 4)})
        line = stamped.model_dump_json(exclude_none=True) + "\n"
        with self._lock:
            self._file.write(line)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def read_events(path: Path) -> list[SoakEvent]:
    """Returns the events of a file; of a run that was killed, all but a line cut short."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [_ADAPTER.validate_json(line) for line in lines if line.endswith("\n")]
