"""The load of a soak: what it is measured against, how it is driven, and what is watched."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from soak_answers import Reference, reference_of
from soak_clients import Ask, Clients
from soak_events import EventLog, Load
from soak_fault import Fault, Soak, held
from soak_operations import Operations
from soak_parts import Service
from soak_schedule import Slot

NUM_WORKERS = 16
"""Clients of the closed loop that the rate is measured with."""
WARM_UP_SHARE = 0.2
NUM_DENIABLE = 40
MEMORY_S = 5.0
BACKLOGS_PER_PERIOD = 1.3
"""Small backlogs sent from one fault to the next, in the mean."""


async def take_references(
    clients: Clients, texts: Sequence[str], *, workers: int = NUM_WORKERS
) -> list[Reference]:
    """Returns what the service says of each text while nothing is broken.

    Raises:
        RuntimeError: it does not answer one.
    """
    found: dict[int, Reference] = {}
    left = list(enumerate(texts))
    people = [person for person in clients.keys if not person.startswith("auditor")]

    async def take(who: str) -> None:
        while left:
            number, text = left.pop()
            ask = Ask(who=who, kind="reference", route="POST /api/v1/predict", body={"text": text})
            status, body = await clients.look(ask)
            while status == 429:
                await asyncio.sleep(1.0)
                status, body = await clients.look(ask)
            if status != 200:
                raise RuntimeError(f"no reference: the service answered {status}, expected 200")
            found[number] = reference_of(text, body)

    await asyncio.gather(*(take(people[n % len(people)]) for n in range(workers)))
    return [found[number] for number in range(len(texts))]


async def sustainable_rate(operations: Operations, log: EventLog, *, seconds: float) -> float:
    """Returns operations a second of clients that each ask again as soon as they are answered.

    Raises:
        RuntimeError: none was done in the time.
    """
    begins = log.now + WARM_UP_SHARE * seconds
    ends = begins + seconds

    async def work() -> None:
        while log.now < ends:
            await operations.one()

    workers = asyncio.gather(*(work() for _ in range(NUM_WORKERS)))
    await asyncio.sleep(begins - log.now)
    before = operations.num_done
    await asyncio.sleep(ends - log.now)
    done = operations.num_done - before
    await workers
    if done == 0:
        raise RuntimeError(f"no operation was done in {seconds:g} s: measure for longer")
    return done / seconds


async def run_load(
    soak: Soak,
    slots: Sequence[Slot],
    faults: Mapping[str, Fault],
    *,
    seconds: float,
    period_s: float,
    seed: int,
    tell: Callable[[str], None],
) -> None:
    """Drives the load and holds the faults; returns when everything sent has come to its end.

    `tell` hears of each fault as it begins.
    """
    log = soak.house.log
    begins = log.now
    log.write(Load(state="began", rate=soak.arrivals.rate))
    async with asyncio.TaskGroup() as together:
        watching = together.create_task(_watch_memory(soak.house.service, log))
        posting = together.create_task(
            _post_backlogs(soak, ends=begins + seconds, period_s=period_s, seed=seed)
        )
        holding = together.create_task(_hold_faults(soak, slots, faults, begins=begins, tell=tell))
        await _arrive(soak, together, ends=begins + seconds)
        log.write(Load(state="ended", rate=soak.arrivals.rate))
        await asyncio.wait({holding, posting})
        watching.cancel()


async def _arrive(soak: Soak, together: asyncio.TaskGroup, *, ends: float) -> None:
    """Begins an operation whenever one is due, whatever became of those before."""
    log = soak.house.log
    due = log.now
    while (due := due + soak.arrivals.gap_s()) < ends:
        await asyncio.sleep(max(0.0, due - log.now))
        together.create_task(soak.operations.one())


async def _hold_faults(
    soak: Soak,
    slots: Sequence[Slot],
    faults: Mapping[str, Fault],
    *,
    begins: float,
    tell: Callable[[str], None],
) -> None:
    for slot in slots:
        await asyncio.sleep(max(0.0, begins + slot.start_s - soak.house.log.now))
        tell(slot.name)
        await held(slot.name, faults[slot.name], soak)


async def _post_backlogs(soak: Soak, *, ends: float, period_s: float, seed: int) -> None:
    numbers, log = random.Random(seed), soak.house.log
    due = log.now
    while (due := due + numbers.expovariate(BACKLOGS_PER_PERIOD / period_s)) < ends:
        await asyncio.sleep(max(0.0, due - log.now))
        await soak.operations.post_backlog()


async def _watch_memory(service: Service, log: EventLog) -> None:
    with suppress(asyncio.CancelledError):
        while True:
            sample = await asyncio.to_thread(service.memory)
            if sample is not None:
                log.write(sample)
            await asyncio.sleep(MEMORY_S)
