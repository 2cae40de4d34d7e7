"""Attention rollout: where the encoder looks. A view, not evidence of what an answer rests on.

Source: Abnar, Zuidema: Quantifying attention flow in transformers, 2020; that attention need not
explain: Jain, Wallace: Attention is not explanation, 2019.

Shape suffixes: T tokens, Q tokens that look, H heads.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from model_store.explain.attribution import Attribution
from model_store.explain.layout import lay_out
from model_store.explain.replica import sharing_copy
from model_store.network import Network
from model_store.predictor import ReadText

VIEW = "attention (a view, no evidence)"
"""The one column of a rollout: it is of no category, reason or risk."""


@torch.no_grad()
def attention_rollout(network: Network, text: ReadText) -> Attribution:
    """Returns how much of the first token's attention goes back to each word; shares, no logits.

    In a text of several windows each window has a share by its tokens.

    Args:
        network: the network; it stays as it is.
        text: a text that a predictor has read.
    """
    words = lay_out(text).words
    encoder = sharing_copy(network).encoder
    encoder.set_attn_implementation("eager")
    device = next(network.parameters()).device
    total = sum(len(window.ids) for window in text.windows)
    share_T = np.zeros(len(text.tokens.ids))
    for window in text.windows:
        ids_BT = torch.tensor([window.ids], device=device)
        output = encoder(input_ids=ids_BT, output_attentions=True)
        # The last layer's attention is the first token's alone (`model_store.last_layer`).
        layers = [*output.attentions, *output.cross_attentions]
        rolled_T = rolled_out([layer[0] for layer in layers])[0, 1:-1].double().cpu().numpy()
        inside = slice(window.start, window.start + window.num_text_tokens)
        share_T[inside] += rolled_T * len(window.ids) / total
    share_U = [share_T[w.first_token : w.stop_token].sum() for w in words]
    value_UX = np.array(share_U).reshape(-1, 1)
    return Attribution(
        method="attention_rollout",
        units=words,
        targets=(VIEW,),
        value_UX=value_UX,
        full_X=value_UX.sum(axis=0),
        is_evidence=False,
    )


def rolled_out(attention_HQT: list[Float[Tensor, "H _ T"]]) -> Float[Tensor, "_ T"]:
    """Multiplies the attention of layers, heads averaged and the residual path added.

    Args:
        attention_HQT: of each layer, the shares that its first Q tokens give to all T; Q is T in
            all but the last one.
    """
    identity_TT = torch.eye(attention_HQT[0].shape[2], device=attention_HQT[0].device)
    rolled_QT = identity_TT
    for layer_HQT in attention_HQT:
        attention_QT = layer_HQT.float().mean(dim=0)
        rolled_QT = (attention_QT + identity_TT[: len(attention_QT)]) / 2 @ rolled_QT
    return rolled_QT
