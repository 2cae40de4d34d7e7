"""A TorchServe process of ours: told what it must be told, its key renewed, and its end.

TorchServe as shipped shares a temporary folder, sockets and a process file with every other one of
the same machine. This one has a folder of its own, which goes with it.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import structlog

from data_pipeline.errors import MissingExtraError
from serving.errors import ServingError
from serving.torchserve.java import find_java
from serving.torchserve.keys import KeyFileUnreadableError, KeyKeeper
from serving.torchserve.wire import MODEL_NAME

STOP_SECONDS = 30.0
"""Longest wait for TorchServe and its workers to end by themselves."""

_TICK_SECONDS = 0.2
# A worker sees where converted models are kept, and nothing else of this deployment.
_HIDDEN_PREFIXES = ("TS_", "WHEREFORE_", "MLFLOW_")
_SHOWN = "WHEREFORE_CACHE_DIR"
_LOOPBACK = "127.0.0.1"

log = structlog.stdlib.get_logger("wherefore.torchserve")


class TorchServeError(ServingError):
    """TorchServe cannot be started, or has ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Ports of a TorchServe process, each free when it starts.

    Attributes:
        inference: REST predictions; on the host asked for.
        grpc: gRPC predictions; on the host asked for.
        management: renews keys; on loopback.
        metrics: numbers for Prometheus, without a key; on loopback.
        grpc_management: on loopback; nothing of ours uses it.
        first_worker: names the first worker's socket.
    """

    inference: int = 8080
    grpc: int = 7070
    management: int = 8081
    metrics: int = 8082
    grpc_management: int = 7071
    first_worker: int = 9000


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchServeOptions:
    """What a TorchServe process is started with.

    Attributes:
        archive: the model archive.
        key_file: where the inference key is published.
        host: address of the two inference ports; the others stay on loopback.
        ports: its ports.
        key_minutes: life of a key, minutes.
        overrides: further lines of config.properties, which go before all others.
    """

    archive: Path
    key_file: Path
    host: str = _LOOPBACK
    ports: Ports = Ports()
    key_minutes: float = 60.0
    overrides: Mapping[str, str] = field(default_factory=dict)


class TorchServeProcess:
    """A running TorchServe; `run_torchserve` starts it."""

    def __init__(self, process: "subprocess.Popen[bytes]", keeper: KeyKeeper) -> None:
        """Takes a started process and the keeper of its key."""
        self._process = process
        self._keeper = keeper

    @property
    def pid(self) -> int:
        """Process id of TorchServe's Java."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def publish_key(self, *, within_seconds: float, stopped: threading.Event | None = None) -> None:
        """Publishes the first key as soon as TorchServe has made it.

        Args:
            within_seconds: how long that may take.
            stopped: ends the wait early, without a key.

        Raises:
            TorchServeError: it ended, or made none in time.
        """
        deadline = time.monotonic() + within_seconds
        stopped = stopped or threading.Event()
        while not stopped.wait(_TICK_SECONDS):
            try:
                self._keeper.publish()
            except KeyFileUnreadableError as error:
                if self.returncode is not None or time.monotonic() > deadline:
                    raise TorchServeError(
                        "TorchServe did not start: its log above says why; if a port is in use, "
                        "choose others, see `wherefore torchserve --help`"
                    ) from error
            else:
                return

    def tend(self) -> None:
        """Renews the key where its time has come; what fails is tried again at the next call."""
        try:
            if self._keeper.keep():
                log.info("torchserve_key_renewed")
        except ServingError as error:
            log.warning("torchserve_key_not_renewed", reason=str(error))

    def stop(self) -> None:
        """Ends TorchServe and its workers, at the latest after half a minute."""
        if self.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                log.warning("torchserve_killed")
        # Its group outlives it where a worker does not end.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self._process.wait()


@contextmanager
def run_torchserve(options: TorchServeOptions) -> Iterator[TorchServeProcess]:
    """Starts TorchServe in a temporary folder of its own, and ends it with the block.

    Raises:
        JavaMissingError: there is no Java to run it.
        MissingExtraError: torchserve is not installed.
        TorchServeError: it does not start.
    """
    spec = find_spec("ts")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(extra="torchserve", module="ts")
    home = Path(spec.submodule_search_locations[0]).parent
    with tempfile.TemporaryDirectory(prefix="wherefore-ts-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        (work / "tmp").mkdir()
        config = work / "config.properties"
        config.write_text(configuration(options), encoding="utf-8")
        process = subprocess.Popen(  # noqa: S603 - Java with arguments of ours
            _command(home, work, config), cwd=work, env=_environment(work), start_new_session=True
        )
        keeper = KeyKeeper(
            source=work / "key_file.json",
            published=options.key_file,
            management_url=f"http://{_LOOPBACK}:{options.ports.management}",
        )
        running = TorchServeProcess(process, keeper)
        try:
            yield running
        finally:
            running.stop()
            keeper.retract()


def configuration(options: TorchServeOptions) -> str:
    """Returns TorchServe's config.properties: what always holds, then what this start adds."""
    ports = options.ports
    added: dict[str, object] = {
        "inference_address": f"http://{in_url(options.host)}:{ports.inference}",
        "management_address": f"http://{_LOOPBACK}:{ports.management}",
        "metrics_address": f"http://{_LOOPBACK}:{ports.metrics}",
        "grpc_inference_address": options.host,
        "grpc_inference_port": ports.grpc,
        "grpc_management_address": _LOOPBACK,
        "grpc_management_port": ports.grpc_management,
        "initial_worker_port": ports.first_worker,
        "token_expiration_min": options.key_minutes,
        "model_store": options.archive.parent.resolve(),
        "load_models": f"{MODEL_NAME}={options.archive.name}",
        **options.overrides,
    }
    fixed = (files("serving.torchserve") / "config.properties").read_text(encoding="utf-8")
    return fixed + "".join(f"{name}={_property(value)}\n" for name, value in added.items())


def _property(value: object) -> str:
    """A value as java.util.Properties reads it: ISO-8859-1, all else as escapes of UTF-16."""
    units = str(value).replace("\\", "\\\\").encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    return "".join(chr(code) if code < 0x7F else f"\\u{code:04x}" for code in codes)  # noqa: PLR2004


def in_url(host: str) -> str:
    """Returns a host as a URL names it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _command(home: Path, work: Path, config: Path) -> list[str]:
    """The command of ts.model_server, whose own process would not pass a signal on."""
    logging = files("serving.torchserve") / "log4j2.xml"
    return [
        str(find_java()),
        f"-Dmodel_server_home={home}",
        f"-Djava.io.tmpdir={work / 'tmp'}",
        f"-Dlog4j.configurationFile={Path(str(logging)).as_uri()}",
        "-cp",
        str(home / "ts" / "frontend" / "*"),
        "org.pytorch.serve.ModelServer",
        "--python",
        sys.executable,
        "-f",
        str(config),
        "-ncs",  # no snapshot of an earlier run overrides this configuration
    ]


def _environment(work: Path) -> dict[str, str]:
    visible = {
        name: value
        for name, value in os.environ.items()
        if name == _SHOWN or not name.startswith(_HIDDEN_PREFIXES)
    }
    folders = {"TMPDIR": "tmp", "TEMP": "tmp", "LOG_LOCATION": "logs", "METRICS_LOCATION": "logs"}
    return visible | {name: str(work / folder) for name, folder in folders.items()}
