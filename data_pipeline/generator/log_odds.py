"""Chances from log odds."""

from math import exp

_SURELY_NOT = -700.0  # below, the power of e is no float any more


def logistic(log_odds: float) -> float:
    """Returns the chance, 0-1, that has these log odds, however large they are."""
    return 1 / (1 + exp(-max(log_odds, _SURELY_NOT)))
