"""onnxruntime with a tokenizer in front: texts by length, in the batch size it is fastest with.

int8 is dynamic quantisation, onnxruntime's own advice for transformers.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from line_protocol import answer_lines, fastest
from tokenizers import Tokenizer

BATCH_SIZES = (1, 4, 8, 32)
MAX_TOKENS = 512
PADDING = {"pad_id": 1, "pad_token": "<pad>"}


class OnnxSession:
    """A session and a tokenizer."""

    def __init__(self, model: Path, precision: str) -> None:
        """Opens the exported network of one precision."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self._session = onnxruntime.InferenceSession(
            model / f"{precision}.onnx", options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding(**PADDING)
        self._batch_size = 1

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the logits of all labels."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found: list[list[float]] = [[]] * len(texts)
        for start in range(0, len(order), self._batch_size):
            batch = order[start : start + self._batch_size]
            rows = self._tokenizer.encode_batch_fast([texts[i] for i in batch])
            inputs = {
                "input_ids": np.array([row.ids for row in rows], dtype=np.int64),
                "attention_mask": np.array([row.attention_mask for row in rows], dtype=np.int64),
            }
            [logits] = self._session.run(["logits"], inputs)
            for position, row in zip(batch, logits.tolist(), strict=True):
                found[position] = row
        return found

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Takes the batch size that scores the texts soonest."""

        def run(batch_size: int) -> object:
            self._batch_size = batch_size
            return self.score(texts)

        self._batch_size = fastest(BATCH_SIZES, run)
        return {"batch_size": self._batch_size, "order": "by length"}

    def close(self) -> None:
        """Has nothing to end."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder with PRECISION.onnx and a tokenizer")
    parser.add_argument("precision", choices=["fp32", "int8"])
    asked = parser.parse_args()
    answer_lines(
        lambda: OnnxSession(asked.model, asked.precision), packages=["onnxruntime", "tokenizers"]
    )
