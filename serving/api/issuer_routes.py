"""The HTTP routes of people who sign in at an issuer of OpenID Connect: there, and back."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import APIRouter, Query, Request, status
from fastapi.responses import RedirectResponse

from serving.api.cookies import FLOW_COOKIE, SESSION_COOKIE, drop_cookie, set_cookie
from serving.api.documented import documented
from serving.api.guarded_route import GuardedRoute
from serving.api.sign_in_routes import sign_in_of
from serving.identity.errors import IssuerRefusedError, NoIssuerError
from serving.identity.flow import FLOW_LASTS, Flow, new_flow
from serving.identity.secret import digest_of
from serving.identity.sign_in import SignIn

if TYPE_CHECKING:
    from serving.adapters.identity.openid import OpenIdIssuer

_PROBLEMS = documented(
    {
        401: "What came back from the issuer cannot be used.",
        404: "Nobody signs in at an issuer here.",
        422: "A parameter is not valid.",
        429: "The client has used up its quota: try again after the seconds in Retry-After.",
        503: "Not ready, or the issuer does not answer: try again.",
    }
)
_MOST = 4096
_Text = Annotated[str | None, Query(max_length=_MOST)]

issuer_router = APIRouter(prefix="/api/v1/login/oidc", route_class=GuardedRoute, tags=["people"])
log = structlog.stdlib.get_logger("wherefore.identity")


@issuer_router.get(
    "",
    status_code=status.HTTP_303_SEE_OTHER,
    response_class=RedirectResponse,
    responses=_PROBLEMS,
)
async def to_issuer(request: Request) -> RedirectResponse:
    """Sends a browser to the issuer to sign in there; it comes back within ten minutes."""
    issuer, sign_in, flow = _issuer_of(request), sign_in_of(request), new_flow()
    address = await issuer.address_for(flow)
    now = sign_in.now()
    await asyncio.to_thread(
        sign_in.sessions.open_flow, digest_of(flow.secret), expires_at=now + FLOW_LASTS, now=now
    )
    response = RedirectResponse(address, status_code=status.HTTP_303_SEE_OTHER)
    # It comes back from another site, with the browser's cookies for such a return.
    set_cookie(response, FLOW_COOKIE, flow.secret, lasts=FLOW_LASTS, same_site="lax")
    return response


@issuer_router.get(
    "/callback",
    status_code=status.HTTP_303_SEE_OTHER,
    response_class=RedirectResponse,
    responses=_PROBLEMS,
)
async def from_issuer(
    request: Request,
    code: _Text = None,
    state: _Text = None,
    iss: _Text = None,
    error: _Text = None,
) -> RedirectResponse:
    """Takes a browser back from the issuer and begins a session of who signed in there."""
    issuer, sign_in = _issuer_of(request), sign_in_of(request)
    try:
        flow = await _flow_of(request, state, sign_in)
        if error is not None or not code:
            raise IssuerRefusedError(reason="the issuer's refusal")
        claims = await issuer.claims_of(code, issuer=iss, flow=flow)
        person = issuer.rules.person_of(claims)
        is_taken = request.app.state.keys.is_of
        new = await asyncio.to_thread(sign_in.with_issuer, person, is_taken=is_taken)
    except IssuerRefusedError as refused:
        log.warning("issuer_refused", reason=refused.reason)
        raise
    path = request.app.state.settings.signed_in_path
    response = RedirectResponse(path, status_code=status.HTTP_303_SEE_OTHER)
    secret = new.secret.get_secret_value()
    set_cookie(response, SESSION_COOKIE, secret, lasts=sign_in.rules.longest)
    drop_cookie(response, FLOW_COOKIE)
    return response


async def _flow_of(request: Request, state: str | None, sign_in: SignIn) -> Flow:
    """Returns the sign-in that a browser comes back to, and ends it: nobody comes back twice."""
    flow = Flow(request.cookies.get(FLOW_COOKIE, ""))
    if state is None or not flow.is_state(state):
        raise IssuerRefusedError(reason="state")
    is_open = await asyncio.to_thread(
        sign_in.sessions.close_flow, digest_of(flow.secret), now=sign_in.now()
    )
    if not is_open:
        raise IssuerRefusedError(reason="a sign-in that is over")
    return flow


def _issuer_of(request: Request) -> "OpenIdIssuer":
    issuer: OpenIdIssuer | None = request.app.state.issuer
    if issuer is None:
        raise NoIssuerError
    return issuer
