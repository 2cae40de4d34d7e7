"""Training without padding: the windows of a batch in one row, as GPUs like it best.

The weights stay those of transformers' RoBERTa, by the same names, so that checkpoints, averages
and stored models do not know how they were computed. On CPUs windows are padded: steps are made of
texts of similar length, 3.8 % of their tokens are padding (starter recipe, 2026-11-22), and
attention is faster there window by window.
"""

import copy
import logging
from typing import Any, cast

import torch
from jaxtyping import Int
from torch import Tensor, nn
from transformers import RobertaModel

from model_store.engine.packed import PackedLayer, PackedLayout, PackedOutput, packed_states
from model_store.network import Network, WindowLogits

log = logging.getLogger(__name__)

_PROBE_LENGTHS = (2, 17, 96, 97, 300)
_LARGEST_DIFFERENCE = 0.1  # of logits in bf16


class _PackedRoberta(RobertaModel):  # type: ignore[misc] # transformers is not typed
    """A RoBERTa that computes no padding, in training too; its weights are those of another."""

    def __init__(self, encoder: RobertaModel, *, kept_layer: int) -> None:
        with torch.device("meta"):
            super().__init__(encoder.config, add_pooling_layer=False)
        self.embeddings, self.encoder = encoder.embeddings, encoder.encoder
        self._kept_layer = kept_layer

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Int[Tensor, "B T"],
        output_hidden_states: bool = True,
    ) -> PackedOutput:
        """Returns the hidden states of a padded batch; see `model_store.engine.packed`."""
        del output_hidden_states
        num_heads = self.config.num_attention_heads
        return packed_states(
            input_ids,
            PackedLayout.of_mask(attention_mask),
            embeddings=self.embeddings,
            padding_id=self.config.pad_token_id,
            layers=[PackedLayer.of(layer, num_heads=num_heads) for layer in self.encoder.layer],
            kept_layers={self._kept_layer},
        )


def pack(network: Network) -> None:
    """Has the encoder of a network computed without padding, weights and their names unchanged."""
    encoder = _PackedRoberta(network.encoder, kept_layer=network.evidence_layer)
    network.encoder = encoder.train(network.encoder.training)


def unpack(network: Network) -> None:
    """Takes `pack` back."""
    packed = network.encoder
    if not isinstance(packed, _PackedRoberta):
        return
    with torch.device("meta"):
        encoder = RobertaModel(packed.config, add_pooling_layer=False)
    encoder.embeddings, encoder.encoder = packed.embeddings, packed.encoder
    network.encoder = encoder.train(packed.training)


def pack_where_it_helps(network: Network, *, device: torch.device) -> bool:
    """Packs a network that trains in bf16 on a GPU, if what it then says there is what it was.

    Args:
        network: the network, on any device.
        device: where it is to train.

    Returns:
        Whether it was packed.
    """
    if device.type != "cuda":
        return False
    try:
        largest = _largest_difference(network, device=device)
    except (RuntimeError, ImportError, NotImplementedError) as error:
        log.warning("packed attention cannot be used here (%s): padded", type(error).__name__)
        return False
    if not largest <= _LARGEST_DIFFERENCE:
        log.warning("packed attention differs by %.3g from padded: padded", largest)
        return False
    pack(network)
    return True


def _largest_difference(network: Network, *, device: torch.device) -> float:
    """Largest difference of a logit, or share of the largest gradient, that packing makes."""
    said, gradient = _logits_and_gradients(network, device=device, packed=True)
    right, right_gradient = _logits_and_gradients(network, device=device, packed=False)
    share = (gradient - right_gradient).abs().max() / right_gradient.abs().max()
    return torch.stack([(said - right).abs().max(), share.float()]).max().item()


def _logits_and_gradients(
    network: Network, *, device: torch.device, packed: bool
) -> tuple[Tensor, Tensor]:
    trial = copy.deepcopy(network).to(device).eval()
    if packed:
        pack(trial)
    ids_BT = torch.full((len(_PROBE_LENGTHS), max(_PROBE_LENGTHS)), trial.config.pad_token_id)
    for row, length in enumerate(_PROBE_LENGTHS):
        ids_BT[row, :length] = trial.config.pad_token_id + 1 + torch.arange(length) % 97
    ids_BT = ids_BT.to(device)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        said: WindowLogits = trial(ids_BT, ids_BT != trial.config.pad_token_id)
    said.category_BC.sum().backward()  # type: ignore[no-untyped-call]
    layer: Any = trial.encoder.encoder.layer[0]
    read = cast(nn.Linear, layer.attention.self.query)
    return said.category_BC.detach(), torch.as_tensor(read.weight.grad)
