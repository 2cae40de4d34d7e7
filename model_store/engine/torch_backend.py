"""The plain torch backend: works wherever torch does."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from torch import Tensor

from model_store.engine.batching import DEFAULT_BATCH_TOKENS, token_budget_batches
from model_store.engine.bounds import COMPOSITION_BOUNDS
from model_store.engine.outputs import EngineLogits, Precision
from model_store.errors import DeviceLostError
from model_store.network import Network, WindowLogits


@contextmanager
def lost_device_told() -> Iterator[None]:
    """Tells what torch raises of a failed device from what a text or want of memory causes."""
    try:
        yield
    except torch.AcceleratorError as error:
        raise DeviceLostError from error


class TorchEngine:
    """Runs the network with torch on the CPU or a GPU, padded batch by padded batch.

    Thread-safe: nothing is kept from one call to the next.
    """

    def __init__(
        self,
        network: Network,
        *,
        padding_id: int,
        device: str = "cpu",
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        precision: Precision = "fp32",
    ) -> None:
        """Takes a network over and puts it into evaluation mode.

        Args:
            network: the network; moved to `device`.
            padding_id: token id that fills short rows; it never enters a result.
            device: torch's name of the device.
            batch_tokens: padded tokens of one forward pass.
            precision: fp32, or bf16 for the matrix products by torch's autocast.
        """
        self._network = network.to(device).eval()
        self._padding_id = padding_id
        self._device = device
        self._batch_tokens = batch_tokens
        self._precision = precision

    @property
    def network(self) -> Network:
        """The network itself, for what needs a backward pass."""
        return self._network

    @property
    def identity(self) -> str:
        """Backend, version, device and precision."""
        return f"torch-{torch.__version__}-{self._device}-{self._precision}"

    @property
    def composition_bound(self) -> float:
        """Largest difference of a logit between two batches that a window may be part of."""
        return COMPOSITION_BOUNDS["torch", self._precision]

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
        for batch in token_budget_batches(lengths, max_tokens=self._batch_tokens):
            ids_BT, mask_BT = pad_rows([ids[i] for i in batch], self._padding_id)
            with self._autocast():
                logits = self._network(ids_BT.to(self._device), mask_BT.to(self._device))
            store_logits(output, batch, lengths, logits)
        return output

    def _autocast(self) -> AbstractContextManager[object]:
        if self._precision == "fp32":
            return nullcontext()
        return torch.autocast(torch.device(self._device).type, dtype=torch.bfloat16)


def pad_rows(
    rows: Sequence[Sequence[int]], padding_id: int, *, num_columns: int | None = None
) -> tuple[Tensor, Tensor]:
    """Returns rows padded to one length, and the mask of what is no padding.

    Args:
        rows: token ids of each row.
        padding_id: token id that fills short rows.
        num_columns: length to pad to; None for that of the longest row.

    Returns:
        Token ids (int64) and mask (bool), both of shape rows x length.
    """
    shape = (len(rows), num_columns or max(len(row) for row in rows))
    ids_BT = torch.full(shape, padding_id)
    mask_BT = torch.zeros(shape, dtype=torch.bool)
    for position, row in enumerate(rows):
        ids_BT[position, : len(row)] = torch.tensor(row)
        mask_BT[position, : len(row)] = True
    return ids_BT, mask_BT


def store_logits(
    output: EngineLogits, batch: Sequence[int], lengths: Sequence[int], logits: WindowLogits
) -> None:
    """Puts the logits of a padded batch where its windows stand.

    Args:
        output: room for all windows.
        batch: position of each row of the batch; further rows are left out.
        lengths: tokens of each window.
        logits: what the network says of the batch.
    """
    rows = slice(len(batch))  # further ones only fill up the batch
    output.category_WC[batch] = _array(logits.category_BC[rows])
    output.reason_WR[batch] = _array(logits.reason_BR[rows])
    output.risk_W[batch] = _array(logits.risk_B[rows])
    evidence_BTC = _array(logits.evidence_BTC)
    for row, position in enumerate(batch):
        output.evidence[position] = evidence_BTC[row, : lengths[position]]


def _array(values: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    array: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = values.float().cpu().numpy()
    return array
