"""API keys: made at first start, shown once, kept as hashes, each the key of one person.

A key may do what its person's role brings, or less, until it expires. It has 256 bits from the
operating system's generator, so its plain SHA-256 cannot be searched for; the file holds nothing a
key could be won back from. Whoever sends a key acts as its person: that two people stand behind a
notice rests on each of them keeping the own key.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import structlog
from pydantic import SecretStr

from serving.errors import KeyFileError
from serving.file_lock import alone
from serving.identity.person import Person, unusable
from serving.identity.scopes import OF_ROLES
from serving.identity.secret import digest_of
from serving.identity.validity import DEFAULT_DAYS, in_days
from serving.key_file import (
    KEY_FILE_NAME,
    Stamp,
    key_id_of,
    names_of,
    new_entry,
    read_entries,
    read_people,
    stamp_of,
    unreadable_file,
    unusable_file,
    write_entries,
)

FIRST_PERSON_ID = "person-1"
"""Who the key made at first start belongs to, until it is given to somebody by name."""

log = structlog.stdlib.get_logger("wherefore.keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A key as the list shows it.

    Attributes:
        key_id: the first 12 digits of its hash, by which it can be revoked.
        person: whose it is.
    """

    key_id: str
    person: Person


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
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Takes the person of each key by the key's SHA-256, the file they come from, the time."""
        self.new_key, self._now = new_key, now
        self._path = path
        # The file is read once more at first use: it may have changed since it was read.
        self._stamp: Stamp | None = None
        self._holders = MappingProxyType(dict(holders))

    def person_of(self, key: str) -> Person | None:
        """Returns whose key this is, None for no key of ours, and for one that has expired.

        The time it takes does not tell which key comes close.
        """
        digest, found = digest_of(key), None
        for known, person in self._current().items():
            if hmac.compare_digest(digest, known):
                found = person
        if found and found.expires_at and found.expires_at <= self._now():
            log.warning("key_expired", person_id=found.person_id)
            return None
        return found

    def accept(self, key: str) -> bool:
        """Returns whether the key is one of these, in a time that does not tell which."""
        return self.person_of(key) is not None

    def is_of(self, person_id: str) -> bool:
        """Returns whether a person has a key, expired ones included."""
        return any(person.person_id == person_id for person in self._current().values())

    def _current(self) -> Mapping[str, Person]:
        if self._path is None:
            return self._holders
        try:
            stamp = stamp_of(self._path)
            if stamp != self._stamp:
                self._holders, self._stamp = MappingProxyType(read_people(self._path)), stamp
        except (OSError, KeyFileError):
            # A file that is being replaced, or was broken, must not lock everybody out.
            log.warning("key_file_unreadable")
        return self._holders


def open_api_keys(
    state_dir: Path, *, key_file: Path | None = None, configured: SecretStr | None = None
) -> ApiKeys:
    """Returns the keys of a state directory, making the first where there is none.

    Args:
        state_dir: directory of the key file; made if need be, readable by its owner only.
        key_file: file of keys made elsewhere, to read instead; the directory is then not looked at.
        configured: the one key to accept instead; the directory is then not looked at.

    Raises:
        KeyFileError: the file can be neither read nor made, or is not a key file.
    """
    if configured is not None:
        digest = digest_of(configured.get_secret_value())
        return ApiKeys({digest: Person(person_id=FIRST_PERSON_ID)})
    path = key_file or state_dir / KEY_FILE_NAME
    try:
        new_key = None if key_file else _first_key(path)
        found = read_people(path)
    except OSError as error:
        raise (unreadable_file if key_file else unusable_file)(path, error) from error
    _warn_of_unknown_roles(found)
    return ApiKeys(found, new_key=new_key, path=path)


def _first_key(path: Path) -> SecretStr | None:
    """Makes the first key where there is no file; None where there is one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return None if path.exists() else _make_first(path)


def add_key(state_dir: Path, person: Person) -> SecretStr:
    """Makes one more key and returns it, to be shown once; a running server takes it at once.

    Raises:
        KeyFileError: the file can be neither read nor written, or id, role or name is not usable.
    """
    reason = unusable(person)
    if reason is not None:
        raise KeyFileError(reason)
    path = state_dir / KEY_FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        key, entry = new_entry(person)
        with alone(path):
            entries = read_entries(path) if path.exists() else []
            write_entries(path, [*entries, entry])
    except OSError as error:
        raise unusable_file(path, error) from error
    return key


def revoke_keys(state_dir: Path, key_or_person_id: str) -> int:
    """Takes a key out of the file, or all keys of a person; returns how many.

    A running server refuses them at once.

    Raises:
        KeyFileError: the file cannot be read or written, or holds no such key.
    """
    path = state_dir / KEY_FILE_NAME
    if not path.exists():
        raise _no_such_key()
    try:
        with alone(path):
            entries = read_entries(path)
            kept = [entry for entry in entries if key_or_person_id not in names_of(entry)]
            if len(kept) == len(entries):
                raise _no_such_key()
            write_entries(path, kept)
    except OSError as error:
        raise unusable_file(path, error) from error
    return len(entries) - len(kept)


def list_keys(state_dir: Path) -> list[ListedKey]:
    """Returns every key, in the order in which they were made.

    Raises:
        KeyFileError: the file cannot be read, or is not a key file.
    """
    path = state_dir / KEY_FILE_NAME
    try:
        found = read_people(path) if path.exists() else {}
    except OSError as error:
        raise unusable_file(path, error) from error
    return [ListedKey(key_id=key_id_of(digest), person=who) for digest, who in found.items()]


def _warn_of_unknown_roles(found: Mapping[str, Person]) -> None:
    """Older files may hold any word for a role: such a key keeps its permissions only."""
    for digest, person in found.items():
        if person.role not in OF_ROLES:
            log.warning(
                "key_role_unknown",
                key_id=key_id_of(digest),
                person_id=person.person_id,
                role=person.role,
                expected=sorted(OF_ROLES),
                advice="make the person a new key with `wherefore keys add PERSON --role ROLE`",
            )


def _make_first(path: Path) -> SecretStr | None:
    """Returns the first key; None where another process has made one meanwhile."""
    key, entry = new_entry(Person(person_id=FIRST_PERSON_ID, expires_at=in_days(DEFAULT_DAYS)))
    with alone(path):
        if path.exists():
            return None
        write_entries(path, [entry])
    return key


def _no_such_key() -> KeyFileError:
    return KeyFileError(
        "no key has this id and no person with this id has a key: expected one of those that "
        "`wherefore keys list` shows"
    )
