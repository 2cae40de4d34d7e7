"""What clients see while parts of the service are slowed, lied with, killed and restarted.

Eight clients send the same texts again and again to `wherefore serve` with the bundled model; each
answer is compared with what the same engine says of the text alone. Parts:

- cache: a Redis (Valkey) behind a proxy, in turn healthy, answering after 2 s, filled with garbage,
  killed and restarted, with no cache in the process in front of it;
- torchserve: TorchServe computes; in turn healthy, its worker killed (-9), all of it killed, and
  started again;
- sigterm: SIGTERM while all clients have requests open.

A request counts as answered (200), refused (503 with `Retry-After`), wrong (an answer other than
the engine's, by more than two batches may differ), unconnected (nobody listened), or failed
(anything else, a lost answer among them). Prints a table and, as its last line, the same figures
and their conditions as JSON.
"""

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench_http import counters
from measured import conditions, mixed_texts, percentile
from rich.console import Console
from rich.table import Table
from started import ENVIRONMENT, KEY

sys.path.append(str(Path(__file__).parents[1] / "parts"))

from free_ports import torchserve_ports
from slow_proxy import SlowProxy
from torchserve_server import COMMAND, HOST, TorchServe, wait_until
from valkey_server import Valkey

from model_store.stored import open_stored, starter_directory
from serving.adapters.in_process import load_predictor
from serving.settings import load_settings

NUM_CLIENTS, NUM_TEXTS = 8, 64
SLOW_S = 2.0
MAX_DIFFERENCE = 0.05
"""Of a probability: a logit may differ by 0.1 between batches, a probability by a quarter of it."""

END_S = 120.0
PARTS = ("cache", "torchserve", "sigterm")


@dataclass(slots=True, kw_only=True)
class Phase:
    """What clients saw while something was done to the service.

    Attributes:
        name: what was done.
        answered: requests answered rightly.
        refused: requests told to come back.
        wrong: requests answered otherwise than the engine does.
        unconnected: requests for which no connection could be opened.
        failed: all others.
        took: seconds of those answered.
        cache_failures: what the server counted of its cache, by kind.
        lost: requests that the server accepted and did not answer, as it counts at its end; None
            where it goes on.
    """

    name: str
    answered: int = 0
    refused: int = 0
    wrong: int = 0
    unconnected: int = 0
    failed: int = 0
    took: list[float] = field(default_factory=list)
    cache_failures: dict[str, int] = field(default_factory=dict)
    lost: int | None = None

    def figures(self) -> dict[str, object]:
        """Returns the counts, and percentiles in place of all times."""
        rest = {name: value for name, value in asdict(self).items() if name != "took"}
        if not self.took:
            return rest
        return rest | {f"p{p}_ms": round(percentile(self.took, p) * 1000, 1) for p in (50, 99)}


class Clients:
    """Threads that send texts until told to stop."""

    def __init__(self, port: int, right: Mapping[str, Sequence[float]]) -> None:
        """Begins to send."""
        self.phase = Phase(name="first")
        self._port, self._right, self._texts = port, right, list(right)
        self._stopped, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=[i], daemon=True) for i in range(NUM_CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def during(self, name: str, seconds: float) -> Phase:
        """Counts what is sent from now on under a name, and returns it after some seconds."""
        with self._lock:
            phase = self.phase = Phase(name=name)
        time.sleep(seconds)
        return phase

    def until_answered(self, name: str) -> Phase:
        """Counts what is sent from now on under a name, and returns it once some is answered."""
        phase = self.during(name, 0.1)
        wait_until(lambda: phase.answered > 0)
        return phase

    def stop(self) -> None:
        """Waits for the open requests and ends."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(END_S)

    def _run(self, number: int) -> None:
        position = number * NUM_TEXTS // NUM_CLIENTS
        connection = http.client.HTTPConnection(HOST, self._port, timeout=END_S)
        while not self._stopped.is_set():
            text, position = self._texts[position % len(self._texts)], position + 1
            phase, start = self.phase, time.perf_counter()
            outcome = self._outcome(connection, text)
            with self._lock:
                setattr(phase, outcome, getattr(phase, outcome) + 1)
                if outcome == "answered":
                    phase.took.append(time.perf_counter() - start)
            if outcome in {"failed", "refused", "unconnected"}:
                connection.close()
                self._stopped.wait(0.05)
        connection.close()

    def _outcome(self, connection: http.client.HTTPConnection, text: str) -> str:
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        try:
            connection.request(
                "POST", "/api/v1/predict", json.dumps({"text": text}).encode(), headers
            )
            response = connection.getresponse()
            content = response.read()
        except ConnectionRefusedError:
            return "unconnected"
        except (OSError, http.client.HTTPException):
            return "failed"
        if response.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            return "refused" if response.headers["Retry-After"] else "failed"
        if response.status != http.HTTPStatus.OK:
            return "failed"
        found = [each["probability"] for each in json.loads(content)["categories"]]
        differences = (abs(a - b) for a, b in zip(found, self._right[text], strict=True))
        return "answered" if max(differences) <= MAX_DIFFERENCE else "wrong"


@contextmanager
def service(
    folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """Gives port and process of a server that runs until the block ends, its log in `folder`."""
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", "--host", HOST],
            cwd=folder,
            env=os.environ | ENVIRONMENT | environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        found = re.search(r"http://[\d.]+:(\d+)", process.stdout.readline())
        if found is None:
            sys.exit("bench_faults: the server did not start; run it by hand to see why")
        port = int(found.group(1))
        wait_until(lambda: _is_ready(port))
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(END_S)


def cache_phases(right: Mapping[str, Sequence[float]], seconds: float) -> Iterator[Phase]:
    """Yields what clients see while Redis is slowed, filled with garbage, killed and restarted."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        redis = opened.enter_context(Valkey(folder))
        proxy = opened.enter_context(closing(SlowProxy(redis.port)))
        settings = {"WHEREFORE_REDIS_URL": proxy.url, "WHEREFORE_CACHE_BYTES": "0"}
        port, _ = opened.enter_context(service(folder, settings))
        clients = Clients(port, right)
        opened.callback(clients.stop)
        clients.during("first", seconds)

        def phase(name: str) -> Phase:
            before = cache_failures(port)
            found = clients.during(name, seconds)
            after = cache_failures(port)
            found.cache_failures = {
                kind: count - before.get(kind, 0)
                for kind, count in after.items()
                if count > before.get(kind, 0)
            }
            return found

        yield phase("Redis healthy")
        proxy.seconds = SLOW_S
        yield phase("Redis answers after 2 s")
        proxy.seconds = 0.0
        with redis.garbage():
            yield phase("Redis filled with garbage")
        redis.kill()
        yield phase("Redis killed")
        redis.start()
        yield phase("Redis restarted")


def cache_failures(port: int) -> dict[str, int]:
    """Returns what the server counted of its cache, by kind."""
    name = "wherefore_cache_failures_total"
    found = {labels: value for (n, labels), value in counters(port).items() if n == name}
    return {"+".join(sorted(labels)): int(value) for labels, value in found.items()}


def torchserve_phases(right: Mapping[str, Sequence[float]], seconds: float) -> Iterator[Phase]:
    """Yields what clients see while TorchServe's worker and then all of it is killed."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        ports = torchserve_ports()
        archive = folder / "wherefore.mar"
        build = [COMMAND, "archive", "--output", folder]
        subprocess.run(build, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        server = TorchServe(folder, archive=archive, ports=ports)
        opened.callback(server.kill)
        settings = {
            "WHEREFORE_TORCHSERVE_URL": f"http://{HOST}:{ports.inference}",
            "WHEREFORE_TORCHSERVE_KEY_FILE": str(server.key_file),
            "WHEREFORE_CACHE_BYTES": "0",
        }
        server.wait_until_it_listens()
        port, _ = opened.enter_context(service(folder, settings))
        clients = Clients(port, right)
        opened.callback(clients.stop)
        clients.during("first", seconds)
        yield clients.during("TorchServe healthy", seconds)
        server.worker().kill()
        yield clients.during("TorchServe's worker killed (-9)", 2 * seconds)
        yield clients.until_answered("until the next worker answers")
        server.kill()
        yield clients.during("TorchServe killed", seconds)
        server.start()
        yield clients.until_answered("until the next TorchServe answers")
        yield clients.during("TorchServe restarted", seconds)


def sigterm_phase(right: Mapping[str, Sequence[float]], seconds: float) -> Iterator[Phase]:
    """Yields what clients see of a stop on request; the server's own counts must agree."""
    with tempfile.TemporaryDirectory() as folder:
        with service(Path(folder), {"WHEREFORE_CACHE_BYTES": "0"}) as (port, process):
            clients = Clients(port, right)
            time.sleep(seconds)
            process.send_signal(signal.SIGTERM)
            process.wait(END_S)
            clients.stop()
        events = [json.loads(x) for x in (Path(folder) / "serve.log").read_text().splitlines()]
    [drained] = [event for event in events if event["event"] == "drained"]
    phase = clients.phase
    phase.name = (
        f"SIGTERM under load; the server counts {drained['requests_accepted']} accepted, "
        f"{drained['requests_answered']} answered"
    )
    phase.lost = drained["requests_accepted"] - drained["requests_answered"]
    yield phase


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=END_S)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def show(phases: Sequence[Mapping[str, object]]) -> None:
    """Prints the table."""
    heads = ("answered", "refused", "wrong", "unconnected", "failed", "p50_ms", "p99_ms")
    table = Table(title="Faults under load")
    for head in ("what was done", *heads, "cache failures"):
        table.add_column(head, justify="left" if head == "what was done" else "right")
    for phase in phases:
        failures = phase["cache_failures"] or ""
        figures = (str(phase.get(head, "")) for head in heads)
        table.add_row(str(phase["name"]), *figures, str(failures))
    Console(width=150).print(table)


def main() -> None:
    """Measures every part and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=6.0, help="of a phase (6)")
    parser.add_argument("--quick", action="store_true", help="only tests the program")
    asked = parser.parse_args()
    seconds = 2.0 if asked.quick else asked.seconds
    stored = open_stored(starter_directory())
    texts = mixed_texts(stored.tokenizer, NUM_TEXTS)
    predictor = load_predictor(load_settings())
    right = {t: list(predictor.predict([t])[0].categories.values()) for t in texts}
    del predictor
    measured = {"cache": cache_phases, "torchserve": torchserve_phases, "sigterm": sigterm_phase}
    found = []
    for part in asked.parts:
        # Only when the clients have ended: some answers come after their phase.
        phases = list(measured[part](right, seconds))
        found += [{"part": part} | phase.figures() for phase in phases]
        print(f"# {part} is done", flush=True)
    show(found)
    print(json.dumps(conditions(stored.manifest.model_version) | {"phases": found}))


if __name__ == "__main__":
    main()
