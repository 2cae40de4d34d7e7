"""The audit log: who did what to which case, and proof that nobody changed it afterwards.

Each entry carries the hash of the one before it, so the log is a chain; its canonical JSON is what
is hashed and what is stored, so every byte counts. The chain cannot show that its end was cut off
or that all of it was written anew: for that the hash of its head is anchored outside (`anchors`).

Entries hold ids, roles, actions, digests and versions. What is personal has no field.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from serving.cases.audit_stores import AuditStore
from serving.cases.errors import AuditBrokenError, AuditFieldError

GENESIS = "0" * 64
"""What the first entry has for the hash of the one before it."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}")
_WORD = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SOCIAL_SECURITY_NUMBER = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAction:
    """What is to be recorded.

    Attributes:
        at: when, UTC.
        actor_id: id of the person or program; never a name or address.
        role: what the actor acted as, a lower-case word.
        action: what was done, a lower-case word such as decision_recorded or case_read.
        object_kind: what it was done to, a lower-case word.
        object_id: its id.
        digests: sha256 digests by name, such as before and after; hexadecimal.
        versions: versions by name, such as model, template and policy; a version may have a "+".
    """

    at: datetime
    actor_id: str
    role: str
    action: str
    object_kind: str
    object_id: str
    digests: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An action in its place in the chain.

    Attributes:
        sequence: its number, from 1.
        previous: hash of the entry before it.
        action: what was recorded.
        hash: sha256 over the canonical JSON of all the rest, hexadecimal.
    """

    sequence: int
    previous: str
    action: AuditAction
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """Where a chain ends.

    Attributes:
        sequence: number of its last entry; 0 for an empty log.
        hash: hash of its last entry; `GENESIS` for an empty log.
    """

    sequence: int
    hash: str


EMPTY = AuditHead(sequence=0, hash=GENESIS)
"""The head of an empty log."""


class AuditLog:
    """A chain of entries in a store; safe to use from several threads of one process.

    A store has one writer at a time: two processes need two logs, or one service between them.
    """

    def __init__(self, store: AuditStore) -> None:
        """Continues the chain that the store holds.

        Raises:
            AuditTornError: the store ends in a half-written entry.
            AuditBrokenError: the stored chain is not what was written.
        """
        self._store = store
        self._lock = threading.Lock()
        self._head = verify(store.lines())

    @property
    def head(self) -> AuditHead:
        """Where the chain ends now."""
        return self._head

    def record(self, action: AuditAction) -> AuditEntry:
        """Appends an action and returns its entry, once the store has it for good.

        Raises:
            AuditFieldError: a field holds something else than its kind of id, word or digest.
        """
        check_fields(action)
        with self._lock:
            entry = chained(action, self._head)
            self._store.append(to_line(entry))
            self._head = AuditHead(sequence=entry.sequence, hash=entry.hash)
        return entry

    def verify(self, *, anchor: AuditHead | None = None) -> AuditHead:
        """Reads the whole store and returns its head. Raises as `verify` does."""
        return verify(self._store.lines(), anchor=anchor)


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Returns the one JSON text of a value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def chained(action: AuditAction, head: AuditHead) -> AuditEntry:
    """Returns the entry that an action becomes after a head."""
    body = _body(action, sequence=head.sequence + 1, previous=head.hash)
    return AuditEntry(
        sequence=head.sequence + 1,
        previous=head.hash,
        action=action,
        hash=hashlib.sha256(canonical_json(body)).hexdigest(),
    )


def to_line(entry: AuditEntry) -> bytes:
    """Returns an entry as stored: its canonical JSON, without an end of line."""
    body = _body(entry.action, sequence=entry.sequence, previous=entry.previous)
    return canonical_json({**body, "hash": entry.hash})


def _body(action: AuditAction, *, sequence: int, previous: str) -> dict[str, Any]:
    fields = asdict(action) | {"at": action.at.isoformat()}
    return {**fields, "sequence": sequence, "previous": previous}


def from_line(line: bytes, *, sequence: int) -> AuditEntry:
    """Returns the entry that a stored line holds.

    Args:
        line: what is stored, without the end of line.
        sequence: the number it should have, for the error.

    Raises:
        AuditBrokenError: the line is not the canonical JSON of an entry.
    """
    try:
        found = json.loads(line)
        number, previous, digest = found.pop("sequence"), found.pop("previous"), found.pop("hash")
        action = AuditAction(**found | {"at": datetime.fromisoformat(found["at"])})
        check_fields(action)
        entry = AuditEntry(sequence=number, previous=previous, action=action, hash=digest)
        same = to_line(entry) == line
    except (ValueError, TypeError, KeyError, AttributeError, AuditFieldError) as error:
        reason = "it is not an entry"
        raise AuditBrokenError(sequence=sequence, reason=reason) from error
    if not same:
        raise AuditBrokenError(sequence=sequence, reason="it is not written as entries are")
    return entry


def verify(
    lines: Iterable[bytes], *, anchor: AuditHead | None = None, since: AuditHead = EMPTY
) -> AuditHead:
    """Returns the head of a chain after going through all of it.

    Args:
        lines: the stored lines, in order, without ends of line.
        anchor: a head that the chain had once; None to look at the chain alone.
        since: a head verified before, behind which the lines begin.

    Raises:
        AuditBrokenError: an entry was changed, moved, added or removed; names the first. With an
            anchor also: the chain is shorter than it was, or another one.
    """
    head = since
    for sequence, line in enumerate(lines, start=since.sequence + 1):
        entry = from_line(line, sequence=sequence)
        _check_place(entry, head)
        head = AuditHead(sequence=sequence, hash=entry.hash)
        if anchor is not None and anchor.sequence == sequence and anchor.hash != entry.hash:
            reason = "it is not the entry whose hash was anchored"
            raise AuditBrokenError(sequence=sequence, reason=reason)
    if anchor is not None and anchor.sequence > head.sequence:
        reason = f"it is missing, entry {anchor.sequence} was anchored"
        raise AuditBrokenError(sequence=head.sequence + 1, reason=reason)
    return head


def _check_place(entry: AuditEntry, head: AuditHead) -> None:
    expected = chained(entry.action, head)
    if entry.sequence != expected.sequence:
        raise AuditBrokenError(
            sequence=expected.sequence, reason=f"it has the number {entry.sequence}"
        )
    if entry.previous != expected.previous:
        reason = "the entry before it has another hash than it says"
        raise AuditBrokenError(sequence=entry.sequence, reason=reason)
    if entry.hash != expected.hash:
        raise AuditBrokenError(sequence=entry.sequence, reason="its hash is not that of its fields")


def check_fields(action: AuditAction) -> None:
    """Checks that an action holds nothing but ids, words, digests and versions.

    Raises:
        AuditFieldError: names the field, never its value.
    """
    if action.at.utcoffset() != timedelta(0):
        raise AuditFieldError(field="at", expected="a time in UTC")
    for name in ("role", "action", "object_kind"):
        _check(name, getattr(action, name), _WORD, "a lower-case word")
    for name in ("actor_id", "object_id"):
        _check_id(name, getattr(action, name))
    for name, digest in action.digests.items():
        _check("digests", name, _WORD, "names in lower case")
        _check("digests", digest, _DIGEST, "sha256 digests in hexadecimal")
    for name, version in action.versions.items():
        _check("versions", name, _WORD, "names in lower case")
        _check_id("versions", version, form=_VERSION)


def is_id(value: str) -> bool:
    """Returns whether a text can be an id: nothing personal has its form."""
    return bool(_ID.fullmatch(value)) and not _SOCIAL_SECURITY_NUMBER.search(value)


def is_word(value: str) -> bool:
    """Returns whether a text is a lower-case word."""
    return bool(_WORD.fullmatch(value))


def is_digest(value: str) -> bool:
    """Returns whether a text is a sha256 in hexadecimal."""
    return bool(_DIGEST.fullmatch(value))


def _check_id(name: str, value: str, *, form: re.Pattern[str] = _ID) -> None:
    also = " +" if form is _VERSION else ""
    expected = f"letters, digits and . _ : / -{also} (128 at most, no social security number)"
    _check(name, value, form, expected)
    if _SOCIAL_SECURITY_NUMBER.search(value):
        raise AuditFieldError(field=name, expected=expected)


def _check(name: str, value: object, form: re.Pattern[str], expected: str) -> None:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise AuditFieldError(field=name, expected=expected)
