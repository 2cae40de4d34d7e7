"""Small draws that the synthetic world is made of."""

from random import Random


def chance(random: Random, share: float) -> bool:
    """Returns True with a probability of `share`, 0-1."""
    return random.random() < share


def calm(random: Random) -> float:
    """Returns a margin safely within a limit."""
    return -0.7 - random.expovariate(0.8)
