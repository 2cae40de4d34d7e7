"""The packed backend: for GPUs, where padding and kernel launches are what time is lost to.

On a CPU it computes the same, more slowly than the others, and is there to be tested.
"""

import copy
import logging
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from model_store.engine.batching import token_budget_batches
from model_store.engine.bounds import COMPOSITION_BOUNDS
from model_store.engine.graphs import (
    MAX_CAPTURED_TOKENS,
    CapturedPasses,
    PassInputs,
    packed_pass,
)
from model_store.engine.outputs import DescribedEngine, EngineLogits, Precision
from model_store.engine.packed import PackedEncoder
from model_store.engine.torch_backend import TorchEngine, lost_device_told, store_logits
from model_store.errors import DeviceLostError
from model_store.network import Network, WindowLogits

log = logging.getLogger("wherefore.engine")

PACKED_BATCH_TOKENS = 65_536
"""Padded tokens of one forward pass on a GPU; in the order of length few of them are padding."""


class PackedEngine:
    """Runs the network without padding.

    Thread-safe: one forward pass at a time.
    """

    def __init__(
        self,
        network: Network,
        *,
        padding_id: int,
        device: str = "cuda",
        precision: Precision = "bf16",
        batch_tokens: int = PACKED_BATCH_TOKENS,
    ) -> None:
        """Copies a network and packs its encoder.

        Args:
            network: the network; left as it is.
            padding_id: token id that fills short rows; it never enters a result.
            device: torch's name of the device.
            precision: fp32, or bf16 for weights and activations.
            batch_tokens: padded tokens of one forward pass.
        """
        packed = pack(network)
        self._network = (_lowered(packed) if precision == "bf16" else packed).to(device)
        self._padding_id = padding_id
        self._device = torch.device(device)
        self._precision = precision
        self.batch_tokens = batch_tokens
        self._lock = threading.Lock()
        self._captured = CapturedPasses(self._network) if self._device.type == "cuda" else None

    @property
    def identity(self) -> str:
        """Backend, version, device and precision."""
        return f"packed-{torch.__version__}-{self._device}-{self._precision}"

    @property
    def composition_bound(self) -> float:
        """Largest difference of a logit between two batches that a window may be part of."""
        return COMPOSITION_BOUNDS["packed", self._precision]

    @lost_device_told()
    @torch.inference_mode()
    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows, in the order given.

        Args:
            ids: token ids of each window, markers included, none empty.

        Raises:
            DeviceLostError: the GPU has failed.
        """
        lengths = [len(row) for row in ids]
        output = EngineLogits.empty(lengths)
        for batch in token_budget_batches(lengths, max_tokens=self.batch_tokens):
            inputs = PassInputs.of([ids[i] for i in batch], padding_id=self._padding_id)
            with self._lock:
                store_logits(output, batch, lengths, self._pass(inputs))
        return output

    def _pass(self, inputs: PassInputs) -> WindowLogits:
        if self._captured is not None and inputs.shape[2] <= MAX_CAPTURED_TOKENS:
            return self._captured.run(inputs)
        return packed_pass(self._network, inputs.to(self._device))


def pack(network: Network) -> Network:
    """Returns a copy of a network whose encoder computes no padding."""
    packed = copy.deepcopy(network).eval()
    encoder: Any = PackedEncoder(packed.encoder, kept_layers=[packed.evidence_layer])
    packed.encoder = encoder
    return packed


def _lowered(network: Network) -> Network:
    """Puts encoder and heads into bfloat16; the reading of bare words costs nothing in fp32."""
    for name, part in network.named_children():
        if name != "lexical":
            part.to(torch.bfloat16)
    return network


def open_packed(
    network: Network, *, padding_id: int, precision: Precision, device: str = "cuda"
) -> DescribedEngine:
    """Returns the packed engine or, where it does not say what plain torch says there, plain torch.

    Args:
        network: the network.
        padding_id: token id that fills short rows.
        precision: fp32 or bf16.
        device: torch's name of the device.
    """
    plain = TorchEngine(network, padding_id=padding_id, device=device, precision=precision)
    try:
        packed = PackedEngine(network, padding_id=padding_id, device=device, precision=precision)
        largest = _largest_difference(packed, plain, padding_id=padding_id)
    except (RuntimeError, ImportError, DeviceLostError) as error:
        log.warning("packed attention cannot be used here (%s): torch pads", type(error).__name__)
        return plain
    if not largest <= packed.composition_bound:
        log.warning("packed attention differs by %.3g from padded: torch pads", largest)
        return plain
    return packed


def _largest_difference(
    packed: DescribedEngine, plain: DescribedEngine, *, padding_id: int
) -> float:
    pairs = []
    # The second pass has just as many tokens as a row is filled up to.
    for lengths in ((2, 17, 96, 97, 300, 512), (256,)):
        rows = [[padding_id + 1 + i % 97 for i in range(n)] for n in lengths]
        found, expected = packed.logits(rows), plain.logits(rows)
        pairs += [(found.category_WC, expected.category_WC), (found.risk_W, expected.risk_W)]
    # numpy's maximum, unlike Python's, is not a number where one of them is none.
    return float(np.max([np.abs(a - b).max() for a, b in pairs]))
