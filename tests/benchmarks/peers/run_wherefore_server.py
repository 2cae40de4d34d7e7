"""This project's server, texts posted over HTTP: the whole answer, its cache switched off."""

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from http_clients import NUM_CLIENTS, Clients
from line_protocol import answer_lines

KEY = "a-key-for-benchmarks-of-32-characters"
SMALLEST = 1e-7


class Server:
    """A running `wherefore serve` and its clients."""

    def __init__(self, model: Path, precision: str, cache_dir: Path) -> None:
        """Starts the server and waits until it answers."""
        self._folder = tempfile.TemporaryDirectory(prefix="bench-wherefore-serve-")
        settings = {
            "API_KEY": KEY,
            "CACHE_BYTES": "0",
            "CACHE_DIR": str(cache_dir.resolve()),
            "ENGINE": "openvino",
            "LIMIT_PREDICT": "off",
            "PRECISION": precision,
            "THREADS": os.environ["OMP_NUM_THREADS"],
        }
        command = [Path(sys.executable).with_name("wherefore"), "serve", "--port", "0"]
        self._process = subprocess.Popen(
            [*command, "--model", model.resolve()],
            cwd=self._folder.name,
            env=os.environ
            | {f"WHEREFORE_{name}": value for name, value in settings.items()}
            | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        found = re.search(r"http://[\d.]+:(\d+)", self._process.stdout.readline())
        if found is None:
            raise RuntimeError("the server did not start: run wherefore serve by hand to see why")
        self._clients = Clients(
            int(found.group(1)),
            "/api/v1/predict",
            body=lambda text: json.dumps({"text": text}).encode(),
            logits=_logits,
            headers=lambda: {"X-API-Key": KEY, "Content-Type": "application/json"},
        )
        self._clients.wait_for_answer(lambda: self._process.poll() is None)

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the logits of all categories."""
        return self._clients.score(texts)

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Chooses nothing: the server plans its batches itself."""
        del texts
        return {"batches": "its own", "clients": NUM_CLIENTS}

    def close(self) -> None:
        """Ends the server."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        self._folder.cleanup()


def _logits(content: bytes) -> list[float]:
    """Answers hold probabilities of six digits."""
    found = [each["probability"] for each in json.loads(content)["categories"]]
    inside = [min(max(probability, SMALLEST), 1 - SMALLEST) for probability in found]
    return [math.log(probability / (1 - probability)) for probability in inside]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="model directory of this project")
    parser.add_argument("precision", choices=["fp32", "bf16", "int8"])
    parser.add_argument("--cache-dir", type=Path, required=True, help="converted models")
    asked = parser.parse_args()
    answer_lines(
        lambda: Server(asked.model, asked.precision, asked.cache_dir),
        packages=["openvino", "uvicorn", "fastapi"],
    )
