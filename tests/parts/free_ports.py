"""Ports for servers that are told theirs, and bind it a while later."""

import random
import socket

from serving.torchserve.process import Ports

_LOOPBACK = "127.0.0.1"
_NUMBERS = range(20_000, 30_000)  # below those that systems give to outgoing connections


def free_ports(count: int) -> list[int]:
    """Returns ports that are free at the moment, no two the same.

    A port that the system chooses may go to any outgoing connection until it is bound; these do
    not, so that what is free stays free but for another that draws the same one of ten thousand.
    """
    found: list[int] = []
    for port in random.SystemRandom().sample(_NUMBERS, len(_NUMBERS)):
        if len(found) == count:
            break
        if _is_free(port):
            found.append(port)
    return found


def torchserve_ports() -> Ports:
    """Returns free ports for a TorchServe process."""
    names = Ports.__slots__
    return Ports(**dict(zip(names, free_ports(len(names)), strict=True)))


def _is_free(port: int) -> bool:
    try:
        with socket.create_server((_LOOPBACK, port)):
            return True
    except OSError:
        return False
