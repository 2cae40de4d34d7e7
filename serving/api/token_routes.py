"""The HTTP routes on access tokens: asked for with client credentials, and given back.

Source: RFC 6749, sections 2.3.1 and 4.4.
"""

import asyncio
import base64
import binascii
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote_plus

import structlog
from fastapi import APIRouter, Depends, Request, Response, status
from pydantic import BaseModel, Field

from serving.adapters.identity.tokens import TokenRefusedError, Tokens
from serving.api.body import declared_type
from serving.api.documented import documented
from serving.api.guarded_route import GuardedRoute
from serving.api.parts import started
from serving.api.problems import TokenErrorAnswer
from serving.api.security import KEY_DOCUMENTED, credential_of, principal_of
from serving.identity.errors import (
    InvalidClientError,
    InvalidScopeError,
    TokenRequestError,
    UnsupportedGrantError,
)
from serving.identity.machines import MachineClient
from serving.identity.principal import Proof
from serving.identity.scopes import Scope
from serving.identity.secret import digest_of, is_secret

FORM_TYPE = "application/x-www-form-urlencoded"
_MAX_FORM_BYTES = 8192
_MAX_FIELDS = 10
_GRANT = "client_credentials"
_NOBODY = digest_of("a program that is not there")
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "The form is not one that asks for a token.", "model": TokenErrorAnswer},
    401: {"description": "No program has this id and secret.", "model": TokenErrorAnswer},
}
_LATER = documented(
    {
        429: "The client has used up its quota: try again after the seconds in Retry-After.",
        503: "Not ready: try again.",
    }
)
_NOBODY_ASKS = documented(
    {401: "There are no valid credentials.", 403: "It may come from a page of somebody else."}
)
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": [_GRANT]},
                        "scope": {"type": "string", "description": "Scopes, spaces between."},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                    },
                }
            }
        },
    }
}

token_router = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["tokens"])
log = structlog.stdlib.get_logger("wherefore.identity")


class TokenAnswer(BaseModel):
    """An access token."""

    access_token: str = Field(description="The token: send it as Authorization: Bearer TOKEN.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  a kind, no secret
    expires_in: int = Field(description="How long it is taken, seconds.")
    scope: str = Field(description="What it is for, spaces between.")


def tokens_of(request: Request) -> Tokens:
    """Returns what issues and reads tokens.

    Raises:
        NotReadyError: this server gives no tokens, or is starting or stopping.
    """
    tokens: Tokens | None = request.app.state.tokens
    return started(tokens)


async def _form_of(request: Request) -> dict[str, str]:
    """Returns the fields of a form, each given once.

    Raises:
        TokenRequestError: it is no form, or too large for one that asks for a token.
    """
    if declared_type(request) != FORM_TYPE:
        raise TokenRequestError(found=f"a body that is not declared as {FORM_TYPE}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise TokenRequestError(found=f"more than {_MAX_FORM_BYTES:,} bytes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS,
            strict_parsing=True, errors="strict",
        )  # fmt: skip
    except ValueError:
        raise TokenRequestError(found="a body that is no form") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenRequestError(found="a field twice")
    return form


@token_router.post(
    "/token", responses=_REFUSED | _LATER, openapi_extra=_FORM, response_model=TokenAnswer
)
async def ask_token(
    request: Request, response: Response, form: Annotated[dict[str, str], Depends(_form_of)]
) -> TokenAnswer:
    """Gives a program a token for its id and secret, as HTTP Basic or as fields of the form."""
    tokens = tokens_of(request)
    client_id, secret = _credentials(request, form)
    if form.get("grant_type") != _GRANT:
        if "grant_type" not in form:
            raise TokenRequestError(found="no grant_type")
        raise UnsupportedGrantError
    client = await asyncio.to_thread(_authenticated, tokens, client_id, secret)
    scopes = _scopes(form.get("scope"), client)
    text, token = await asyncio.to_thread(tokens.issue, client, scopes)
    log.info("token_issued", client_id=client.client_id, token_id=token.token_id)
    response.headers["Pragma"] = "no-cache"
    return TokenAnswer(
        access_token=text,
        expires_in=int(tokens.lifetime.total_seconds()),
        scope=" ".join(sorted(scopes)),
    )


@token_router.delete(
    "/token",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={400: _REFUSED[400]} | _NOBODY_ASKS | _LATER,
    dependencies=[KEY_DOCUMENTED],
)
async def give_back(request: Request) -> None:
    """Revokes the token that the request carries: no server takes it any more."""
    principal = principal_of(request)
    if principal.proof is not Proof.TOKEN:
        raise TokenRequestError(found="a credential that is no token")
    try:
        await asyncio.to_thread(tokens_of(request).revoke, credential_of(request))
    except TokenRefusedError:
        raise TokenRequestError(found="a token that is not taken") from None
    log.info("token_revoked", principal_id=principal.principal_id)


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Returns id and secret, given in one way and not in two."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    in_form = "client_secret" in form
    if not scheme:
        return form.get("client_id", ""), form.get("client_secret", "")
    if scheme.lower() != "basic" or in_form:
        raise TokenRequestError(found="credentials in another way than one of the two")
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise InvalidClientError from None
    client_id, _, secret = plain.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _authenticated(tokens: Tokens, client_id: str, secret: str) -> MachineClient:
    found = tokens.store.client_with_hash(client_id)
    # Compared in any case, so that the time does not tell which ids there are.
    is_right = is_secret(secret, sha256=found[1] if found else _NOBODY)
    if found is None or not is_right or not found[0].is_open_at(tokens.now()):
        log.warning("client_refused", client_id=found[0].client_id if found else "unknown")
        raise InvalidClientError
    return found[0]


def _scopes(asked: str | None, client: MachineClient) -> frozenset[Scope]:
    if not asked:
        return client.scopes
    known = {scope.value for scope in client.scopes}
    wanted = set(asked.split())
    if not wanted <= known:
        raise InvalidScopeError
    return frozenset(map(Scope, wanted))
