"""How a route reaches the desk: off the event loop, as the person of the key."""

import asyncio
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from fastapi import Request

from serving.api.problems import PROBLEM_MEDIA_TYPE, Problem
from serving.casework.desk import Desk
from serving.errors import NotReadyError

P = ParamSpec("P")
T = TypeVar("T")

_DESCRIPTIONS = {
    400: "The body is not JSON, or not UTF-8.",
    401: "No valid API key.",
    404: "Nothing has this id.",
    409: "The case does not allow it now, or needs a second person.",
    410: "The case was purged.",
    413: "The body is too large.",
    415: "The body is not declared as application/json.",
    422: "A fact is missing or cannot be; the problem names field and clause.",
    503: "Not ready, or the database does not answer: try again.",
}
_OF_A_BODY = {400, 413, 415}

WRITING: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {PROBLEM_MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
    for status, description in _DESCRIPTIONS.items()
}
"""What a route that changes a case may answer, beside its answer."""
READING: dict[int | str, dict[str, Any]] = {
    status: response for status, response in WRITING.items() if status not in _OF_A_BODY
}
"""What a route without a body may answer, beside its answer."""


def desk_of(request: Request) -> Desk:
    """Returns the desk of the application.

    Raises:
        NotReadyError: the server is starting or stopping.
    """
    desk: Desk | None = request.app.state.desk
    if desk is None:
        raise NotReadyError
    return desk


async def at_desk(
    request: Request, work: Callable[Concatenate[Desk, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Returns what a command of `serving.casework` gives, carried out on a thread of its own."""
    return await asyncio.to_thread(work, desk_of(request), *args, **kwargs)
