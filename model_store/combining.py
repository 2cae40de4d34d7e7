"""How the readings of the windows of a text combine, differentiably, for training.

`model_store.reading` does the same with numpy where nothing is learned.

Shape suffixes: W windows, N texts, C categories, R reasons.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLogits:
    """What the network says of each text, its windows combined.

    Attributes:
        category_NC: per category the largest logit over the windows.
        reason_NR: likewise per reason; never above its category's.
        risk_N: mean logit over the windows, weighted by their tokens.
        denial_N: largest logit over the windows that there is a reason for denial.
        given_denial_NC: per category the logit, given a denial, of the window where the category is
            likeliest.
    """

    category_NC: Float[Tensor, "N C"]
    reason_NR: Float[Tensor, "N R"]
    risk_N: Float[Tensor, " N"]
    denial_N: Float[Tensor, " N"]
    given_denial_NC: Float[Tensor, "N C"]


def combine_windows(
    *,
    category_WC: Float[Tensor, "W C"],
    reason_WR: Float[Tensor, "W R"],
    risk_W: Float[Tensor, " W"],
    denial_W: Float[Tensor, " W"],
    given_denial_WC: Float[Tensor, "W C"],
    text_W: Int[Tensor, " W"],
    num_tokens_W: Int[Tensor, " W"],
    num_texts: int,
) -> TextLogits:
    """Combines window logits into text logits, differentiably.

    Args:
        category_WC: category logits of each window.
        reason_WR: reason logits of each window.
        risk_W: risk logit of each window.
        denial_W: denial logit of each window.
        given_denial_WC: category logits of each window, given a denial.
        text_W: position of the text that a window belongs to; every text has a window.
        num_tokens_W: tokens of each window, at least 1.
        num_texts: number of texts.
    """
    weight_W = num_tokens_W.to(risk_W.dtype)
    category_NC = _maximum(category_WC, text_W, num_texts)
    unlikelier_WC = category_WC < category_NC[text_W]
    total_N = risk_W.new_zeros(num_texts).index_add(0, text_W, weight_W)
    weighted_N = risk_W.new_zeros(num_texts).index_add(0, text_W, weight_W * risk_W)
    return TextLogits(
        category_NC=category_NC,
        reason_NR=_maximum(reason_WR, text_W, num_texts),
        risk_N=weighted_N / total_N,
        denial_N=_maximum(denial_W[:, None], text_W, num_texts)[:, 0],
        given_denial_NC=_maximum(
            given_denial_WC.masked_fill(unlikelier_WC, float("-inf")), text_W, num_texts
        ),
    )


def _maximum(
    values_WX: Float[Tensor, "W X"], text_W: Int[Tensor, " W"], num_texts: int
) -> Float[Tensor, "N X"]:
    index_WX = text_W[:, None].expand_as(values_WX)
    start_NX = values_WX.new_full((num_texts, values_WX.shape[1]), float("-inf"))
    return torch.scatter_reduce(start_NX, 0, index_WX, values_WX, "amax", include_self=False)
