"""Forward passes captured as CUDA graphs, one for each shape: one launch in place of hundreds.

Worth it where launches take longer than the work, so for few tokens; larger passes run as they are.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from model_store.engine.batching import padded_length
from model_store.engine.packed import PackedLayout
from model_store.engine.torch_backend import pad_rows
from model_store.network import Network, WindowLogits

MAX_CAPTURED_TOKENS = 8192
"""Tokens from which on a pass is long enough to hide its launches."""

_TOKENS_STEP = 256
_MAX_GRAPHS = 64
_WARM_UP_PASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PassInputs:
    """The inputs of a packed pass, filled up to one of few shapes.

    Attributes:
        ids_BT: token ids, padded; rows past the real ones hold a single token.
        mask_BT: true where a token stands.
        layout: where the tokens stand in one row.
    """

    ids_BT: Tensor
    mask_BT: Tensor
    layout: PackedLayout

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], *, padding_id: int) -> "PassInputs":
        """Returns the inputs for windows of token ids."""
        num_rows = 1 << (len(rows) - 1).bit_length()
        filled = [*rows, *[[padding_id + 1]] * (num_rows - len(rows))]
        lengths = [len(row) for row in filled]
        num_columns = padded_length(max(lengths))
        ids_BT, mask_BT = pad_rows(filled, padding_id, num_columns=num_columns)
        num_tokens = -(-sum(lengths) // _TOKENS_STEP) * _TOKENS_STEP
        layout = PackedLayout.of(
            lengths,
            num_columns=num_columns,
            num_tokens=num_tokens,
            longest=max(num_columns, _TOKENS_STEP),
        )
        return cls(ids_BT=ids_BT, mask_BT=mask_BT, layout=layout)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and tokens of the one row."""
        return *self.layout.shape, len(self.layout.slot_N)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors, in a fixed order."""
        layout = self.layout
        return (
            self.ids_BT, self.mask_BT, layout.slot_N, layout.column_N, layout.window_N,
            layout.starts,
        )  # fmt: skip

    def to(self, device: torch.device) -> "PassInputs":
        """Returns the inputs on a device."""
        return PassInputs(
            ids_BT=self.ids_BT.to(device),
            mask_BT=self.mask_BT.to(device),
            layout=self.layout.to(device),
        )


def packed_pass(network: Network, inputs: PassInputs) -> WindowLogits:
    """Runs a network with a packed encoder.

    Args:
        network: the network.
        inputs: what it reads, on its device.
    """
    encoder: Any = network.encoder
    encoder.layout = inputs.layout
    logits: WindowLogits = network(inputs.ids_BT, inputs.mask_BT)
    return logits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Captured:
    graph: "torch.cuda.CUDAGraph"
    inputs: PassInputs
    logits: WindowLogits


class CapturedPasses:
    """Captured passes of one network on one GPU; not thread-safe."""

    def __init__(self, network: Network) -> None:
        """Captures nothing yet: a shape is captured when it is first seen."""
        self._network = network
        self._graphs: OrderedDict[tuple[int, int, int], _Captured] = OrderedDict()
        self._pool = torch.cuda.graph_pool_handle()

    def run(self, inputs: PassInputs) -> WindowLogits:
        """Returns the logits of a pass, valid until the next one.

        Args:
            inputs: what the network reads, on the CPU.
        """
        captured = self._graphs.get(inputs.shape)
        if captured is None:
            captured = self._graphs[inputs.shape] = self._capture(inputs)
        self._graphs.move_to_end(inputs.shape)
        if len(self._graphs) > _MAX_GRAPHS:
            self._graphs.popitem(last=False)
        for fixed, given in zip(captured.inputs.tensors, inputs.tensors, strict=True):
            fixed.copy_(given)
        captured.graph.replay()
        return captured.logits

    def _capture(self, inputs: PassInputs) -> _Captured:
        fixed = inputs.to(torch.device("cuda"))
        side: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP_PASSES):
                packed_pass(self._network, fixed)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            logits = packed_pass(self._network, fixed)
        return _Captured(graph=graph, inputs=fixed, logits=logits)
