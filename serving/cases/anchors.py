"""The head of the audit chain, kept in a file outside of the log.

The file is meant for another disk, or for a place that only an auditor writes to. It holds one line
per anchoring and is only appended to, so that an older head can still be compared.
"""

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from serving.cases.audit import EMPTY, AuditHead, canonical_json, chained, from_line, verify
from serving.cases.errors import AnchorError, AnchorFileError, AuditBrokenError

_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_anchor(path: Path) -> AuditHead | None:
    """Returns the head anchored last; None where there is no file yet.

    Raises:
        AnchorError: the file's last line is not a whole anchor.
    """
    if not path.exists():
        return None
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        raise AnchorError
    return _head_of(content.rstrip(b"\n").rpartition(b"\n")[2])


def _head_of(line: bytes) -> AuditHead:
    try:
        found = json.loads(line)
        head = AuditHead(sequence=int(found["sequence"]), hash=str(found["hash"]))
    except (ValueError, TypeError, KeyError) as error:
        raise AnchorError from error
    if head.sequence < 1 or not _DIGEST.fullmatch(head.hash):
        raise AnchorError
    return head


def read_anchors(path: Path) -> tuple[AuditHead, ...]:
    """Returns every head that a file anchors, oldest first.

    Raises:
        AnchorError: the file cannot be read, or a line of it is not an anchor.
    """
    try:
        lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
    except OSError as error:
        raise AnchorError from error
    return tuple(map(_head_of, lines))


class VerifiableLog(Protocol):
    """A log that can be verified, such as `AuditLog` or an `AuditTrail`."""

    def verify(self, *, anchor: AuditHead | None = None) -> AuditHead:
        """Reads the whole log and returns its head. Raises AuditBrokenError."""


class ReadableLog(Protocol):
    """A log that can be read from an entry on, such as an `AuditTrail`."""

    def lines(self, *, after: int = 0) -> Iterator[bytes]:
        """Yields the stored lines whose number is above `after`, in order."""


def anchor_head(log: VerifiableLog, path: Path, *, at: datetime) -> AuditHead:
    """Verifies a log against its last anchor, then anchors its head where it has moved.

    Args:
        log: the log; while it is empty nothing is anchored.
        path: the anchor file.
        at: now, UTC.

    Raises:
        AnchorError: the anchor file does not end in a whole anchor.
        AnchorFileError: the anchor file cannot be written.
        AuditBrokenError: the log is broken, or does not continue what was anchored.
    """
    last = read_anchor(path)
    head = log.verify(anchor=last)
    _append(path, head, last=last, at=at)
    return head


def anchor_new_entries(log: ReadableLog, path: Path, *, at: datetime) -> AuditHead:
    """Verifies a log from its last anchor on, then anchors its head where it has moved.

    Quick enough for every start and stop of a service: entries before the last anchor are not read,
    the anchored one is.

    Raises: as `anchor_head`.
    """
    last = read_anchor(path)
    head = EMPTY
    if last is None:
        head = verify(log.lines())
    else:
        lines = log.lines(after=last.sequence - 1)
        _check_anchored(next(lines, b""), last)
        head = verify(lines, since=last)
    _append(path, head, last=last, at=at)
    return head


def _check_anchored(line: bytes, last: AuditHead) -> None:
    if not line:
        reason = f"it is missing, entry {last.sequence} was anchored"
        raise AuditBrokenError(sequence=last.sequence, reason=reason)
    entry = from_line(line, sequence=last.sequence)
    before = AuditHead(sequence=last.sequence - 1, hash=entry.previous)
    if entry.hash != last.hash or chained(entry.action, before).hash != last.hash:
        reason = "it is not the entry whose hash was anchored"
        raise AuditBrokenError(sequence=last.sequence, reason=reason)


def _append(path: Path, head: AuditHead, *, last: AuditHead | None, at: datetime) -> None:
    if head in (EMPTY, last):
        return
    line = canonical_json({"at": at.isoformat(), "hash": head.hash, "sequence": head.sequence})
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise AnchorFileError(reason=error.strerror or "unknown") from None
