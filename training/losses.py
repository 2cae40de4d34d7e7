"""The loss: every part counts only the labels that are there.

Shape suffixes: W windows, T tokens, N texts, G coarse groups, C categories, R reasons.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from model_store.network import WindowLogits
from model_store.windows import TextLogits
from training.config import LossConfig
from training.dataset import Batch


def loss_parts(
    logits: TextLogits, windows: WindowLogits, batch: Batch, config: LossConfig
) -> dict[str, Float[Tensor, ""]]:
    """Returns the weighted parts of the loss, each summed over the texts of the batch.

    The parts add up to the loss; divided by the texts of a step they are per-text means, however
    the step was cut into batches.
    """
    return {
        "category": config.category
        * (category_loss(logits.category_NC, batch) + coarse_loss(logits.category_NC, batch)),
        "primary": config.primary * primary_loss(logits.category_NC, batch),
        "reason": config.reason * reason_loss(logits, batch),
        "risk": config.risk * risk_loss(logits.risk_N, batch),
        "evidence": config.evidence
        * evidence_loss(windows.evidence_BTC, batch, config.evidence_positive_weight),
    }


def category_loss(category_NC: Float[Tensor, "N C"], batch: Batch) -> Float[Tensor, ""]:
    """Binary cross-entropy of the known categories, summed."""
    return _masked_bce(category_NC, batch.category_NC).sum()


def coarse_loss(category_NC: Float[Tensor, "N C"], batch: Batch) -> Float[Tensor, ""]:
    """Minus log probability that at least one category of each coarse group holds, summed."""
    if not len(batch.coarse_text_G):
        return category_NC.new_zeros(())
    log_absent_GC = functional.logsigmoid(-category_NC)[batch.coarse_text_G]
    log_none_G = (log_absent_GC * batch.coarse_GC).sum(dim=1).clamp(max=-1e-6)
    return -torch.log(-torch.expm1(log_none_G)).sum()


def primary_loss(category_NC: Float[Tensor, "N C"], batch: Batch) -> Float[Tensor, ""]:
    """Cross-entropy of the first category among all, over the texts that have one, summed."""
    return functional.cross_entropy(category_NC, batch.primary_N, ignore_index=-1, reduction="sum")


def reason_loss(logits: TextLogits, batch: Batch) -> Float[Tensor, ""]:
    """Binary cross-entropy of the known reasons whose category holds, summed.

    Where the category does not hold its own loss says all there is to learn.
    """
    category_NR = batch.category_NC[:, list(REASON_CATEGORY_INDEX)]
    targets_NR = batch.reason_NR.where(category_NR == 1, batch.reason_NR.new_tensor(-1.0))
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
    """Binary cross-entropy of the labelled tokens, summed over categories, mean over tokens.

    The mean is taken per text, so that a long text counts as much as a short one.
    """
    loss_WTC = _masked_bce(evidence_WTC, batch.evidence_WTC)
    loss_WTC = loss_WTC * torch.where(batch.evidence_WTC == 1, positive_weight, 1.0)
    known_W = (batch.evidence_WTC[..., 0] >= 0).sum(dim=1).to(loss_WTC.dtype)
    zeros_N = loss_WTC.new_zeros(batch.num_texts)
    loss_N = zeros_N.index_add(0, batch.text_W, loss_WTC.sum(dim=(1, 2)))
    known_N = zeros_N.index_add(0, batch.text_W, known_W)
    return (loss_N / known_N.clamp(min=1)).sum()


def _masked_bce(
    logits: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    loss = functional.binary_cross_entropy_with_logits(
        logits, targets.clamp(min=0), reduction="none"
    )
    return loss * (targets >= 0)
