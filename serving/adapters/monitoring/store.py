"""Monitoring data in SQLite or PostgreSQL, sealed; see `serving.monitoring.store`."""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from pydantic import TypeAdapter

from serving.adapters.encryption.sealing import Place
from serving.adapters.monitoring.tables import data_keys, monitoring_records
from serving.adapters.sql.engine import alone, forget_deleted, reading, writing
from serving.adapters.sql.keys import DataKeys
from serving.adapters.sql.retries import retried
from serving.adapters.sql.upgrade import Migrations
from serving.cases.audit import canonical_json
from serving.monitoring.record import MonitoringRecord

MIGRATIONS = Migrations(Path(__file__).parent / "migrations")
"""The migrations of the database of monitoring data."""

_RECORD = TypeAdapter(MonitoringRecord)
_LOCK = 0x57484552_4D4F4E49
"""Number of the advisory lock on PostgreSQL: the bytes of WHERMONI."""


class MonitoringShredder:
    """Destroys monitoring data and can read none: it has no key, and no code that would use one."""

    def __init__(self, engine: sa.Engine) -> None:
        """Takes the database, upgraded."""
        self._engine = engine

    def case_ids(self) -> Iterator[str]:
        """Yields the ids of the cases that have records."""
        with reading(self._engine) as connection:
            found = connection.scalars(sa.select(data_keys.c.case_id).order_by("case_id")).all()
        yield from found

    def shred(self, case_id: str) -> None:
        """Destroys the records of a case and their key."""
        self._delete(case_id)
        forget_deleted(self._engine)

    @retried
    def _delete(self, case_id: str) -> None:
        with writing(self._engine) as connection:
            for table in (monitoring_records, data_keys):
                connection.execute(table.delete().where(table.c.case_id == case_id))


class SqlMonitoringStore(MonitoringShredder):
    """Monitoring data in a database of its own."""

    def __init__(self, engine: sa.Engine, keys: DataKeys) -> None:
        """Takes the database, upgraded, and its data keys."""
        super().__init__(engine)
        self._keys = keys

    @retried
    def put(self, case_id: str, records: tuple[MonitoringRecord, ...]) -> None:
        """Keeps the records of a case, in place of those there."""
        table = monitoring_records
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            if self._has(connection, case_id):
                key = self._keys.open(connection, case_id)
                connection.execute(table.delete().where(table.c.case_id == case_id))
            else:
                key = self._keys.make(connection, case_id)
            rows = [
                {
                    "case_id": case_id,
                    "consumer_id": record.consumer_id,
                    "content": key.seal(
                        canonical_json(_RECORD.dump_python(record, mode="json")),
                        _place(case_id, record.consumer_id),
                    ),
                }
                for record in records
            ]
            if rows:
                connection.execute(table.insert(), rows)

    def records(self, case_id: str) -> tuple[MonitoringRecord, ...]:
        """Returns the records of a case."""
        table = monitoring_records
        with reading(self._engine) as connection:
            if not self._has(connection, case_id):
                return ()
            key = self._keys.open(connection, case_id)
            wanted = sa.select(table).where(table.c.case_id == case_id)
            rows = connection.execute(wanted.order_by(table.c.consumer_id)).all()
            return tuple(
                _RECORD.validate_json(key.open(row.content, _place(case_id, row.consumer_id)))
                for row in rows
            )

    def _has(self, connection: sa.Connection, case_id: str) -> bool:
        wanted = sa.select(data_keys.c.case_id).where(data_keys.c.case_id == case_id)
        return connection.scalar(wanted) is not None


def _place(case_id: str, consumer_id: str) -> Place:
    return Place(table="monitoring_records", column="content", row=(case_id, consumer_id))
