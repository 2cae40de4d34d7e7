"""The audit log as it was read for an export, and the proof that entries stand in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.cases.audit import AuditEntry
from serving.cases.audited import CASE
from serving.cases.merkle import leaves_of, proofs_of, root_of
from serving.cases.store import AuditTrail


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLog:
    """The audit log as it was read once; 32 bytes per entry are kept of it.

    Attributes:
        leaves: the hash of every line, in order.
        root: the hash over all of them, hexadecimal.
    """

    leaves: Sequence[bytes]
    root: str

    def has(self, entries: Sequence[AuditEntry]) -> bool:
        """Returns whether the log, as read, goes as far as these entries."""
        return all(entry.sequence <= len(self.leaves) for entry in entries)

    def paths(self, entries: Sequence[AuditEntry]) -> list[list[str]]:
        """Returns for each entry the hashes that lead from it to the root, hexadecimal."""
        proofs = proofs_of(self.leaves, [entry.sequence - 1 for entry in entries])
        return [[step.hex() for step in path] for path in proofs]


def read_log(audit: AuditTrail) -> ReadLog:
    """Reads the whole audit log."""
    leaves = leaves_of(audit.lines())
    return ReadLog(leaves=leaves, root=root_of(leaves).hex())


def entries_of(audit: AuditTrail, case_id: str) -> tuple[AuditEntry, ...]:
    """Returns the entries about a case, in order."""
    return audit.entries(object_kind=CASE, object_id=case_id)
