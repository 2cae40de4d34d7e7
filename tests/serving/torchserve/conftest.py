"""A real TorchServe of the tiny model, started by the command a user starts it with."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import urllib3
from free_ports import torchserve_ports

from model_store.engine.choice import EngineChoice
from serving.adapters.torchserve import load_torchserve_predictor
from serving.errors import EngineError
from serving.settings import Settings
from serving.torchserve.archive import build_archive
from serving.torchserve.keys import KeyFile

COMMAND = Path(sys.executable).with_name("wherefore")
START_SECONDS = 1200
KEY_MINUTES = 0.25


class RealTorchServe:
    """One TorchServe on ports of its own, which can be killed and started again."""

    def __init__(self, folder: Path, *, model: Path, archive: Path) -> None:
        self.folder, self.model, self.archive = folder, model, archive
        self.ports = torchserve_ports()
        self.log = folder / "torchserve.log"
        self.pool = urllib3.PoolManager(maxsize=32)
        self.process: subprocess.Popen | None = None
        self.at_first = (0, "")

    def start(self) -> None:
        ports = {
            "port": self.ports.inference,
            "grpc-port": self.ports.grpc,
            "management-port": self.ports.management,
            "metrics-port": self.ports.metrics,
            "grpc-management-port": self.ports.grpc_management,
            "worker-port": self.ports.first_worker,
        }
        options = [f"--{name}={number}" for name, number in ports.items()]
        command = [COMMAND, "torchserve", "--archive", self.archive]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--host=0.0.0.0", f"--key-minutes={KEY_MINUTES}", *options],
                env=os.environ | {"HF_HUB_OFFLINE": "1", "WHEREFORE_STATE_DIR": str(self.folder)},
                cwd=self.folder,
                stdout=output,
                stderr=output,
            )
        self.at_first = self._health_and_prediction_at_first()

    def settings(self, url: str = "", **options: object) -> Settings:
        return Settings(
            torchserve_url=url or f"http://127.0.0.1:{self.ports.inference}",
            state_dir=self.folder,
            **options,
        )

    def wait_until_it_predicts(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                load_torchserve_predictor(
                    self.settings(torchserve_timeout_seconds=START_SECONDS), model=self.model
                )
            except EngineError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
            else:
                return

    def key(self) -> str:
        path = self.folder / "torchserve" / "inference_key.json"
        return json.loads(path.read_text())["inference"]["key"]

    def ask(self, path: str, body: bytes | None = None, **options: object):
        """Sends a request with the present key, unless told otherwise.

        The key may be renewed between the reading of its file and the arrival: then again.
        """
        if "key" in options:
            return self._sent(path, body, **options)
        key = self.key()
        answer = self._sent(path, body, key=key, **options)
        if answer.status != 400 or b"InvalidKey" not in answer.data:
            return answer
        file = KeyFile(self.folder / "torchserve" / "inference_key.json")
        other = file.other_than(key, within_seconds=30)
        return self._sent(path, body, key=other, **options)

    def _sent(self, path: str, body: bytes | None = None, **options: object):
        port = getattr(self.ports, str(options.get("port", "inference")))
        headers = {"Content-Type": str(options.get("content_type", "application/json"))}
        if options["key"] is not None:
            headers["Authorization"] = f"Bearer {options['key']}"
        return self.pool.request(
            str(options.get("method", "POST" if body is not None else "GET")),
            f"http://127.0.0.1:{port}{path}",
            body=body,
            headers=headers,
            retries=False,
            timeout=float(options.get("timeout", START_SECONDS)),
        )

    def java(self) -> psutil.Process:
        [java] = psutil.Process(self.process.pid).children()
        return java

    def worker(self) -> psutil.Process:
        [worker] = [
            child
            for child in self.java().children(recursive=True)
            if "model_service_worker.py" in " ".join(child.cmdline())
        ]
        return worker

    def process_family(self) -> list[psutil.Process]:
        command = psutil.Process(self.process.pid)
        return [command, *command.children(recursive=True)]

    def kill(self) -> None:
        """Kills everything at once, as a lost machine would."""
        everything = self.process_family()
        folders = [java.cwd() for java in everything[1:2]]
        for process in everything:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        psutil.wait_procs(everything, timeout=30)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)

    def _health_and_prediction_at_first(self) -> tuple[int, str]:
        """What /ping says as soon as it says anything, and what a prediction says then."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            with suppress(OSError, urllib3.exceptions.HTTPError):
                health = self.ask("/ping")
                if health.status == 200:
                    break
            time.sleep(0.05)
        try:
            predicted = self.ask("/predictions/wherefore", b'{"input_ids":[[0,2]]}', timeout=0.5)
        except urllib3.exceptions.ReadTimeoutError:
            return health.status, "no answer"
        return health.status, str(predicted.status)


@pytest.fixture(scope="session")
def tiny_archive(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("archives")
    return build_archive(tiny_model, output, choice=EngineChoice(engine="torch"))


@pytest.fixture(scope="session")
def torchserve(
    tiny_model: Path, tiny_archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealTorchServe]:
    """A running TorchServe that has answered; a test that ends it starts it again.

    At the end the command is told to stop, and must take everything with it that it started.
    """
    folder = tmp_path_factory.mktemp("torchserve")
    server = RealTorchServe(folder, model=tiny_model, archive=tiny_archive)
    try:
        server.start()
        server.wait_until_it_predicts()
        yield server
        family, work = server.process_family(), Path(server.java().cwd())
        assert server.stop() == 0
        assert not [process for process in family if process.is_running()]
        assert not work.exists()
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
