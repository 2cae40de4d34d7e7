"""LitServe in front of a classifier, texts posted over HTTP.

Two paths batch one and eight requests within 2 ms; the one that answers a stream of mixed texts
soonest is used. One worker each, on all cores.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from http_clients import NUM_CLIENTS, Clients, fastest_path, free_ports
from line_protocol import answer_lines

BATCH_SIZES = (1, 8)


class LitServe:
    """A running LitServe and its clients."""

    def __init__(self, model: Path, precision: str) -> None:
        """Starts the server and waits until both paths answer."""
        [port] = free_ports(1)
        server = Path(__file__).with_name("litserve_server.py")
        sizes = map(str, BATCH_SIZES)
        self._process = subprocess.Popen(
            [sys.executable, server, model.resolve(), precision, str(port), *sizes],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._clients = {
            batch_size: Clients(
                port,
                f"/batch{batch_size}",
                body=lambda text: json.dumps({"text": text}).encode(),
                logits=lambda content: json.loads(content)["logits"],
                headers=lambda: {"Content-Type": "application/json"},
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
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder that transformers reads")
    parser.add_argument("precision", choices=["fp32", "bf16"])
    asked = parser.parse_args()
    answer_lines(
        lambda: LitServe(asked.model, asked.precision),
        packages=["litserve", "torch", "transformers"],
    )
