"""Who may ask: the API key of a request."""

from collections.abc import Callable
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer

from serving.cases.events import Actor
from serving.errors import NotPermittedError, UnauthorizedError
from serving.keys import ApiKeys, Person
from serving.permissions import Permission

log = structlog.stdlib.get_logger("wherefore.http")

_header = APIKeyHeader(
    name="X-API-Key",
    scheme_name="ApiKey",
    auto_error=False,
    description="The key that `wherefore serve` printed at first start.",
)
_bearer = HTTPBearer(
    scheme_name="Bearer", auto_error=False, description="The same key as a bearer token."
)


def _documented(
    _key: Annotated[str | None, Depends(_header)], _token: Annotated[object, Depends(_bearer)]
) -> None:
    """Tells the OpenAPI document of the key; `JsonRoute` checks it before it reads a body."""


KEY_DOCUMENTED = Depends(_documented)


def require_key(request: Request) -> None:
    """Refuses a request without a valid key, and notes whose key it is.

    Raises:
        UnauthorizedError: there is no key in X-API-Key or Authorization, or an unknown one.
    """
    keys: ApiKeys = request.app.state.keys
    person = keys.person_of(_key_of(request))
    if person is None:
        raise UnauthorizedError
    request.state.person = person


def permitted(permission: Permission) -> Callable[[Request], None]:
    """Returns the check that the key of a request has a permission, to depend on.

    It raises NotPermittedError, before the body is looked at.
    """

    def check(request: Request) -> None:
        person: Person = request.state.person
        if not person.may(permission):
            log.warning("not_permitted", permission=permission, person_id=person.person_id)
            raise NotPermittedError(permission=permission)

    return check


def actor_of(request: Request) -> Actor:
    """Returns the person whose key a request of a `JsonRoute` carries, as the one who acts."""
    person: Person = request.state.person
    return Actor(actor_id=person.person_id, role=person.role)


def _key_of(request: Request) -> str:
    given = request.headers.get("x-api-key")
    if given is not None:
        return given
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
