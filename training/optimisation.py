"""Which weights move how fast, and when."""

import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from model_store.network import Network
from training.config import OptimisationConfig


def parameter_groups(network: Network, config: OptimisationConfig) -> list[dict[str, object]]:
    """One group per depth and kind: lower layers move less, vectors do not decay."""
    num_layers = network.config.num_hidden_layers
    groups: dict[tuple[int, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = (_depth(name, num_layers), parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": _peak_rate(depth, num_layers, config),
            "weight_decay": config.weight_decay if is_matrix else 0.0,
        }
        for (depth, is_matrix), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def _depth(name: str, num_layers: int) -> int:
    """0 embeddings, 1 to num_layers the layers of the encoder, one more for the heads."""
    if name.startswith("encoder.encoder.layer."):
        return int(name.split(".")[3]) + 1
    return 0 if name.startswith("encoder.") else num_layers + 1


def _peak_rate(depth: int, num_layers: int, config: OptimisationConfig) -> float:
    if depth > num_layers:
        return config.head_learning_rate
    return config.encoder_learning_rate * config.layer_decay ** (num_layers - depth)


def learning_rate_schedule(
    optimizer: AdamW, config: OptimisationConfig, *, num_steps: int
) -> LambdaLR:
    """Returns a schedule that rises linearly while it warms up, then falls linearly to zero."""
    num_warmup = max(1, round(num_steps * config.warmup_ratio))

    def factor(step: int) -> float:
        rise = (step + 1) / num_warmup
        fall = (num_steps - step) / max(1, num_steps - num_warmup)
        return max(0.0, min(rise, fall))

    return LambdaLR(optimizer, factor)
