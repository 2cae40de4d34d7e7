"""How a route reaches the desk: off the event loop, with the cases that who asks may see."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from fastapi import Request

from serving.api.documented import documented
from serving.api.own_queue import storage_for
from serving.api.parts import started
from serving.api.security import principal_of
from serving.casework.desk import Desk
from serving.identity.scopes import Scope

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

WRITING: dict[int | str, dict[str, Any]] = documented(_DESCRIPTIONS)
"""What a route that changes a case may answer, beside its answer."""
READING: dict[int | str, dict[str, Any]] = documented(
    _DESCRIPTIONS, [status for status in _DESCRIPTIONS if status not in _OF_A_BODY]
)
"""What a route without a body may answer, beside its answer."""


def desk_of(request: Request) -> Desk:
    """Returns the desk of the application, where only what who asks may see is there.

    Raises:
        NotReadyError: the server is starting or stopping.
    """
    desk = _whole_desk_of(request)
    return replace(desk, storage=storage_for(principal_of(request), desk.storage))


def intake_desk_of(request: Request) -> Desk:
    """Returns the desk for a route that only writes: who reads no case has no queue to keep to.

    Raises:
        NotReadyError: the server is starting or stopping.
    """
    reads = principal_of(request).may(Scope.READ_CASES)
    return desk_of(request) if reads else _whole_desk_of(request)


def _whole_desk_of(request: Request) -> Desk:
    desk: Desk | None = request.app.state.desk
    return started(desk)


async def at_desk(
    request: Request, work: Callable[Concatenate[Desk, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Returns what a command of `serving.casework` gives, carried out on a thread of its own."""
    return await asyncio.to_thread(work, desk_of(request), *args, **kwargs)


async def at_desk_with_engine(
    request: Request, work: Callable[Concatenate[Desk, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Returns what `at_desk` does of a command that waits for the engine, on threads of their own.

    However many wait there, signing in, other commands and the probes do not.
    """
    threads: ThreadPoolExecutor = request.app.state.engine_threads
    context = copy_context()
    command = partial(work, desk_of(request), *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(threads, context.run, command)
