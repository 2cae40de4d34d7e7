"""Signed-in clients that send a request, judge its answer and write down what came of it.

Every request has a connection of its own: one that ended without an answer is then never an idle
one that the server had closed.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from soak_events import Asked, EventLog, Outcome
from soak_records import CaseRecord, Check

ANSWER_S = 150.0
"""Longest wait for an answer; the server itself gives up after 120 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request.

    Attributes:
        who: whose key is sent.
        kind: what it counts as.
        route: method and path.
        status: of a success.
        check: judges the body of a success.
        body: sent as JSON; None sends none.
        content: sent as it is, with `headers`, in place of a body.
        headers: further header fields.
        case_id: the case it is about.
        step: the event of the case that a success means.
        is_probe: whether it looks for the end of a fault.
    """

    who: str
    kind: str
    route: str
    status: int = 200
    check: Check | None = None
    body: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    case_id: str | None = None
    step: str | None = None
    is_probe: bool = False


class Clients:
    """People with keys, and what the service acknowledged to them.

    Attributes:
        keys: the key of each person, by id.
        cases: what was acknowledged of each case.
        outcomes: how many requests came to what so far.
    """

    def __init__(self, url: str, keys: Mapping[str, str], log: EventLog) -> None:
        """Connects to nothing yet."""
        self.keys, self.log = keys, log
        self.cases: dict[str, CaseRecord] = {}
        self.outcomes: Counter[Outcome] = Counter()
        self._http = httpx2.AsyncClient(
            base_url=url,
            timeout=None,
            limits=httpx2.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    async def close(self) -> None:
        """Closes what is open."""
        await self._http.aclose()

    def one_of(self, role: str, numbers: random.Random) -> str:
        """Returns one of the people of a role."""
        return numbers.choice([person for person in self.keys if person.startswith(role)])

    async def send(self, ask: Ask) -> Any:
        """Sends a request; returns the body of a right answer, None of any other."""
        start = self.log.now
        outcome, answer = await self._answer(ask)
        body, note = None, None
        if answer is not None and outcome is Outcome.ANSWERED:
            body, note = _judged(ask, answer)
            outcome = Outcome.ANSWERED if note is None else Outcome.WRONG
        self._remember(ask, outcome)
        self.outcomes[outcome] += 1
        is_right = outcome is Outcome.ANSWERED
        self.log.write(
            Asked(
                took_s=round(self.log.now - start, 4),
                kind=ask.kind,
                outcome=outcome,
                status=None if answer is None else answer.status_code,
                code=None if answer is None or is_right else _code_of(answer),
                request_id=None
                if answer is None or is_right
                else answer.headers.get("X-Request-ID"),
                case_id=ask.case_id,
                step=ask.step,
                note=note,
                is_probe=ask.is_probe,
            ),
            t=start,
        )
        return body if is_right else None

    async def look(self, ask: Ask) -> tuple[int | None, Any]:
        """Sends a request that is no part of the load, and makes no event of it.

        Returns status and body, None and None where no answer came.
        """
        _, answer = await self._answer(ask)
        if answer is None:
            return None, None
        return answer.status_code, _body_of(answer)

    async def _answer(self, ask: Ask) -> tuple[Outcome, httpx2.Response | None]:
        method, _, path = ask.route.partition(" ")
        headers = {"X-API-Key": self.keys[ask.who], **ask.headers}
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._http.request(
                    method, path, headers=headers, json=ask.body, content=ask.content
                )
        except TimeoutError:
            return Outcome.UNANSWERED, None
        except httpx2.ConnectError:
            return Outcome.UNCONNECTED, None
        except httpx2.TransportError:
            return Outcome.BROKEN, None
        return outcome_of(answer.status_code, answer.headers, expected=ask.status), answer

    def _remember(self, ask: Ask, outcome: Outcome) -> None:
        if ask.case_id is None or ask.step is None:
            return
        record = self.cases.setdefault(ask.case_id, CaseRecord(owner=ask.who))
        is_right = outcome in {Outcome.ANSWERED, Outcome.WRONG}
        (record.steps if is_right else record.refused).append(ask.step)


def outcome_of(status: int, headers: Mapping[str, str], *, expected: int) -> Outcome:
    """Returns what a status is to whoever asked; whether the body is right is not looked at."""
    if status == expected:
        return Outcome.ANSWERED
    if status in {429, 503} and "Retry-After" in headers:
        return Outcome.REFUSED
    return Outcome.FAILED if status >= 500 else Outcome.UNEXPECTED


def _judged(ask: Ask, answer: httpx2.Response) -> tuple[Any, str | None]:
    try:
        body = _body_of(answer)
        return body, None if ask.check is None else ask.check(body)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return None, f"the answer has another shape: {type(error).__name__}"


def _body_of(answer: httpx2.Response) -> Any:
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    return answer.json() if is_json else answer.text


def _code_of(answer: httpx2.Response) -> str | None:
    try:
        return str(answer.json().get("code"))
    except (ValueError, AttributeError):
        return None
