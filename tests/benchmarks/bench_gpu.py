"""The packed engine on a GPU: rates, latencies, latencies under load, and equality with torch.

RoBERTa-base's size with seeded random weights: speed only. Measures on one device

- texts per second offline, token ids in and logits out, of 512 and of 128 tokens;
- one text alone, again and again: p50, p95, p99;
- p50, p95, p99 while texts of 512 tokens come at random times (Poisson) at 70 % of the offline
  rate, each timed from the moment at which it should have come, through the queue and worker that
  the server has;
- the largest difference of a logit from torch in fp32, windows of all lengths mixed;
- the same rates for plain torch with padding, for comparison.

Prints a line per figure and, as its last line, figures and conditions as JSON; `--output` names a
folder for the latter. It needs torch, transformers, jaxtyping, pydantic and structlog, no more:

    PYTHONPATH=. python tests/benchmarks/bench_gpu.py --output tests/benchmarks/results
    PYTHONPATH=. python tests/benchmarks/bench_gpu.py --quick --device cpu
"""

import argparse
import json
import platform
import random
import shlex
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
import transformers
from random_encoders import encoder_config

from model_store.engine.bounds import COMPOSITION_BOUNDS
from model_store.engine.outputs import Engine, EngineLogits
from model_store.engine.packed_backend import PACKED_BATCH_TOKENS, PackedEngine
from model_store.engine.torch_backend import TorchEngine
from model_store.network import Network
from serving.batching.engine_worker import EngineWorker, Outcome
from serving.batching.window_queue import WindowJob, WindowQueue

SEED = 20261120
PADDING_ID = 1
LENGTHS = (512, 128)
LOAD_RATIO = 0.7
LOAD_TOKENS = 512
TICK_S = 0.0005
MIN_ARRIVALS = 20
GOALS = {
    "offline texts/s of 512 tokens": "at least 6,000",
    "offline texts/s of 128 tokens": "at least 24,000",
    "one text of 512 tokens": "1.0 ms",
    "p99 at 70 % load": "20 ms",
}


class Unheard:
    """Takes no notice of what happens."""

    def engine_failed(self, kind: str) -> None:
        """Ends the measurement: nothing may fail."""
        raise RuntimeError(f"the engine failed: {kind}")

    def computed(self, **_: object) -> None:
        """Takes no notice."""


def build_network(*, is_tiny: bool) -> Network:
    """Returns a network of RoBERTa-base's size, or a tiny one, with seeded random weights."""
    torch.manual_seed(SEED)
    return Network(encoder_config("tiny" if is_tiny else "base")).eval()


def windows(num_tokens: int, count: int, *, seed: int = SEED) -> list[tuple[int, ...]]:
    """Returns windows of random token ids, markers included, no two alike."""
    ids = np.random.default_rng(seed).integers(5, 50_000, size=(count, num_tokens))
    ids[:, 0], ids[:, -1] = 0, 2
    return [tuple(row) for row in ids.tolist()]


def mixed_windows(count: int) -> list[tuple[int, ...]]:
    """Returns windows of all lengths, the shortest and the longest among them."""
    draw = random.Random(SEED)
    lengths = [2, 3, 16, 17, 511, 512, *(draw.randint(2, 512) for _ in range(count - 6))]
    return [windows(n, 1, seed=i)[0] for i, n in enumerate(lengths)]


def offline_rate(engine: Engine, num_tokens: int, *, count: int, rounds: int) -> list[float]:
    """Returns texts per second of each round; one more comes first and is not counted."""
    ids, rates = windows(num_tokens, count), []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        engine.logits(ids)
        rates.append(count / (time.perf_counter() - start))
    return rates[1:]


def single_ms(engine: Engine, num_tokens: int, *, calls: int) -> dict[str, float]:
    """Returns percentiles of the milliseconds of one window alone."""
    took = []
    for ids in windows(num_tokens, calls + 20):
        start = time.perf_counter()
        engine.logits([ids])
        took.append((time.perf_counter() - start) * 1000)
    return percentiles(took[20:])


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Returns p50, p95 and p99."""
    found = np.percentile(values, [50, 95, 99])
    return {f"p{p}": round(float(v), 3) for p, v in zip((50, 95, 99), found, strict=True)}


def under_load(engine: Engine, rate: float, *, seconds: float, max_tokens: int) -> dict[str, float]:
    """Returns percentiles of the milliseconds of windows that come at random times."""
    draw = np.random.default_rng(SEED)
    arrivals = np.cumsum(draw.exponential(1 / rate, size=max(MIN_ARRIVALS, int(rate * seconds))))
    ids, took, lock = windows(LOAD_TOKENS, min(4096, len(arrivals))), [], threading.Lock()

    def deliver(outcomes: Sequence[Outcome]) -> None:
        now = time.monotonic()
        with lock:
            for job, outcome in outcomes:
                if isinstance(outcome, Exception):
                    raise outcome
                took.append((now - job.owner) * 1000)

    queue = WindowQueue()
    worker = EngineWorker(
        engine, queue, max_tokens=max_tokens, deliver=deliver, observer=Unheard(), num_threads=1
    )
    worker.start()
    start, sent = time.monotonic(), 0
    while sent < len(arrivals):
        until = int(np.searchsorted(arrivals, time.monotonic() - start, side="right"))
        due = [start + float(at) for at in arrivals[sent:until]]
        queue.put(
            [
                WindowJob(ids=ids[(sent + i) % len(ids)], deadline=at + 60, arrived=at, owner=at)
                for i, at in enumerate(due)
            ]
        )
        sent = until
        time.sleep(TICK_S)
    queue.close()
    if not worker.join(120) or len(took) != len(arrivals):
        raise RuntimeError(f"{len(took)} of {len(arrivals)} windows were answered")
    warm = len(took) // 10
    done_s = time.monotonic() - start
    return percentiles(took[warm:]) | {"asked_rate": rate, "rate": round(len(took) / done_s, 1)}


def largest_difference(found: EngineLogits, right: EngineLogits) -> float:
    """Returns the largest difference of a category, reason or risk logit."""
    fields = ("category_WC", "reason_WR", "risk_W")
    return max(float(np.abs(getattr(found, f) - getattr(right, f)).max()) for f in fields)


def equality(network: Network, device: str, *, count: int) -> dict[str, dict[str, float]]:
    """Returns differences from torch in fp32, and between batches, for both precisions."""
    ids = mixed_windows(count)
    right = TorchEngine(network, padding_id=PADDING_ID, device=device).logits(ids)
    found = {}
    for precision in ("fp32", "bf16"):
        packed = PackedEngine(network, padding_id=PADDING_ID, device=device, precision=precision)
        together = packed.logits(ids)
        alone = EngineLogits.empty([len(row) for row in ids])
        for i, row in enumerate(ids):
            one = packed.logits([row])
            alone.category_WC[i], alone.reason_WR[i] = one.category_WC[0], one.reason_WR[0]
            alone.risk_W[i] = one.risk_W[0]
        found[precision] = {
            "from_torch_fp32": largest_difference(together, right),
            "between_batches": largest_difference(together, alone),
            "bound": COMPOSITION_BOUNDS["packed", precision],
        }
    return found


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Measures everything and tells it as it goes."""
    network = build_network(is_tiny=asked.quick)
    figures: dict[str, object] = {}

    def tell(name: str, value: object) -> None:
        figures[name] = value
        print(f"{name}: {value}", flush=True)

    tell("equality", equality(network, asked.device, count=16 if asked.quick else 256))
    engine = PackedEngine(network, padding_id=PADDING_ID, device=asked.device, precision="bf16")
    plain = TorchEngine(
        network,
        padding_id=PADDING_ID,
        device=asked.device,
        precision="bf16",
        batch_tokens=PACKED_BATCH_TOKENS,
    )
    rates = {}
    for num_tokens in LENGTHS:
        count = 32 if asked.quick else asked.texts * LOAD_TOKENS // num_tokens
        for name, each in (("packed", engine), ("torch", plain)):
            found = offline_rate(each, num_tokens, count=count, rounds=asked.rounds)
            rates[name, num_tokens] = float(np.median(found))
            rounds = [round(rate, 1) for rate in found]
            median = round(rates[name, num_tokens], 1)
            tell(f"{name}: offline texts/s of {num_tokens} tokens", {"median": median, "r": rounds})
        tell(
            f"one text of {num_tokens} tokens, ms", single_ms(engine, num_tokens, calls=asked.calls)
        )
    rate = LOAD_RATIO * rates["packed", LOAD_TOKENS]
    load = under_load(engine, rate, seconds=asked.seconds, max_tokens=asked.batch_tokens)
    tell(f"at {LOAD_RATIO:.0%} load, texts of {LOAD_TOKENS} tokens, ms", load)
    if asked.device.startswith("cuda"):
        tell("largest memory, MiB", torch.cuda.max_memory_allocated() >> 20)
    return figures


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cuda", help="torch's name of the device (cuda)")
    parser.add_argument(
        "--texts", type=int, default=8192, help="texts of 512 tokens offline (8192)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds offline (5)")
    parser.add_argument("--calls", type=int, default=1000, help="single texts (1000)")
    parser.add_argument("--seconds", type=float, default=30.0, help="time under load (30)")
    parser.add_argument(
        "--batch-tokens", type=int, default=PACKED_BATCH_TOKENS, help="of a batch under load"
    )
    parser.add_argument("--quick", action="store_true", help="a tiny model: only tests the program")
    parser.add_argument("--output", type=Path, help="folder for the JSON")
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds, asked.calls, asked.seconds = 1, 5, 1.0
    is_gpu = asked.device.startswith("cuda")
    about = {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).date().isoformat(),
        "device": torch.cuda.get_device_name(asked.device) if is_gpu else platform.machine(),
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "model": "tiny" if asked.quick else "RoBERTa-base's size, random weights",
        "precision": "bf16",
        "seed": SEED,
        "goals": GOALS,
    }
    content = about | {"figures": measure(asked)}
    if asked.output:
        path = asked.output / f"{about['date']}-gpu.json"
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(content))


if __name__ == "__main__":
    main()
