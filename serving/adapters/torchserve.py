"""The engine behind TorchServe: token ids go out, logits come back, everything else stays here.

TorchServe is archived upstream since August 2025, so nothing outside this module and the two
transports beside it depends on it: they offer the contract of `model_store.engine`, and the API
tokenizes, decodes and refuses the answers of another model. Computing logits changes nothing, so
asking again is always safe.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_fixed,
)

from model_store.engine.batching import token_budget_batches
from model_store.engine.outputs import EngineLogits
from model_store.predictor import Predictor
from model_store.stored import open_stored
from serving.errors import (
    EngineAnswerError,
    EngineBusyError,
    EngineError,
    EngineKeyError,
    EngineModelError,
    EngineUnreachableError,
    SettingsError,
)
from serving.settings import Settings
from serving.torchserve.keys import PUBLISHED_NAME, KeyFile, KeyFileUnreadableError
from serving.torchserve.wire import Answer, WireError, decode_answer, encode_request

REQUEST_TOKENS = 8192
"""Padded tokens of one request: its answer stays below a tenth of TorchServe's body limit."""

MAX_CONCURRENT_CALLS = 4
"""Requests that are under way at once, of one call or of several."""

CONNECT_SECONDS = 60.0
"""How long a server that starts waits for TorchServe."""

_ATTEMPTS = 3
_NEW_KEY_SECONDS = 5.0
_CONNECT_PAUSE_SECONDS = 0.5
# Another model's answer comes from a TorchServe that is about to be replaced.
_STARTING = (EngineUnreachableError, EngineBusyError, EngineKeyError, EngineModelError)

log = structlog.stdlib.get_logger("wherefore.torchserve")


class Transport(Protocol):
    """A way to reach TorchServe's inference API."""

    def predict(self, body: bytes, *, key: str, timeout_seconds: float) -> bytes:
        """Sends a request and returns the body of the answer.

        Raises:
            EngineUnreachableError: the request, or its answer, was lost: it may be sent again.
            EngineBusyError: TorchServe has no worker or no room, or took too long.
            EngineKeyError: TorchServe does not accept the key.
            EngineAnswerError: TorchServe refuses the request or answers something else.
        """
        ...

    def close(self) -> None:
        """Closes the connections."""
        ...


class TorchServeEngine:
    """Computes logits in TorchServe; may be called from several threads.

    Attributes:
        max_concurrent_calls: calls that TorchServe may put into one batch.
    """

    max_concurrent_calls = MAX_CONCURRENT_CALLS

    def __init__(
        self, transport: Transport, *, keys: KeyFile, model_digest: str, timeout_seconds: float
    ) -> None:
        """Connects nothing yet; `connect` comes first.

        Args:
            transport: the way to TorchServe.
            keys: where its inference key stands.
            model_digest: identity of the only model whose answers are taken, hexadecimal.
            timeout_seconds: longest wait for one answer.
        """
        self._transport = transport
        self._keys = keys
        self._model_digest = model_digest
        self._timeout_seconds = timeout_seconds
        self._engine: str | None = None
        self._composition_bound = 0.0
        self._senders = ThreadPoolExecutor(MAX_CONCURRENT_CALLS, thread_name_prefix="torchserve")
        self._retrying = Retrying(
            retry=retry_if_exception_type(EngineUnreachableError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=0.1, max=1),
            reraise=True,
        )

    def connect(self, ids: Sequence[int], *, within_seconds: float) -> None:
        """Waits for a real prediction, and learns from it which engine computes.

        TorchServe's own health check says healthy before a worker has loaded the model.

        Args:
            ids: any window.
            within_seconds: how long TorchServe may take to start.

        Raises:
            EngineError: no answer came in time, or one that is not to be trusted.
        """
        answer = Retrying(
            retry=retry_if_exception_type(_STARTING),
            stop=stop_after_delay(within_seconds),
            wait=wait_fixed(_CONNECT_PAUSE_SECONDS),
            reraise=True,
        )(partial(self._request, [ids]))
        self._engine, self._composition_bound = answer.engine, answer.composition_bound

    @property
    def identity(self) -> str:
        """The engine in TorchServe: backend, version and precision; known once connected."""
        return f"torchserve {self._engine or 'not connected'}"

    @property
    def composition_bound(self) -> float:
        """Largest difference of a logit between two batches that a window may be part of."""
        return self._composition_bound

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows, in the order given.

        Args:
            ids: token ids of each window, markers included, none empty.

        Raises:
            EngineError: TorchServe gave no answer to trust; no part of it is returned.
        """
        lengths = [len(row) for row in ids]
        output = EngineLogits.empty(lengths)
        batches = list(token_budget_batches(lengths, max_tokens=REQUEST_TOKENS))
        requests = [[ids[position] for position in batch] for batch in batches]
        send = self._senders.map if len(requests) > 1 else map
        for batch, answer in zip(batches, send(self._ask, requests), strict=True):
            _store(output, batch, answer)
        return output

    def close(self) -> None:
        """Closes the connections; what is under way is finished."""
        self._senders.shutdown()
        self._transport.close()

    def _ask(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        try:
            answer = self._request(ids)
            # What is cached, and how near to a threshold is near, depends on the engine.
            if answer.engine != self._engine:
                raise _noted(EngineModelError(), f"engine {answer.engine}, not {self._engine}")
        except EngineError as error:
            log.warning(
                "torchserve_failed",
                error=type(error).__name__,
                cause=type(error.__cause__).__name__,
                detail=getattr(error, "__notes__", []),
            )
            raise
        return answer.logits

    def _request(self, ids: Sequence[Sequence[int]]) -> Answer:
        body = self._retrying.copy()(partial(self._send, encode_request(ids)))
        try:
            answer = decode_answer(body, ids=ids)
        except WireError as error:
            raise _noted(EngineAnswerError(), str(error)) from error
        if (found := answer.model_digest) != self._model_digest:
            raise _noted(EngineModelError(), f"model {found}, not {self._model_digest}")
        return answer

    def _send(self, body: bytes) -> bytes:
        """Sends a request; where the key is refused, once more with the key that replaced it."""
        key = self._key()
        predict = partial(self._transport.predict, body, timeout_seconds=self._timeout_seconds)
        try:
            return predict(key=key)
        except EngineKeyError:
            renewed = self._keys.other_than(key, within_seconds=_NEW_KEY_SECONDS)
            if renewed is None:
                raise
            return predict(key=renewed)

    def _key(self) -> str:
        try:
            return self._keys.current()
        except KeyFileUnreadableError as error:
            raise _noted(EngineKeyError(), str(error)) from error


def load_torchserve_predictor(settings: Settings, *, model: Path) -> Predictor:
    """Returns a predictor that has TorchServe compute the logits of a model.

    Args:
        settings: the settings of the process, with the URL of TorchServe.
        model: directory of the same model: its tokenizer and its calibration are used here.

    Raises:
        ArtifactError: the directory holds no whole, unchanged model.
        EngineError: TorchServe does not answer, or not with this model.
        SettingsError: the URL is none of TorchServe.
    """
    stored = open_stored(model)
    engine = TorchServeEngine(
        open_transport(settings.torchserve_url or ""),
        keys=KeyFile(key_file(settings)),
        model_digest=stored.manifest.digest,
        timeout_seconds=settings.torchserve_timeout_seconds,
    )
    [window] = stored.tokenizer.windows([])
    engine.connect(window.ids, within_seconds=CONNECT_SECONDS)
    return Predictor(
        engine=engine,
        tokenizer=stored.tokenizer,
        calibration=stored.calibration,
        manifest=stored.manifest,
        directory=stored.directory,
    )


def open_transport(url: str) -> Transport:
    """Returns the transport that a URL names: http and https are REST, grpc is gRPC.

    Raises:
        SettingsError: the URL names none.
        MissingExtraError: gRPC is asked for and not installed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # no number, or brackets that do not close
        raise _url_refused() from None
    if parts.scheme in {"http", "https"} and parts.hostname:
        from serving.adapters.torchserve_rest import RestTransport  # noqa: PLC0415

        return RestTransport(url)
    if parts.scheme == "grpc" and parts.hostname and port:
        from serving.adapters.torchserve_grpc import GrpcTransport  # noqa: PLC0415

        return GrpcTransport(parts.netloc)
    raise _url_refused()


def _url_refused() -> SettingsError:
    return SettingsError(
        "the setting WHEREFORE_TORCHSERVE_URL is not valid: expected http://HOST:PORT, "
        "https://HOST:PORT or grpc://HOST:PORT"
    )


def key_file(settings: Settings) -> Path:
    """Returns where the inference key stands: as set, else in the state directory."""
    return settings.torchserve_key_file or settings.state_dir / "torchserve" / PUBLISHED_NAME


def _store(output: EngineLogits, batch: Sequence[int], answer: EngineLogits) -> None:
    output.category_WC[batch] = answer.category_WC
    output.reason_WR[batch] = answer.reason_WR
    output.risk_W[batch] = answer.risk_W
    for position, evidence in zip(batch, answer.evidence, strict=True):
        output.evidence[position] = evidence


def _noted(error: EngineError, note: str) -> EngineError:
    """Returns an error with what the log is to say of it, and its message is not."""
    error.add_note(note)
    return error
