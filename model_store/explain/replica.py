"""A network that shares its weights with another and takes embeddings from outside.

The encoder's embeddings and the reading of bare words become inputs, so that gradients reach both.
A copy of the modules is changed, never the network that serves: other threads may be using it.

Shape suffixes: B rows, T tokens, H hidden size, C categories, X targets,
O lexical outcomes (a denial, each category given one, a default).
"""

import copy
from collections.abc import Mapping
from itertools import chain

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from model_store.lexical import LexicalLogits, LexicalReading
from model_store.network import Network, WindowLogits


class _Given(nn.Module):
    """Returns what it was given, whatever it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.value: Tensor | None = None

    def forward(self, *_: object, **__: object) -> Tensor:
        if self.value is None:
            raise RuntimeError("nothing was given to this module yet")
        return self.value


def sharing_copy(network: Network) -> Network:
    """Returns a network of its own modules on the same weights, in evaluation mode."""
    shared = {id(t): t for t in chain(network.parameters(), network.buffers())}
    return copy.deepcopy(network, shared).eval()


class _GivenOutcomes(_Given):
    """The last step of the lexical reading, on outcomes that were given."""

    def forward(self, *_: object, **__: object) -> LexicalLogits:  # type: ignore[override]
        return LexicalLogits.of(super().forward())


class OpenNetwork:
    """A network whose embeddings and lexical contributions are inputs."""

    def __init__(self, network: Network) -> None:
        """Takes a network, which stays as it is."""
        self._network = network
        self._replica = sharing_copy(network)
        self._embeddings, self._lexical = _Given(), _GivenOutcomes()
        self._replica.encoder.embeddings = self._embeddings
        self._replica.lexical = self._lexical  # type: ignore[assignment]

    @torch.no_grad()
    def inputs(
        self, ids_BT: Int[Tensor, "B T"], mask_BT: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B T H"], Float[Tensor, "B T O"]]:
        """Returns the output of the embeddings module, and what each token adds lexically."""
        embedding_BTH: Tensor = self._network.encoder.embeddings(input_ids=ids_BT)
        return embedding_BTH, lexical_contributions(self._network.lexical, ids_BT, mask_BT)

    def targets(
        self,
        embedding_BTH: Float[Tensor, "B T H"],
        lexical_BTO: Float[Tensor, "B T O"],
        ids_BT: Int[Tensor, "B T"],
        mask_BT: Bool[Tensor, "B T"],
    ) -> Float[Tensor, "B X"]:
        """Returns the targets of rows of embeddings and lexical contributions."""
        self._embeddings.value = embedding_BTH
        self._lexical.value = lexical_BTO.sum(dim=1) + self._network.lexical.bias_O
        logits: WindowLogits = self._replica(ids_BT, mask_BT)
        return torch.cat([logits.category_BC, logits.reason_BR, logits.risk_B[:, None]], dim=1)


def lexical_contributions(
    lexical: LexicalReading, ids_BT: Int[Tensor, "B T"], mask_BT: Bool[Tensor, "B T"]
) -> Float[Tensor, "B T O"]:
    """Returns what each token adds to the lexical outcome logits; the bias is left out.

    Exact up to there: an outcome is a weighted sum over distinct words and pairs of a window. A
    word that stands several times shares its part among its places, a pair shares it between its
    two words.
    """
    contribution_BTO = torch.zeros(*ids_BT.shape, len(lexical.bias_O))
    for row, (ids_T, mask_T) in enumerate(zip(ids_BT, mask_BT, strict=True)):
        slots = _slots_with_places(lexical, ids_T, mask_T)
        length = lexical.rarity_K[list(slots)].square().sum().sqrt().clamp(min=1e-6)
        for slot, places in slots.items():
            part_O = lexical.rarity_K[slot] * lexical.weight_OK[:, slot] / length
            for place in places:
                contribution_BTO[row, place] += part_O.cpu() / len(places)
    return contribution_BTO.to(lexical.weight_OK.device)


def _slots_with_places(
    lexical: LexicalReading, ids_T: Int[Tensor, " T"], mask_T: Bool[Tensor, " T"]
) -> Mapping[int, list[int]]:
    """The slots of a window and the tokens they come from, each as often as it takes part."""
    found: dict[int, list[int]] = {}
    single_T1, is_word_T1 = lexical.slots(ids_T[:, None], mask_T[:, None])
    singles = single_T1[:, 0].tolist()
    for place, is_word in enumerate(is_word_T1[:, 0].tolist()):
        if is_word:
            # Twice, so that a word weighs as much as the two halves of a pair.
            found.setdefault(singles[place], []).extend([place, place])
    pairs_P2 = torch.stack([ids_T[:-1], ids_T[1:]], dim=1)
    slot_P3, is_new_P3 = lexical.slots(pairs_P2, torch.stack([mask_T[:-1], mask_T[1:]], dim=1))
    for place, (slots, new) in enumerate(zip(slot_P3.tolist(), is_new_P3.tolist(), strict=True)):
        for slot, is_new in zip(slots, new, strict=True):
            if is_new and slot not in singles[place : place + 2]:
                found.setdefault(slot, []).extend([place, place + 1])
    return found
