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
from serving.api.limited import charge
from serving.api.security import find_principal
from serving.backlog.server import errors as backlog_errors
from serving.cases import errors as case_errors
from serving.cases import store_errors
from serving.casework import errors as casework_errors
from serving.explanations import errors as explanation_errors
from serving.identity import errors as identity_errors
from serving.limits.quota import LimitClass
from serving.monitoring import errors as monitoring_errors
from serving.notices import errors as notice_errors
from serving.what_if import errors as what_if_errors

PROBLEM_MEDIA_TYPE = "application/problem+json"
INTERNAL_ERROR = (500, "internal_error")

PROBLEMS: dict[type[WhereforeError], tuple[int, str]] = {
    errors.UnauthorizedError: (401, "unauthorized"),
    errors.NotPermittedError: (403, "not_permitted"),
    identity_errors.InvalidClientError: (401, "invalid_client"),
    identity_errors.UnsupportedGrantError: (400, "unsupported_grant_type"),
    identity_errors.InvalidScopeError: (400, "invalid_scope"),
    identity_errors.TokenRequestError: (400, "invalid_token_request"),
    identity_errors.SignInRefusedError: (401, "sign_in_refused"),
    identity_errors.IssuerRefusedError: (401, "issuer_refused"),
    identity_errors.PasswordRefusedError: (422, "password_refused"),
    identity_errors.CrossSiteError: (403, "cross_site_request"),
    identity_errors.NoSessionError: (400, "no_session"),
    identity_errors.NoIssuerError: (404, "no_issuer"),
    identity_errors.TooManySignInsError: (429, "too_many_sign_ins"),
    identity_errors.SignInBusyError: (503, "sign_in_busy"),
    identity_errors.IssuerUnreachableError: (503, "issuer_unreachable"),
    errors.UnsupportedMediaTypeError: (415, "unsupported_media_type"),
    errors.BodyTooLargeError: (413, "body_too_large"),
    errors.BodyEncodingError: (400, "invalid_utf8"),
    errors.MalformedBodyError: (400, "invalid_json"),
    errors.InvalidRequestError: (422, "invalid_request"),
    errors.BatchTooLargeError: (413, "batch_too_large"),
    errors.RowRejectedError: (422, "invalid_application"),
    errors.MalformedRequestError: (400, "malformed_request"),
    errors.HeadTooLargeError: (431, "head_too_large"),
    errors.RequestTimeoutError: (408, "request_timeout"),
    errors.ClientGoneError: (499, "client_gone"),
    errors.TooManyRequestsError: (429, "rate_limited"),
    errors.OverloadedError: (503, "overloaded"),
    errors.ScoringTimeoutError: (503, "timeout"),
    errors.AnswerTimeoutError: (503, "answer_timeout"),
    errors.NotReadyError: (503, "not_ready"),
    errors.EngineUnreachableError: (503, "engine_unreachable"),
    errors.EngineBusyError: (503, "engine_busy"),
    errors.EngineLostError: (503, "engine_lost"),
    errors.EngineKeyError: (503, "engine_key_refused"),
    errors.EngineAnswerError: (503, "engine_answer_refused"),
    errors.EngineModelError: (503, "engine_model_differs"),
    errors.EngineError: (503, "engine_unavailable"),
    backlog_errors.UnknownBacklogError: (404, "unknown_backlog"),
    backlog_errors.BacklogStateError: (409, "backlog_state"),
    backlog_errors.IdempotencyKeyReusedError: (422, "idempotency_key_reused"),
    backlog_errors.BacklogInputError: (422, "backlog_input"),
    backlog_errors.UploadTypeError: (415, "upload_type"),
    backlog_errors.UploadTooLargeError: (413, "upload_too_large"),
    backlog_errors.UploadUnpacksTooLargeError: (413, "upload_unpacks_too_large"),
    backlog_errors.WebhookRefusedError: (422, "webhook_refused"),
    backlog_errors.BacklogStorageError: (503, "backlog_storage"),
    errors.RetryLaterError: (503, "try_again"),
    errors.RequestError: (400, "bad_request"),
    case_errors.IllegalEventError: (409, "illegal_event"),
    case_errors.EventTimeError: (409, "event_out_of_time"),
    case_errors.SecondPersonError: (409, "second_person_needed"),
    case_errors.DecisionRefusedError: (422, "decision_refused"),
    case_errors.RetentionError: (409, "must_be_retained"),
    case_errors.CaseError: (422, "invalid_event"),
    store_errors.NotStoredError: (404, "not_stored"),
    store_errors.CasePurgedError: (410, "case_purged"),
    store_errors.CaseExistsError: (409, "case_exists"),
    store_errors.IdTakenError: (409, "id_taken"),
    store_errors.CaseConflictError: (409, "case_conflict"),
    store_errors.StoredCaseError: (422, "invalid_record"),
    store_errors.StoreBusyError: (503, "storage_busy"),
    store_errors.StoreUnavailableError: (503, "storage_unavailable"),
    case_errors.AuditFieldError: (422, "invalid_id"),
    casework_errors.FactsError: (422, "invalid_facts"),
    casework_errors.NoticeBlockedError: (409, "notice_blocked"),
    casework_errors.NotAssessableError: (422, "not_assessable"),
    casework_errors.NoLetterError: (409, "no_letter"),
    casework_errors.RegenerationError: (409, "not_regenerable"),
    casework_errors.CaseworkError: (422, "refused"),
    monitoring_errors.NotAskedForError: (422, "monitoring_not_asked_for"),
    monitoring_errors.MonitoringError: (422, "invalid_monitoring"),
    explanation_errors.ExplanationTooLargeError: (413, "explanation_too_large"),
    explanation_errors.ExplanationExtraError: (501, "explain_extra_missing"),
    explanation_errors.UnknownExplanationError: (404, "unknown_explanation"),
    explanation_errors.ExplanationError: (422, "not_explainable"),
    explanation_errors.ExplanationsFullError: (503, "explanations_full"),
    what_if_errors.ProhibitedBasisError: (422, "prohibited_basis"),
    what_if_errors.NotActionableError: (422, "not_actionable"),
    what_if_errors.OutOfBoundsError: (422, "out_of_bounds"),
    what_if_errors.StrikeError: (422, "invalid_strike"),
    what_if_errors.WhatIfError: (422, "not_askable"),
    notice_errors.NoticeFileError: (422, "invalid_notice_file"),
    notice_errors.NoticeDataError: (422, "notice_data_missing"),
    notice_errors.LanguageError: (422, "language_not_approved"),
    notice_errors.ReasonsError: (422, "reasons_not_statable"),
    notice_errors.RenderError: (422, "not_renderable"),
    notice_errors.NoticeError: (422, "invalid_notice"),
    errors.ServingError: INTERNAL_ERROR,
    ApplicationError: (422, "invalid_application"),
    DataError: (422, "invalid_application"),
    TextTooLongError: (413, "text_too_long"),
    ModelError: (500, "model_error"),
    WhereforeError: INTERNAL_ERROR,
}
"""Status and code of every error; a class without a line has its nearest ancestor's."""

_TOLD_TO_CLIENTS = (
    errors.RequestError,
    case_errors.CaseError,
    case_errors.AuditFieldError,
    store_errors.StoredCaseError,
    store_errors.StoreBusyError,
    casework_errors.CaseworkError,
    monitoring_errors.MonitoringError,
    explanation_errors.ExplanationError,
    what_if_errors.WhatIfError,
    notice_errors.NoticeError,
    DataError,
)

ROW_STATUS = {"text_too_long": 413, INTERNAL_ERROR[1]: INTERNAL_ERROR[0]}
"""Status of a single application's error code, where it is not 422."""

HTTP_PROBLEMS: dict[int, tuple[str, str]] = {
    404: ("not_found", "nothing is at this address: see /docs for the addresses there are"),
    405: (
        "method_not_allowed",
        "this address does not answer to that method: the header Allow lists those it does",
    ),
    416: (
        "range_not_satisfiable",
        "no bytes of the file are in the range asked for: Content-Range says how many it has",
    ),
}
"""Code and message of what the framework refuses, by status."""

PLAIN_REFUSAL = (
    "bad_request",
    (
        "found a range that is none, or a page of another origin that asks for what it may not: "
        "expected bytes=FIRST-LAST, or an origin, method and headers that may call; correct it"
    ),
)
"""Code and message of what else the framework refuses in plain text."""

_TITLES = {499: "Client Closed Request"}
"""Statuses that are not registered; 499 is what nginx made of them, and no client ever reads it."""

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


class TokenErrorAnswer(BaseModel):
    """Why no token is given, as OAuth2 clients read it (RFC 6749, section 5.2): plain JSON."""

    error: str = Field(description="As RFC 6749 calls it.", examples=["invalid_client"])
    error_description: str = Field(description="What was found and what was expected.")
    code: str = Field(description="Stable, as in problem details.", examples=["invalid_client"])
    request_id: str = Field(description="The same as in the header X-Request-ID.")


def problem_of(error: WhereforeError) -> tuple[int, str]:
    """Returns the HTTP status and the code of an error."""
    if isinstance(error, errors.RowRejectedError):
        return ROW_STATUS.get(error.code, 422), error.code
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)


def problem_response(
    *,
    status: int,
    code: str,
    detail: str,
    request_id: str,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Returns the response that carries a problem."""
    problem = Problem(
        title=_TITLES[status] if status in _TITLES else HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=request_id,
    )
    return JSONResponse(
        problem.model_dump(), status_code=status, headers=headers, media_type=PROBLEM_MEDIA_TYPE
    )


def _token_error_response(
    error: identity_errors.TokenRequestError, *, request_id: str, headers: dict[str, str]
) -> JSONResponse:
    status, code = problem_of(error)
    answer = TokenErrorAnswer(
        error=error.oauth_error, error_description=str(error), code=code, request_id=request_id
    )
    return JSONResponse(answer.model_dump(), status_code=status, headers=headers)


def error_response(error: WhereforeError, *, request_id: str) -> JSONResponse:
    """Returns the response of one of our errors; a failure of ours is told without its message."""
    status, code = problem_of(error)
    headers = {}
    if isinstance(error, errors.RetryLaterError | store_errors.StoreUnavailableError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, errors.UnauthorizedError | identity_errors.SignInRefusedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.NotPermittedError):
        headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
    if isinstance(error, identity_errors.InvalidClientError):
        headers["WWW-Authenticate"] = 'Basic realm="token"'
    if isinstance(error, errors.BodyTooLargeError | errors.RequestTimeoutError):
        headers["Connection"] = "close"
    if isinstance(error, identity_errors.TokenRequestError):
        return _token_error_response(error, request_id=request_id, headers=headers)
    return problem_response(
        status=status,
        code=code,
        detail=str(error) if isinstance(error, _TOLD_TO_CLIENTS) else _INTERNAL_MESSAGE,
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
    untold = await _untold(request) if refused.status_code in HTTP_PROBLEMS else None
    if untold is not None:
        return error_response(untold, request_id=request.state.request_id)
    code, detail = HTTP_PROBLEMS.get(
        refused.status_code, ("bad_request", "the request cannot be answered: see /docs")
    )
    return problem_response(
        status=refused.status_code,
        code=code,
        detail=detail,
        request_id=request.state.request_id,
        headers=dict(refused.headers or {}),
    )


async def _untold(request: Request) -> WhereforeError | None:
    """Returns why somebody is not told which addresses there are; None for who is known."""
    try:
        await charge(request, LimitClass.OTHER)
        known = await find_principal(request)
    except WhereforeError as error:
        return error
    return None if known else errors.UnauthorizedError()


async def handle_validation_error(request: Request, error: Exception) -> JSONResponse:
    """Answers a body or parameter of the wrong shape, without what was sent."""
    first = cast("RequestValidationError", error).errors()[0]
    found = errors.InvalidRequestError(found=_sentence(first["type"], first["loc"], first["msg"]))
    return error_response(found, request_id=request.state.request_id)


CLAUSES = {
    "creditors": "12 CFR 1002.9(a)(2)",
    "creditor_type": "12 CFR 1002, Appendix A",
    "language": "12 CFR 1002.4(e)",
    "created_on": "15 USC 1681g(f)(1)(D)",
    "scores": "15 USC 1681g(f)(1)",
    "reports": "15 USC 1681m(a)",
    "respond_by": "12 CFR 1002.9(c)(2)",
    "missing_items": "12 CFR 1002.9(c)(2)",
    "applicants": "12 CFR 1002.9(f)",
    "reasons": "12 CFR 1002.9(b)(2)",
    "form": "12 CFR 1002, Appendix C",
    "consents": "12 CFR 1002.4(d)(2)",
    "channel": "12 CFR 1002.4(d)",
    "time_zone": "12 CFR 1002.9(a)(1)",
}
"""The provision that asks for a field, by the field's name, where one does."""


def _sentence(kind: str, loc: tuple[int | str, ...], message: str) -> str:
    """The field, the finding and the clause; the name of an unknown field is not repeated."""
    path = loc[:-1] if kind == "extra_forbidden" else loc
    where = ".".join(str(part) for part in path)
    found = "found a field that is not known" if kind == "extra_forbidden" else message
    clause = next((CLAUSES[p] for p in reversed(path) if isinstance(p, str) and p in CLAUSES), None)
    return f"{where}: {found}" + (f" ({clause})" if clause else "")
