"""What the bare words of a window say: a linear reading of words and pairs of neighbours.

An encoder fine-tuned on a few thousand texts knows what a sentence means and is unsure which of two
stated reasons weighs more; a linear model of words knows that better and misses what is said in
words of its own. Their logits are added. The reading is fitted on its own, in closed form, by
`training.lexical`; while the network trains it says nothing.

Capitals and leading spaces are folded away, so that a word is the same in an e-mail as in a form.
A word or pair counts once however often it stands, by its rarity, in a vector of length one. Words
and pairs are told apart by a hash, so that the reading is a table of fixed size. It holds what
speaks for a denial, for each category given one, and for a default; a category's logit is that of
the first two together.

Shape suffixes:

    B  windows in a batch      S  words and pairs of a window, 2 T - 1
    T  token positions         K  slots of the table
    V  vocabulary              C  denial categories
                               O  a denial, each category given one, a default: C + 2
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from model_store.log_odds import logit_of_log_probability

NUM_SLOTS = 2**18
"""Slots of the table: some 60,000 words and pairs stand in two texts of the corpus or more."""

_WORD_FACTOR, _LEFT_FACTOR, _RIGHT_FACTOR = 21_001, 31_337, 7_919
"""Primes; times any token id of a RoBERTa vocabulary they stay inside 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalLogits:
    """What the bare words of each window say.

    Attributes:
        category_BC: category logits.
        risk_B: logit of the probability of default within 12 months.
    """

    category_BC: Float[Tensor, "B C"]
    risk_B: Float[Tensor, " B"]

    @classmethod
    def of(cls, outcome_BO: Float[Tensor, "B O"]) -> "LexicalLogits":
        """Returns what the logits of the outcomes say."""
        log_likely_BO = functional.logsigmoid(outcome_BO[:, :-1])
        category_BC = logit_of_log_probability(log_likely_BO[:, :1] + log_likely_BO[:, 1:])
        return cls(category_BC=category_BC, risk_B=outcome_BO[:, -1])


class LexicalReading(nn.Module):
    """Logits from a table of words and pairs; all texts are alike until it is fitted."""

    folded_V: Int[Tensor, " V"]
    rarity_K: Float[Tensor, " K"]
    weight_OK: Float[Tensor, "O K"]
    bias_O: Float[Tensor, " O"]

    def __init__(
        self, *, vocabulary_size: int, num_categories: int, num_slots: int = NUM_SLOTS
    ) -> None:
        """Makes an empty table.

        Args:
            vocabulary_size: token ids of the encoder.
            num_categories: denial categories.
            num_slots: slots of the table.
        """
        super().__init__()
        self.register_buffer("folded_V", torch.zeros(vocabulary_size, dtype=torch.int32))
        self.register_buffer("rarity_K", torch.zeros(num_slots))
        self.register_buffer("weight_OK", torch.zeros(num_categories + 2, num_slots))
        self.register_buffer("bias_O", torch.zeros(num_categories + 2))

    def forward(
        self, input_ids_BT: Int[Tensor, "B T"], attention_mask_BT: Bool[Tensor, "B T"]
    ) -> LexicalLogits:
        """Returns the logits of windows."""
        slot_BS, first_BS = self.slots(input_ids_BT, attention_mask_BT)
        rarity_BS = self.rarity_K[slot_BS] * first_BS
        length_B1 = rarity_BS.square().sum(dim=1, keepdim=True).sqrt().clamp(min=1e-6)
        weight_BSO = functional.embedding(slot_BS, self.weight_OK.T)
        return LexicalLogits.of(((rarity_BS / length_B1)[:, None] @ weight_BSO)[:, 0] + self.bias_O)

    def slots(
        self, input_ids_BT: Int[Tensor, "B T"], attention_mask_BT: Bool[Tensor, "B T"]
    ) -> tuple[Int[Tensor, "B S"], Float[Tensor, "B S"]]:
        """Returns the slots of the words and pairs of windows, sorted, and 1 where one is new.

        The last slot of the table is that of whatever is no word: markers, padding, masked tokens.
        """
        single_BT, left_BT, right_BT = self.remainders(input_ids_BT)
        nothing = single_BT.new_tensor(len(self.rarity_K) - 1)
        is_word_BT = (self.folded_V[input_ids_BT] > 0) & attention_mask_BT
        is_pair_BT = is_word_BT[:, :-1] & is_word_BT[:, 1:]
        sum_BT = left_BT[:, :-1] + right_BT[:, 1:]
        pair_BT = torch.where(sum_BT >= nothing, sum_BT - nothing, sum_BT)
        slot_BS = torch.cat(
            [
                torch.where(is_word_BT, single_BT, nothing),
                torch.where(is_pair_BT, pair_BT, nothing),
            ],
            dim=1,
        )
        slot_BS = slot_BS.sort(dim=1).values
        is_other_BS = slot_BS[:, 1:] != slot_BS[:, :-1]
        is_new_BS = torch.cat([torch.ones_like(is_word_BT[:, :1]), is_other_BS], dim=1)
        return slot_BS.long(), (is_new_BS & (slot_BS != nothing)).float()

    def remainders(
        self, ids: Int[Tensor, "*shape"]
    ) -> tuple[Int[Tensor, "*shape"], Int[Tensor, "*shape"], Int[Tensor, "*shape"]]:
        """Returns what the hash makes of each token: alone, left of another, and right of one."""
        nothing = len(self.rarity_K) - 1
        word = self.folded_V[ids].long()
        single, left, right = (
            word * factor % nothing for factor in (_WORD_FACTOR, _LEFT_FACTOR, _RIGHT_FACTOR)
        )
        return single, left, right
