"""Taking the body of a new backlog: a file of any size as it comes, or a reference to one."""

import asyncio
from pathlib import Path
from typing import Any

from fastapi import Request
from pydantic import ValidationError

from serving.api.backlog_answers import FileReference
from serving.api.body import JsonRequest, declared_type
from serving.backlog.server.errors import BacklogStorageError, UploadTooLargeError, UploadTypeError
from serving.errors import InvalidRequestError

JSON_TYPE = "application/json"
UPLOAD_TYPES: dict[str, str | None] = {
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "text/csv": ".csv",
    "application/vnd.apache.parquet": None,
    "application/gzip": None,
    "application/zstd": None,
    "application/octet-stream": None,
}
"""Types that a file may be declared as, and what it then is; None where its first bytes tell.
Whether it is compressed, they tell in any case."""

REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": "The file itself (.jsonl, .csv, either also gzip or zstd, or .parquet), or a "
    "reference to one in the server's folder.",
    "content": {
        JSON_TYPE: {"schema": FileReference.model_json_schema()},
        **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in UPLOAD_TYPES},
    },
}
"""The body in the OpenAPI document; the framework does not see it."""


async def read_reference(request: Request) -> FileReference | None:
    """Returns the file that a request refers to; None where it uploads one.

    Raises:
        UploadTypeError: the body is declared as neither.
        InvalidRequestError: it is JSON of another shape.
        CarriedError: it is no JSON, or too large for a reference.
    """
    declared = declared_type(request)
    if declared in UPLOAD_TYPES:
        return None
    if declared != JSON_TYPE:
        raise UploadTypeError(known=UPLOAD_TYPES)
    try:
        return FileReference.model_validate(
            await JsonRequest(request.scope, request.receive).json()
        )
    except ValidationError:
        found = 'expected {"file": NAME} and nothing else'
        raise InvalidRequestError(found=found) from None


async def write_upload(request: Request, path: Path, *, limit_bytes: int) -> None:
    """Writes the body of a request to a file, as it comes.

    Raises:
        UploadTooLargeError: it has more bytes than accepted.
        BacklogStorageError: the disk does not take it.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise UploadTooLargeError(limit_bytes=limit_bytes)
    num_bytes = 0
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                num_bytes += len(chunk)
                if num_bytes > limit_bytes:
                    raise UploadTooLargeError(limit_bytes=limit_bytes)
                await asyncio.to_thread(file.write, chunk)
    except OSError as error:
        raise BacklogStorageError from error
