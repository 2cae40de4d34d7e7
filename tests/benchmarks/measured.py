"""What the benchmarks of the service share: texts of known lengths, percentiles, conditions."""

import os
import platform
import random
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from data_pipeline.corpus.narratives import load_corpus
from model_store.windows import TextTokenizer

SEED = 20261120
MEAN_TOKENS = 250
MIN_TOKENS, MAX_TOKENS = 20, 510
_MU, _SIGMA = 5.56, 0.6
"""Of the logarithm of the lengths before they are cut to what fits into one window: half of the
texts lie between 160 and 330 tokens."""


def mixed_texts(tokenizer: TextTokenizer, count: int, *, seed: int = SEED) -> list[str]:
    """Returns texts of mixed lengths, 250 tokens in the mean, no two alike.

    They are stretches of the bundled synthetic corpus, put end to end in another order for each
    pass over it.
    """
    numbers = random.Random(seed)
    return _stretches(tokenizer, [_length(numbers) for _ in range(count)], numbers)


def texts_of_length(tokenizer: TextTokenizer, num_tokens: int, count: int) -> list[str]:
    """Returns texts of `num_tokens` tokens each, the two markers left out, no two alike."""
    return _stretches(tokenizer, [num_tokens] * count, random.Random(SEED))


def _length(numbers: random.Random) -> int:
    while True:
        length = round(numbers.lognormvariate(_MU, _SIGMA))
        if MIN_TOKENS <= length <= MAX_TOKENS:
            return length


def _stretches(
    tokenizer: TextTokenizer, lengths: Sequence[int], numbers: random.Random
) -> list[str]:
    corpus = [narrative.text for narrative in load_corpus()]
    whole, offsets, position, stretches = "", (), 0, []
    for length in lengths:
        if position + length > len(offsets):
            numbers.shuffle(corpus)
            whole = "\n\n".join(corpus)
            offsets, position = tokenizer.encode([whole])[0].offsets, 0
        stretches.append(whole[offsets[position][0] : offsets[position + length - 1][1]])
        position += length
    return stretches


def percentile(values: Sequence[float], percent: float) -> float:
    """Returns the value below which `percent` % of the values lie (nearest rank)."""
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(0, int(rank) - 1)]


def conditions(model_version: str) -> dict[str, object]:
    """Returns what the figures depend on."""
    return {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).date().isoformat(),
        "model": model_version,
        "processor": processor_name(),
        "cpus": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "openvino", "fastapi", "uvicorn", "redis")},
        "seed": SEED,
    }


def processor_name() -> str:
    """Returns the processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
