"""What is done to the service in a soak, each for a while, and then undone.

Left out is SIGHUP: the service has no meaning for it, and it ends the process like any other.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from soak_events import Part
from soak_fault import Fault, Soak
from soak_schedule import RESTART

SLOW_S = 2.0
BURST, BURST_S = 5.0, 10.0
NUM_SLOW_CLIENTS = 100
_AGAIN_S = 0.5
_MODEL_SERVER_S = 300.0
"""TorchServe takes so long to load its worker anew, on two cores under load."""
_LONG_BACKLOG_ROWS = 256
_CUT_CONNECTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wherefore'
"""


@asynccontextmanager
async def _cache_killed(soak: Soak) -> AsyncIterator[None]:
    await asyncio.to_thread(soak.house.valkey.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(soak.house.valkey.start)


@asynccontextmanager
async def _cache_slow(soak: Soak) -> AsyncIterator[None]:
    soak.house.proxy.hold_back(SLOW_S)
    try:
        yield
    finally:
        soak.house.proxy.hold_back(0.0)


@asynccontextmanager
async def _cache_garbage(soak: Soak) -> AsyncIterator[None]:
    def spoil() -> None:
        with soak.house.valkey.client() as client, client.pipeline(transaction=False) as spoiling:
            for key in client.scan_iter(count=1000):
                spoiling.set(key, os.urandom(64), keepttl=True)
            spoiling.execute()

    async def spoil_all() -> None:
        await asyncio.to_thread(spoil)

    async with _again_and_again(spoil_all):
        yield


@asynccontextmanager
async def _database_killed(soak: Soak) -> AsyncIterator[None]:
    await asyncio.to_thread(soak.house.postgres.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(soak.house.postgres.start)


@asynccontextmanager
async def _connections_cut(soak: Soak) -> AsyncIterator[None]:
    async def cut() -> None:
        await asyncio.to_thread(soak.house.postgres.execute, _CUT_CONNECTIONS)

    async with _again_and_again(cut):
        yield


@asynccontextmanager
async def _disk_full(soak: Soak) -> AsyncIterator[None]:
    """A backlog is under way when the disk fills, and another one comes after it did."""
    disk, service = soak.house.disk, soak.house.service

    async def fill() -> None:
        await asyncio.to_thread(disk.fill, service.pid)

    await soak.operations.post_backlog(num_rows=_LONG_BACKLOG_ROWS)
    try:
        async with _again_and_again(fill):
            await soak.operations.post_backlog()
            yield
    finally:
        await asyncio.to_thread(disk.empty, service.pid)


@asynccontextmanager
async def _burst(soak: Soak) -> AsyncIterator[None]:
    soak.arrivals.multiplier = BURST
    try:
        yield
    finally:
        soak.arrivals.multiplier = 1.0


@asynccontextmanager
async def _slow_clients(soak: Soak) -> AsyncIterator[None]:
    drips = [
        asyncio.create_task(soak.hostile.drip(seconds=soak.hold_s, has_head=bool(number % 2)))
        for number in range(NUM_SLOW_CLIENTS)
    ]
    yield
    await asyncio.gather(*drips)


@asynccontextmanager
async def _clients_leave(soak: Soak) -> AsyncIterator[None]:
    number = 0

    async def leave() -> None:
        nonlocal number
        number += 1
        await soak.hostile.leave(is_whole=bool(number % 2))

    async with _again_and_again(leave, every_s=0.05):
        yield


@asynccontextmanager
async def _malformed(soak: Soak) -> AsyncIterator[None]:
    requests = soak.hostile.malformed()

    async def send() -> None:
        await soak.hostile.send(*next(requests))

    async with _again_and_again(send, every_s=0.1):
        yield


@asynccontextmanager
async def _keys_rotated(soak: Soak) -> AsyncIterator[None]:
    """New keys at the beginning, the old ones destroyed at the end, the service running on."""
    await _run(soak, "rotate-keys")
    try:
        yield
    finally:
        # Refused where a case was being written under an old key: then it is rotated once more.
        if not await _succeeds(soak, "retire-keys"):
            await _run(soak, "rotate-keys")
            await _run(soak, "retire-keys")


@asynccontextmanager
async def _restarted(soak: Soak) -> AsyncIterator[None]:
    service, log = soak.house.service, soak.house.log
    await asyncio.to_thread(service.stop, log)
    try:
        yield
    finally:
        await asyncio.to_thread(service.start, log)


@asynccontextmanager
async def _model_server_killed(soak: Soak) -> AsyncIterator[None]:
    server = soak.house.model_server
    assert server is not None
    await asyncio.to_thread(server.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


@asynccontextmanager
async def _model_worker_killed(soak: Soak) -> AsyncIterator[None]:
    server = soak.house.model_server
    assert server is not None
    server.worker().kill()
    yield


async def _succeeds(soak: Soak, command: str) -> bool:
    status, _ = await asyncio.to_thread(soak.house.service.run, "database", command)
    return status == 0


async def _run(soak: Soak, command: str) -> None:
    if not await _succeeds(soak, command):
        raise RuntimeError(f"`wherefore database {command}` failed: run it by hand to see why")


@asynccontextmanager
async def _again_and_again(
    act: Callable[[], Awaitable[None]], *, every_s: float = _AGAIN_S
) -> AsyncIterator[None]:
    """Acts at once and then every so often, one after the other, until the block ends."""
    ended = asyncio.Event()

    async def go_on() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), every_s)
            if not ended.is_set():
                await act()

    await act()
    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        # Not cancelled: what acts on a thread would go on after what it did was undone.
        ended.set()
        await task


_CACHE, _DATABASE = Part.CACHE, Part.CASES
FAULTS = {
    RESTART: Fault(
        told="SIGTERM to the service under load, and a new start",
        part=Part.PREDICTIONS, may_fail=False, hold=_restarted, most_s=0.0,
    ),
    "cache-killed": Fault(
        told="the cache killed (-9) and started again, empty",
        part=_CACHE, may_fail=False, hold=_cache_killed,
    ),
    "cache-slow": Fault(
        told=f"the cache answers after {SLOW_S:g} s",
        part=_CACHE, may_fail=False, hold=_cache_slow,
    ),
    "cache-garbage": Fault(
        told="all values of the cache overwritten with garbage, twice a second",
        part=_CACHE, may_fail=False, hold=_cache_garbage,
    ),
    "database-killed": Fault(
        told="the database killed (-9) and started again on its data",
        part=_DATABASE, may_fail=True, hold=_database_killed,
    ),
    "connections-cut": Fault(
        told="all connections to the database ended, twice a second",
        part=_DATABASE, may_fail=True, hold=_connections_cut,
    ),
    "disk-full": Fault(
        told="the disk of the state directory full, a backlog under way on it",
        part=Part.BACKLOGS, may_fail=True, hold=_disk_full,
    ),
    "burst": Fault(
        told=f"{BURST:g} times the load for {BURST_S:g} s",
        part=Part.PREDICTIONS, may_fail=False, hold=_burst, most_s=BURST_S,
    ),
    "slow-clients": Fault(
        told=f"{NUM_SLOW_CLIENTS} clients that send a byte a second",
        part=Part.PREDICTIONS, may_fail=False, hold=_slow_clients,
    ),
    "clients-leave": Fault(
        told="20 clients a second that leave in the middle of a request",
        part=Part.PREDICTIONS, may_fail=False, hold=_clients_leave,
    ),
    "malformed": Fault(
        told="oversized and malformed requests, ten a second",
        part=Part.PREDICTIONS, may_fail=False, hold=_malformed,
    ),
    "keys-rotated": Fault(
        told="the keys of all cases rotated, the old ones retired",
        part=_DATABASE, may_fail=False, hold=_keys_rotated,
    ),
}  # fmt: skip
"""Every fault of a service that computes by itself, by name."""

MODEL_SERVER_FAULTS = {
    "model-server-killed": Fault(
        told="TorchServe killed (-9) and started again",
        part=Part.PREDICTIONS, may_fail=True, hold=_model_server_killed,
        recovery_s=_MODEL_SERVER_S,
    ),
    "model-worker-killed": Fault(
        told="TorchServe's worker killed (-9)",
        part=Part.PREDICTIONS, may_fail=True, hold=_model_worker_killed, most_s=5.0,
        recovery_s=_MODEL_SERVER_S,
    ),
}  # fmt: skip
"""Those that need TorchServe."""
