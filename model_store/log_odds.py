"""Log odds of probabilities that are known by their logarithm."""

import torch
from jaxtyping import Float
from torch import Tensor


def logit_of_log_probability(log_probability: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Returns log(p / (1 - p)) from log(p), finite also for p close to 0 or 1."""
    log_probability = log_probability.clamp(max=-1e-6)
    return log_probability - torch.log(-torch.expm1(log_probability))
