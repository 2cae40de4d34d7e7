"""The HTTP routes on backlogs: taken, looked at, paused, fetched."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path as FilePath
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, status
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from serving.api.backlog_answers import (
    BacklogAnswer,
    BacklogList,
    BacklogQuery,
    FileReference,
    backlog_answer,
)
from serving.api.backlog_uploads import (
    REQUEST_BODY,
    UPLOAD_TYPES,
    read_reference,
    write_upload,
)
from serving.api.body import declared_type
from serving.api.documented import documented
from serving.api.guarded_route import GuardedRoute
from serving.api.security import KEY_DOCUMENTED, actor_of, principal_of
from serving.backlog.server.backlogs import Backlogs, BacklogView
from serving.backlog.server.errors import BacklogStorageError, UnknownBacklogError
from serving.backlog.server.intake import Submission
from serving.backlog.server.records import ENDED, BacklogRequest
from serving.errors import NotReadyError, OutputError
from serving.identity.scopes import Scope

_LOOK_SECONDS = 0.5
_MOST_LISTED = 100
_UPLOAD_NAME = "body"
_MEDIA_TYPES = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "gz": "application/gzip",
    "zst": "application/zstd",
}
_DESCRIPTIONS = {
    400: "The reference is not JSON, or not UTF-8; or the range is none.",
    401: "No valid API key.",
    404: "No backlog has this id.",
    409: "The backlog is too far for that, or not far enough.",
    413: "The upload is too large.",
    415: "The body is declared neither as a file of rows nor as a reference.",
    416: "No bytes of the file are in the range.",
    422: "The file, an option or the Idempotency-Key cannot be used.",
    503: "Not ready, or the disk does not take it: try again.",
}

log = structlog.stdlib.get_logger("wherefore.backlog")


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return documented(_DESCRIPTIONS, statuses)


_OF_ONE = _problems(401, 404, 409, 422, 503)
_OF_A_FILE = _problems(400, 401, 404, 409, 416, 422, 503)

BacklogId = Annotated[str, Path(description="Id of the backlog.", max_length=64)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same for the same request sent again: it gives one backlog, however "
        "often it is sent.",
    ),
]


async def _own(request: Request, backlog_id: BacklogId) -> None:
    """Refuses an id that is unknown, or another person's, before the answer begins."""
    view = await asyncio.to_thread(backlogs_of(request).view, backlog_id)
    if not _is_open_to(request)(view.request):
        raise UnknownBacklogError


_OWN = [Depends(_own)]

backlog_router = APIRouter(
    prefix="/api/v1/backlogs",
    route_class=GuardedRoute,
    dependencies=[KEY_DOCUMENTED],
    tags=["backlogs"],
)


@backlog_router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses=_problems(400, 401, 413, 415, 422, 503),
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def submit(
    request: Request,
    response: Response,
    query: Annotated[BacklogQuery, Query()],
    idempotency_key: IdempotencyKey = None,
) -> BacklogAnswer:
    """Takes a file of applications to be scored: the file itself, or a reference to one.

    What was answered for is on the disk and survives any restart. Whoever waits for an answer
    online goes first.
    """
    by = Submission(
        person_id=actor_of(request).actor_id,
        options=query.options(),
        idempotency_key=idempotency_key,
    )
    reference = await read_reference(request)
    try:
        view = await _submitted(request, reference, by)
    except OutputError as error:
        raise BacklogStorageError from error
    answer = backlog_answer(view)
    response.headers["Location"] = f"/api/v1/backlogs/{answer.backlog_id}"
    log.info("backlog_taken", backlog_id=answer.backlog_id, person_id=by.person_id)
    return answer


@backlog_router.get("", responses=_problems(401, 422, 503))
async def list_backlogs(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=_MOST_LISTED, description="Most entries.")] = 20,
) -> BacklogList:
    """Lists the backlogs that the key may see, the newest first."""
    views = await asyncio.to_thread(
        backlogs_of(request).views, limit=limit, are_shown=_is_open_to(request)
    )
    return BacklogList(backlogs=[backlog_answer(view) for view in views])


@backlog_router.get("/{backlog_id}", responses=_OF_ONE, dependencies=_OWN)
async def read_backlog(request: Request, backlog_id: BacklogId) -> BacklogAnswer:
    """Gives how far a backlog is: rows done, speed, and the time left by the tokens left."""
    return await _viewed(request, Backlogs.view, backlog_id)


@backlog_router.post("/{backlog_id}/pause", responses=_OF_ONE, dependencies=_OWN)
async def pause(request: Request, backlog_id: BacklogId) -> BacklogAnswer:
    """Lets a backlog wait until it is resumed; what is done of it is kept."""
    return await _viewed(request, Backlogs.pause, backlog_id)


@backlog_router.post("/{backlog_id}/resume", responses=_OF_ONE, dependencies=_OWN)
async def resume(request: Request, backlog_id: BacklogId) -> BacklogAnswer:
    """Goes on with a backlog that was paused, or tries again what failed."""
    return await _viewed(request, Backlogs.resume, backlog_id)


@backlog_router.post("/{backlog_id}/cancel", responses=_OF_ONE, dependencies=_OWN)
async def cancel(request: Request, backlog_id: BacklogId) -> BacklogAnswer:
    """Ends a backlog and removes its files."""
    return await _viewed(request, Backlogs.cancel, backlog_id)


@backlog_router.get(
    "/{backlog_id}/result", response_class=FileResponse, responses=_OF_A_FILE, dependencies=_OWN
)
async def read_result(request: Request, backlog_id: BacklogId) -> FileResponse:
    """Gives the rows of a complete backlog, one per row of the file, in order."""
    path = await asyncio.to_thread(backlogs_of(request).result, backlog_id)
    return _file(request, path, backlog_id)


@backlog_router.get(
    "/{backlog_id}/errors", response_class=FileResponse, responses=_OF_A_FILE, dependencies=_OWN
)
async def read_errors(request: Request, backlog_id: BacklogId) -> FileResponse:
    """Gives the rows of a complete backlog that were not scored: number, id, code, message."""
    path = await asyncio.to_thread(backlogs_of(request).errors, backlog_id)
    return _file(request, path, backlog_id)


@backlog_router.get(
    "/{backlog_id}/events",
    response_class=EventSourceResponse,
    responses=_OF_ONE,
    dependencies=_OWN,
)
async def follow(request: Request, backlog_id: BacklogId) -> AsyncIterator[ServerSentEvent]:
    """Tells how far a backlog is whenever that changes, until it has ended (server-sent events).

    Each event is named after the status and carries what `GET` gives.
    """
    told: BacklogAnswer | None = None
    while not _is_stopping(request):
        answer = await _viewed(request, Backlogs.view, backlog_id)
        if answer != told:
            yield ServerSentEvent(event=answer.status.value, data=answer)
            told = answer
        if answer.status in ENDED:
            return
        await asyncio.sleep(_LOOK_SECONDS)


def backlogs_of(request: Request) -> Backlogs:
    """Returns the backlogs of the application.

    Raises:
        NotReadyError: the server is starting or stopping.
    """
    backlogs: Backlogs | None = request.app.state.backlogs
    if backlogs is None or backlogs.runner.is_closing:
        raise NotReadyError
    return backlogs


def _is_open_to(request: Request) -> Callable[[BacklogRequest], bool]:
    """Returns what tells whether who asks may see a backlog."""
    principal = principal_of(request)
    sees_all = principal.may(Scope.SEE_ALL_CASES) and principal.may(Scope.EXPORT_CASES)
    return lambda asked: sees_all or asked.person_id == principal.principal_id


def _is_stopping(request: Request) -> bool:
    """Whether the server waits for the open requests to end."""
    state = request.app.state
    return state.backlogs is None or state.batcher is None or state.batcher.is_draining


async def _viewed(
    request: Request, ask: Callable[[Backlogs, str], BacklogView], backlog_id: str
) -> BacklogAnswer:
    try:
        return backlog_answer(await asyncio.to_thread(ask, backlogs_of(request), backlog_id))
    except OutputError as error:
        raise BacklogStorageError from error


async def _submitted(
    request: Request, reference: FileReference | None, by: Submission
) -> BacklogView:
    backlogs = backlogs_of(request)
    if reference is not None:
        return await asyncio.to_thread(backlogs.submit_reference, reference.file, by)
    with backlogs.shelf.incoming() as incoming:
        content = incoming / _UPLOAD_NAME
        limit_bytes = request.app.state.settings.max_upload_bytes
        await write_upload(request, content, limit_bytes=limit_bytes)
        kind = UPLOAD_TYPES[declared_type(request)]
        async with backlogs.taking:
            return await asyncio.to_thread(backlogs.submit_upload, incoming, content, by, kind=kind)


def _file(request: Request, path: FilePath, backlog_id: str) -> FileResponse:
    log.info("backlog_read", backlog_id=backlog_id, person_id=actor_of(request).actor_id)
    media_type = _MEDIA_TYPES[path.suffix.removeprefix(".")]
    name = f"{backlog_id}-{path.name}"
    return FileResponse(path, media_type=media_type, filename=name)
