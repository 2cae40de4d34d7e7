"""Online requests at a fixed rate, without a backlog and beside one that never ends.

Starts `wherefore serve`, sends 20 requests a second whatever the answers take (so that a slow
answer delays no later request), first alone, then while a backlog of simulated applications is
scored by the same server. Prints p50, p95 and p99 as clients saw them and the backlog's rate, and
as its last line the same and the conditions as JSON.

    python tests/benchmarks/bench_beside_backlog.py
    python tests/benchmarks/bench_beside_backlog.py --quick
"""

import argparse
import asyncio
import json
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from bench_http import TIMEOUT_S, Connection, counters, server
from measured import SEED, conditions, mixed_texts, percentile
from rich.console import Console
from rich.table import Table
from started import HOST, KEY

from data_pipeline.generator.simulation import simulate
from model_store.stored import open_stored, starter_directory

WARM_UP_SECONDS = 5.0
KEPT_SECONDS = 4.0
"""How long a connection may wait for its next request: the server keeps one for five seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What online clients saw, and what became of the backlog meanwhile.

    Attributes:
        name: the row of the table.
        requests: requests answered.
        errors: answers that were not 200.
        p50_ms: median time of a request as its client saw it, milliseconds.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
        backlog_rows_per_s: rows of the backlog that got their verdict, a second.
    """

    name: str
    requests: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    backlog_rows_per_s: float


async def send(port: int, bodies: list[bytes], *, rate: float) -> list[tuple[float, int]]:
    """Sends bodies at a rate; returns for each how long it took, seconds, and the status."""
    idle: list[tuple[float, Connection]] = []
    start = time.perf_counter() + 0.1

    async def one(number: int) -> tuple[float, int]:
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        while idle and idle[0][0] < time.perf_counter() - KEPT_SECONDS:
            idle.pop(0)[1].close()
        connection = idle.pop()[1] if idle else Connection(port)
        status = await connection.predict(bodies[number])
        idle.append((time.perf_counter(), connection))
        return time.perf_counter() - due, status

    found = await asyncio.gather(*map(one, range(len(bodies))))
    for _, connection in idle:
        connection.close()
    return list(found)


def measure(name: str, port: int, texts: list[str], *, rate: float) -> Beside:
    """Sends the texts, the warm-up's among them, and reads what the server counted."""
    rows = ("wherefore_backlog_rows_total", frozenset[str]())
    before, start = counters(port)[rows], time.perf_counter()
    bodies = [json.dumps({"text": text}).encode() for text in texts]
    answers = asyncio.run(send(port, bodies, rate=rate))
    seconds = time.perf_counter() - start
    measured = answers[int(WARM_UP_SECONDS * rate) :]
    took = [seconds for seconds, status in measured if status == 200]
    return Beside(
        name=name,
        requests=len(took),
        errors=len(measured) - len(took),
        p50_ms=round(percentile(took, 50) * 1000, 2),
        p95_ms=round(percentile(took, 95) * 1000, 2),
        p99_ms=round(percentile(took, 99) * 1000, 2),
        backlog_rows_per_s=round((counters(port)[rows] - before) / seconds, 1),
    )


def post_backlog(port: int, rows: int) -> None:
    """Has the server score simulated applications."""
    lines = (json.dumps({"text": file.text}) for file in simulate(rows, seed=SEED))
    request = urllib.request.Request(
        f"http://{HOST}:{port}/api/v1/backlogs",
        data="\n".join(lines).encode(),
        headers={"X-API-Key": KEY, "Content-Type": "application/x-ndjson"},
    )
    urllib.request.urlopen(request, timeout=TIMEOUT_S).close()
    while not counters(port)["wherefore_backlog_rows_total", frozenset()]:
        time.sleep(0.1)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default=str(starter_directory()), help="model directory")
    parser.add_argument("--rate", type=float, default=20.0, help="online requests a second (20)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement (60)")
    parser.add_argument("--rows", type=int, default=50_000, help="rows of the backlog (50,000)")
    parser.add_argument("--quick", action="store_true", help="only tests the program")
    asked = parser.parse_args()
    if asked.quick:
        asked.seconds, asked.rows = 2.0, 3000
    return asked


def main() -> None:
    """Measures and prints the figures."""
    asked = arguments()
    model = open_stored(Path(asked.model).resolve())
    count = int((asked.seconds + WARM_UP_SECONDS) * asked.rate)
    texts = mixed_texts(model.tokenizer, 2 * count)
    with server(str(Path(asked.model).resolve()), {"WHEREFORE_CACHE_BYTES": "0"}) as port:
        results = [measure("alone", port, texts[:count], rate=asked.rate)]
        post_backlog(port, asked.rows)
        results.append(measure("beside a backlog", port, texts[count:], rate=asked.rate))
    version = model.manifest.model_version
    table = Table(title=f"{version}, {asked.rate:g} online requests a second")
    heads = ["load", "requests", "errors", "p50 ms", "p95 ms", "p99 ms", "backlog rows/s"]
    for head in heads:
        table.add_column(head, justify="left" if head == "load" else "right")
    for result in results:
        table.add_row(*(str(value) for value in asdict(result).values()))
    Console().print(table)
    rows = [asdict(result) for result in results]
    print(json.dumps(conditions(version) | {"rate": asked.rate, "results": rows}))


if __name__ == "__main__":
    main()
