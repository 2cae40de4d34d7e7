"""The CPU backend on OpenVINO: a converted network, computed in fp32, bf16 or int8."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_store.engine.batching import ShapedBatch, shaped_batches
from model_store.engine.bounds import COMPOSITION_BOUNDS
from model_store.engine.outputs import EngineLogits, Precision
from model_store.engine.runtime import (
    ATTENTION_MASK,
    INPUT_IDS,
    OUTPUTS,
    cpu_computes_bf16,
    openvino_core,
    openvino_version,
)
from model_store.engine.streams import Streams

if TYPE_CHECKING:
    import openvino

    from model_store.engine.streams import Requests

OPENVINO_BATCH_TOKENS = 1024
"""Padded tokens of one forward pass.

A larger pass gains nothing on two cores, and every further shape costs memory for good: 1.8 MB
each for a network of 6 layers of 384 (tests/benchmarks/bench_memory.py), whatever
CPU_RUNTIME_CACHE_CAPACITY says. With this budget there are 79 shapes.
"""

STREAM_BATCH_TOKENS = 256
"""Padded tokens that suit one core of several: none waits long for the others of its batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A batch that is being computed; the arrays live as long as it."""

    request: "openvino.InferRequest"
    batch: ShapedBatch
    inputs: dict[str, NDArray[np.generic]]


class OpenVinoEngine:
    """Runs a converted network on the CPU.

    Thread-safe: calls share a fixed number of requests, which bounds the memory; a call that finds
    none free waits.

    Attributes:
        max_concurrent_calls: calls that are computed at once; more would wait.
        batch_tokens: padded tokens of a call that suit it where people wait for the answers.
    """

    def __init__(
        self,
        model: "Path | openvino.Model",
        *,
        padding_id: int,
        precision: Precision = "fp32",
        digest: str = "",
        batch_tokens: int = OPENVINO_BATCH_TOKENS,
        num_threads: int | None = None,
        num_streams: int = 1,
        joins_cores: bool = False,
    ) -> None:
        """Compiles a converted network for this machine.

        Args:
            model: the network, or the .xml file of it.
            padding_id: token id that fills short rows; it never enters a result.
            precision: fp32; bf16, faster where the CPU has it and fp32 elsewhere; int8 for a
                quantised network, the rest of which is computed in bf16 where the CPU has it.
            digest: identity of the converted network.
            batch_tokens: padded tokens of one forward pass.
            num_threads: CPU threads; None for one per core.
            num_streams: batches computed at once, each on its share of the threads: 1 answers a
                single text soonest, one per core scores the most texts.
            joins_cores: have a batch that comes alone computed on the threads of all streams, by
                the network compiled a second time.
        """
        self.max_concurrent_calls = num_streams
        self.batch_tokens = batch_tokens if num_streams == 1 else STREAM_BATCH_TOKENS
        self._padding_id = padding_id
        self._precision = precision
        self._digest = digest
        self._batch_tokens = batch_tokens
        self._rest = "bf16" if precision != "fp32" and cpu_computes_bf16() else "fp32"

        def compiled(streams: int) -> "openvino.CompiledModel":
            config = _compilation(self._rest, num_threads=num_threads, num_streams=streams)
            return openvino_core().compile_model(model, "CPU", config)

        joined = compiled(1) if joins_cores and num_streams > 1 else None
        self._streams = Streams(compiled(num_streams), num_streams, joined=joined)

    @property
    def identity(self) -> str:
        """Backend, version, precision, that of the rest, and which converted network it runs."""
        precision = "-".join(dict.fromkeys([self._precision, self._rest]))
        return f"openvino-{openvino_version()}-{precision}+{self._digest[:12]}"

    @property
    def composition_bound(self) -> float:
        """Largest difference of a logit between two batches that a window may be part of."""
        return COMPOSITION_BOUNDS["openvino", self._precision]

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows, in the order given.

        Args:
            ids: token ids of each window, markers included, none empty, at most 512.

        Raises:
            ValueError: a window is longer.
        """
        output = EngineLogits.empty([len(row) for row in ids])
        plan = list(shaped_batches([len(row) for row in ids], max_tokens=self._batch_tokens))
        with self._streams.lent(num_batches=len(plan)) as requests:
            self._compute(ids, plan, requests, output)
        return output

    def _compute(
        self,
        ids: Sequence[Sequence[int]],
        plan: Sequence[ShapedBatch],
        requests: "Requests",
        output: EngineLogits,
    ) -> None:
        running: deque[_Running] = deque()
        try:
            for batch in plan:
                # Whatever is wrong with the ids is found before a request is taken.
                inputs = padded_arrays(ids, batch, self._padding_id)
                request = _free_request(requests, running, output)
                running.append(_Running(request=request, batch=batch, inputs=inputs))
                request.start_async(inputs, share_inputs=True)
            while running:
                _finish(requests, running, output)
        finally:
            for left in running:
                with suppress(RuntimeError):  # what went wrong is on its way up
                    left.request.wait()
                requests.put(left.request)


def _free_request(
    requests: "Requests", running: deque[_Running], output: EngineLogits
) -> "openvino.InferRequest":
    """A request of the pool; who holds some gives one back before waiting for another."""
    while True:
        try:
            return requests.get_nowait()
        except Empty:
            if not running:
                return requests.get()
            _finish(requests, running, output)


def _finish(requests: "Requests", running: deque[_Running], output: EngineLogits) -> None:
    first = running[0]
    first.request.wait()
    _store(output, first.batch, [first.request.get_tensor(name).data for name in OUTPUTS])
    running.popleft()
    requests.put(first.request)


def padded_arrays(
    ids: Sequence[Sequence[int]], batch: ShapedBatch, padding_id: int
) -> dict[str, NDArray[np.generic]]:
    """Returns the inputs of a converted network for a batch.

    Args:
        ids: token ids of all windows.
        batch: which of them, and the length to pad to.
        padding_id: token id that fills short rows.
    """
    shape = (len(batch.positions), batch.num_tokens)
    ids_BT = np.full(shape, padding_id, dtype=np.int64)
    mask_BT = np.zeros(shape, dtype=np.bool_)
    for row, position in enumerate(batch.positions):
        length = len(ids[position])
        ids_BT[row, :length] = ids[position]
        mask_BT[row, :length] = True
    return {INPUT_IDS: ids_BT, ATTENTION_MASK: mask_BT}


def _compilation(rest: str, *, num_threads: int | None, num_streams: int) -> dict[str, Any]:
    config: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY" if num_streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": num_streams,
        "INFERENCE_PRECISION_HINT": "bf16" if rest == "bf16" else "f32",
        # Pinned threads of several processes, or of a client beside, get in each other's way.
        "ENABLE_CPU_PINNING": False,
    }
    if num_threads is not None:
        config["INFERENCE_NUM_THREADS"] = num_threads
    return config


def _store(output: EngineLogits, batch: ShapedBatch, found: Sequence[NDArray[np.float32]]) -> None:
    category_BC, reason_BR, risk_B, evidence_BTC = found
    rows = list(batch.positions)
    output.category_WC[rows] = category_BC
    output.reason_WR[rows] = reason_BR
    output.risk_W[rows] = risk_B
    for row, position in enumerate(rows):
        evidence_TC = output.evidence[position]
        evidence_TC[:] = evidence_BTC[row, : len(evidence_TC)]
