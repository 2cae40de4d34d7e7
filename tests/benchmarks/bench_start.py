"""From the start of `wherefore serve` to the first answer, and to each step on the way.

Starts the service again and again in an empty working directory, the model converted and all files
read before: the first start is not counted. One more start, told apart, has an empty cache folder
too, so that it converts the model before it answers. A client sends `POST /api/v1/predict` as soon
as the address is printed, until an answer comes. Prints a table and, as its last line, the same
figures and their conditions as JSON. `WHEREFORE_PRECISION` and `WHEREFORE_CACHE_DIR` count as for
the service.
"""

import argparse
import http.client
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from measured import conditions
from rich.console import Console
from rich.table import Table
from started import HOST, KEY, started_server

from model_store.stored import open_stored, starter_directory

STEPS = ("address printed", "first answer", "ready")
TIMEOUT_S = 300
TEXT = "Asks for $24,000 to consolidate cards; debts take 61% of monthly income."


def one_start(model: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """Returns the seconds from the start of a server to each step."""
    took: dict[str, float] = {}
    start = time.perf_counter()
    with started_server(model, environment, stop_seconds=TIMEOUT_S) as port:
        for step, ask in zip(STEPS, (lambda _: None, predict, ready), strict=True):
            ask(port)
            took[step] = time.perf_counter() - start
    return took


def predict(port: int) -> None:
    """Asks for a score until one comes."""
    _until_ok(port, "POST", "/api/v1/predict", json.dumps({"text": TEXT}).encode())


def ready(port: int) -> None:
    """Waits until the server says that it is ready."""
    _until_ok(port, "GET", "/ready", b"")


def _until_ok(port: int, method: str, path: str, body: bytes) -> None:
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    give_up = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up:
        connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            response.read()
            if response.status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise SystemExit(f"bench_start: {path} did not answer within {TIMEOUT_S} s")


def show(starts: Sequence[dict[str, float]], *, title: str) -> None:
    """Prints the table."""
    table = Table(title=title)
    for head in ("seconds until", "median", "least", "most"):
        table.add_column(head, justify="left" if head == "seconds until" else "right")
    for step in STEPS:
        values = [start[step] for start in starts]
        figures = (median(values), min(values), max(values))
        table.add_row(step, *(f"{value:.2f}" for value in figures))
    Console().print(table)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=starter_directory(), help="model directory")
    parser.add_argument("--starts", type=int, default=7, help="starts that count (7)")
    parser.add_argument("--quick", action="store_true", help="only tests the program")
    asked = parser.parse_args()
    model = asked.model.resolve()
    counted = 1 if asked.quick else asked.starts
    starts = [one_start(model, {}) for _ in range(counted + (not asked.quick))][-counted:]
    cold: dict[str, float] = {}
    if not asked.quick:
        with tempfile.TemporaryDirectory() as empty:
            cold = one_start(model, {"WHEREFORE_CACHE_DIR": empty})
            print(f"with an empty cache folder: {cold['first answer']:.2f} s to the first answer")
    version = open_stored(model).manifest.model_version
    show(starts, title=version)
    medians = {step: round(median([start[step] for start in starts]), 3) for step in STEPS}
    print(json.dumps(conditions(version) | {"median_s": medians, "cold_s": cold, "starts": starts}))


if __name__ == "__main__":
    main()
