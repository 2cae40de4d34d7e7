"""Parts of the service that a bench can slow, fill with garbage, kill and start again."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from bench_cache import valkey_program, wait_for_redis
from redis import Redis
from redis.exceptions import RedisError

from serving.torchserve.process import Ports

COMMAND = Path(sys.executable).with_name("wherefore")
HOST = "127.0.0.1"
START_S = 900.0


class Proxy:
    """Passes bytes on to a server, each answer held back for as long as it is told."""

    def __init__(self, port: int) -> None:
        """Listens; holds nothing back yet."""
        self.seconds = 0.0
        self._port = port
        self._listener = socket.create_server((HOST, 0))
        self.url = f"redis://{HOST}:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listens no more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection((HOST, self._port))
            except ConnectionRefusedError:
                client.close()
                continue
            except OSError:
                return
            for source, target, holds in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, holds), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, holds: bool) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65536):
                if holds:
                    time.sleep(self.seconds)
                target.sendall(data)


class Valkey:
    """A Redis server on a port that stays the same."""

    def __init__(self, folder: Path) -> None:
        """Starts it."""
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        self.url, self._folder = f"redis://{HOST}:{self.port}/0", folder
        self.start()

    def start(self) -> None:
        """Starts it again, empty."""
        command = [valkey_program(), "--port", str(self.port), "--bind", HOST, "--save", ""]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        wait_for_redis(self.url)

    def kill(self) -> None:
        """Kills it."""
        self._process.kill()
        self._process.wait()

    @contextmanager
    def garbage(self) -> Iterator[None]:
        """Overwrites all values with garbage, again and again, until the block ends."""
        ended = threading.Event()

        def overwrite() -> None:
            with Redis.from_url(self.url) as redis:
                while not ended.wait(0.05):
                    with suppress(RedisError):
                        for key in redis.scan_iter(count=1000):
                            redis.set(key, os.urandom(64))

        thread = threading.Thread(target=overwrite)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


class TorchServe:
    """`wherefore torchserve` in a folder of its own."""

    def __init__(self, folder: Path, *, archive: Path, ports: Ports) -> None:
        """Starts it."""
        self.key_file = folder / "key.json"
        self._folder, self._archive, self._ports = folder, archive, ports
        self.start()

    def start(self) -> None:
        """Starts it."""
        numbers = {
            "port": self._ports.inference,
            "grpc-port": self._ports.grpc,
            "management-port": self._ports.management,
            "metrics-port": self._ports.metrics,
            "grpc-management-port": self._ports.grpc_management,
            "worker-port": self._ports.first_worker,
        }
        options = [f"--{name}={number}" for name, number in numbers.items()]
        self._process = subprocess.Popen(
            [COMMAND, "torchserve", "--archive", self._archive, *options],
            cwd=self._folder,
            env=os.environ | {"WHEREFORE_TORCHSERVE_KEY_FILE": str(self.key_file)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_until_it_listens(self) -> None:
        """Returns when it has published its key."""
        wait_until(self.key_file.exists)

    def worker(self) -> psutil.Process:
        """Returns the process that holds the model."""
        family = psutil.Process(self._process.pid).children(recursive=True)
        [worker] = [p for p in family if "model_service_worker.py" in " ".join(p.cmdline())]
        return worker

    def kill(self) -> None:
        """Kills all its processes."""
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                process.kill()
        self._process.kill()
        self._process.wait()


def wait_until(is_true: Callable[[], bool], seconds: float = START_S) -> None:
    """Returns when something has come about; ends the program where it does not in time."""
    give_up = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > give_up:
            sys.exit(f"it did not come about within {seconds:.0f} s")
        time.sleep(0.1)
