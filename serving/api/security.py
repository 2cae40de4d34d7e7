"""Who may ask: the credentials of a request, and what its route asks for."""

import asyncio
import hmac
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer

from serving.adapters.identity.tokens import Tokens, is_token
from serving.api.access import PUBLIC, SCOPES, SCRAPED, SIGNED_IN, name_of
from serving.api.cookies import SESSION_COOKIE, session_secret_of
from serving.api.cross_site import require_own_page
from serving.cases.events import Actor, ActorKind
from serving.errors import NotPermittedError, UnauthorizedError
from serving.identity.principal import Principal, PrincipalKind, Proof
from serving.identity.scopes import Scope
from serving.identity.sign_in import SignIn
from serving.keys import ApiKeys
from serving.settings import Settings

log = structlog.stdlib.get_logger("wherefore.http")

_header = APIKeyHeader(
    name="X-API-Key",
    scheme_name="ApiKey",
    auto_error=False,
    description="The key that `wherefore serve` printed at first start.",
)
_bearer = HTTPBearer(
    scheme_name="Bearer",
    auto_error=False,
    description="The same key, or a token of POST /api/v1/token, as a bearer token.",
)
_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name="Session",
    auto_error=False,
    description="The session of POST /api/v1/login; changes carry its csrf_token in X-CSRF-Token.",
)
_SCRAPER = Principal(
    principal_id="scraper",
    role="scraper",
    scopes=frozenset({Scope.READ_METRICS}),
    kind=PrincipalKind.MACHINE,
    proof=Proof.TOKEN,
)


async def _documented(
    _key: Annotated[str | None, Depends(_header)],
    _token: Annotated[object, Depends(_bearer)],
    _session: Annotated[str | None, Depends(_cookie)],
) -> None:
    """Tells the OpenAPI document of the key; a `GuardedRoute` checks it before it reads a body.

    A coroutine: for a plain function the framework would hire a thread with every request.
    """


KEY_DOCUMENTED = Depends(_documented)


async def require_access(request: Request) -> None:
    """Refuses a request that may not do what its route is for, and notes who it comes from.

    Nothing of its body is read. A route that the table of `serving.api.access` does not list is
    open to nobody.

    Raises:
        UnauthorizedError: there are no valid credentials.
        CrossSiteError: a change is asked for with a session, and not by a page of ours.
        NotPermittedError: they do not bring what the route asks for.
    """
    route = _route_of(request)
    if route in PUBLIC:
        return
    principal = await require_principal(request)
    if principal.proof is Proof.SESSION:
        require_own_page(request)
    scope = SCOPES.get(route)
    if route in SIGNED_IN:
        return
    if scope is None:
        log.error("route_without_scope", route=route)
        raise NotPermittedError(scope="none: nobody may")
    if not principal.may(scope):
        log.warning("not_permitted", scope=scope, principal_id=principal.principal_id)
        raise NotPermittedError(scope=scope)


async def require_principal(request: Request) -> Principal:
    """Returns who a request comes from, and notes it in its state.

    Raises:
        UnauthorizedError: there are no valid credentials.
    """
    principal = await find_principal(request)
    if principal is None:
        raise UnauthorizedError
    request.state.principal = principal
    return principal


async def find_principal(request: Request) -> Principal | None:
    """Returns who a request comes from; None without valid credentials."""
    given = credential_of(request)
    if not given:
        return await _principal_of_session(request)
    keys: ApiKeys = request.app.state.keys
    person = keys.person_of(given)
    if person is not None:
        return person.principal
    if _route_of(request) == SCRAPED and _is_scrape_token(request, given):
        return _SCRAPER
    tokens: Tokens | None = request.app.state.tokens
    if tokens is None or not is_token(given):
        return None
    # Which key signed it, and whether it was withdrawn, stands in the database.
    return await asyncio.to_thread(tokens.principal_of, given)


async def _principal_of_session(request: Request) -> Principal | None:
    sign_in: SignIn | None = request.app.state.sign_in
    secret = session_secret_of(request)
    if sign_in is None or not secret:
        return None
    found = await asyncio.to_thread(sign_in.session_of, secret)
    return found[1].principal if found else None


def principal_of(request: Request) -> Principal:
    """Returns who a request of a guarded route comes from."""
    principal: Principal = request.state.principal
    return principal


def actor_of(request: Request) -> Actor:
    """Returns who a request of a guarded route comes from, as the one who acts."""
    principal = principal_of(request)
    is_person = principal.kind is PrincipalKind.PERSON
    kind = ActorKind.PERSON if is_person else ActorKind.SYSTEM
    return Actor(actor_id=principal.principal_id, role=principal.role, kind=kind)


def _route_of(request: Request) -> str:
    """Returns the name of a route in the table; of no route, one that is not in it."""
    return name_of(request.method, str(getattr(request.scope.get("route"), "path", "")))


def _is_scrape_token(request: Request, given: str) -> bool:
    settings: Settings = request.app.state.settings
    if settings.metrics_token is None:
        return False
    expected = settings.metrics_token.get_secret_value()
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def credential_of(request: Request) -> str:
    """Returns the key or token of a request; empty without one."""
    given = request.headers.get("x-api-key")
    if given is not None:
        return given
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
