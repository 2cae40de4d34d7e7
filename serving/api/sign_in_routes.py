"""The HTTP routes of people who sign in: login, logout, who one is, the own password."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response, status

from serving.api.body import JsonRoute
from serving.api.cookies import SESSION_COOKIE, drop_cookie, session_secret_of, set_cookie
from serving.api.cross_site import require_own_origin
from serving.api.documented import documented
from serving.api.guarded_route import GuardedRoute
from serving.api.parts import started
from serving.api.security import KEY_DOCUMENTED, principal_of
from serving.api.sign_in_schemas import LoginRequest, PasswordRequest, SessionAnswer
from serving.api.sign_in_threads import SignInThreads
from serving.identity.accounts import NewSession, cross_site_token_of
from serving.identity.errors import NoSessionError
from serving.identity.principal import Principal, Proof
from serving.identity.sign_in import SignIn
from serving.limits.clients import address_name

_NOBODY = "There are no valid credentials."
_NOT_READY = "Not ready: try again."
_TOO_MANY = "The client has used up its quota: try again after the seconds in Retry-After."
_PROBLEMS = documented(
    {
        400: "The body is not JSON, or the credentials are no session.",
        401: "Nobody can sign in like this, or there are no valid credentials.",
        403: "It may come from a page of somebody else.",
        413: "The body is too large.",
        415: "The body is not declared as application/json.",
        422: "A field is missing, or the new password is not taken.",
        429: "Too many have failed for this person or from this address, or asked.",
        503: "Not ready, or too many sign in: try again.",
    }
)
_OF_SESSIONS: dict[int | str, dict[str, Any]] = {
    status: _PROBLEMS[status] for status in (400, 401, 403, 429, 503)
}
_OF_READERS = documented({401: _NOBODY, 429: _TOO_MANY, 503: _NOT_READY})

sign_in_router = APIRouter(prefix="/api/v1", route_class=JsonRoute, tags=["people"])
session_router = APIRouter(
    prefix="/api/v1", route_class=GuardedRoute, dependencies=[KEY_DOCUMENTED], tags=["people"]
)


def sign_in_of(request: Request) -> SignIn:
    """Returns what lets people in.

    Raises:
        NotReadyError: nobody can sign in at this server, or it is starting or stopping.
    """
    sign_in: SignIn | None = request.app.state.sign_in
    return started(sign_in)


def _address_of(request: Request) -> str:
    return address_name(request.client.host if request.client else None)


def begin(response: Response, new: NewSession, sign_in: SignIn) -> SessionAnswer:
    """Gives the browser its new session, and returns who it is of."""
    secret = new.secret.get_secret_value()
    set_cookie(response, SESSION_COOKIE, secret, lasts=sign_in.rules.longest)
    return _answer(new.account.principal).model_copy(
        update={
            "csrf_token": cross_site_token_of(secret),
            "expires_at": new.session.expires_at,
        }
    )


@sign_in_router.post("/login", responses=_PROBLEMS)
async def login(
    request: Request, response: Response, body: Annotated[LoginRequest, Body()]
) -> SessionAnswer:
    """Begins a session of a person with a password, or who sets one with a one-time key.

    The session is a cookie that scripts cannot read. A change that is asked for with it carries
    the answer's `csrf_token` in the header X-CSRF-Token. A one-time key is taken once.
    """
    require_own_origin(request)
    sign_in, threads = sign_in_of(request), _threads_of(request)
    address = _address_of(request)
    if body.password is not None:
        password = body.password.get_secret_value()
        new = await threads.run(sign_in.with_password, body.person_id, password, address=address)
    else:
        assert body.one_time_key is not None and body.new_password is not None  # noqa: S101, PT018
        new = await threads.run(
            sign_in.with_one_time_key,
            body.person_id,
            body.one_time_key.get_secret_value(),
            new_password=body.new_password.get_secret_value(),
            address=address,
        )
    return begin(response, new, sign_in)


@session_router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, responses=_OF_SESSIONS)
async def logout(request: Request, response: Response) -> None:
    """Ends the session: its cookie is not taken any more."""
    _require_session(request)
    await asyncio.to_thread(sign_in_of(request).sign_out, session_secret_of(request))
    drop_cookie(response, SESSION_COOKIE)


@session_router.get("/me", responses=_OF_READERS)
async def me(request: Request) -> SessionAnswer:
    """Tells who the request comes from, and what that one may do."""
    principal = principal_of(request)
    answer = _answer(principal)
    if principal.proof is not Proof.SESSION:
        return answer
    secret = session_secret_of(request)
    found = await asyncio.to_thread(sign_in_of(request).session_of, secret)
    return answer.model_copy(
        update={
            "csrf_token": cross_site_token_of(secret),
            "expires_at": found[0].expires_at if found else None,
        }
    )


@sign_in_router.post("/password", responses=_PROBLEMS, dependencies=[KEY_DOCUMENTED])
async def change_password(
    request: Request, response: Response, body: Annotated[PasswordRequest, Body()]
) -> SessionAnswer:
    """Sets another password, ends all sessions of the person, and begins a new one."""
    principal = _require_session(request)
    sign_in = sign_in_of(request)
    new = await _threads_of(request).run(
        sign_in.change_password,
        principal.principal_id,
        body.password.get_secret_value(),
        new_password=body.new_password.get_secret_value(),
        address=_address_of(request),
    )
    return begin(response, new, sign_in)


def _require_session(request: Request) -> Principal:
    principal = principal_of(request)
    if principal.proof is not Proof.SESSION:
        raise NoSessionError
    return principal


def _threads_of(request: Request) -> SignInThreads:
    threads: SignInThreads | None = request.app.state.sign_in_threads
    return started(threads)


def _answer(principal: Principal) -> SessionAnswer:
    return SessionAnswer(
        principal_id=principal.principal_id,
        role=principal.role,
        scopes=sorted(scope for scope in principal.scopes if principal.may(scope)),
        kind=principal.kind,
        proof=principal.proof,
        csrf_token=None,
        expires_at=None,
    )
