"""The file of API keys: what stands in it, and how it is read and replaced."""

import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from serving.errors import KeyFileError
from serving.identity.person import DEFAULT_ROLE, Person, has_usable_names
from serving.identity.scopes import Scope
from serving.identity.secret import digest_of

KEY_FILE_NAME = "api_keys.json"
_KEY_PREFIX = "wf_"
_ID_LENGTH = 12
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

Stamp = tuple[int, int, int]


def key_id_of(digest: str) -> str:
    """Returns the id of a key: the first 12 digits of its hash."""
    return digest[:_ID_LENGTH]


def names_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the id of a key and of its person."""
    return key_id_of(str(entry["sha256"])), _person(entry).person_id


def new_entry(person: Person) -> tuple[SecretStr, dict[str, Any]]:
    """Returns a new key of a person, and what the file says of it."""
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    entry = {
        "sha256": digest_of(key),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "person_id": person.person_id,
        "role": person.role,
        "name": person.name,
        "permissions": sorted(person.permissions),
        "only": None if person.only is None else sorted(person.only),
        "expires_at": person.expires_at and person.expires_at.isoformat(timespec="seconds"),
    }
    return SecretStr(key), entry


def write_entries(path: Path, entries: list[dict[str, Any]]) -> None:
    """Replaces the file, readable by its owner only, all or nothing."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps({"keys": entries}, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_entries(path: Path) -> list[dict[str, Any]]:
    """Returns what the file says of each key. Raises as `read_people`."""
    read_people(path)
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["keys"]
    return entries


def read_people(path: Path) -> dict[str, Person]:
    """Returns the person of each key by the key's SHA-256, in the order of the file.

    Raises:
        KeyFileError: it is not a key file, or others than its owner could add a key to it.
    """
    _require_owned(path)
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {_digest(entry["sha256"]): _person(entry) for entry in stored["keys"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KeyFileError(
            f"{path} is not an API key file: expected what `wherefore serve` wrote, restore it or "
            "delete it and start again to get a new key"
        ) from error


def _require_owned(path: Path) -> None:
    mode = path.stat().st_mode
    if mode & _WRITABLE_BY_OTHERS:
        raise KeyFileError(
            f"the API key file {path} can be changed by others (mode {stat.S_IMODE(mode):04o}), "
            f"who could add keys of their own: expected its owner alone; run `chmod 600 {path}`"
        )


def _digest(found: object) -> str:
    # Whatever else it were, comparing a key with it could fail, and with it every request.
    if not isinstance(found, str) or not _DIGEST.fullmatch(found):
        raise ValueError("sha256")
    return found


def _person(entry: Mapping[str, Any]) -> Person:
    # A key made before keys had people is a person of its own.
    person_id = entry.get("person_id") or f"key-{str(entry['sha256'])[:8]}"
    person = Person(person_id=person_id, role=entry.get("role") or DEFAULT_ROLE)
    if not has_usable_names(person):
        raise ValueError("person_id or role")
    name, only, expires_at = entry.get("name"), entry.get("only"), entry.get("expires_at")
    return replace(
        person,
        name=str(name) if name else None,
        permissions=frozenset(map(Scope, entry.get("permissions") or ())),
        only=None if only is None else frozenset(map(Scope, only)),
        expires_at=None if expires_at is None else _moment(expires_at),
    )


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("expires_at without a zone")
    return found.astimezone(UTC)


def stamp_of(path: Path) -> Stamp:
    """Returns what differs once the file was replaced."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def unusable_file(path: Path, error: OSError) -> KeyFileError:
    """Returns the error of a file that the system does not let us read or write."""
    return KeyFileError(
        f"the API key file {path} can be neither read nor made ({error.strerror}): expected "
        "a directory this user can write to, correct WHEREFORE_STATE_DIR or its permissions"
    )


def unreadable_file(path: Path, error: OSError) -> KeyFileError:
    """Returns the error of a file made elsewhere that the system does not let us read."""
    return KeyFileError(
        f"the API key file {path} cannot be read ({error.strerror}): expected the file that "
        "`wherefore keys` made, correct WHEREFORE_KEY_FILE or put it there"
    )
