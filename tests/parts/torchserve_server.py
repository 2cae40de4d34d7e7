"""A real TorchServe that benches and soaks kill and start again."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from serving.torchserve.process import Ports

COMMAND = Path(sys.executable).with_name("wherefore")
HOST = "127.0.0.1"
START_S = 900.0


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
