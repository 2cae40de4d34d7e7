"""Counts of sign-ins that failed, in a database."""

from collections.abc import Mapping
from dataclasses import dataclass
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
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            # Whether the last one filled a window is told by those of the window before it.
            connection.execute(attempts.delete().where(attempts.c.failed_at <= now - 2 * window))
            counts = [_Count(connection, self._named(what)) for what in limits]
            filled = [
                count.filled_at(limit, window=window)
                for count, limit in zip(counts, limits.values(), strict=True)
            ]
            until = max((at + window for at in filled if at is not None), default=now)
            if until > now:
                return until
            for count in counts:
                count.add(now)
        return None

    @retried
    def succeed(self, *, forget: str, undo: str) -> None:
        """Notes that an attempt succeeded: one count begins anew, another is one less."""
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            _Count(connection, self._named(forget)).clear()
            _Count(connection, self._named(undo)).take_last()

    def _named(self, what: str) -> str:
        secret = self._ring.keys()[0].secret
        key = HKDF(hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(what.encode("utf-8", "surrogatepass"))
        return mac.finalize().hex()


@dataclass(frozen=True, slots=True)
class _Count:
    """The failures counted for one person or address, within a writing transaction."""

    connection: sa.Connection
    name: str

    def filled_at(self, limit: int, *, window: timedelta) -> datetime | None:
        """Returns the moment of the last one where so many lie in the window that it ends."""
        last = self._last()
        if last is None:
            return None
        wanted = sa.select(sa.func.sum(attempts.c.num_failed))
        within = wanted.where(self._is_mine, attempts.c.failed_at > last - window)
        num_failed: int = self.connection.execute(within).scalar_one()
        return last if num_failed >= limit else None

    def add(self, moment: datetime) -> None:
        """Counts one more."""
        if not self._change(moment, by=1):
            row = {"counted_for": self.name, "num_failed": 1, "failed_at": moment}
            self.connection.execute(attempts.insert(), row)

    def take_last(self) -> None:
        """Takes the last one off."""
        last = self._last()
        if last is not None:
            self._change(last, by=-1)
            none = attempts.delete().where(self._is_mine, attempts.c.num_failed < 1)
            self.connection.execute(none)

    def clear(self) -> None:
        """Takes all off."""
        self.connection.execute(attempts.delete().where(self._is_mine))

    @property
    def _is_mine(self) -> sa.ColumnElement[bool]:
        return attempts.c.counted_for == self.name

    def _last(self) -> datetime | None:
        wanted = sa.select(sa.func.max(attempts.c.failed_at)).where(self._is_mine)
        last: datetime | None = self.connection.scalar(wanted)
        return last

    def _change(self, moment: datetime, *, by: int) -> bool:
        at_moment = attempts.update().where(self._is_mine, attempts.c.failed_at == moment)
        changed = at_moment.values(num_failed=attempts.c.num_failed + by)
        return self.connection.execute(changed).rowcount > 0
