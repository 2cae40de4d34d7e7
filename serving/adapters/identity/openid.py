"""Signing in at an issuer of OpenID Connect: authorization code with PKCE, and the token's checks.

The issuer is found by its discovery document, which must name the very issuer of the settings. Its
keys are looked up again when a token names one that is not known, and after a while in any case.

Source: OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207; RFC 9700.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry, extract_compact

from serving.identity.errors import IssuerRefusedError, IssuerUnreachableError
from serving.identity.flow import Flow
from serving.identity.issuer import IssuerRules, is_safe_address
from serving.identity.machines import CLOCK_SKEW

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) | frozenset(
    {"ES256", "ES384", "ES512", "Ed25519", "EdDSA"}
)
"""How a token may be signed: with a key that the issuer alone has."""

_TIMEOUT = httpx2.Timeout(10.0)
_MOST_BYTES = 256 * 1024
_MOST_CHARACTERS = 64 * 1024
_LOOK_AGAIN = timedelta(seconds=10)
"""Least time between two looks for a key that a token names and nobody knows."""
_LOOK_ANYWAY = timedelta(minutes=10)
"""Longest time for which what the issuer tells of itself and its keys is believed."""
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

log = structlog.stdlib.get_logger("wherefore.identity")


class OpenIdIssuer:
    """An issuer, as far as signing in goes. To be used on one event loop.

    Attributes:
        rules: the issuer, and what its claims mean here.
    """

    def __init__(
        self, rules: IssuerRules, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Takes the rules and the time; nothing is asked yet."""
        self.rules, self._now = rules, now
        # The authorities of the machine are read once: that takes longer than a request.
        self._tls = ssl.create_default_context()
        self._lock = asyncio.Lock()
        self._metadata: Mapping[str, Any] = {}
        self._keys: Mapping[str, Key] = {}
        self._told_at = self._looked_at = datetime.min.replace(tzinfo=UTC)

    async def address_for(self, flow: Flow) -> str:
        """Returns where a browser goes to sign in.

        Raises:
            IssuerUnreachableError: the issuer does not tell.
        """
        metadata = await self._found()
        asking = OAuth2Client(
            session=None,
            client_id=self.rules.client_id,
            redirect_uri=self.rules.redirect_uri,
            scope=self.rules.scope,
            code_challenge_method="S256",
        )
        address, _ = asking.create_authorization_url(
            metadata["authorization_endpoint"],
            state=flow.state,
            nonce=flow.nonce,
            code_verifier=flow.verifier,
        )
        return str(address)

    async def claims_of(self, code: str, *, issuer: str | None, flow: Flow) -> Mapping[str, Any]:
        """Returns what the issuer says of who came back with a code.

        Args:
            code: the code.
            issuer: what the return says it comes from; None where it says nothing.
            flow: the sign-in that it belongs to, found to be so.

        Raises:
            IssuerRefusedError: it comes from another issuer, the code is not taken, or the token is
                not one that this issuer made for this sign-in.
            IssuerUnreachableError: the issuer does not answer.
        """
        metadata = await self._found()
        is_told = metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.rules.issuer and (is_told or issuer is not None):
            raise IssuerRefusedError(reason="another issuer")
        token = await self._token_for(code, flow, metadata)
        return await self._checked(token, flow)

    async def _token_for(
        self, code: str, flow: Flow, metadata: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        try:
            async with self._client(metadata) as client:
                token: Mapping[str, Any] = await client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=flow.verifier,
                )
        except OAuthError:
            raise IssuerRefusedError(reason="code") from None
        except (httpx2.HTTPError, ValueError) as error:
            raise _unreachable("token", error) from None
        return token

    async def _checked(self, token: Mapping[str, Any], flow: Flow) -> Mapping[str, Any]:
        text = token.get("id_token")
        if not isinstance(text, str) or len(text) > _MOST_CHARACTERS or not text.isascii():
            raise IssuerRefusedError(reason="no token")
        algorithm, key_id = _header_of(text)
        key = await self._key(key_id)
        registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        try:
            found = jwt.decode(text, key, registry=registry)
            claims = CodeIDToken(
                found.claims,
                found.header,
                {
                    "iss": {"essential": True, "value": self.rules.issuer},
                    "aud": {"essential": True, "value": self.rules.client_id},
                },
                {
                    "nonce": flow.nonce,
                    "client_id": self.rules.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            leeway = int(CLOCK_SKEW.total_seconds())
            claims.validate(now=int(self._now().timestamp()), leeway=leeway)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise IssuerRefusedError(reason=f"token: {type(error).__name__}") from None
        return dict(claims)

    async def _found(self) -> Mapping[str, Any]:
        """Returns what the issuer tells of itself."""
        async with self._lock:
            if abs(self._now() - self._told_at) >= _LOOK_ANYWAY:
                address = f"{self.rules.issuer.rstrip('/')}/.well-known/openid-configuration"
                found = await self._fetched(address)
                if found.get("issuer") != self.rules.issuer:
                    raise _unreachable("discovery", "another issuer")
                if not all(is_safe_address(str(found.get(name))) for name in _ENDPOINTS):
                    raise _unreachable("discovery", "an address that is missing or not safe")
                self._metadata, self._told_at = found, self._now()
            return self._metadata

    async def _key(self, key_id: str | None) -> Key:
        """Returns the key that a token names; without a name, the only one."""
        address = str((await self._found())["jwks_uri"])
        async with self._lock:
            is_known = key_id in self._keys or (key_id is None and len(self._keys) == 1)
            lasts = _LOOK_ANYWAY if is_known else _LOOK_AGAIN
            if abs(self._now() - self._looked_at) >= lasts:
                self._keys = _keys_of(await self._fetched(address))
                self._looked_at = self._now()
            if key_id is None and len(self._keys) == 1:
                return next(iter(self._keys.values()))
            if key_id is None or key_id not in self._keys:
                raise IssuerRefusedError(reason="unknown key")
            return self._keys[key_id]

    def _client(self, metadata: Mapping[str, Any]) -> AsyncOAuth2Client:
        secret = self.rules.client_secret
        return AsyncOAuth2Client(
            client_id=self.rules.client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            token_endpoint_auth_method=_authentication(metadata, has_secret=secret is not None),
            redirect_uri=self.rules.redirect_uri,
            verify=self._tls,
            timeout=_TIMEOUT,
            follow_redirects=False,
        )

    async def _fetched(self, address: str) -> Mapping[str, Any]:
        """Returns the JSON object at an address of the issuer."""
        body = bytearray()
        try:
            async with (
                httpx2.AsyncClient(
                    verify=self._tls, timeout=_TIMEOUT, follow_redirects=False
                ) as client,
                client.stream("GET", address) as response,
            ):
                response.raise_for_status()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        raise _unreachable("document", "too large")
            found = json.loads(bytes(body))
        except (httpx2.HTTPError, ValueError, RecursionError) as error:
            raise _unreachable("document", error) from None
        if not isinstance(found, dict):
            raise _unreachable("document", "no object")
        return found


def _header_of(text: str) -> tuple[str, str | None]:
    """Returns how a token says it is signed, once that is a way we take, and by which key."""
    try:
        header = extract_compact(text.encode()).headers()
    except (JoseError, ValueError, TypeError):
        raise IssuerRefusedError(reason="header") from None
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(key_id, str | None):
        raise IssuerRefusedError(reason="algorithm")
    return str(algorithm), key_id


def _keys_of(document: Mapping[str, Any]) -> dict[str, Key]:
    """Returns the keys that sign, by their ids; one without an id has an empty one."""
    listed = document.get("keys")
    found: dict[str, Key] = {}
    for each in listed if isinstance(listed, list) else []:
        try:
            if not isinstance(each, dict) or each.get("use", "sig") != "sig":
                continue
            key = import_key(each)
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # Of a kind that we do not know: others may be there beside it.
        if isinstance(key, RSAKey | ECKey | OKPKey):
            found[str(each.get("kid", ""))] = key
    return found


def _authentication(metadata: Mapping[str, Any], *, has_secret: bool) -> str:
    """Returns how this service says at the issuer who it is."""
    if not has_secret:
        return "none"
    supported = metadata.get("token_endpoint_auth_methods_supported")
    ways = supported if isinstance(supported, list) else ["client_secret_basic"]
    is_basic = "client_secret_basic" in ways or "client_secret_post" not in ways
    return "client_secret_basic" if is_basic else "client_secret_post"


def _unreachable(what: str, found: object) -> IssuerUnreachableError:
    kind = found if isinstance(found, str) else type(found).__name__
    log.warning("issuer_unreachable", what=what, found=kind)
    return IssuerUnreachableError()
