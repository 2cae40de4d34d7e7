"""The audit log in a table: the chain of `serving.cases.audit`, one entry per row.

The database refuses to change or delete entries (migration 0002). An entry is chained to the last
one while nobody else can append: SQLite has one writer at a time, PostgreSQL takes a lock that ends
with the transaction. So it is appended last, just before the commit.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from serving.adapters.sql.engine import alone, reading, writing
from serving.adapters.sql.retries import retried
from serving.adapters.sql.tables import audit_log
from serving.cases.audit import (
    EMPTY,
    AuditAction,
    AuditEntry,
    AuditHead,
    chained,
    check_fields,
    from_line,
    to_line,
    verify,
)
from serving.cases.errors import AuditBrokenError

_BATCH = 1000
_LOCK = 0x57484552_41554449
"""Number of the advisory lock on PostgreSQL: the bytes of WHERAUDI."""


def append(connection: sa.Connection, actions: Sequence[AuditAction]) -> list[AuditEntry]:
    """Appends actions within a transaction and returns their entries.

    Raises:
        AuditFieldError: a field holds something else than its kind of id, word or digest.
        AuditBrokenError: the last entry is not one.
    """
    for action in actions:
        check_fields(action)
    alone(connection, _LOCK)
    head, entries = head_of(connection), []
    for action in actions:
        entry = chained(action, head)
        head = AuditHead(sequence=entry.sequence, hash=entry.hash)
        entries.append(entry)
    if entries:
        connection.execute(audit_log.insert(), [_row(entry) for entry in entries])
    return entries


def head_of(connection: sa.Connection) -> AuditHead:
    """Returns where the chain ends."""
    last = sa.select(audit_log).order_by(audit_log.c.sequence.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    if row is None:
        return EMPTY
    entry = from_line(row.line, sequence=row.sequence)
    return AuditHead(sequence=entry.sequence, hash=entry.hash)


def verified_within(connection: sa.Connection, *, anchor: AuditHead | None) -> AuditHead:
    """Verifies the log as a transaction sees it; raises as `SqlAuditTrail.verify`."""
    wanted = sa.select(audit_log).order_by(audit_log.c.sequence)
    with connection.execute(wanted.execution_options(yield_per=_BATCH)) as rows:
        return verify(map(_line_of, rows), anchor=anchor)


class SqlAuditTrail:
    """The audit log of a database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Takes the database."""
        self._engine = engine

    @property
    def head(self) -> AuditHead:
        """Where the chain ends now."""
        with reading(self._engine) as connection:
            return head_of(connection)

    @retried
    def record(self, action: AuditAction) -> AuditEntry:
        """Appends an action in a transaction of its own."""
        with writing(self._engine) as connection:
            return append(connection, [action])[0]

    def entries(self, *, object_kind: str, object_id: str) -> tuple[AuditEntry, ...]:
        """Returns the entries about one object, in order."""
        wanted = (
            sa.select(audit_log)
            .where(audit_log.c.object_id == object_id, audit_log.c.object_kind == object_kind)
            .order_by(audit_log.c.sequence)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(wanted).all()
        return tuple(from_line(row.line, sequence=row.sequence) for row in rows)

    def lines(self, *, after: int = 0) -> Iterator[bytes]:
        """Yields the lines whose number is above `after`, in order.

        Raises:
            AuditBrokenError: a row is filed under another number or object than its entry names.
        """
        while True:
            wanted = sa.select(audit_log).where(audit_log.c.sequence > after)
            with reading(self._engine) as connection:
                rows = connection.execute(wanted.order_by(audit_log.c.sequence).limit(_BATCH)).all()
            for row in rows:
                after = row.sequence
                yield _line_of(row)
            if len(rows) < _BATCH:
                return

    def verify(self, *, anchor: AuditHead | None = None) -> AuditHead:
        """Reads the whole log and returns its head."""
        return verify(self.lines(), anchor=anchor)


def _row(entry: AuditEntry) -> dict[str, object]:
    return {
        "sequence": entry.sequence,
        "object_kind": entry.action.object_kind,
        "object_id": entry.action.object_id,
        "line": to_line(entry),
    }


def _line_of(row: sa.Row[*tuple[Any, ...]]) -> bytes:
    entry = from_line(row.line, sequence=row.sequence)
    filed = (row.sequence, row.object_kind, row.object_id)
    if filed != (entry.sequence, entry.action.object_kind, entry.action.object_id):
        reason = "it is filed under another number or object than it names"
        raise AuditBrokenError(sequence=row.sequence, reason=reason)
    return bytes(row.line)
