"""The head of the audit chain, kept in a file outside of the log.

The file is meant for another disk, or for a place that only an auditor writes to. It holds one line
per anchoring and is only appended to, so that an older head can still be compared. Each line also
has the root of the hash tree over the log as far as that head: from it a few entries can be proved
without reading the others.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from serving.cases.audit import (
    EMPTY,
    AuditEntry,
    AuditHead,
    canonical_json,
    chained,
    from_line,
    to_line,
    verify,
)
from serving.cases.errors import AnchorError, AnchorFileError, AuditBrokenError
from serving.cases.hash_tree import HashTree, open_tree
from serving.cases.merkle import leaf_hash, root_from

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """That entries stand in a log.

    Attributes:
        head: where the log ended; its sequence is the number of leaves of the tree.
        root: the root of the hash tree over the log as far as that head, hexadecimal.
        paths: for each entry the hashes that lead from it to the root, hexadecimal.
    """

    head: AuditHead
    root: str
    paths: list[list[str]]


def read_anchor(path: Path) -> AuditHead | None:
    """Returns the head anchored last; None where there is no file yet.

    Raises:
        AnchorError: the file's last line is not a whole anchor.
    """
    line = _last_line(path)
    return None if line is None else _head_of(line)


def _last_line(path: Path) -> bytes | None:
    if not path.exists():
        return None
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        raise AnchorError
    return content.rstrip(b"\n").rpartition(b"\n")[2]


def _head_of(line: bytes) -> AuditHead:
    try:
        found = json.loads(line)
        head = AuditHead(sequence=int(found["sequence"]), hash=str(found["hash"]))
    except (ValueError, TypeError, KeyError) as error:
        raise AnchorError from error
    if head.sequence < 1 or not _DIGEST.fullmatch(head.hash):
        raise AnchorError
    return head


def _root_of(line: bytes) -> str | None:
    """Returns the root of an anchor; None in one of an older program."""
    root = json.loads(line).get("root")
    return None if root is None else str(root)


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


class ReadableLog(Protocol):
    """A log that can be read from an entry on, such as an `AuditTrail`."""

    def lines(self, *, after: int = 0) -> Iterator[bytes]:
        """Yields the stored lines whose number is above `after`, in order."""


class LogAnchor:
    """Verifies a log, anchors its heads, and proves entries of it.

    Safe to use from several threads and processes: what they do with one tree file they do one
    after the other.
    """

    def __init__(self, log: ReadableLog, *, anchor_file: Path, tree_file: Path) -> None:
        """Takes the log and both files.

        Args:
            log: the log; while it is empty nothing is anchored.
            anchor_file: where heads are anchored.
            tree_file: the hash tree over the log. It is no proof and no secret, and made anew where
                it is gone.
        """
        self._log, self._anchor_file, self._tree_file = log, anchor_file, tree_file

    def anchor(self, *, at: datetime) -> AuditHead:
        """Verifies the whole log against its last anchor, then anchors its head where it has moved.

        Args:
            at: now, UTC.

        Raises:
            AnchorError: the anchor file does not end in a whole anchor.
            AnchorFileError: the anchor file or the tree cannot be written.
            AuditBrokenError: the log is broken, or does not continue what was anchored.
        """
        with self._tree() as tree:
            return self._anchor_all(tree, at=at)

    def anchor_new_entries(self, *, at: datetime) -> AuditHead:
        """Verifies the log from its last anchor on, then anchors its head where it has moved.

        Quick enough for every start and stop of a service: entries before the last anchor are not
        read, the anchored one is. Where the tree is gone, the anchor has no root.

        Raises: as `anchor`.
        """
        with self._tree() as tree:
            return self._anchor_new(tree, at=at)

    def prove(self, entries: Sequence[AuditEntry], *, at: datetime) -> LogProof:
        """Anchors the head as `anchor_new_entries` does, and proves that entries stand before it.

        What is read is the new end of the log, and of the rest the nodes of the tree that lead from
        the entries to the anchored root; a log whose tree is gone is read as a whole. That it has
        no other entries about the same object is not shown: `anchor` reads all of it.

        Raises:
            AuditBrokenError: also where an entry is not the one that was anchored.
            AnchorError, AnchorFileError: as `anchor`.
        """
        with self._tree() as tree:
            head = self._anchor_new(tree, at=at)
            if tree.num_leaves == head.sequence:
                # Where it fails the tree is not the log's, or an entry is not: all of it will tell.
                with suppress(AuditBrokenError):
                    return proof_of(tree, entries, head=head)
            return proof_of(tree, entries, head=self._anchor_all(tree, at=at))

    @contextmanager
    def _tree(self) -> Iterator[HashTree]:
        try:
            with open_tree(self._tree_file) as tree:
                yield tree
        except OSError as error:
            raise AnchorFileError(reason=error.strerror or "unknown") from None

    def _anchor_all(self, tree: HashTree, *, at: datetime) -> AuditHead:
        tree.cut(0)
        line = _last_line(self._anchor_file)
        head = verify(
            tree.grown(self._log.lines()), anchor=None if line is None else _head_of(line)
        )
        return self._append(head, root=tree.root(head.sequence).hex(), after=line, at=at)

    def _anchor_new(self, tree: HashTree, *, at: datetime) -> AuditHead:
        line = _last_line(self._anchor_file)
        if line is None:
            return self._anchor_all(tree, at=at)
        last = _head_of(line)
        lines = self._log.lines(after=last.sequence - 1)
        _check_anchored(next(lines, b""), last)
        if not _reaches(tree, last, root=_root_of(line)):
            tree.cut(0)
            return self._append(verify(lines, since=last), root=None, after=line, at=at)
        tree.cut(last.sequence)
        head = verify(tree.grown(lines), since=last)
        return self._append(head, root=tree.root(head.sequence).hex(), after=line, at=at)

    def _append(
        self, head: AuditHead, *, root: str | None, after: bytes | None, at: datetime
    ) -> AuditHead:
        """Anchors a head after the last anchor, unless that says as much."""
        is_anchored = after and _head_of(after) == head and root in {None, _root_of(after)}
        if head == EMPTY or is_anchored:
            return head
        anchored = {"at": at.isoformat(), "hash": head.hash, "sequence": head.sequence}
        content = canonical_json(anchored | ({} if root is None else {"root": root})) + b"\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self._anchor_file, flags, 0o600), "ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return head


def _reaches(tree: HashTree, last: AuditHead, *, root: str | None) -> bool:
    """Returns whether a tree has every entry as far as an anchor, with its root."""
    return tree.num_leaves >= last.sequence and tree.root(last.sequence).hex() == root


def _check_anchored(line: bytes, last: AuditHead) -> None:
    if not line:
        reason = f"it is missing, entry {last.sequence} was anchored"
        raise AuditBrokenError(sequence=last.sequence, reason=reason)
    entry = from_line(line, sequence=last.sequence)
    before = AuditHead(sequence=last.sequence - 1, hash=entry.previous)
    if entry.hash != last.hash or chained(entry.action, before).hash != last.hash:
        reason = "it is not the entry whose hash was anchored"
        raise AuditBrokenError(sequence=last.sequence, reason=reason)


def proof_of(tree: HashTree, entries: Sequence[AuditEntry], *, head: AuditHead) -> LogProof:
    """Returns the proof that entries stand in a tree over the log as far as a head.

    Raises:
        AuditBrokenError: one does not; names it.
    """
    root, paths = tree.root(head.sequence), []
    for entry in entries:
        place = {"index": entry.sequence - 1, "num_leaves": head.sequence}
        path = tree.proof(**place) if entry.sequence <= head.sequence else []
        if root_from(leaf_hash(to_line(entry)), path, **place) != root:
            reason = "it is not the entry that was anchored"
            raise AuditBrokenError(sequence=entry.sequence, reason=reason)
        paths.append([step.hex() for step in path])
    return LogProof(head=head, root=root.hex(), paths=paths)
