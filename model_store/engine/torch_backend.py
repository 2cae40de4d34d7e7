"""The plain torch backend: works wherever torch does."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from model_store.engine.batching import DEFAULT_BATCH_TOKENS, token_budget_batches
from model_store.engine.outputs import EngineLogits
from model_store.network import Network, WindowLogits


class TorchEngine:
    """Runs the network with torch, in fp32, on the CPU or a GPU."""

    def __init__(
        self,
        network: Network,
        *,
        padding_id: int,
        device: str = "cpu",
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
    ) -> None:
        """Takes a network over and puts it into evaluation mode.

        Args:
            network: the network; moved to `device`.
            padding_id: token id that fills short rows; it never enters a result.
            device: torch's name of the device.
            batch_tokens: padded tokens of one forward pass.
        """
        self._network = network.to(device).eval()
        self._padding_id = padding_id
        self._device = device
        self._batch_tokens = batch_tokens

    @torch.inference_mode()
    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        """Returns the logits of windows, in the order given.

        Args:
            ids: token ids of each window, markers included, none empty.
        """
        lengths = [len(row) for row in ids]
        output = EngineLogits.empty(lengths)
        for batch in token_budget_batches(lengths, max_tokens=self._batch_tokens):
            ids_BT, mask_BT = pad_rows([ids[i] for i in batch], self._padding_id)
            logits = self._network(ids_BT.to(self._device), mask_BT.to(self._device))
            _store(output, batch, lengths, logits)
        return output


def pad_rows(rows: Sequence[Sequence[int]], padding_id: int) -> tuple[Tensor, Tensor]:
    """Returns rows padded to the longest, and the mask of what is no padding.

    Returns:
        Token ids (int64) and mask (bool), both of shape rows x longest row.
    """
    longest = max(len(row) for row in rows)
    ids_BT = torch.full((len(rows), longest), padding_id)
    mask_BT = torch.zeros((len(rows), longest), dtype=torch.bool)
    for position, row in enumerate(rows):
        ids_BT[position, : len(row)] = torch.tensor(row)
        mask_BT[position, : len(row)] = True
    return ids_BT, mask_BT


def _store(
    output: EngineLogits, batch: Sequence[int], lengths: Sequence[int], logits: WindowLogits
) -> None:
    output.category_WC[batch] = _array(logits.category_BC)
    output.reason_WR[batch] = _array(logits.reason_BR)
    output.risk_W[batch] = _array(logits.risk_B)
    evidence_BTC = _array(logits.evidence_BTC)
    for row, position in enumerate(batch):
        output.evidence[position] = evidence_BTC[row, : lengths[position]]


def _array(values: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    array: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = values.float().cpu().numpy()
    return array
