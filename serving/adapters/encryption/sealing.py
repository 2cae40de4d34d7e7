"""Sealed values: AES-256-GCM under the data key of one case, bound to their row and column.

A sealed value is one byte of format (1), 12 random bytes of nonce, then ciphertext and tag. What it
is bound to (table, column, primary key) is authenticated beside it, so a value that is moved to
another row or column does not open.

Source: NIST SP 800-38D, section 8.2.2 (random nonces: at most 2^32 values per key).
"""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serving.cases.audit import canonical_json
from serving.cases.store_errors import SealedValueError

KEY_BYTES = 32
_FORMAT = b"\x01"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands.

    Attributes:
        table: name of the table.
        column: name of the column.
        row: primary key of the row, all of it.
    """

    table: str
    column: str
    row: tuple[str | int, ...]

    @property
    def associated_data(self) -> bytes:
        """What is authenticated beside the value."""
        return canonical_json({"column": self.column, "row": list(self.row), "table": self.table})


class DataKey:
    """The key of one case. Its bytes are in no representation of it."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        """Takes 32 bytes."""
        self._cipher = AESGCM(key)

    def seal(self, value: bytes, place: Place) -> bytes:
        """Returns a value encrypted and bound to its place."""
        return encrypt(self._cipher, value, associated_data=place.associated_data)

    def open(self, sealed: bytes, place: Place) -> bytes:
        """Returns the value that was sealed at a place.

        Raises:
            SealedValueError: the bytes were changed, or sealed at another place or under another
                key.
        """
        try:
            return decrypt(self._cipher, sealed, associated_data=place.associated_data)
        except InvalidTag:
            raise SealedValueError(table=place.table, column=place.column) from None


def new_key() -> bytes:
    """Returns 32 bytes from the operating system's generator."""
    return secrets.token_bytes(KEY_BYTES)


def encrypt(cipher: AESGCM, value: bytes, *, associated_data: bytes) -> bytes:
    """Returns format, nonce, ciphertext and tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORMAT + nonce + cipher.encrypt(nonce, value, associated_data)


def decrypt(cipher: AESGCM, sealed: bytes, *, associated_data: bytes) -> bytes:
    """Returns what `encrypt` was given.

    Raises:
        InvalidTag: the bytes, the key or the associated data are others.
    """
    if sealed[:1] != _FORMAT or len(sealed) <= 1 + _NONCE_BYTES:
        raise InvalidTag
    nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    return cipher.decrypt(nonce, content, associated_data)
