"""An audit log in memory, for tests and for trying out."""

from collections.abc import Iterator

from serving.cases.audit import AuditAction, AuditEntry, AuditHead, AuditLog, from_line, verify
from serving.cases.audit_stores import MemoryAuditStore


class MemoryAuditTrail:
    """An audit log in memory."""

    def __init__(self) -> None:
        """Starts empty."""
        self._store = MemoryAuditStore()
        self._log = AuditLog(self._store)

    @property
    def head(self) -> AuditHead:
        """Where the chain ends now."""
        return self._log.head

    def record(self, action: AuditAction) -> AuditEntry:
        """Appends an action."""
        return self._log.record(action)

    def entries(self, *, object_kind: str, object_id: str) -> tuple[AuditEntry, ...]:
        """Returns the entries about one object, in order."""
        found = (from_line(line, sequence=n) for n, line in enumerate(self._store.lines(), 1))
        wanted = (object_kind, object_id)
        return tuple(e for e in found if (e.action.object_kind, e.action.object_id) == wanted)

    def lines(self, *, after: int = 0) -> Iterator[bytes]:
        """Yields the lines whose number is above `after`."""
        yield from list(self._store.lines())[after:]

    def verify(self, *, anchor: AuditHead | None = None) -> AuditHead:
        """Reads the whole log and returns its head."""
        return verify(self._store.lines(), anchor=anchor)
