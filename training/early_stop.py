"""Ends a run whose loss on texts held out no longer falls, and keeps what was best."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator

from model_store.network import Network
from training.config import LossConfig
from training.dataset import Batch
from training.losses import window_loss_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class BestEpoch:
    """The epoch with the lowest loss on the texts held out.

    Attributes:
        epoch: its number, from 1.
        loss: the loss after it.
        average: state of the average of the weights after it.
    """

    epoch: int
    loss: float
    average: dict[str, Any]


class EarlyStop:
    """Keeps the best epoch and tells when enough have passed without a better one."""

    def __init__(self, patience_epochs: int | None) -> None:
        """Sets how long to wait.

        Args:
            patience_epochs: epochs without a better one after which the run is over; None for
                never.
        """
        self._patience = patience_epochs
        self.best: BestEpoch | None = None

    @property
    def is_on(self) -> bool:
        """Whether epochs are to be measured at all."""
        return self._patience is not None

    def take(self, epoch: int, loss: float, average: dict[str, Any]) -> None:
        """Takes the loss after an epoch; the state of the average is copied if it is the best."""
        if self.best is None or loss < self.best.loss:
            self.best = BestEpoch(epoch=epoch, loss=loss, average=copy.deepcopy(average))

    def is_over_after(self, epoch: int) -> bool:
        """Tells whether the run ends once an epoch is done."""
        if self._patience is None or self.best is None:
            return False
        return epoch - self.best.epoch >= self._patience


@torch.no_grad()
def held_out_loss(
    network: Network,
    batches: Iterable[Batch],
    *,
    config: LossConfig,
    accelerator: Accelerator,
) -> float:
    """Returns the loss per text, nothing masked and nothing dropped.

    Args:
        network: left in evaluation mode.
        batches: the texts, at least one.
        config: weights of the parts of the loss.
        accelerator: gives device and precision.
    """
    network.eval()
    total, num_texts = 0.0, 0
    for given in batches:
        batch = given.to(accelerator.device)
        with accelerator.autocast():
            windows = network(batch.ids_WT, batch.mask_WT)
        total += sum(part.item() for part in window_loss_parts(windows, batch, config).values())
        num_texts += batch.num_texts
    return total / num_texts
