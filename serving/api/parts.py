"""The parts of the application that routes work with, once it has started."""

from typing import TypeVar

from fastapi import Request

from serving.batching.batcher import Batcher
from serving.errors import NotReadyError
from serving.explanations.online import OnlineExplainer

T = TypeVar("T")


def started(part: T | None) -> T:
    """Returns a part of the application.

    Raises:
        NotReadyError: it is not there: the server is starting or stopping, or does without it.
    """
    if part is None:
        raise NotReadyError
    return part


def batcher_of(request: Request) -> Batcher:
    """Returns what scores; raises as `started`."""
    batcher: Batcher | None = request.app.state.batcher
    return started(batcher)


def explainer_of(request: Request) -> OnlineExplainer:
    """Returns what explains; raises as `started`."""
    explainer: OnlineExplainer | None = request.app.state.explainer
    return started(explainer)
