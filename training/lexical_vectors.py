"""Texts as the lexical reading sees them: which words and pairs stand in them, by rarity.

Arrays: N texts, K slots of the table.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from model_store.engine.torch_backend import pad_rows
from model_store.lexical import LexicalReading
from training.dataset import TrainingText


def presence(
    lexical: LexicalReading, texts: Sequence[TrainingText], *, padding_id: int
) -> csr_matrix:
    """Returns N x K: 1 where a word or pair of the slot stands in a window of the text."""
    rows, columns = [], []
    for number, text in enumerate(texts):
        ids_WT, mask_WT = pad_rows([window.ids for window in text.windows], padding_id)
        slot_WS, is_new_WS = lexical.slots(ids_WT, mask_WT)
        slots = torch.unique(slot_WS[is_new_WS > 0]).numpy()
        rows.append(np.full(len(slots), number))
        columns.append(slots)
    positions = (np.concatenate(rows), np.concatenate(columns))
    shape = (len(texts), len(lexical.rarity_K))
    return csr_matrix((np.ones(len(positions[0])), positions), shape=shape)


def vectors(present_NK: csr_matrix, rarity_K: NDArray[np.float64]) -> csr_matrix:
    """Returns N x K: what stands in each text, by its rarity, each text of length one."""
    vector_NK = present_NK @ diags(rarity_K)
    length_N = np.sqrt(np.asarray(vector_NK.multiply(vector_NK).sum(axis=1)).ravel())
    return (diags(1 / np.maximum(length_N, 1e-6)) @ vector_NK).tocsr()
