"""How much the order tells in which the reasons of a text stand: fitted on texts held out.

On its own training texts a network knows the order by heart and needs no such help.

Arrays: N texts, C categories.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from model_store.engine.torch_backend import TorchEngine
from model_store.network import Network
from model_store.reading import read_texts
from training.dataset import TrainingText, order_table
from training.losses import listwise_loss

_LARGEST_WEIGHT = 3.0


def fit_precedence(network: Network, texts: Sequence[TrainingText], *, padding_id: int) -> None:
    """Sets the weight under which the labelled orders of texts held out are likeliest, in place.

    Where no text has two ordered categories the weight is 0.

    Args:
        network: a trained network.
        texts: texts that it was not trained on.
        padding_id: token id that fills short rows.
    """
    texts = [text for text in texts if len(text.example.category_order) > 1]
    network.precedence_weight.fill_(0.0)
    if not texts:
        return
    engine = TorchEngine(network, padding_id=padding_id)
    windows = [text.windows for text in texts]
    without_NC = read_texts(engine, windows).category_NC.astype(np.float64)
    network.precedence_weight.fill_(1.0)
    # The logits are linear in the weight, but for texts of several windows, of which one is taken.
    slope_NC = read_texts(engine, windows).category_NC - without_NC
    orders = [text.example.category_order for text in texts]

    def loss(weight: float) -> float:
        return order_loss(without_NC + weight * slope_NC, orders)

    fitted = minimize_scalar(loss, bounds=(0.0, _LARGEST_WEIGHT), method="bounded")
    network.precedence_weight.fill_(float(fitted.x))


def order_loss(category_NC: NDArray[np.float64], orders: Sequence[Sequence[int]]) -> float:
    """Returns minus the mean log probability of orders, as in `training.losses.order_loss`."""
    loss = listwise_loss(torch.from_numpy(category_NC), order_table(orders))
    return float(loss) / len(orders)
