"""The LitServe server under test: a classifier on two paths, batches of one and of eight."""

import sys
from collections.abc import Sequence

import litserve
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BATCH_TIMEOUT_S = 0.002


class PlainApi(litserve.LitAPI):
    """Texts in, logits out; a batch is padded to its longest text."""

    def __init__(self, model: str, precision: str, batch_size: int) -> None:
        """Takes what `setup` loads."""
        super().__init__(
            max_batch_size=batch_size,
            batch_timeout=BATCH_TIMEOUT_S if batch_size > 1 else 0.0,
            api_path=f"/batch{batch_size}",
        )
        self._folder, self._precision, self._is_batched = model, precision, batch_size > 1

    def setup(self, device: str) -> None:
        """Loads model and tokenizer; the device is the CPU."""
        del device
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[self._precision]
        self._tokenizer = AutoTokenizer.from_pretrained(self._folder)
        self._model = AutoModelForSequenceClassification.from_pretrained(
            self._folder, dtype=dtype
        ).eval()

    def decode_request(self, request: dict[str, str]) -> str:
        """Reads the text."""
        return request["text"]

    def predict(self, given: Sequence[str]) -> list[list[float]] | list[float]:
        """Computes the logits of one text or of a batch."""
        texts = list(given) if self._is_batched else [given]
        encoded = self._tokenizer(
            texts, padding=True, truncation=True, max_length=512, return_tensors="pt"
        )
        with torch.inference_mode():
            rows = self._model(**encoded).logits.float().tolist()
        return rows if self._is_batched else rows[0]

    def encode_response(self, output: list[float]) -> dict[str, list[float]]:
        """Writes the logits."""
        return {"logits": output}


if __name__ == "__main__":
    folder, given_precision, port, *batch_sizes = sys.argv[1:]
    server = litserve.LitServer(
        [PlainApi(folder, given_precision, int(size)) for size in batch_sizes],
        accelerator="cpu",
        workers_per_device=1,
        timeout=300,
    )
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="warning")
