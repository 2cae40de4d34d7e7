"""Holding a fault: injected, given back, and looked at until the service is itself again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from soak_events import FaultBegan, FaultGivenBack, FaultRecovered, Part
from soak_hostile import Hostile
from soak_house import SoakHouse
from soak_operations import Operations
from soak_schedule import Arrivals

_PROBE_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """What faults act on.

    Attributes:
        house: the service and its parts.
        operations: what its clients do.
        arrivals: how often they do it.
        hostile: clients that misbehave.
        hold_s: how long a fault is held, seconds.
    """

    house: SoakHouse
    operations: Operations
    arrivals: Arrivals
    hostile: Hostile
    hold_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault.

    Attributes:
        told: what is done, for the report.
        part: what of the service must work again afterwards.
        may_fail: whether answers of 500 may come of it.
        hold: does it, and undoes it at the end of the block.
        most_s: longest time it is held.
        recovery_s: longest time that the part may take to work again.
    """

    told: str
    part: Part
    may_fail: bool
    hold: Callable[[Soak], AbstractAsyncContextManager[None]]
    most_s: float = float("inf")
    recovery_s: float = 60.0


async def held(name: str, fault: Fault, soak: Soak) -> None:
    """Holds a fault, gives back what it took, and waits for the part to work again."""
    log = soak.house.log
    log.write(FaultBegan(name=name, part=fault.part, may_fail=fault.may_fail))
    async with fault.hold(soak):
        await asyncio.sleep(min(soak.hold_s, fault.most_s))
    log.write(FaultGivenBack(name=name))
    seconds = await _recovered_s(soak, fault)
    log.write(FaultRecovered(name=name, seconds=seconds))


async def _recovered_s(soak: Soak, fault: Fault) -> float | None:
    probes: dict[Part, Callable[[], Awaitable[bool]]] = {
        Part.PREDICTIONS: soak.operations.probe_prediction,
        Part.CACHE: soak.operations.probe_cache,
        Part.CASES: soak.operations.probe_case,
        Part.BACKLOGS: soak.operations.probe_backlog,
    }
    begun = soak.house.log.now
    while soak.house.log.now < begun + fault.recovery_s:
        if await probes[fault.part]():
            return round(soak.house.log.now - begun, 3)
        await asyncio.sleep(_PROBE_S)
    return None
