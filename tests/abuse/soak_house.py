"""The service as it is run in earnest, with every part that it can lose."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from free_ports import free_ports, torchserve_ports
from postgres_server import Postgres
from soak_disk import Disk, open_disk
from soak_events import EventLog
from soak_parts import Service
from soak_proxy import ProxyProcess
from started import COMMAND, HOST
from torchserve_server import TorchServe
from valkey_server import Valkey

from serving.identity.person import Person
from serving.keys import add_key

PEOPLE = {"underwriter": 6, "compliance": 3, "batch": 4, "auditor": 4}
"""How many people of each role have a key: together they stay below the quotas of clients."""

CACHE_BYTES, CACHE_TTL_S = 8 * 1024 * 1024, 60
"""Small, so that texts come again only when they are forgotten, and the cache is full early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakHouse:
    """The service and its parts, all of them running.

    Attributes:
        service: the service.
        postgres: the server of both databases.
        valkey: the cache.
        proxy: what stands between the two.
        disk: where the state directory lies.
        model_server: TorchServe; None where the service computes by itself.
        keys: the API key of each person.
        log: where events go.
    """

    service: Service
    postgres: Postgres
    valkey: Valkey
    proxy: ProxyProcess
    disk: Disk
    model_server: TorchServe | None
    keys: Mapping[str, str]
    log: EventLog


@contextmanager
def open_house(
    folder: Path, log: EventLog, *, with_torchserve: bool = False, may_mount: bool = True
) -> Iterator[SoakHouse]:
    """Starts everything in a folder, and ends it with the block; the service is stopped before.

    What the service logs goes beside the events.
    """
    with ExitStack() as opened:
        postgres = opened.enter_context(Postgres(folder / "postgres"))
        for name in ("cases", "monitoring"):
            postgres.execute(f"CREATE DATABASE {name}")
        valkey = opened.enter_context(Valkey(folder))
        proxy = opened.enter_context(closing(ProxyProcess(valkey.port)))
        disk = opened.enter_context(open_disk(folder / "state", may_mount=may_mount))
        people = [f"{role}-{n}" for role, num in PEOPLE.items() for n in range(1, num + 1)]
        keys = {person: _key(disk.path, person) for person in people}
        model_server = _model_server(folder, opened) if with_torchserve else None
        settings = {
            "WHEREFORE_STATE_DIR": str(disk.path),
            "WHEREFORE_DATABASE_URL": postgres.url("cases"),
            "WHEREFORE_MONITORING_DATABASE_URL": postgres.url("monitoring"),
            "WHEREFORE_REDIS_URL": proxy.url,
            "WHEREFORE_CACHE_BYTES": str(CACHE_BYTES),
            "WHEREFORE_CACHE_TTL_SECONDS": str(CACHE_TTL_S),
            **({} if model_server is None else model_server[1]),
        }
        log_path = log.path.with_suffix(".log").resolve()
        [port] = free_ports(1)
        service = Service(folder, settings, port=port, key=keys["auditor-1"], log_path=log_path)
        opened.callback(service.kill)
        service.start(log)
        yield SoakHouse(
            service=service,
            postgres=postgres,
            valkey=valkey,
            proxy=proxy,
            disk=disk,
            model_server=None if model_server is None else model_server[0],
            keys=keys,
            log=log,
        )


def _key(state: Path, person: str) -> str:
    role = person.partition("-")[0]
    return add_key(state, Person(person_id=person, role=role)).get_secret_value()


def _model_server(folder: Path, opened: ExitStack) -> tuple[TorchServe, dict[str, str]]:
    """Starts TorchServe, and gives the settings that lead to it."""
    archive, ports = folder / "wherefore.mar", torchserve_ports()
    build = [str(COMMAND), "archive", "--output", str(folder)]
    subprocess.run(build, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    server = TorchServe(folder, archive=archive, ports=ports)
    opened.callback(server.kill)
    server.wait_until_it_listens()
    return server, {
        "WHEREFORE_TORCHSERVE_URL": f"http://{HOST}:{ports.inference}",
        "WHEREFORE_TORCHSERVE_KEY_FILE": str(server.key_file),
    }
