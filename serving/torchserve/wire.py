"""What travels between the API and TorchServe: token ids one way, fp32 logits the other.

A request is `{"input_ids": [[...], ...]}`, one list of token ids per window. An answer is the bytes
of a safetensors file, compact and without loss, in which every float is the one that the engine
computed::

    category           windows x 12    category logits
    reason             windows x 29    joint reason logits
    risk               windows         risk logits
    evidence           tokens x 12     evidence logits of all windows, one after the other
    composition_bound  1               largest difference of a logit between two batches
    model_digest       32 bytes        identity of the model that answered
    engine             any length      identity of the engine: backend, version and precision
    request_digest     16 bytes        what was asked, so that no answer is taken for another's

W windows, C categories, R reasons.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
from model_store.engine.outputs import EngineLogits
from model_store.windows import MAX_WINDOW_TOKENS
from serving.errors import ServingError

MODEL_NAME = "wherefore"
"""Name under which TorchServe serves the model."""

MODEL_DIRECTORY = "model"
"""Folder of the model within its archive."""

MAX_BODY_BYTES = 6_553_500
"""Largest request and answer that TorchServe lets pass unless told otherwise.
Source: TorchServe 0.12, docs/configuration.md, max_request_size and max_response_size."""

_HEADER_BYTES = 2048  # more than the names, shapes and identities take
_REQUEST_DIGEST_BYTES = 16


class WireError(ServingError):
    """A request or an answer is not what was agreed on.

    Attributes:
        status: HTTP status that says so: 400, or 413 for what is too large.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        """Keeps the status; the message holds nothing of the content."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Attributes:
        logits: logits of the windows sent, in order.
        model_digest: identity of the model, hexadecimal.
        engine: identity of the engine.
        composition_bound: as `model_store.engine.outputs.DescribedEngine` has it.
    """

    logits: EngineLogits
    model_digest: str
    engine: str
    composition_bound: float


class LogitsRequest(BaseModel):
    """The body of a request: token ids of windows, markers included."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    input_ids: Annotated[
        list[
            Annotated[
                list[Annotated[int, Field(ge=0)]],
                Field(min_length=1, max_length=MAX_WINDOW_TOKENS),
            ]
        ],
        Field(min_length=1),
    ]


def encode_request(ids: Sequence[Sequence[int]]) -> bytes:
    """Returns the body that asks for the logits of windows."""
    return json.dumps({"input_ids": [list(row) for row in ids]}, separators=(",", ":")).encode()


def decode_request(body: object, *, vocabulary_size: int) -> list[list[int]]:
    """Reads the body of a request, whether TorchServe has parsed its JSON or not.

    Args:
        body: bytes of JSON, or what they were parsed to.
        vocabulary_size: one more than the largest token id of the model.

    Raises:
        WireError: the body has another shape, another vocabulary, or too large an answer.
    """
    try:
        if isinstance(body, bytes | bytearray | str):
            ids = LogitsRequest.model_validate_json(body).input_ids
        else:
            ids = LogitsRequest.model_validate(body).input_ids
    except ValidationError as error:
        raise WireError(_expected(error)) from None
    if max(max(row) for row in ids) >= vocabulary_size:
        raise WireError(
            f"a token id is not below {vocabulary_size}, the size of this model's vocabulary: "
            "send ids of the model's own tokenizer"
        )
    if answer_bytes([len(row) for row in ids]) > MAX_BODY_BYTES:
        raise WireError(
            f"the answer would have more than {MAX_BODY_BYTES:,} bytes: send fewer windows",
            status=413,
        )
    return ids


def encode_answer(answer: Answer, *, ids: Sequence[Sequence[int]]) -> bytes:
    """Returns the body that answers a request about the windows `ids`."""
    logits = answer.logits
    tensors: dict[str, NDArray[Any]] = {
        "category": logits.category_WC,
        "reason": logits.reason_WR,
        "risk": logits.risk_W,
        "evidence": np.concatenate(logits.evidence),
        "composition_bound": np.array([answer.composition_bound], dtype=np.float32),
        "model_digest": _bytes(bytes.fromhex(answer.model_digest)),
        "engine": _bytes(answer.engine.encode()),
        "request_digest": _bytes(request_digest(ids)),
    }
    return bytes(save({name: np.ascontiguousarray(value) for name, value in tensors.items()}))


def decode_answer(body: bytes, *, ids: Sequence[Sequence[int]]) -> Answer:
    """Reads an answer.

    Args:
        body: the bytes received.
        ids: the windows that were asked about.

    Raises:
        WireError: the bytes are no whole answer to these windows, or a logit is no number.
    """
    try:
        tensors = load(body)
        engine = tensors["engine"].tobytes().decode()
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise WireError("the answer does not hold the tensors of a prediction") from error
    lengths = [len(row) for row in ids]
    if {name: (str(t.dtype), t.shape) for name, t in tensors.items()} != _layout(lengths, engine):
        raise WireError("the answer holds other tensors than the windows sent call for")
    if tensors["request_digest"].tobytes() != request_digest(ids):
        raise WireError("the answer belongs to another request")
    if not all(np.isfinite(tensors[name]).all() for name in _FLOATS):
        raise WireError("the answer holds logits that are no numbers")
    return Answer(
        logits=EngineLogits(
            category_WC=tensors["category"],
            reason_WR=tensors["reason"],
            risk_W=tensors["risk"],
            evidence=np.split(tensors["evidence"], np.cumsum(lengths)[:-1]),
        ),
        model_digest=tensors["model_digest"].tobytes().hex(),
        engine=engine,
        composition_bound=float(tensors["composition_bound"][0]),
    )


def request_digest(ids: Sequence[Sequence[int]]) -> bytes:
    """Returns 16 bytes that tell these windows from any others."""
    content = np.fromiter(_numbers(ids), dtype="<i8")
    return hashlib.blake2b(content.tobytes(), digest_size=_REQUEST_DIGEST_BYTES).digest()


def answer_bytes(lengths: Sequence[int]) -> int:
    """Returns an upper bound of the bytes of an answer to windows of these lengths."""
    floats = len(lengths) * (len(CATEGORIES) + len(REASONS) + 1) + sum(lengths) * len(CATEGORIES)
    return 4 * floats + _HEADER_BYTES


_FLOATS = ("category", "reason", "risk", "evidence", "composition_bound")


def _layout(lengths: Sequence[int], engine: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {
        "category": ("float32", (len(lengths), len(CATEGORIES))),
        "reason": ("float32", (len(lengths), len(REASONS))),
        "risk": ("float32", (len(lengths),)),
        "evidence": ("float32", (sum(lengths), len(CATEGORIES))),
        "composition_bound": ("float32", (1,)),
        "model_digest": ("uint8", (hashlib.sha256().digest_size,)),
        "engine": ("uint8", (len(engine.encode()),)),
        "request_digest": ("uint8", (_REQUEST_DIGEST_BYTES,)),
    }


def _numbers(ids: Sequence[Sequence[int]]) -> Iterator[int]:
    for row in ids:
        yield len(row)
        yield from row


def _bytes(content: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(content, dtype=np.uint8)


def _expected(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, int)) or "the body"
    return (
        f"the request is not valid at {where} ({first['type']}): expected JSON of the form "
        f'{{"input_ids": [[0, 31414, 2]]}}, each window of 1 to {MAX_WINDOW_TOKENS} token ids'
    )
