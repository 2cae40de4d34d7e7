"""How a driver talks to a system in another environment: one JSON object per line, each way.

The system tells what it is in its first line, then answers each line with one:

    {"score": [TEXT, ...]}    {"seconds": S, "logits": [[12 logits], ...]}
    {"single": [TEXT, ...]}   {"seconds": [S, ...]}, each text a call of its own
    {"tune": [TEXT, ...]}     {"options": {...}}, what it will run with from now on

and ends when its input ends. Seconds are taken here, from texts to logits, so that the pipe costs
nobody anything. Only the standard library is used: every environment has it.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Protocol

NUM_LABELS = 12


class Scoring(Protocol):
    """A system that scores texts; `close` is called at the end."""

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the logits of the labels for each text, in order."""
        ...

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Chooses the options it is fastest with, and returns them."""
        ...

    def close(self) -> None:
        """Ends whatever it started."""
        ...


def answer_lines(open_system: Callable[[], Scoring], *, packages: Sequence[str]) -> None:
    """Opens a system and answers until the input ends.

    What libraries print goes to the standard error, never between the lines.

    Args:
        open_system: opens it; the time is told.
        packages: distributions whose versions are told.
    """
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    start = time.perf_counter()
    system = open_system()

    def tell(content: dict[str, object]) -> None:
        lines.write(json.dumps(content) + "\n")
        lines.flush()

    seconds = time.perf_counter() - start
    tell({"versions": {name: version(name) for name in packages}, "open_seconds": seconds})
    try:
        for line in sys.stdin:
            tell(_answer(system, json.loads(line)))
    finally:
        system.close()


def fastest(options: Sequence[int], run: Callable[[int], object]) -> int:
    """Returns the option that takes least time, the first use of each left out."""

    def seconds(option: int) -> float:
        run(option)
        start = time.perf_counter()
        run(option)
        return time.perf_counter() - start

    return min(options, key=seconds)


def _answer(system: Scoring, asked: dict[str, list[str]]) -> dict[str, object]:
    if "tune" in asked:
        return {"options": system.tune(asked["tune"])}
    if "single" in asked:
        return {"seconds": [_timed(system, [text])[0] for text in asked["single"]]}
    seconds, logits = _timed(system, asked["score"])
    return {"seconds": seconds, "logits": logits}


def _timed(system: Scoring, texts: Sequence[str]) -> tuple[float, list[list[float]]]:
    start = time.perf_counter()
    logits = system.score(texts)
    return time.perf_counter() - start, logits
