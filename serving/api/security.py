"""Who may ask: the API key of a request."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer

from serving.errors import UnauthorizedError
from serving.keys import ApiKeys

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
    """Refuses a request without a valid key.

    Raises:
        UnauthorizedError: there is no key in X-API-Key or Authorization, or an unknown one.
    """
    keys: ApiKeys = request.app.state.keys
    if not keys.accept(_key_of(request)):
        raise UnauthorizedError


def _key_of(request: Request) -> str:
    given = request.headers.get("x-api-key")
    if given is not None:
        return given
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
