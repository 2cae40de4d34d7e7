"""transformers' own text-classification pipeline, in the batch size it is fastest with."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from line_protocol import answer_lines, fastest
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

BATCH_SIZES = (1, 4, 8, 32)


class Pipeline:
    """The pipeline, loaded."""

    def __init__(self, model: Path, precision: str) -> None:
        """Loads a classifier."""
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
        network = AutoModelForSequenceClassification.from_pretrained(model, dtype=dtype).eval()
        tokenizer = AutoTokenizer.from_pretrained(model)
        self._classify = pipeline(
            "text-classification", model=network, tokenizer=tokenizer, device="cpu"
        )
        self._batch_size = 1

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the logits of all labels."""
        found = self._classify(
            list(texts),
            batch_size=min(self._batch_size, len(texts)),
            truncation=True,
            top_k=None,
            function_to_apply="none",
        )
        # Labels come by score.
        by_label = [{each["label"]: float(each["score"]) for each in row} for row in found]
        return [[row[f"LABEL_{i}"] for i in range(len(row))] for row in by_label]

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Takes the batch size that scores the texts soonest."""

        def run(batch_size: int) -> object:
            self._batch_size = batch_size
            return self.score(texts)

        self._batch_size = fastest(BATCH_SIZES, run)
        return {"batch_size": self._batch_size}

    def close(self) -> None:
        """Has nothing to end."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder that transformers reads")
    parser.add_argument("precision", choices=["fp32", "bf16"])
    asked = parser.parse_args()
    answer_lines(lambda: Pipeline(asked.model, asked.precision), packages=["torch", "transformers"])
