"""The loss: every part counts only the labels that are there.

Shape suffixes: W windows, T tokens, N texts, G coarse groups, C categories, R reasons.
"""

import torch
from jaxtyping import Bool, Float, Int, Num
from torch import Tensor
from torch.nn import functional

from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from model_store.combining import TextLogits, combine_windows
from model_store.network import WindowLogits
from training.config import LossConfig
from training.dataset import LIKELY, Batch

_DRAWN_LOGIT = -1e4  # far below any logit


def loss_parts(
    logits: TextLogits, windows: WindowLogits, batch: Batch, config: LossConfig
) -> dict[str, Float[Tensor, ""]]:
    """Returns the weighted parts of the loss, each summed over the texts of the batch.

    The parts add up to the loss; divided by the texts of a step they are per-text means, however
    the step was cut into batches.
    """
    return {
        "category": config.category
        * (
            category_loss(logits.category_NC, batch, smoothing=config.label_smoothing)
            + coarse_loss(logits.category_NC, batch)
        ),
        "denial": config.denial
        * denial_loss(logits.denial_N, batch, smoothing=config.label_smoothing),
        "order": config.order * order_loss(logits.given_denial_NC, batch),
        "reason": config.reason * reason_loss(logits, batch),
        "risk": config.risk * risk_loss(logits.risk_N, batch),
        "evidence": config.evidence
        * evidence_loss(windows.evidence_BTC, batch, config.evidence_positive_weight),
    }


def window_loss_parts(
    windows: WindowLogits, batch: Batch, config: LossConfig
) -> dict[str, Float[Tensor, ""]]:
    """Returns the parts of the loss of what a network says of the windows of a batch."""
    texts = combine_windows(
        category_WC=windows.category_BC,
        reason_WR=windows.reason_BR,
        risk_W=windows.risk_B,
        denial_W=windows.denial_B,
        given_denial_WC=windows.given_denial_BC,
        text_W=batch.text_W,
        num_tokens_W=batch.num_tokens_W,
        num_texts=batch.num_texts,
    )
    return loss_parts(texts, windows, batch, config)


def category_loss(
    category_NC: Float[Tensor, "N C"], batch: Batch, *, smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Binary cross-entropy of the known categories, summed.

    A label smoothing of s draws targets 0 and 1 to s / 2 and 1 - s / 2.
    """
    return _masked_bce(category_NC, batch.category_NC, smoothing=smoothing).sum()


def denial_loss(
    denial_N: Float[Tensor, " N"], batch: Batch, *, smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Binary cross-entropy of whether there is a reason for denial, where known, summed."""
    return _masked_bce(denial_N, batch.denial_N, smoothing=smoothing).sum()


def coarse_loss(category_NC: Float[Tensor, "N C"], batch: Batch) -> Float[Tensor, ""]:
    """Minus log probability that at least one category of each coarse group holds, summed."""
    return at_least_one_loss(category_NC[batch.coarse_text_G], batch.coarse_GC)


def at_least_one_loss(
    category_GC: Float[Tensor, "G C"], coarse_GC: Bool[Tensor, "G C"]
) -> Float[Tensor, ""]:
    """Returns `coarse_loss` of groups, given the logits of the text of each."""
    log_absent_GC = functional.logsigmoid(-category_GC)
    log_none_G = (log_absent_GC * coarse_GC).sum(dim=1).clamp(max=-1e-20)
    return -torch.log(-torch.expm1(log_none_G)).sum()


def order_loss(category_NC: Float[Tensor, "N C"], batch: Batch) -> Float[Tensor, ""]:
    """Minus log probability of the order of the stated categories, summed.

    An order is known of denied texts, so it is learned from the logits given a denial: no category
    is likelier than the denial, which would level those in front.

    Categories are drawn one after the other by their logits, those drawn before left out: the first
    term alone is the cross-entropy of the first category among all.

    Source: Xia et al., Listwise approach to learning to rank, ICML 2008 (ListMLE).
    """
    return listwise_loss(category_NC, batch.order_NK)


def listwise_loss(
    category_NC: Float[Tensor, "N C"], order_NK: Int[Tensor, "N K"]
) -> Float[Tensor, ""]:
    """Returns `order_loss` of orders as in `training.dataset.Batch`."""
    loss = category_NC.new_zeros(())
    left_NC = category_NC
    for rank in range(order_NK.shape[1]):
        drawn_N = order_NK[:, rank]
        loss = loss + functional.cross_entropy(left_NC, drawn_N, ignore_index=-1, reduction="sum")
        drawn_NC = functional.one_hot(drawn_N.clamp(min=0), category_NC.shape[1]).bool()
        left_NC = left_NC.masked_fill(drawn_NC & (drawn_N >= 0)[:, None], _DRAWN_LOGIT)
    return loss


def reason_loss(logits: TextLogits, batch: Batch) -> Float[Tensor, ""]:
    """Binary cross-entropy of the known reasons whose category holds, summed.

    Where the category does not hold its own loss says all there is to learn.
    """
    category_NR = batch.category_NC[:, list(REASON_CATEGORY_INDEX)]
    targets_NR = batch.reason_NR.where(category_NR > LIKELY, batch.reason_NR.new_tensor(-1.0))
    return _masked_bce(logits.reason_NR, targets_NR).sum()


def risk_loss(risk_N: Float[Tensor, " N"], batch: Batch) -> Float[Tensor, ""]:
    """Cross-entropy between stated and estimated probability of default, summed."""
    known_N = ~batch.risk_N.isnan()
    return functional.binary_cross_entropy_with_logits(
        risk_N[known_N], batch.risk_N[known_N], reduction="sum"
    )


def evidence_loss(
    evidence_WTC: Float[Tensor, "W T C"], batch: Batch, positive_weight: float
) -> Float[Tensor, ""]:
    """Binary cross-entropy of the labelled tokens: inside the quotes and outside, apart.

    Per text, the mean over the tokens inside quotes (times a weight), and the mean over the tokens
    outside summed over categories. A quote takes one token in 25 of one category in 12: in a common
    mean the head learns to say no everywhere (token average precision 0.15 after eight epochs).
    """
    loss_WTC = _masked_bce(evidence_WTC, batch.evidence_WTC)
    inside_WTC = batch.evidence_WTC == 1
    outside_W = (batch.evidence_WTC >= 0).any(dim=2).sum(dim=1)

    def per_text(values_W: Num[Tensor, " W"]) -> Float[Tensor, " N"]:
        zeros_N = loss_WTC.new_zeros(batch.num_texts)
        return zeros_N.index_add(0, batch.text_W, values_W.to(loss_WTC.dtype))

    inside_N = per_text((loss_WTC * inside_WTC).sum(dim=(1, 2)))
    outside_N = per_text((loss_WTC * ~inside_WTC).sum(dim=(1, 2)))
    mean_inside_N = inside_N / per_text(inside_WTC.sum(dim=(1, 2))).clamp(min=1)
    mean_outside_N = outside_N / per_text(outside_W).clamp(min=1)
    return (positive_weight * mean_inside_N + mean_outside_N).sum()


def _masked_bce(
    logits: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"], *, smoothing: float = 0.0
) -> Float[Tensor, "*shape"]:
    smooth = targets.clamp(min=0) * (1 - smoothing) + smoothing / 2
    loss = functional.binary_cross_entropy_with_logits(logits, smooth, reduction="none")
    return loss * (targets >= 0)
