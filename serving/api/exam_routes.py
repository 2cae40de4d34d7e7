"""The HTTP route that gives the exam package of a case."""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from serving.adapters.exam_export import export_package
from serving.api.body import JsonRoute
from serving.api.case_access import READING, at_desk
from serving.api.path_ids import CaseId
from serving.api.security import KEY_DOCUMENTED, actor_of
from serving.cases.events import Actor
from serving.casework.desk import Desk

ZIP_MEDIA_TYPE = "application/zip"
_CHUNK_BYTES = 32 * 1024
_FOLDER = "exam-package-"
_ABANDONED_SECONDS = 3600
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]")
_PACKAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The exam package, a zip file.",
        "content": {ZIP_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            "Content-Disposition": {
                "description": "The name to save it under.",
                "schema": {"type": "string"},
            }
        },
    }
}

exam_router = APIRouter(
    prefix="/api/v1", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["cases"]
)
log = structlog.stdlib.get_logger("wherefore.cases")


@exam_router.get(
    "/applications/{case_id}/exam-package",
    response_class=StreamingResponse,
    responses=READING | _PACKAGE,
)
async def exam_package(request: Request, case_id: CaseId) -> StreamingResponse:
    """Gives the whole record of a case with the proof that it is as recorded, as a zip file.

    Needs the scope export_cases, which the roles compliance and auditor bring. The package is in
    clear; `wherefore audit verify-package FILE` verifies it on a machine without the database.
    The export is recorded in the audit log, whose head is anchored.
    """
    by, state_dir = actor_of(request), request.app.state.settings.state_dir
    package = await at_desk(request, _packed, case_id, state_dir=state_dir, by=by)
    log.info("case_exported", case_id=case_id, person_id=by.actor_id)
    name = f"{_FOLDER}{_UNUSUAL.sub('_', case_id)}.zip"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(package.seek(0, 2)),
    }
    return StreamingResponse(_chunks(package), media_type=ZIP_MEDIA_TYPE, headers=headers)


def _packed(desk: Desk, case_id: str, *, state_dir: Path, by: Actor) -> BinaryIO:
    """Returns the package as an open file that has no name any more, so that none is left over."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_abandoned(state_dir)
    with TemporaryDirectory(prefix=_FOLDER, dir=state_dir) as folder:
        path = Path(folder) / "package.zip"
        export_package(desk.storage, case_id, path, by=by, at=desk.now())
        return path.open("rb")


def _remove_abandoned(state_dir: Path) -> None:
    """Removes what a server left behind that was killed within an export."""
    for folder in state_dir.glob(f"{_FOLDER}*"):
        try:
            is_abandoned = time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS
        except FileNotFoundError:
            continue
        if is_abandoned:
            shutil.rmtree(folder, ignore_errors=True)


async def _chunks(package: BinaryIO) -> AsyncIterator[bytes]:
    with package:
        package.seek(0)
        while chunk := await asyncio.to_thread(package.read, _CHUNK_BYTES):
            yield chunk
