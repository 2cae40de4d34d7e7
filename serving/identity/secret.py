"""Secrets that programs present: 256 bits from the operating system, kept as SHA-256.

A secret of that size cannot be searched for, so a plain hash is enough; passwords need more.
"""

import hashlib
import hmac
import secrets

from pydantic import SecretStr

_PREFIX = "wfs_"


def new_secret() -> SecretStr:
    """Returns a new secret, to be shown once."""
    return SecretStr(_PREFIX + secrets.token_urlsafe(32))


def digest_of(secret: str) -> str:
    """Returns what is kept of a secret: its SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_secret(given: str, *, sha256: str) -> bool:
    """Returns whether a secret is the one kept, in a time that does not tell how close it is."""
    return hmac.compare_digest(digest_of(given), sha256)
