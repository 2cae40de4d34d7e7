"""Passwords as hashes that are slow to search: Argon2id (RFC 9106)."""

import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

from serving.identity.password_rules import MOST_CHARACTERS, normalised


class Argon2Passwords:
    """Hashes and checks passwords: 64 MiB and some tenths of a second each."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Takes what hashes; the second profile of RFC 9106, section 4, by default."""
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._nobody = _nobodys(self._hasher)

    def hash(self, password: str) -> str:
        """Returns what is kept of a password."""
        return self._hasher.hash(_bytes(password))

    def is_password(self, given: str, *, hashed: str | None) -> bool:
        """Returns whether a password is the one that was hashed.

        Args:
            given: what was typed.
            hashed: what is kept; None where there is none, which takes as long and is never right.
        """
        try:
            self._hasher.verify(hashed or self._nobody, _bytes(given))
        except (Argon2Error, InvalidHashError):
            return False
        return hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Returns whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(hashed)


def _nobodys(hasher: PasswordHasher) -> str:
    """Returns a hash of no password, as slow to check as any other."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
        for length in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19${cost}${salt}${digest}"


def _bytes(password: str) -> bytes:
    # No password is longer than MOST_CHARACTERS, normalised: what is cut here was none.
    return normalised(password[: 4 * MOST_CHARACTERS]).encode("utf-8", "surrogatepass")
