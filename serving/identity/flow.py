"""A sign-in at an issuer, from its beginning here to its return: three secrets made of one.

The browser keeps one secret in a cookie. The state that the issuer gives back, the nonce in its
token and the verifier of the code (PKCE) are made of it, so a return is taken only from the browser
that began it, and nothing that could be stolen lies in the database.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

FLOW_LASTS = timedelta(minutes=10)
"""How long somebody has to sign in at the issuer."""

_MOST_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in under way.

    Attributes:
        secret: what the browser keeps; in no representation.
    """

    secret: str = field(repr=False)

    @property
    def state(self) -> str:
        """What the issuer sends back with the browser."""
        return self._made_for("state")

    @property
    def nonce(self) -> str:
        """What the issuer puts into its token."""
        return self._made_for("nonce")

    @property
    def verifier(self) -> str:
        """What proves that who fetches the token is who asked for the code (RFC 7636)."""
        return self._made_for("verifier")

    def is_state(self, given: str) -> bool:
        """Returns whether a return belongs to this sign-in."""
        if not self.secret or len(self.secret) > _MOST_CHARACTERS:
            return False
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.state.encode())

    def _made_for(self, purpose: str) -> str:
        key = self.secret.encode("utf-8", "surrogatepass")
        made = hmac.digest(key, f"wherefore sign-in {purpose}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def new_flow() -> Flow:
    """Returns a sign-in that begins now."""
    return Flow(secrets.token_urlsafe(32))
