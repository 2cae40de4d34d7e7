"""API keys: made at first start, shown once, kept as hashes, each the key of one person.

A key has 256 bits from the operating system's generator, so its plain SHA-256 cannot be searched
for; the file holds nothing a key could be won back from. Whoever sends a key acts as its person:
that two people stand behind a notice rests on each of them keeping the own key.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog
from pydantic import SecretStr

from serving.errors import KeyFileError
from serving.permissions import OF_ROLES, Permission

KEY_FILE_NAME = "api_keys.json"
FIRST_PERSON_ID = "person-1"
"""Who the key made at first start belongs to, until it is given to somebody by name."""
DEFAULT_ROLE = "underwriter"
_KEY_PREFIX = "wf_"
_PERSON_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_NAME_LENGTH = 200

log = structlog.stdlib.get_logger("wherefore.keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a key belongs to.

    Attributes:
        person_id: lower-case letters, digits, dots, dashes and underscores; what logs and records
            carry. Two keys of one id are one person.
        role: what the person acts as, a lower-case word.
        name: for people who read the list of keys; None where none was given. Never logged.
        permissions: what this key may do beyond what the role brings; see `serving.permissions`.
    """

    person_id: str
    role: str = DEFAULT_ROLE
    name: str | None = None
    permissions: frozenset[Permission] = field(default_factory=frozenset)

    def may(self, permission: Permission) -> bool:
        """Returns whether the key, or the role, brings a permission."""
        return permission in self.permissions | OF_ROLES.get(self.role, frozenset())


Stamp = tuple[int, int, int]


class ApiKeys:
    """The keys that are accepted, read again whenever their file has changed.

    Attributes:
        new_key: the key just made, to be shown once; None when the keys existed before.
    """

    def __init__(
        self,
        holders: Mapping[str, Person],
        *,
        new_key: SecretStr | None = None,
        path: Path | None = None,
    ) -> None:
        """Takes the person of each key by the key's SHA-256, and the file they come from."""
        self.new_key = new_key
        self._path = path
        self._stamp = _stamp(path) if path else None
        self._holders = MappingProxyType(dict(holders))

    def person_of(self, key: str) -> Person | None:
        """Returns whose key this is, None for no key of ours.

        The time it takes does not tell which key comes close.
        """
        digest, found = _digest(key), None
        for known, person in self._current().items():
            if hmac.compare_digest(digest, known):
                found = person
        return found

    def accept(self, key: str) -> bool:
        """Returns whether the key is one of these, in a time that does not tell which."""
        return self.person_of(key) is not None

    def _current(self) -> Mapping[str, Person]:
        if self._path is None:
            return self._holders
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._holders, self._stamp = MappingProxyType(_read(self._path)), stamp
        except (OSError, KeyFileError):
            # A file that is being replaced, or was broken, must not lock everybody out.
            log.warning("key_file_unreadable")
        return self._holders


def open_api_keys(state_dir: Path, *, configured: SecretStr | None = None) -> ApiKeys:
    """Returns the keys of a state directory, making the first where there is none.

    Args:
        state_dir: directory of the key file; made if need be, readable by its owner only.
        configured: the one key to accept instead; the directory is then not looked at.

    Raises:
        KeyFileError: the file can be neither read nor made, or is not a key file.
    """
    if configured is not None:
        digest = _digest(configured.get_secret_value())
        return ApiKeys({digest: Person(person_id=FIRST_PERSON_ID)})
    path = state_dir / KEY_FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        new_key = None if path.exists() else _make(path)
        return ApiKeys(_read(path), new_key=new_key, path=path)
    except OSError as error:
        raise _unusable(path, error) from error


def add_key(state_dir: Path, person: Person) -> SecretStr:
    """Makes one more key and returns it, to be shown once; a running server takes it at once.

    Raises:
        KeyFileError: the file can be neither read nor written, or id, role or name is not usable.
    """
    _check_person(person)
    path = state_dir / KEY_FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = _entries(path) if path.exists() else []
        key, entry = _new_entry(person)
        _write(path, [*entries, entry])
    except OSError as error:
        raise _unusable(path, error) from error
    return key


def list_people(state_dir: Path) -> list[Person]:
    """Returns the person of each key, in the order in which the keys were made.

    Raises:
        KeyFileError: the file cannot be read, or is not a key file.
    """
    path = state_dir / KEY_FILE_NAME
    try:
        return list(_read(path).values()) if path.exists() else []
    except OSError as error:
        raise _unusable(path, error) from error


def _check_person(person: Person) -> None:
    if not _PERSON_ID.fullmatch(person.person_id):
        raise KeyFileError(
            "the person's id is not usable: expected lower-case letters, digits, dots, dashes and "
            "underscores, 63 at most; choose such an id, and give the name with --name"
        )
    if not _ROLE.fullmatch(person.role):
        raise KeyFileError(
            "the role is not usable: expected one lower-case word such as underwriter or "
            "compliance; choose such a word"
        )
    if person.name is not None and len(person.name) > _MAX_NAME_LENGTH:
        raise KeyFileError(
            f"the name is too long: expected at most {_MAX_NAME_LENGTH} characters; shorten it"
        )


def _new_entry(person: Person) -> tuple[SecretStr, dict[str, Any]]:
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    entry = {
        "sha256": _digest(key),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "person_id": person.person_id,
        "role": person.role,
        "name": person.name,
        "permissions": sorted(person.permissions),
    }
    return SecretStr(key), entry


def _make(path: Path) -> SecretStr:
    key, entry = _new_entry(Person(person_id=FIRST_PERSON_ID))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_content([entry]))
    return key


def _write(path: Path, entries: list[dict[str, Any]]) -> None:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_content(entries))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _content(entries: list[dict[str, Any]]) -> str:
    return json.dumps({"keys": entries}, indent=2, ensure_ascii=False) + "\n"


def _entries(path: Path) -> list[dict[str, Any]]:
    _read(path)
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["keys"]
    return entries


def _read(path: Path) -> dict[str, Person]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {str(entry["sha256"]): _person(entry) for entry in stored["keys"]}
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileError(
            f"{path} is not an API key file: expected what `wherefore serve` wrote, restore it or "
            "delete it and start again to get a new key"
        ) from error


def _person(entry: Mapping[str, Any]) -> Person:
    # A key made before keys had people is a person of its own.
    person_id = entry.get("person_id") or f"key-{str(entry['sha256'])[:8]}"
    person = Person(person_id=person_id, role=entry.get("role") or DEFAULT_ROLE)
    if not _PERSON_ID.fullmatch(person.person_id) or not _ROLE.fullmatch(person.role):
        raise ValueError("person_id or role")
    name = entry.get("name")
    return Person(
        person_id=person_id,
        role=person.role,
        name=str(name) if name else None,
        permissions=frozenset(map(Permission, entry.get("permissions") or ())),
    )


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _unusable(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(
        f"the API key file {path} can be neither read nor made ({error.strerror}): expected "
        "a directory this user can write to, correct WHEREFORE_STATE_DIR or its permissions"
    )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
