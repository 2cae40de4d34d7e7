"""Whether everything that the service acknowledged is there in the end."""

import asyncio
import json
from collections.abc import Sequence

from soak_answers import Judge, Reference
from soak_clients import Ask, Clients
from soak_events import EventLog, Reconciled
from soak_operations import Operations
from soak_records import compared

_READERS = 4
_TRIES = 20
_WAIT_S = 2.0
BACKLOGS_S = 600.0
"""Longest wait for accepted backlogs, seconds."""


async def reconcile(operations: Operations, judge: Judge, log: EventLog) -> Reconciled:
    """Reads every case and every backlog, notes what is missing, and returns it."""
    clients = operations.clients
    found = await _read_cases(clients)
    steps = compared(clients.cases, found)
    finished, resumed = await _await_backlogs(operations)
    wrong_rows = 0
    for backlog_id in finished:
        who, references = operations.backlogs[backlog_id]
        content = await _result(clients, backlog_id, who)
        wrong_rows += num_wrong_rows(content, references, judge)
    reconciled = Reconciled(
        cases=len(clients.cases),
        backlogs=len(operations.backlogs),
        unfinished_backlogs=sorted(set(operations.backlogs) - set(finished)),
        resumed_backlogs=resumed,
        wrong_rows=wrong_rows,
        **steps,
    )
    log.write(reconciled)
    return reconciled


def num_wrong_rows(content: str | None, references: Sequence[Reference], judge: Judge) -> int:
    """Returns how many rows of a backlog's result are wrong; of no result, all."""
    rows = [] if content is None else [json.loads(line) for line in content.splitlines()]
    if len(rows) != len(references):
        return len(references)
    return sum(
        judge.wrong(row, reference, row_id=f"row-{number}") is not None
        for number, (row, reference) in enumerate(zip(rows, references, strict=True))
    )


async def _read_cases(clients: Clients) -> dict[str, list[str] | None]:
    """Returns the events of each case, read by as many auditors as there are."""
    left = list(clients.cases)
    found: dict[str, list[str] | None] = {}

    async def read(who: str) -> None:
        while left:
            case = left.pop()
            found[case] = await _events_of(clients, case, who)

    auditors = [person for person in clients.keys if person.startswith("auditor")]
    await asyncio.gather(*(read(who) for who in auditors))
    return found


async def _events_of(clients: Clients, case: str, who: str) -> list[str] | None:
    """Returns the events of a case, none where it is not there, None where nobody can tell."""
    ask = Ask(who=who, kind="reconcile case", route=f"GET /api/v1/applications/{case}")
    for _ in range(_TRIES):
        status, body = await clients.look(ask)
        if status == 200:
            return [each["event"] for each in body["timeline"]]
        if status == 404:
            return []
        await asyncio.sleep(_WAIT_S)
    return None


async def _await_backlogs(operations: Operations) -> tuple[list[str], int]:
    """Waits until all backlogs are complete, those that failed resumed; returns which are."""
    clients, resumed, finished = operations.clients, 0, []
    give_up = clients.log.now + BACKLOGS_S
    left = dict(operations.backlogs)
    while left and clients.log.now < give_up:
        for backlog_id, (who, _) in list(left.items()):
            route = f"/api/v1/backlogs/{backlog_id}"
            status, body = await clients.look(
                Ask(who=who, kind="reconcile backlog", route=f"GET {route}")
            )
            if status == 200 and body["status"] == "completed":
                finished.append(backlog_id)
                del left[backlog_id]
            elif status == 200 and body["status"] == "failed":
                resumed += 1
                await clients.look(
                    Ask(who=who, kind="reconcile backlog", route=f"POST {route}/resume")
                )
        if left:
            await asyncio.sleep(_WAIT_S)
    return finished, resumed


async def _result(clients: Clients, backlog_id: str, who: str) -> str | None:
    route = f"GET /api/v1/backlogs/{backlog_id}/result"
    for _ in range(_TRIES):
        status, body = await clients.look(Ask(who=who, kind="reconcile backlog", route=route))
        if status == 200:
            return str(body)
        await asyncio.sleep(_WAIT_S)
    return None
