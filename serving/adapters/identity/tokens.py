"""Access tokens: JWTs that this deployment signs and reads, and nobody else's.

One algorithm (ES256), one type, one issuer and audience are taken; of a header that names anything
else, or more, nothing is believed. A key is chosen by its id among our own, never by what a token
brings along.

Source: RFC 8725 (JSON Web Token best current practices), RFC 9068.
"""

import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry, extract_compact

from serving.identity.machines import AccessToken, MachineClient, principal_of
from serving.identity.principal import Principal
from serving.identity.scopes import Scope
from serving.identity.signing import SigningKey
from serving.identity.store import IdentityStore

ALGORITHM = "ES256"
TYPE = "at+jwt"
_CURVE = "P-256"
_MAX_CHARACTERS = 4096
_KEY_ID = re.compile(r"[0-9a-f]{32}")
_TOKEN_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_LOOK_AGAIN = timedelta(seconds=5)
"""Least time between two looks for a key that another server may have made."""
_LOOK_ANYWAY = timedelta(seconds=60)
"""Longest time after which a key that was taken away is noticed."""

_REGISTRY = JWSRegistry(algorithms=[ALGORITHM])
log = structlog.stdlib.get_logger("wherefore.identity")


class TokenRefusedError(Exception):
    """A token is not taken; the message says why, for the log, and repeats nothing of it."""


class Tokens:
    """Issues and reads the tokens of a deployment.

    Attributes:
        store: programs, signing keys and revoked tokens.
        lifetime: how long a token is taken.
        now: gives the time, UTC.
    """

    def __init__(
        self,
        store: IdentityStore,
        *,
        issuer: str,
        lifetime: timedelta,
        rotation: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Takes the store, and the rules of the deployment.

        Args:
            store: programs, signing keys and revoked tokens.
            issuer: name of the deployment.
            lifetime: how long a token is taken.
            rotation: how long a key signs.
            now: the time, UTC.
        """
        self.store, self.lifetime, self.now = store, lifetime, now
        self._issuer, self._audience, self._rotation = issuer, f"{issuer}/api/v1", rotation
        self._lock = threading.Lock()
        self._keys: Mapping[str, tuple[SigningKey, ECKey]] = {}
        self._signing: SigningKey | None = None
        self._looked_at = datetime.min.replace(tzinfo=UTC)

    def issue(self, client: MachineClient, scopes: frozenset[Scope]) -> tuple[str, AccessToken]:
        """Returns a new token of a program, and what it says. Blocks on the database."""
        key_id, key = self._key_to_sign()
        issued_at = self.now().replace(microsecond=0)
        token = AccessToken(
            token_id=secrets.token_urlsafe(16),
            client_id=client.client_id,
            scopes=scopes,
            series=client.token_series,
            issued_at=issued_at,
            expires_at=issued_at + self.lifetime,
        )
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": key_id}
        text = jwt.encode(header, self._claims(token), key, registry=_REGISTRY)
        return text, token

    def read(self, text: str) -> AccessToken:
        """Returns what a token says. Blocks on the database where its key is not known yet.

        Raises:
            TokenRefusedError: it is not one of ours, was changed, or is past its time.
        """
        key = self._key_named(_checked_key_id(text))
        try:
            claims = jwt.decode(text, key, registry=_REGISTRY).claims
        except (JoseError, ValueError, TypeError, KeyError):
            raise TokenRefusedError("signature") from None
        token = self._token(claims)
        if not token.is_fresh_at(self.now(), most=self.lifetime):
            raise TokenRefusedError("time")
        return token

    def principal_of(self, text: str) -> Principal | None:
        """Returns who a token speaks for; None where it is not taken. Blocks on the database."""
        try:
            token = self.read(text)
        except TokenRefusedError as refused:
            log.warning("token_refused", reason=str(refused))
            return None
        client = self.store.client(token.client_id)
        found = principal_of(token, client, now=self.now()) if client else None
        if found is None or self.store.is_token_revoked(token.token_id):
            log.warning("token_refused", reason="withdrawn")
            return None
        return found

    def revoke(self, text: str) -> None:
        """Notes that a token is not taken any more.

        Raises:
            TokenRefusedError: it is none that is taken now.
        """
        token = self.read(text)
        # Kept a little longer than the token is taken, clocks being apart.
        kept_until = token.expires_at + self.lifetime
        self.store.revoke_token(token.token_id, expires_at=kept_until, now=self.now())

    def _claims(self, token: AccessToken) -> dict[str, Any]:
        return {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": token.client_id,
            "client_id": token.client_id,
            "scope": " ".join(sorted(token.scopes)),
            "series": token.series,
            "iat": int(token.issued_at.timestamp()),
            "nbf": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "jti": token.token_id,
        }

    def _token(self, claims: Mapping[str, Any]) -> AccessToken:
        try:
            if claims["iss"] != self._issuer or claims["aud"] != self._audience:
                raise TokenRefusedError("issuer or audience")
            client_id, token_id = claims["sub"], claims["jti"]
            if client_id != claims["client_id"] or not _TOKEN_ID.fullmatch(token_id):
                raise TokenRefusedError("subject")
            token = AccessToken(
                token_id=token_id,
                client_id=str(client_id),
                scopes=frozenset(map(Scope, claims["scope"].split())),
                series=_whole(claims["series"]),
                issued_at=_moment(claims["iat"]),
                expires_at=_moment(claims["exp"]),
            )
            if _moment(claims["nbf"]) != token.issued_at:
                raise TokenRefusedError("time")
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, OSError):
            raise TokenRefusedError("claims") from None
        return token

    def _key_to_sign(self) -> tuple[str, ECKey]:
        now = self.now()
        with self._lock:
            self._look(now, if_older_than=_LOOK_ANYWAY)
            if self._signing is None or not self._signing.signs_at(now, rotation=self._rotation):
                kept = self.store.rotate_signing_key(
                    new_signing_key(now), now=now, rotation=self._rotation, lifetime=self.lifetime
                )
                self._take(kept, now)
            signing = self._signing
            assert signing is not None  # noqa: S101  just made where there was none
            return signing.key_id, self._keys[signing.key_id][1]

    def _key_named(self, key_id: str) -> ECKey:
        now = self.now()
        with self._lock:
            # Another server may have made it meanwhile; whoever invents ids makes us look no more.
            self._look(now, if_older_than=_LOOK_ANYWAY if key_id in self._keys else _LOOK_AGAIN)
            found = self._keys.get(key_id)
        if found is None:
            raise TokenRefusedError("unknown key")
        signing, key = found
        if not signing.verifies_at(now, rotation=self._rotation, lifetime=self.lifetime):
            raise TokenRefusedError("key past its time")
        return key

    def _look(self, now: datetime, *, if_older_than: timedelta) -> None:
        # A clock that was set back must not make the last look one of days to come.
        if abs(now - self._looked_at) >= if_older_than:
            self._take(self.store.signing_keys(), now)
            self._looked_at = now

    def _take(self, found: Sequence[SigningKey], now: datetime) -> None:
        self._keys = {key.key_id: (key, ECKey.import_key(key.private_pem)) for key in found}
        self._signing = next((k for k in found if k.signs_at(now, rotation=self._rotation)), None)


def new_signing_key(now: datetime) -> SigningKey:
    """Returns a new key, made now."""
    pem = ECKey.generate_key(_CURVE, private=True).as_pem(private=True)
    return SigningKey(key_id=secrets.token_hex(16), created_at=now, private_pem=pem)


def is_token(text: str) -> bool:
    """Returns whether a credential has the form of a token and not of an API key."""
    return text.count(".") == 2  # noqa: PLR2004  header, claims and signature


def _checked_key_id(text: str) -> str:
    """Returns the id of the key that a token names, once its header is exactly one of ours."""
    if len(text) > _MAX_CHARACTERS or not text.isascii() or not is_token(text):
        raise TokenRefusedError("form")
    try:
        header = extract_compact(text.encode()).headers()
    except (JoseError, ValueError, TypeError):
        raise TokenRefusedError("header") from None
    key_id = header.get("kid")
    if set(header) != {"alg", "typ", "kid"} or (header["alg"], header["typ"]) != (ALGORITHM, TYPE):
        raise TokenRefusedError("header")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise TokenRefusedError("key id")
    return key_id


def _moment(seconds: object) -> datetime:
    return datetime.fromtimestamp(_whole(seconds), UTC)


def _whole(number: object) -> int:
    if type(number) is not int:
        raise TypeError
    return number
