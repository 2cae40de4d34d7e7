"""What runs inside a TorchServe worker: token ids in, logits out, each request on its own.

TorchServe imports this file by name and takes the one class in it. It hands over up to a batch of
requests at once; their windows are computed together, and one that cannot be answered gets a
status of its own while the others are answered. A GPU that has failed answers nobody any more: the
worker ends then, and TorchServe starts another one.
"""

import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import torch

from model_store.engine.choice import EngineChoice, open_engine
from model_store.engine.outputs import DescribedEngine, EngineLogits
from model_store.errors import DeviceLostError
from model_store.stored import open_stored
from serving.torchserve.wire import (
    MODEL_DIRECTORY,
    Answer,
    WireError,
    decode_request,
    encode_answer,
)

_Windows = list[list[int]]


class WhereforeHandler:
    """Answers requests for logits with the model of the archive.

    Attributes:
        initialized: whether the model is loaded; TorchServe's samples look at it.
    """

    def __init__(self) -> None:
        """Holds no model yet: TorchServe calls `initialize` next."""
        self.initialized = False
        self._engine: DescribedEngine
        self._model_digest = ""
        self._vocabulary_size = 0

    def initialize(self, context: Any) -> None:
        """Loads the model of the archive, checked file by file.

        Args:
            context: TorchServe's context; its model directory is the unpacked archive.

        Raises:
            ArtifactError: the archive holds no whole, unchanged model.
            BackendError: the engine that the archive asks for cannot be had here.
        """
        try:
            self._load(context)
        except Exception:
            # TorchServe logs what goes to stdout below the level at which we keep its logs.
            traceback.print_exc(file=sys.stderr)
            raise

    def _load(self, context: Any) -> None:
        gpu_id = context.system_properties.get("gpu_id")
        if gpu_id is not None and torch.cuda.is_available():
            torch.cuda.set_device(int(gpu_id))
        stored = open_stored(Path(context.system_properties["model_dir"]) / MODEL_DIRECTORY)
        options = context.model_yaml_config.get("handler", {})
        self._engine = open_engine(stored, EngineChoice(**options))
        self._model_digest = stored.manifest.digest
        self._vocabulary_size = stored.tokenizer.vocabulary_size
        self.initialized = True

    def handle(self, data: Sequence[Mapping[str, Any]], context: Any) -> list[bytes]:
        """Answers a batch of requests, in order.

        Args:
            data: per request, the parts of its body by name.
            context: TorchServe's context, which takes a status and a content type per request.
        """
        asked = [self._read(parts) for parts in data]
        answered = iter(self._compute([ids for ids in asked if isinstance(ids, list)]))
        outcomes = [next(answered) if isinstance(row, list) else row for row in asked]
        return [
            self._respond(context, number, ids, outcome)
            for number, (ids, outcome) in enumerate(zip(asked, outcomes, strict=True))
        ]

    def _read(self, parts: Mapping[str, Any]) -> "_Windows | WireError":
        try:
            # REST names the body "body"; gRPC names it as the client did, by custom "data".
            body = parts.get("body", parts.get("data"))
            return decode_request(body, vocabulary_size=self._vocabulary_size)
        except WireError as error:
            return error

    def _compute(self, requests: Sequence[_Windows]) -> list[EngineLogits | Exception]:
        """Computes all requests at once or, where that fails, each by itself."""
        if not requests:
            return []
        try:
            logits = self._engine.logits([window for ids in requests for window in ids])
        except DeviceLostError as error:
            raise SystemExit(f"wherefore: the worker ends: {error}") from None
        except Exception as error:  # noqa: BLE001 - whatever it is, the neighbours go on
            if len(requests) == 1:
                return [error]
            return [outcome for ids in requests for outcome in self._compute([ids])]
        return _split(logits, [len(ids) for ids in requests])

    def _respond(
        self,
        context: Any,
        number: int,
        ids: "_Windows | WireError",
        outcome: EngineLogits | Exception,
    ) -> bytes:
        if isinstance(outcome, EngineLogits) and isinstance(ids, list):
            context.set_response_content_type(number, "application/octet-stream")
            return encode_answer(self._answer(outcome), ids=ids)
        status, message = _refusal(outcome)
        context.set_response_status(code=status, phrase=HTTPStatus(status).phrase, idx=number)
        context.set_response_content_type(number, "application/json")
        return json.dumps({"code": status, "message": message}).encode()

    def _answer(self, logits: EngineLogits) -> Answer:
        return Answer(
            logits=logits,
            model_digest=self._model_digest,
            engine=self._engine.identity,
            composition_bound=self._engine.composition_bound,
        )


def _split(logits: EngineLogits, counts: Sequence[int]) -> list[EngineLogits | Exception]:
    answers: list[EngineLogits | Exception] = []
    start = 0
    for count in counts:
        part = slice(start, start + count)
        answers.append(
            EngineLogits(
                category_WC=logits.category_WC[part],
                reason_WR=logits.reason_WR[part],
                risk_W=logits.risk_W[part],
                evidence=logits.evidence[part],
            )
        )
        start += count
    return answers


def _refusal(outcome: object) -> tuple[int, str]:
    if isinstance(outcome, WireError):
        return outcome.status, str(outcome)
    out_of_memory = isinstance(outcome, MemoryError | torch.OutOfMemoryError)
    # The kind alone: a message of a library may hold what was asked.
    kind = type(outcome).__name__
    sys.stderr.write(f"wherefore: a request could not be computed: {kind}\n")
    return (507 if out_of_memory else 500), f"the model failed on this request: {kind}"
