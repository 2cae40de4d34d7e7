"""Texts and tokens per second of a stored model, and how long one call takes.

Times `Predictor.predict` as a whole: masking, tokens, network, calibration and evidence. Prints a
table, and as its last line the same figures and their conditions as JSON. Texts are stretches of
the bundled synthetic corpus; a call never repeats the texts of the call before it.
"""

import argparse
import itertools
import json
import os
import platform
import random
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import torch
from rich.console import Console
from rich.table import Table

from data_pipeline.corpus.narratives import load_corpus
from model_store.artifact import load_artifact, starter_directory
from model_store.engine.processor import available_cores, processor_name
from model_store.errors import ModelError
from model_store.predictor import Predictor
from model_store.windows import TextTokenizer

NUM_MARKERS = 2  # first-token and end marker of a window
NUM_WARM_UP_CALLS = 2
MIN_CALLS = 5
SEED = 20261120


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is asked of the model: calls of `texts_per_call` texts each.

    Attributes:
        name: the row of the table.
        texts_per_call: texts handed over in one call.
        texts: where the texts come from, without end.
    """

    name: str
    texts_per_call: int
    texts: Iterator[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one workload took.

    Attributes:
        workload: its name.
        calls: calls timed.
        mean_tokens: tokens of a text as the model read it, markers left out.
        texts_per_s: texts answered per second.
        tokens_per_s: tokens read per second.
        p50_ms: median time of a call, milliseconds.
        p95_ms: 95th percentile of the time of a call, milliseconds.
    """

    workload: str
    calls: int
    mean_tokens: float
    texts_per_s: float
    tokens_per_s: float
    p50_ms: float
    p95_ms: float


def stretches(tokenizer: TextTokenizer, texts: list[str], *, num_tokens: int) -> list[str]:
    """Cuts the texts, put end to end, into stretches of `num_tokens` tokens, markers included."""
    whole = "\n\n".join(texts)
    offsets = tokenizer.encode([whole])[0].offsets
    step = num_tokens - NUM_MARKERS
    starts = range(0, len(offsets) - step, step)
    return [whole[offsets[start][0] : offsets[start + step - 1][1]] for start in starts]


def workloads(tokenizer: TextTokenizer, *, batch_size: int) -> list[Workload]:
    """Returns texts of 128 tokens, of 512 and as they come, one a call, then many a call."""
    texts = [narrative.text for narrative in load_corpus()]
    random.Random(SEED).shuffle(texts)
    short = stretches(tokenizer, texts, num_tokens=128)
    long = stretches(tokenizer, texts, num_tokens=512)
    named = [("1 x 128", 1, short), ("1 x 512", 1, long)]
    named += [("1 x mixed", 1, texts), (f"{batch_size} x mixed", batch_size, texts)]
    return [
        Workload(name=name, texts_per_call=count, texts=itertools.cycle(source))
        for name, count, source in named
    ]


def measure(predictor: Predictor, workload: Workload, *, seconds: float) -> Timing:
    """Calls the model for about `seconds` seconds, at least `MIN_CALLS` times, after a warm-up."""
    for _ in range(NUM_WARM_UP_CALLS):
        predictor.predict(list(itertools.islice(workload.texts, workload.texts_per_call)))
    call_s: list[float] = []
    num_tokens = 0
    while len(call_s) < MIN_CALLS or sum(call_s) < seconds:
        texts = list(itertools.islice(workload.texts, workload.texts_per_call))
        start = time.perf_counter()
        predictions = predictor.predict(texts)
        call_s.append(time.perf_counter() - start)
        num_tokens += sum(prediction.num_tokens for prediction in predictions)
    num_texts = len(call_s) * workload.texts_per_call
    percentiles = quantiles(call_s, n=100, method="inclusive")
    return Timing(
        workload=workload.name,
        calls=len(call_s),
        mean_tokens=round(num_tokens / num_texts, 1),
        texts_per_s=round(num_texts / sum(call_s), 2),
        tokens_per_s=round(num_tokens / sum(call_s), 1),
        p50_ms=round(percentiles[49] * 1000, 2),
        p95_ms=round(percentiles[94] * 1000, 2),
    )


def conditions(predictor: Predictor, *, device: str) -> dict[str, object]:
    """Returns what the figures depend on."""
    return {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).date().isoformat(),
        "model": predictor.model_version,
        "device": torch.cuda.get_device_name(device) if device != "cpu" else processor_name(),
        "cpus": available_cores(),
        "threads": torch.get_num_threads(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": version("transformers"),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "seed": SEED,
    }


def show(timings: list[Timing], *, title: str) -> None:
    """Prints the table."""
    table = Table(title=title)
    heads = ["texts x tokens", "calls", "tokens/text", "texts/s", "tokens/s", "p50 ms", "p95 ms"]
    for head in heads:
        table.add_column(head, justify="left" if head == heads[0] else "right")
    for timing in timings:
        table.add_row(
            timing.workload,
            f"{timing.calls:,}",
            f"{timing.mean_tokens:,.0f}",
            f"{timing.texts_per_s:,.1f}",
            f"{timing.tokens_per_s:,.0f}",
            f"{timing.p50_ms:,.1f}",
            f"{timing.p95_ms:,.1f}",
        )
    Console().print(table)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=starter_directory(), help="model directory")
    parser.add_argument("--seconds", type=float, default=10.0, help="time for each row (10)")
    parser.add_argument("--batch-size", type=int, default=32, help="texts in a batch (32)")
    parser.add_argument("--threads", type=int, help="torch threads (torch's own choice)")
    parser.add_argument("--device", default="cpu", help="torch device (cpu)")
    return parser.parse_args()


def main() -> None:
    """Measures every workload and prints the figures."""
    asked = arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    try:
        artifact = load_artifact(asked.model)
    except ModelError as error:
        sys.exit(f"bench_predict: {error}")
    predictor = Predictor.from_artifact(artifact, device=asked.device)
    timings = [
        measure(predictor, workload, seconds=asked.seconds)
        for workload in workloads(artifact.tokenizer, batch_size=asked.batch_size)
    ]
    conditions_of_run = conditions(predictor, device=asked.device)
    show(timings, title=f"{predictor.model_version} on {conditions_of_run['device']}")
    print(json.dumps(conditions_of_run | {"timings": [asdict(timing) for timing in timings]}))


if __name__ == "__main__":
    main()
