"""This project's engine in this process: masking, tokens, all its heads; the categories' logits.

Many texts at once run as many batches as there are cores, as `wherefore score` does; a single text
has all cores, as `wherefore serve` gives it.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from line_protocol import answer_lines

from model_store.engine.choice import EngineChoice, open_engine
from model_store.predictor import Predictor
from model_store.stored import open_stored


class InProcess:
    """A predictor for single texts and one for many."""

    def __init__(self, model: Path, precision: str, cache_dir: Path) -> None:
        """Opens the engine twice."""
        stored = open_stored(model)
        cores = int(os.environ["OMP_NUM_THREADS"])

        def predictor(num_streams: int) -> Predictor:
            choice = EngineChoice(
                engine="openvino",
                precision=precision,
                num_threads=cores,
                num_streams=num_streams,
                cache_dir=cache_dir,
            )
            return Predictor.from_stored(stored, engine=open_engine(stored, choice))

        self._for_one, self._for_many = predictor(1), predictor(cores)

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the logits of all categories."""
        predictor = self._for_one if len(texts) == 1 else self._for_many
        windows = [window.ids for text in predictor.read(texts) for window in text.windows]
        if len(windows) != len(texts):
            raise ValueError("expected texts of one window each")
        found: list[list[float]] = predictor.engine.logits(windows).category_WC.tolist()
        return found

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Chooses nothing: the engine plans its batches itself."""
        del texts
        return {"batches": "its own"}

    def close(self) -> None:
        """Has nothing to end."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="model directory of this project")
    parser.add_argument("precision", choices=["fp32", "bf16", "int8"])
    parser.add_argument("--cache-dir", type=Path, required=True, help="converted models")
    asked = parser.parse_args()
    answer_lines(
        lambda: InProcess(asked.model, asked.precision, asked.cache_dir),
        packages=["openvino", "tokenizers"],
    )
