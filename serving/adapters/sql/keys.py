"""The data keys of the cases in the database, wrapped by the key ring."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from serving.adapters.encryption.key_ring import KeyRing, RingKey, find_key
from serving.adapters.encryption.sealing import DataKey, new_key
from serving.adapters.sql.engine import alone
from serving.cases.store_errors import CasePurgedError, EncryptionKeyError

_BATCH = 500
_LOCK = 0x57484552_4B455953
"""Number of the advisory lock on PostgreSQL: the bytes of WHERKEYS."""


class DataKeys:
    """Makes, opens and shreds the data keys of cases.

    The table `encryption_keys` lists the ring keys in use: a data key can only be wrapped by one of
    them, so that a server with an outdated ring fails instead of wrapping with a retired key.
    """

    def __init__(self, ring: KeyRing, metadata: sa.MetaData) -> None:
        """Takes the ring, and the tables that hold `encryption_keys` and `data_keys`."""
        self._ring = ring
        self._used = metadata.tables["encryption_keys"]
        self._wrapped = metadata.tables["data_keys"]

    def make(self, connection: sa.Connection, case_id: str) -> DataKey:
        """Makes the data key of a new case.

        Raises:
            EncryptionKeyError: no key of the ring is in use.
        """
        wrapping, key = self._newest_in_use(connection), new_key()
        wrapped = wrapping.wrap(key, case_id=case_id)
        row = {"case_id": case_id, "key_id": wrapping.key_id, "wrapped": wrapped}
        connection.execute(self._wrapped.insert(), row)
        return DataKey(key)

    def lock(self, connection: sa.Connection) -> None:
        """Waits until nobody else changes which ring keys are in use, and keeps others from it."""
        alone(connection, _LOCK)

    def register(self, connection: sa.Connection) -> RingKey:
        """Puts the current ring key into use, and returns it."""
        current = self._ring.keys()[0]
        row = {"key_id": current.key_id, "added_at": datetime.now(UTC)}
        connection.execute(_insert_unless_there(connection, self._used).values(row))
        return current

    def open(self, connection: sa.Connection, case_id: str) -> DataKey:
        """Returns the data key of a case.

        Raises:
            CasePurgedError: the key was shredded.
            EncryptionKeyError: the ring does not have the key that wrapped it.
        """
        table = self._wrapped
        wanted = sa.select(table.c.key_id, table.c.wrapped).where(table.c.case_id == case_id)
        row = connection.execute(wanted).one_or_none()
        if row is None:
            raise CasePurgedError
        key = find_key(self._ring, row.key_id)
        return DataKey(key.unwrap(row.wrapped, case_id=case_id))

    def shred(self, connection: sa.Connection, case_id: str) -> None:
        """Destroys the data key of a case."""
        connection.execute(self._wrapped.delete().where(self._wrapped.c.case_id == case_id))

    def check(self, connection: sa.Connection) -> None:
        """Checks that the ring has every key in use, and opens a data key of each.

        Raises:
            EncryptionKeyError: a key is missing, or is another one.
        """
        for key_id in sorted(self.in_use(connection)):
            key = find_key(self._ring, key_id)
            one = sa.select(self._wrapped).where(self._wrapped.c.key_id == key_id).limit(1)
            row = connection.execute(one).one_or_none()
            if row is not None:
                key.unwrap(row.wrapped, case_id=row.case_id)

    def in_use(self, connection: sa.Connection) -> frozenset[str]:
        """Returns the ids of the ring keys in use; where any is, a new ring opens nothing."""
        return frozenset(connection.scalars(sa.select(self._used.c.key_id)))

    def has_outdated(self, connection: sa.Connection) -> bool:
        """Returns whether the current ring key wraps some data keys, and an older one others."""
        current = self._ring.keys()[0].key_id
        found = set(connection.scalars(sa.select(self._wrapped.c.key_id).distinct()))
        return current in self.in_use(connection) and bool(found - {current})

    def rewrap(self, connection: sa.Connection) -> int:
        """Wraps up to 500 data keys of older ring keys with the current one; returns how many."""
        current = self.register(connection)
        table = self._wrapped
        outdated = (
            sa.select(table)
            .where(table.c.key_id != current.key_id)
            .order_by(table.c.case_id)
            .limit(_BATCH)
            .with_for_update()
        )
        rows = connection.execute(outdated).all()
        for row in rows:
            key = find_key(self._ring, row.key_id).unwrap(row.wrapped, case_id=row.case_id)
            wrapped = current.wrap(key, case_id=row.case_id)
            update = table.update().where(table.c.case_id == row.case_id)
            connection.execute(update.values(key_id=current.key_id, wrapped=wrapped))
        return len(rows)

    def retire(self, connection: sa.Connection) -> frozenset[str]:
        """Takes every ring key but the current one out of use, and returns their ids.

        Raises:
            EncryptionKeyError: one still wraps data keys.
        """
        current = self.register(connection).key_id
        retired = self.in_use(connection) - {current}
        try:
            connection.execute(self._used.delete().where(self._used.c.key_id != current))
        except sa.exc.IntegrityError:
            raise EncryptionKeyError(
                "a key that is to be retired still wraps data keys: expected none, run "
                "wherefore database rotate-keys first"
            ) from None
        return retired

    def _newest_in_use(self, connection: sa.Connection) -> RingKey:
        """The newest key of the ring that the database knows.

        A rotation has its new key in the ring a moment before the database knows of it; what is
        wrapped with the key before that is wrapped again by the same rotation, or by the next.
        """
        known = self.in_use(connection)
        keys = self._ring.keys()
        for key in keys:
            if key.key_id in known:
                return key
        raise EncryptionKeyError(
            f"the key {keys[0].key_id} is not in use in this database: found it retired, expected "
            "the current one; restart the service with the key ring as it is now"
        )


def _insert_unless_there(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
