"""From an error to a problem document (RFC 9457): the one table.

A problem never repeats anything the client sent: neither a path, nor a value, nor a field's name
that is not ours.
"""

from http import HTTPStatus
from typing import cast

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from data_pipeline.domain.application import ApplicationError
from data_pipeline.errors import DataError, WhereforeError
from model_store.errors import ModelError, TextTooLongError
from serving import errors
from serving.cases import errors as case_errors

PROBLEM_MEDIA_TYPE = "application/problem+json"
INTERNAL_ERROR = (500, "internal_error")

PROBLEMS: dict[type[WhereforeError], tuple[int, str]] = {
    errors.UnauthorizedError: (401, "unauthorized"),
    errors.UnsupportedMediaTypeError: (415, "unsupported_media_type"),
    errors.BodyTooLargeError: (413, "body_too_large"),
    errors.BodyEncodingError: (400, "invalid_utf8"),
    errors.MalformedBodyError: (400, "invalid_json"),
    errors.InvalidRequestError: (422, "invalid_request"),
    errors.BatchTooLargeError: (413, "batch_too_large"),
    errors.RowRejectedError: (422, "invalid_application"),
    errors.OverloadedError: (503, "overloaded"),
    errors.ScoringTimeoutError: (503, "timeout"),
    errors.NotReadyError: (503, "not_ready"),
    errors.RetryLaterError: (503, "try_again"),
    errors.RequestError: (400, "bad_request"),
    case_errors.IllegalEventError: (409, "illegal_event"),
    case_errors.EventTimeError: (409, "event_out_of_time"),
    case_errors.SecondPersonError: (409, "second_person_needed"),
    case_errors.DecisionRefusedError: (422, "decision_refused"),
    case_errors.RetentionError: (409, "must_be_retained"),
    case_errors.CaseError: (422, "invalid_event"),
    errors.ServingError: INTERNAL_ERROR,
    ApplicationError: (422, "invalid_application"),
    DataError: (422, "invalid_application"),
    TextTooLongError: (413, "text_too_long"),
    ModelError: (500, "model_error"),
    WhereforeError: INTERNAL_ERROR,
}
"""Status and code of every error; a class without a line has its nearest ancestor's."""

ROW_STATUS = {"text_too_long": 413}
"""Status of a single application's error code, where it is not 422."""

_HTTP_PROBLEMS: dict[int, tuple[str, str]] = {
    404: ("not_found", "nothing is at this address: see /docs for the addresses there are"),
    405: (
        "method_not_allowed",
        "this address does not answer to that method: the header Allow lists those it does",
    ),
}
_INTERNAL_MESSAGE = "the server failed to answer: try again, and report the request_id if it recurs"


class Problem(BaseModel):
    """An error as problem details (RFC 9457), sent as application/problem+json."""

    type: str = Field(
        default="about:blank", description="Always about:blank: `code` tells the kind."
    )
    title: str = Field(description="The HTTP status in words.", examples=["Content Too Large"])
    status: int = Field(description="The HTTP status.", examples=[413])
    code: str = Field(description="Stable and machine-readable.", examples=["text_too_long"])
    detail: str = Field(description="What was found, what was expected, what to do.")
    request_id: str = Field(description="The same as in the header X-Request-ID.")


def problem_of(error: WhereforeError) -> tuple[int, str]:
    """Returns the HTTP status and the code of an error."""
    if isinstance(error, errors.RowRejectedError):
        return ROW_STATUS.get(error.code, 422), error.code
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)


def problem_response(
    *, status: int, code: str, detail: str, request_id: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Returns the response that carries a problem."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=request_id,
    )
    return JSONResponse(
        problem.model_dump(), status_code=status, headers=headers, media_type=PROBLEM_MEDIA_TYPE
    )


def error_response(error: WhereforeError, *, request_id: str) -> JSONResponse:
    """Returns the response of one of our errors; a failure of ours is told without its message."""
    status, code = problem_of(error)
    headers = {}
    if isinstance(error, errors.RetryLaterError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, errors.UnauthorizedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.BodyTooLargeError):
        headers["Connection"] = "close"
    return problem_response(
        status=status,
        code=code,
        detail=str(error)
        if isinstance(error, errors.RequestError | case_errors.CaseError | DataError)
        else _INTERNAL_MESSAGE,
        request_id=request_id,
        headers=headers,
    )


def internal_error_response(*, request_id: str) -> JSONResponse:
    """Returns the response of a failure nobody foresaw."""
    status, code = INTERNAL_ERROR
    return problem_response(
        status=status, code=code, detail=_INTERNAL_MESSAGE, request_id=request_id
    )


class CarriedError(HTTPException):
    """Carries one of our errors through code that lets only HTTP exceptions pass.

    Attributes:
        error: the error carried.
    """

    def __init__(self, error: WhereforeError) -> None:
        """Keeps the error."""
        super().__init__(problem_of(error)[0])
        self.error = error


async def handle_error(request: Request, error: Exception) -> JSONResponse:
    """Answers one of our errors."""
    found = error.error if isinstance(error, CarriedError) else cast("WhereforeError", error)
    return error_response(found, request_id=request.state.request_id)


async def handle_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answers what the framework refuses: unknown address, unknown method."""
    if isinstance(error, CarriedError):
        return await handle_error(request, error)
    refused = cast("HTTPException", error)
    code, detail = _HTTP_PROBLEMS.get(
        refused.status_code, ("bad_request", "the request cannot be answered: see /docs")
    )
    return problem_response(
        status=refused.status_code,
        code=code,
        detail=detail,
        request_id=request.state.request_id,
        headers=dict(refused.headers or {}),
    )


async def handle_validation_error(request: Request, error: Exception) -> JSONResponse:
    """Answers a body or parameter of the wrong shape, without what was sent."""
    first = cast("RequestValidationError", error).errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    found = errors.InvalidRequestError(found=f"{where}: {first['msg']}")
    return error_response(found, request_id=request.state.request_id)
