"""The service over HTTP: 8 clients on the same machine, 60 seconds, texts of mixed lengths.

Starts `wherefore serve` once for each row group and sends `POST /api/v1/predict` over connections
that stay open. Rows: mixed texts (250 tokens in the mean, none sent twice) with the cache off and
on, the same few texts again and again (every answer a hit), and one client with 512 tokens.
Every row tells what the clients saw (rate, p50, p95, p99, errors) and what the server counted.
Before, in processes of their own, the engine alone computes the same texts as fast as it can, once
batch after batch on all cores together and once with a batch for each core as `wherefore score`
does: the faster is the offline rate, of which the online rate is a share. Prints a table and, as
its last line, the same figures and their conditions as JSON. `WHEREFORE_PRECISION` and
`WHEREFORE_CACHE_DIR` count as for the service.
"""

import argparse
import asyncio
import itertools
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from measured import conditions, mixed_texts, percentile, texts_of_length
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table
from started import HOST, KEY, started_server

from model_store.predictor import Predictor
from model_store.registry.models import resolve_model
from model_store.stored import open_stored, starter_directory
from serving.adapters.in_process import engine_choice
from serving.backlog.loading import load_backlog_predictor
from serving.ports import TextPredictor
from serving.settings import Settings, load_settings

WARM_UP_SECONDS = 3.0
NUM_HIT_TEXTS = 64
OFFLINE_BATCH = 64
TIMEOUT_S = 120

Loader = Callable[[Settings], TextPredictor]


def load_one_batch(settings: Settings) -> TextPredictor:
    """Loads the model so that all cores compute one batch together."""
    return Predictor.load(resolve_model(settings.model), choice=engine_choice(settings))


LOADERS: dict[str, Loader] = {"one batch": load_one_batch, "one per core": load_backlog_predictor}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What clients do.

    Attributes:
        name: the row of the table.
        num_clients: connections, each with one request under way.
        texts: what is sent, one after the other, over and over.
    """

    name: str
    num_clients: int
    texts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a load.

    Attributes:
        name: the row of the table.
        num_clients: connections.
        requests: requests answered while it was measured.
        errors: answers that were not 200, and connections that broke.
        seconds: how long it was measured.
        rate: good answers per second.
        p50_ms: median time of a request as its client saw it, milliseconds.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
        engine_busy_ratio: share of the time in which the engine computed, as the server counts.
        cached_ratio: share of the windows that the cache answered.
        offline_share: rate as a share of the engine's rate offline; None where nothing is computed.
    """

    name: str
    num_clients: int
    requests: int
    errors: int
    seconds: float
    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    engine_busy_ratio: float
    cached_ratio: float
    offline_share: float | None


def offline_rate(model: str, texts: Sequence[str], seconds: float, load: Loader) -> float:
    """Returns texts per second of the engine alone, in batches of 64, tokenized before."""
    predictor = load(load_settings(model=model))
    windows = [tuple(w.ids for w in text.windows) for text in predictor.read(texts)]
    batches = [windows[i : i + OFFLINE_BATCH] for i in range(0, len(windows), OFFLINE_BATCH)]
    predictor.engine.logits([ids for text in batches[0] for ids in text])
    done, start = 0, time.perf_counter()
    for batch in itertools.cycle(batches):
        predictor.engine.logits([ids for text in batch for ids in text])
        done += len(batch)
        if (took := time.perf_counter() - start) >= seconds:
            return done / took
    return 0.0


@contextmanager
def server(model: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Gives the port of a server that is ready and runs until the block ends."""
    with started_server(model, environment, stop_seconds=TIMEOUT_S) as port:
        urllib.request.urlopen(f"http://{HOST}:{port}/ready", timeout=TIMEOUT_S).close()
        yield port


class Connection:
    """One HTTP/1.1 connection that stays open; as little client as can be."""

    def __init__(self, port: int) -> None:
        """Connects when first used."""
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def predict(self, body: bytes) -> int:
        """Sends a body and returns the status of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        head = (
            f"POST /api/v1/predict HTTP/1.1\r\nHost: {HOST}\r\nX-API-Key: {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
        await reader.readexactly(int(length.group(1)) if length else 0)
        return int(answer[9:12])

    def close(self) -> None:
        """Closes the connection; the next use opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def run(load: Load, port: int, *, seconds: float) -> tuple[list[float], int, float]:
    """Returns the seconds of each good answer, the number of errors, and the time measured."""
    bodies = itertools.cycle([json.dumps({"text": text}).encode() for text in load.texts])
    took: list[float] = []
    num_errors = 0
    begins = time.perf_counter() + WARM_UP_SECONDS
    ends = begins + seconds

    async def client() -> None:
        nonlocal num_errors
        connection = Connection(port)
        while (start := time.perf_counter()) < ends:
            try:
                status = await connection.predict(next(bodies))
            except (OSError, asyncio.IncompleteReadError):
                status = 0
                connection.close()
            if start >= begins and status == 200:
                took.append(time.perf_counter() - start)
            elif start >= begins:
                num_errors += 1
        connection.close()

    await asyncio.gather(*(client() for _ in range(load.num_clients)))
    return took, num_errors, time.perf_counter() - begins


def counters(port: int) -> dict[tuple[str, frozenset[str]], float]:
    """Returns the server's counters by name and labels."""
    asked = urllib.request.Request(f"http://{HOST}:{port}/metrics", headers={"X-API-Key": KEY})
    with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def measure(load: Load, port: int, *, seconds: float, offline: float | None) -> Result:
    """Runs a load, the warm-up included, and reads what the server counted meanwhile."""
    before, start = counters(port), time.perf_counter()
    took, num_errors, measured_s = asyncio.run(run(load, port, seconds=seconds))
    whole_s, after = time.perf_counter() - start, counters(port)

    def counted(name: str, *labels: str) -> float:
        key = (name, frozenset(labels))
        return after.get(key, 0.0) - before.get(key, 0.0)

    hits = counted("wherefore_cache_lookups_total", "memory", "hit")
    misses = counted("wherefore_cache_lookups_total", "memory", "miss")
    rate = len(took) / measured_s
    return Result(
        name=load.name,
        num_clients=load.num_clients,
        requests=len(took) + num_errors,
        errors=num_errors,
        seconds=round(measured_s, 1),
        rate=round(rate, 2),
        p50_ms=round(percentile(took, 50) * 1000, 2),
        p95_ms=round(percentile(took, 95) * 1000, 2),
        p99_ms=round(percentile(took, 99) * 1000, 2),
        engine_busy_ratio=round(
            counted("wherefore_engine_busy_seconds_total", "online") / whole_s, 3
        ),
        cached_ratio=round(hits / (hits + misses), 4) if hits + misses else 0.0,
        offline_share=None if offline is None else round(rate / offline, 3),
    )


def show(results: Sequence[Result], *, offline: float, title: str) -> None:
    """Prints the table."""
    table = Table(title=f"{title}; engine offline {offline:,.1f} texts/s")
    heads = ["load", "clients", "requests", "errors", "rate/s", "p50 ms", "p95 ms", "p99 ms"]
    for head in [*heads, "engine busy", "cached", "of offline"]:
        table.add_column(head, justify="left" if head == "load" else "right")
    for r in results:
        table.add_row(
            r.name,
            str(r.num_clients),
            f"{r.requests:,}",
            str(r.errors),
            f"{r.rate:,.1f}",
            *(f"{value:,.1f}" for value in (r.p50_ms, r.p95_ms, r.p99_ms)),
            f"{r.engine_busy_ratio:.0%}",
            f"{r.cached_ratio:.0%}",
            "" if r.offline_share is None else f"{r.offline_share:.0%}",
        )
    Console(width=150).print(table)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default=str(starter_directory()), help="model directory")
    parser.add_argument("--seconds", type=float, default=60.0, help="time for mixed texts (60)")
    parser.add_argument("--clients", type=int, default=8, help="connections (8)")
    parser.add_argument("--texts", type=int, default=10_000, help="distinct mixed texts (10000)")
    parser.add_argument("--no-cached", action="store_true", help="leave the cache's rows out")
    parser.add_argument("--quick", action="store_true", help="only tests the program")
    asked = parser.parse_args()
    if asked.quick:
        asked.seconds, asked.texts = 3.0, 200
    return asked


def offline_rates(model: str, texts: Sequence[str], seconds: float) -> dict[str, float]:
    """Returns texts per second of the engine alone, by how many batches run at once."""
    rates = {}
    for name, load in LOADERS.items():
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            rates[name] = process.submit(offline_rate, model, texts, seconds, load).result()
    return rates


def main() -> None:
    """Measures every load and prints the figures."""
    asked = arguments()
    directory = Path(asked.model).resolve()
    model = open_stored(directory)
    mixed = mixed_texts(model.tokenizer, asked.texts)
    long = texts_of_length(model.tokenizer, 510, min(1000, asked.texts))
    alone = offline_rates(str(directory), mixed[:2048], asked.seconds / 4)
    offline, results = max(alone.values()), []
    servers = [("cache off", {"WHEREFORE_CACHE_BYTES": "0"})]
    servers += [] if asked.no_cached else [("cache on", {})]
    for name, environment in servers:
        with server(str(directory), environment) as port:
            load = Load(name=f"mixed, {name}", num_clients=asked.clients, texts=mixed)
            seconds = asked.seconds if environment else asked.seconds / 3
            results.append(measure(load, port, seconds=seconds, offline=offline))
            loads = [Load(name="512 tokens", num_clients=1, texts=long)]
            if not environment:
                loads = [
                    Load(name="hits", num_clients=count, texts=mixed[:NUM_HIT_TEXTS])
                    for count in (1, asked.clients)
                ]
            results += [
                measure(load, port, seconds=asked.seconds / 3, offline=None) for load in loads
            ]
    version = model.manifest.model_version
    show(results, offline=offline, title=version)
    figures = {"offline_texts_per_s": {name: round(rate, 2) for name, rate in alone.items()}}
    rows = [asdict(result) for result in results]
    print(json.dumps(conditions(version) | figures | {"results": rows}))


if __name__ == "__main__":
    main()
