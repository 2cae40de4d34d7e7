"""The lexical reading of a network in a form that OpenVINO computes exactly.

OpenVINO takes the remainder of integers in fp32, which is exact below 2^24 only: with the hash as
`model_store.lexical` computes it, 4 slots of 5 come out wrong. What the hash makes of each single
token is therefore tabled; what is left are sums and comparisons of numbers below 2^19.
"""

import torch
from jaxtyping import Int
from torch import Tensor, nn

from model_store.lexical import LexicalReading


class TabledReading(LexicalReading):
    """A lexical reading that looks products and remainders up; the same function otherwise."""

    single_V: Int[Tensor, " V"]
    left_V: Int[Tensor, " V"]
    right_V: Int[Tensor, " V"]

    def __init__(self, reading: LexicalReading) -> None:
        """Takes the tables of a fitted reading over.

        Args:
            reading: the reading; left as it is.
        """
        nn.Module.__init__(self)
        for name, buffer in reading.named_buffers():
            self.register_buffer(name, buffer)
        every_id_V = torch.arange(len(reading.folded_V), device=reading.folded_V.device)
        for name, remainder_V in zip(
            ("single_V", "left_V", "right_V"), reading.remainders(every_id_V), strict=True
        ):
            self.register_buffer(name, remainder_V.int())

    def remainders(
        self, ids: Int[Tensor, "*shape"]
    ) -> tuple[Int[Tensor, "*shape"], Int[Tensor, "*shape"], Int[Tensor, "*shape"]]:
        """Returns what the hash makes of each token: alone, left of another, and right of one."""
        return self.single_V[ids], self.left_V[ids], self.right_V[ids]
