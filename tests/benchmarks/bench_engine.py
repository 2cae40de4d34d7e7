"""Speed of the engine by model, backend and precision, with transformers' pipeline beside it.

All systems are opened first, then measured in turns, round after round, so that whatever else the
machine does hits all of them alike. Every system gets texts and tokenizes them itself; masking,
calibration and quotes are left out. Prints a table, and as its last line the figures and their
conditions as JSON; `--output` also writes them to a file. The pipeline has the same encoder with a
linear head, and cuts texts at 512 tokens where the engine reads windows.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles

import numpy as np
import psutil
import torch
from engine_systems import (
    BACKENDS,
    MODELS,
    System,
    corpus_texts,
    stored_model,
    systems,
    texts_of_length,
    window_ids,
)
from measured import conditions, result_file
from rich.console import Console
from rich.table import Table

PEERS = ("transformers-fp32", "transformers-bf16")
LATENCY_TOKENS = (128, 250, 512)


@dataclass(slots=True, kw_only=True)
class Measured:
    """What was measured of one system, round after round.

    Attributes:
        system: the system.
        texts_per_s: rate of the mixed texts in each round.
        call_ms: milliseconds of each call of one text, by number of tokens.
    """

    system: System
    texts_per_s: list[float] = field(default_factory=list)
    call_ms: dict[int, list[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table.

    Attributes:
        model: bundled or base.
        system: backend and precision.
        texts_per_s: median rate over mixed texts.
        tokens_per_s: the same in tokens read, markers included, no padding.
        latency_ms: p50, p95 and p99 of one text, by number of tokens.
        largest_difference: largest difference of a category logit from torch in fp32; None for a
            peer.
    """

    model: str
    system: str
    texts_per_s: float
    tokens_per_s: float
    latency_ms: dict[int, dict[str, float]]
    largest_difference: float | None


def measure_round(measured: Measured, mixed: Sequence[str], singles: dict[int, list[str]]) -> None:
    """Measures a system once: all mixed texts in one call, then single texts."""
    answer = measured.system.answer
    start = time.perf_counter()
    answer(mixed)
    measured.texts_per_s.append(len(mixed) / (time.perf_counter() - start))
    for num_tokens, texts in singles.items():
        for text in texts:
            start = time.perf_counter()
            answer([text])
            milliseconds = (time.perf_counter() - start) * 1000
            measured.call_ms.setdefault(num_tokens, []).append(milliseconds)


def measure_model(name: str, asked: argparse.Namespace, work: Path) -> list[Row]:
    """Measures every system on one model, in turns."""
    stored = stored_model(name, work)
    opened = list(systems(stored, asked.systems, work=work, num_threads=asked.threads))
    mixed = corpus_texts()[: asked.texts]
    sources = {n: itertools.cycle(texts_of_length(stored.tokenizer, n)) for n in LATENCY_TOKENS}
    measured = [Measured(system=system) for system in opened]
    for number in range(asked.rounds + 1):
        singles = {n: list(itertools.islice(texts, asked.calls)) for n, texts in sources.items()}
        for each in measured[number % len(measured) :] + measured[: number % len(measured)]:
            measure_round(each, mixed, singles)
        if number == 0:  # warm-up: first shapes, first pages
            for each in measured:
                each.texts_per_s.clear()
                each.call_ms.clear()
    ids = window_ids(stored.tokenizer, mixed)
    return [_row(name, each, ids=ids, num_texts=len(mixed), first=opened[0]) for each in measured]


def _row(
    name: str, measured: Measured, *, ids: Sequence[Sequence[int]], num_texts: int, first: System
) -> Row:
    rate = median(measured.texts_per_s)
    difference = None
    if measured.system.engine is not None and first.engine is not None:
        found, right = measured.system.engine.logits(ids), first.engine.logits(ids)
        difference = float(np.abs(found.category_WC - right.category_WC).max())
    return Row(
        model=name,
        system=measured.system.name,
        texts_per_s=round(rate, 2),
        tokens_per_s=round(rate * sum(map(len, ids)) / num_texts, 1),
        latency_ms={n: _percentiles(times) for n, times in measured.call_ms.items()},
        largest_difference=difference,
    )


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(milliseconds, n=100, method="inclusive")
    return {f"p{p}": round(cuts[p - 1], 2) for p in (50, 95, 99)}


def show(rows: Sequence[Row]) -> None:
    """Prints the table."""
    table = Table(title="Engine")
    for head in ("model", "system", "texts/s", "tokens/s"):
        table.add_column(head, justify="left" if head in {"model", "system"} else "right")
    for num_tokens in LATENCY_TOKENS:
        table.add_column(f"{num_tokens} tokens: p50 / p95 / p99 ms", justify="right")
    table.add_column("from the first", justify="right")
    for row in rows:
        table.add_row(
            row.model,
            row.system,
            f"{row.texts_per_s:,.1f}",
            f"{row.tokens_per_s:,.0f}",
            *(
                " / ".join(f"{value:.1f}" for value in row.latency_ms[n].values())
                for n in LATENCY_TOKENS
            ),
            "-" if row.largest_difference is None else f"{row.largest_difference:.2g}",
        )
    Console(width=140).print(table)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=MODELS[:2], choices=MODELS)
    parser.add_argument("--systems", nargs="+", default=[*BACKENDS, *PEERS])
    parser.add_argument("--rounds", type=int, default=5, help="rounds after a warm-up (5)")
    parser.add_argument("--texts", type=int, default=64, help="mixed texts of a round (64)")
    parser.add_argument("--calls", type=int, default=20, help="single texts of a round (20)")
    parser.add_argument("--threads", type=int, help="CPU threads (one per core)")
    parser.add_argument("--output", type=result_file, help="file for the JSON")
    return parser.parse_args()


def main() -> None:
    """Measures every system on every model and prints the figures."""
    asked = arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    started = conditions(", ".join(asked.models))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as work:
        for name in asked.models:
            rows += measure_model(name, asked, Path(work))
    show(rows)
    memory = {"peak_rss_mib": round(psutil.Process().memory_info().rss / 2**20)}
    content = started | memory | {"rounds": asked.rounds, "rows": [asdict(row) for row in rows]}
    if asked.output:
        asked.output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(content))


if __name__ == "__main__":
    main()
