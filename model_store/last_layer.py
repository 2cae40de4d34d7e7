"""The last layer of the encoder, computed for the first token of each window alone.

Nothing reads what the last layer says of the other tokens: the heads read its first token, and the
evidence head a layer below it. They still serve as keys and values, so that the first token comes
out the same; a sixth of a layer's products is left of it.

Shape suffixes: B windows in a batch, T token positions, H hidden size.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import RobertaConfig, RobertaModel
from transformers.models.roberta.modeling_roberta import RobertaAttention, RobertaLayer

_MASK_DIMENSIONS = 4


class FirstTokenLayer(RobertaLayer):  # type: ignore[misc] # transformers is not typed
    """A layer of RoBERTa, with its weights by the same names, that returns one token per window."""

    def __init__(self, config: RobertaConfig, *, layer_idx: int) -> None:
        """Builds the layer with random weights."""
        super().__init__(config, layer_idx=layer_idx)
        # Attention whose keys and values come from elsewhere than its queries.
        self.attention = RobertaAttention(config, layer_idx=layer_idx, is_cross_attention=True)

    def forward(
        self,
        hidden_states: Float[Tensor, "B T H"],
        attention_mask: Tensor | None = None,
        *_: object,
        **__: object,
    ) -> Float[Tensor, "B 1 H"]:
        """Returns the hidden states of the first tokens.

        Args:
            hidden_states: hidden states of all tokens after the layer below.
            attention_mask: what each token may attend to, B x 1 x T x T, as eager attention and
                torch's own want it; None for everything.

        Raises:
            ValueError: the mask is of another kind of attention.
        """
        if attention_mask is not None and attention_mask.ndim != _MASK_DIMENSIONS:
            raise ValueError(
                f"found an attention mask of shape {tuple(attention_mask.shape)}, expected B x 1 x "
                "T x T: set the encoder's attn_implementation to sdpa or eager"
            )
        attended, _ = self.attention(
            hidden_states[:, :1],
            encoder_hidden_states=hidden_states,
            encoder_attention_mask=None if attention_mask is None else attention_mask[..., :1, :],
        )
        first: Tensor = self.feed_forward_chunk(attended)
        return first


def keep_first_token(encoder: RobertaModel) -> None:
    """Has the last layer of an encoder computed for the first tokens alone, weights unchanged."""
    layers = encoder.encoder.layer
    with torch.device("meta"):
        last = FirstTokenLayer(encoder.config, layer_idx=len(layers) - 1)
    last.load_state_dict(layers[-1].state_dict(), assign=True)
    layers[-1] = last.train(layers[-1].training)
