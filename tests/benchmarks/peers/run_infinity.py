"""infinity-emb's engine, as a library: its own batching by length, without its HTTP server.

int8 is its own way on a CPU, torch's dynamic quantisation of all linear layers.
"""

import argparse
import asyncio
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

HOME = tempfile.TemporaryDirectory(prefix="bench-infinity-")
os.environ |= {
    "DO_NOT_TRACK": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
    "INFINITY_HOME": HOME.name,  # else it writes into the working directory
}

from infinity_emb import AsyncEmbeddingEngine, EngineArgs  # noqa: E402 - reads the environment
from line_protocol import answer_lines, fastest  # noqa: E402

BATCH_SIZES = (1, 4, 8, 32)
PRECISIONS = {"fp32": "float32", "bf16": "bfloat16", "int8": "int8"}
SMALLEST = 1e-7


class InfinityEngine:
    """The engine, running on an event loop of its own."""

    def __init__(self, model: Path, precision: str) -> None:
        """Starts it with the batch size that its authors ship."""
        self._model, self._precision = model, precision
        self._loop = asyncio.new_event_loop()
        self._engine = self._started(32)

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the logits of all labels."""
        found, _ = self._loop.run_until_complete(
            self._engine.classify(sentences=list(texts), raw_scores=True)
        )
        by_label = [{each["label"]: _logit(float(each["score"])) for each in row} for row in found]
        return [[row[f"LABEL_{i}"] for i in range(len(row))] for row in by_label]

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Takes the batch size that scores the texts soonest."""
        used = 32

        def run(batch_size: int) -> object:
            nonlocal used
            if batch_size != used:
                self._loop.run_until_complete(self._engine.astop())
                self._engine, used = self._started(batch_size), batch_size
            return self.score(texts)

        best = fastest(BATCH_SIZES, run)
        run(best)
        return {"batch_size": best}

    def close(self) -> None:
        """Stops the engine."""
        self._loop.run_until_complete(self._engine.astop())

    def _started(self, batch_size: int) -> AsyncEmbeddingEngine:
        engine = AsyncEmbeddingEngine.from_args(
            EngineArgs(
                model_name_or_path=str(self._model),
                engine="torch",
                device="cpu",
                dtype=PRECISIONS[self._precision],
                batch_size=batch_size,
                bettertransformer=False,  # it needs an optimum that no current torch has
                compile=False,
                model_warmup=False,
            )
        )
        self._loop.run_until_complete(engine.astart())
        return engine


def _logit(probability: float) -> float:
    """Its pipeline gives probabilities of labels that do not exclude each other."""
    inside = min(max(probability, SMALLEST), 1 - SMALLEST)
    return math.log(inside / (1 - inside))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder that transformers reads")
    parser.add_argument("precision", choices=sorted(PRECISIONS))
    asked = parser.parse_args()
    answer_lines(
        lambda: InfinityEngine(asked.model, asked.precision),
        packages=["infinity-emb", "torch", "transformers"],
    )
