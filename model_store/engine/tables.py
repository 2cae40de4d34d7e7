"""The lexical reading of a network in a form that OpenVINO computes exactly.

OpenVINO takes the remainder of integers in fp32, which is exact below 2^24 only: with the hash as
`model_store.lexical` writes it, 4 slots of 5 come out wrong. What the hash makes of each single
token is therefore tabled; what is left are sums and comparisons of numbers below 2^19.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from model_store import lexical


class TabledReading(lexical.LexicalReading):
    """A lexical reading that looks products and remainders up; the same function otherwise."""

    single_V: Int[Tensor, " V"]
    left_V: Int[Tensor, " V"]
    right_V: Int[Tensor, " V"]
    is_word_V: Bool[Tensor, " V"]

    def __init__(self, reading: lexical.LexicalReading) -> None:
        """Takes the tables of a fitted reading over.

        Args:
            reading: the reading; left as it is.
        """
        nn.Module.__init__(self)
        for name, buffer in reading.named_buffers():
            self.register_buffer(name, buffer)
        nothing = len(reading.rarity_K) - 1
        word_V = reading.folded_V.long()
        for name, factor in [
            ("single_V", lexical._WORD_FACTOR),  # noqa: SLF001
            ("left_V", lexical._LEFT_FACTOR),  # noqa: SLF001
            ("right_V", lexical._RIGHT_FACTOR),  # noqa: SLF001
        ]:
            self.register_buffer(name, (word_V * factor % nothing).int())
        self.register_buffer("is_word_V", word_V > 0)

    def slots(
        self, input_ids_BT: Int[Tensor, "B T"], attention_mask_BT: Bool[Tensor, "B T"]
    ) -> tuple[Int[Tensor, "B S"], Float[Tensor, "B S"]]:
        """Returns the slots of the words and pairs of windows, sorted, and 1 where one is new."""
        nothing = torch.tensor(len(self.rarity_K) - 1, dtype=torch.int32)
        is_word_BT = self.is_word_V[input_ids_BT] & attention_mask_BT
        single_BT = torch.where(is_word_BT, self.single_V[input_ids_BT], nothing)
        sum_BT = self.left_V[input_ids_BT][:, :-1] + self.right_V[input_ids_BT][:, 1:]
        pair_BT = torch.where(sum_BT >= nothing, sum_BT - nothing, sum_BT)
        is_pair_BT = is_word_BT[:, :-1] & is_word_BT[:, 1:]
        slot_BS = torch.cat([single_BT, torch.where(is_pair_BT, pair_BT, nothing)], dim=1)
        slot_BS = slot_BS.sort(dim=1).values
        is_other_BS = slot_BS[:, 1:] != slot_BS[:, :-1]
        is_new_BS = torch.cat([torch.ones_like(is_other_BS[:, :1]), is_other_BS], dim=1)
        return slot_BS.long(), (is_new_BS & (slot_BS != nothing)).float()
