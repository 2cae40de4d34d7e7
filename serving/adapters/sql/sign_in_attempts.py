"""Counts of sign-ins that failed, in a database."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from serving.adapters.encryption.key_ring import KeyRing
from serving.adapters.sql.engine import alone, writing
from serving.adapters.sql.people_tables import sign_in_attempts as attempts
from serving.adapters.sql.retries import retried

_LOCK = 0x57484552_4C4F434B
"""Number of the advisory lock on PostgreSQL: the bytes of WHERLOCK."""
_PURPOSE = b"wherefore sign-in attempts"


class SqlAttempts:
    """Counts of failed sign-ins in SQLite or PostgreSQL.

    What they are counted for, a person's id as typed or an address, is kept as a hash under the
    current key of the ring: nobody can read it back. After a rotation the counts begin anew.
    """

    def __init__(self, engine: sa.Engine, ring: KeyRing) -> None:
        """Takes the database of cases, upgraded, and its key ring."""
        self._engine, self._ring = engine, ring

    @retried
    def begin(
        self, limits: Mapping[str, int], *, window: timedelta, now: datetime
    ) -> datetime | None:
        """Counts an attempt as failed, until `succeed` says that it was not."""
        named = {self._named(what): limit for what, limit in limits.items()}
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            connection.execute(attempts.delete().where(attempts.c.failed_at <= now - window))
            wanted = sa.select(attempts).where(attempts.c.counted_for.in_(named))
            found = {row.counted_for: row for row in connection.execute(wanted)}
            full = [row for name, row in found.items() if row.num_failed >= named[name]]
            if full:
                last: datetime = max(row.failed_at for row in full)
                return last + window
            for name in named:
                _count(connection, name, found[name].num_failed if name in found else 0, now)
        return None

    @retried
    def succeed(self, *, forget: str, undo: str) -> None:
        """Notes that an attempt succeeded: one count begins anew, another is one less."""
        anew = attempts.c.counted_for == self._named(forget)
        less = attempts.c.counted_for == self._named(undo)
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            connection.execute(attempts.delete().where(anew))
            by_one = attempts.update().where(less, attempts.c.num_failed > 0)
            connection.execute(by_one.values(num_failed=attempts.c.num_failed - 1))

    def _named(self, what: str) -> str:
        secret = self._ring.keys()[0].secret
        key = HKDF(hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(what.encode("utf-8", "surrogatepass"))
        return mac.finalize().hex()


def _count(connection: sa.Connection, name: str, num_failed: int, now: datetime) -> None:
    row = {"counted_for": name, "num_failed": num_failed + 1, "failed_at": now}
    connection.execute(attempts.delete().where(attempts.c.counted_for == name))
    connection.execute(attempts.insert(), row)
