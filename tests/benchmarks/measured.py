"""What the benchmarks share: texts of known lengths, percentiles, conditions."""

import argparse
import os
import platform
import random
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.domain.masking import mask
from model_store.engine.processor import available_cores, processor_name
from model_store.windows import TextTokenizer

SEED = 20261120
MEAN_TOKENS = 250
MIN_TOKENS, MAX_TOKENS = 20, 510
_MU, _SIGMA = 5.56, 0.6
"""Of the logarithm of the lengths before they are cut to what fits into one window: half of the
texts lie between 160 and 330 tokens."""

_TEXTS_OF_A_PIECE = 40
_LIBRARIES = ("torch", "transformers", "openvino", "fastapi", "uvicorn", "redis")
_PROJECT = Path(__file__).parents[2]


def result_file(value: str) -> Path:
    """Reads the name of a result file from a command line; for `type` of argparse."""
    path = Path(value)
    if path.is_dir():
        raise argparse.ArgumentTypeError(
            f"{value} is a folder: expected a file, such as {path / 'result.json'}"
        )
    return path


def mixed_texts(tokenizer: TextTokenizer, count: int, *, seed: int = SEED) -> list[str]:
    """Returns texts of mixed lengths, 250 tokens in the mean, no two alike.

    They are stretches of the bundled synthetic corpus, masked before and put end to end in another
    order for each pass over it, and none has more than one window.
    """
    numbers = random.Random(seed)
    return list(_stretches(tokenizer, [_length(numbers) for _ in range(count)], numbers))


def texts_of_length(tokenizer: TextTokenizer, num_tokens: int, count: int) -> list[str]:
    """Returns texts of `num_tokens` tokens each, or one or two less, no two alike.

    The two markers are left out.
    """
    return list(_stretches(tokenizer, [num_tokens] * count, random.Random(SEED)))


def is_read_as_it_is(tokenizer: TextTokenizer, text: str, *, num_tokens: int = MAX_TOKENS) -> bool:
    """Whether masking leaves a text alone and it has at most so many tokens."""
    return mask(text).text == text and len(tokenizer.encode([text])[0].ids) <= num_tokens


def _length(numbers: random.Random) -> int:
    while True:
        length = round(numbers.lognormvariate(_MU, _SIGMA))
        if MIN_TOKENS <= length <= MAX_TOKENS:
            return length


def _stretches(
    tokenizer: TextTokenizer, lengths: Sequence[int], numbers: random.Random
) -> Iterator[str]:
    pieces = _pieces(numbers)
    whole, offsets, position = "", (), 0
    for length in lengths:
        text = ""
        # Where masking changes it after all, the length would not be what it should be.
        while not text or not is_read_as_it_is(tokenizer, text, num_tokens=length):
            if position + length > len(offsets):
                whole = next(pieces)
                offsets, position = tokenizer.encode([whole])[0].offsets, 0
            text = whole[offsets[position][0] : offsets[position + length - 1][1]]
            position += length
        yield text


def _pieces(numbers: random.Random) -> Iterator[str]:
    """Yields the corpus masked, some texts at a time, again and again in other orders."""
    corpus = [narrative.text for narrative in load_corpus()]
    while True:
        numbers.shuffle(corpus)
        for start in range(0, len(corpus), _TEXTS_OF_A_PIECE):
            yield mask("\n\n".join(corpus[start : start + _TEXTS_OF_A_PIECE])).text


def percentile(values: Sequence[float], percent: float) -> float:
    """Returns the value below which `percent` % of the values lie (nearest rank)."""
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(0, int(rank) - 1)]


def _without_machine(word: str) -> str:
    """A word of a command line, a path as seen from the project's folder."""
    path = Path(word)
    if not path.is_absolute():
        return word
    return str(path.relative_to(_PROJECT)) if path.is_relative_to(_PROJECT) else path.name


def conditions(model_version: str) -> dict[str, object]:
    """Returns what the figures depend on.

    Args:
        model_version: what was measured; several are named one after the other.
    """
    return {
        "command": shlex.join(["python", *map(_without_machine, sys.argv)]),
        "date": datetime.now(UTC).date().isoformat(),
        "model": model_version,
        "processor": processor_name(),
        "cpus": available_cores(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        "precision": os.environ.get("WHEREFORE_PRECISION", "auto"),
        "seed": SEED,
    }
