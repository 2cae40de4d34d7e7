"""The key ring: the keys that wrap the data keys of the cases.

The first key of a ring is the current one: it wraps every new data key. The others only open what
they once wrapped. A ring comes from a file that is made at first start and readable by its owner
only, or from the setting WHEREFORE_ENCRYPTION_KEYS.

A key's id is a fingerprint of its bytes, so a wrong key cannot pass for the right one.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from serving.adapters.encryption.sealing import KEY_BYTES, decrypt, encrypt, new_key
from serving.cases.audit import canonical_json
from serving.cases.store_errors import EncryptionKeyError
from serving.file_lock import alone

KEY_FILE_NAME = "encryption_keys.json"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key of a ring.

    Attributes:
        secret: its 32 bytes; in no representation.
        created_at: when it was made, as written in the file; None for a key of the setting.
    """

    secret: bytes = field(repr=False)
    created_at: str | None = None

    @property
    def key_id(self) -> str:
        """Fingerprint of the key: 16 hexadecimal digits."""
        return hashlib.sha256(b"wherefore encryption key\0" + self.secret).hexdigest()[:16]

    def wrap(self, data_key: bytes, *, case_id: str) -> bytes:
        """Returns a data key wrapped for one case."""
        return encrypt(AESGCM(self.secret), data_key, associated_data=self._bound_to(case_id))

    def unwrap(self, wrapped: bytes, *, case_id: str) -> bytes:
        """Returns the data key of a case.

        Raises:
            EncryptionKeyError: what is stored was changed, or belongs to another case.
        """
        try:
            cipher = AESGCM(self.secret)
            return decrypt(cipher, wrapped, associated_data=self._bound_to(case_id))
        except InvalidTag:
            raise EncryptionKeyError(
                f"a data key that key {self.key_id} wrapped does not open: found bytes that were "
                "changed or moved, expected them as written; restore the table data_keys from a "
                "backup"
            ) from None

    def _bound_to(self, case_id: str) -> bytes:
        return canonical_json({"case": case_id, "key": self.key_id})


class KeyRing(Protocol):
    """Gives the keys of a ring."""

    def keys(self) -> tuple[RingKey, ...]:
        """Returns all keys, the current one first.

        Raises:
            EncryptionKeyError: the ring cannot be read.
        """


class ConfiguredKeyRing:
    """The keys of the setting WHEREFORE_ENCRYPTION_KEYS."""

    def __init__(self, setting: SecretStr) -> None:
        """Takes keys of 32 bytes in base64, separated by commas, the current one first.

        Raises:
            EncryptionKeyError: it holds no key, or something else than keys.
        """
        given = [part.strip() for part in setting.get_secret_value().split(",")]
        where = "WHEREFORE_ENCRYPTION_KEYS"
        self._keys = tuple(_key_of(text, where=where) for text in given if text)
        if not self._keys:
            raise EncryptionKeyError(f"{where} holds no key: {_EXPECTED}")

    def keys(self) -> tuple[RingKey, ...]:
        """Returns all keys, the current one first."""
        return self._keys


class KeyRingFile:
    """A ring in a file, read anew each time, so that a rotation reaches running servers."""

    def __init__(self, path: Path) -> None:
        """Takes the file; it need not be there yet."""
        self.path = path

    def exists(self) -> bool:
        """Returns whether the file is there."""
        return self.path.exists()

    def make(self) -> None:
        """Makes the file with one new key, unless another process was quicker."""
        partial = self._write_beside([RingKey(new_key(), _now())])
        try:
            os.link(partial, self.path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
        _sync(self.path.parent)

    def keys(self) -> tuple[RingKey, ...]:
        """Returns all keys, the current one first."""
        try:
            mode = self.path.stat().st_mode
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            found = [(str(e["key"]), str(e["created_at"])) for e in stored["keys"]]
        except OSError as error:
            raise EncryptionKeyError(
                f"the key file {self.path} cannot be read ({error.strerror}): expected the file "
                "that the first start made; restore it from its backup"
            ) from None
        except (ValueError, KeyError, TypeError):
            raise EncryptionKeyError(
                f"{self.path} is not a key file: expected what the first start wrote; restore it "
                "from its backup"
            ) from None
        if mode & _OTHERS:
            raise EncryptionKeyError(
                f"the key file {self.path} may be read by others (mode {mode & 0o777:o}): "
                f"expected 600; run chmod 600 {self.path}"
            )
        keys = tuple(_key_of(text, where=str(self.path), created_at=at) for text, at in found)
        if not keys:
            raise EncryptionKeyError(f"{self.path} holds no key: restore it from its backup")
        return keys

    def add(self) -> RingKey:
        """Adds a new key and makes it the current one; returns it once it is on disk."""
        key = RingKey(new_key(), _now())
        with alone(self.path):
            self._replace([key, *self.keys()])
        return key

    def drop(self, key_ids: Collection[str]) -> None:
        """Takes keys out of the file for good, never the current one."""
        with alone(self.path):
            current, *others = self.keys()
            self._replace([current, *(key for key in others if key.key_id not in key_ids)])

    def _replace(self, keys: Sequence[RingKey]) -> None:
        self._write_beside(keys).replace(self.path)
        _sync(self.path.parent)

    def _write_beside(self, keys: Sequence[RingKey]) -> Path:
        entries = [
            {"key": base64.b64encode(key.secret).decode(), "created_at": key.created_at}
            for key in keys
        ]
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"keys": entries}, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        return partial


def find_key(ring: KeyRing, key_id: str) -> RingKey:
    """Returns the key of a ring that has an id.

    Raises:
        EncryptionKeyError: the ring has no such key; says which it has.
    """
    keys = ring.keys()
    for key in keys:
        if key.key_id == key_id:
            return key
    found = ", ".join(key.key_id for key in keys)
    raise EncryptionKeyError(
        f"the key ring does not open the database: found the keys {found}, expected {key_id}; "
        "restore the key file that belongs to this database, or add the key to "
        "WHEREFORE_ENCRYPTION_KEYS"
    )


_EXPECTED = f"expected keys of {KEY_BYTES} bytes in base64, the current one first"


def _key_of(text: str, *, where: str, created_at: str | None = None) -> RingKey:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise EncryptionKeyError(f"{where} holds something else than keys: {_EXPECTED}")
    return RingKey(secret, created_at)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
