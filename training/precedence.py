"""How much the order tells in which the reasons of a text stand: fitted on texts held out.

On its own training texts a network knows the order by heart and needs no such help.

Arrays: N texts, C categories.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from model_store.calibration import Calibration
from model_store.precedence import earlier_than_others
from model_store.reading import Reading
from training.dataset import order_table
from training.losses import listwise_loss

_LARGEST_WEIGHT = 3.0


def fit_precedence(
    calibration: Calibration, reading: Reading, orders: Sequence[Sequence[int]]
) -> float:
    """Returns the weight of precedence under which the labelled orders are likeliest.

    Those among the labelled categories: which of all twelve are reasons is left to the thresholds,
    and reasons are named before others whatever their place. 0 where no text has two ordered
    categories.

    Args:
        calibration: fitted maps.
        reading: what the network says of texts that it was not trained on.
        orders: positions of the labelled categories of each text, the weightiest first.
    """
    chosen = [row for row, order in enumerate(orders) if len(order) > 1]
    if not chosen:
        return 0.0
    logit_NC = calibration.category_logits(reading.category_NC[chosen])
    earlier_NC = earlier_than_others(logit_NC, [reading.evidence[row] for row in chosen])
    ordered = [orders[row] for row in chosen]

    def loss(weight: float) -> float:
        return order_loss(logit_NC + weight * earlier_NC, ordered)

    return float(minimize_scalar(loss, bounds=(0.0, _LARGEST_WEIGHT), method="bounded").x)


def order_loss(category_NC: NDArray[np.float64], orders: Sequence[Sequence[int]]) -> float:
    """Returns minus the mean log probability of orders among those of the same categories.

    In training (`training.losses.order_loss`) any other category might have been the next.
    """
    among_NC = np.full_like(category_NC, -np.inf)
    for row, order in enumerate(orders):
        among_NC[row, list(order)] = category_NC[row, list(order)]
    loss = listwise_loss(torch.from_numpy(among_NC), order_table(orders))
    return float(loss) / len(orders)
