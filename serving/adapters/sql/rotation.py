"""Rotating the key ring of a database: a new current key, data keys wrapped anew, old keys out.

Values stay as they are: only the data keys, 32 bytes per case, are wrapped again. A rotation that
is cut off goes on when it is run again.

Several may run at once. Each step that puts ring keys into use, or out of it, holds the database's
lock from the look at the keys on; a key leaves the ring only under that lock, and only while the
database does not know it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from serving.adapters.encryption.key_ring import KeyRingFile
from serving.adapters.sql.engine import forget_deleted, writing
from serving.adapters.sql.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a rotation did.

    Attributes:
        key_id: the current key.
        num_wrapped: data keys that were wrapped anew.
    """

    key_id: str
    num_wrapped: int


def rotate(database: Database) -> Rotation:
    """Makes a new key, where the ring is a file, and wraps every data key with the current one.

    A file that has a new key already, from a rotation that was cut off, gets no other.

    Raises:
        EncryptionKeyError: the ring does not open the database.
    """
    ring = database.ring
    numbers: list[int] = []
    while not numbers or numbers[-1]:
        with _alone(database) as connection:
            is_first = not numbers and not database.keys.has_outdated(connection)
            if is_first and isinstance(ring, KeyRingFile):
                ring.add()
            numbers.append(database.keys.rewrap(connection))
    return Rotation(key_id=ring.keys()[0].key_id, num_wrapped=sum(numbers))


def retire(database: Database) -> tuple[str, ...]:
    """Destroys the keys of the ring but the current one, and returns their ids.

    The database forgets them first: from then on it refuses a data key that one of them wraps, so
    that a server with an outdated ring cannot lose a case.

    Raises:
        EncryptionKeyError: one of them still wraps data keys.
    """
    ring = database.ring
    with _alone(database) as connection:
        retired = database.keys.retire(connection)
        if isinstance(ring, KeyRingFile):
            retired |= {key.key_id for key in ring.keys()[1:]}
    if isinstance(ring, KeyRingFile):
        retired = _drop(database, ring, retired)
    forget_deleted(database.engine)
    return tuple(sorted(retired))


@contextmanager
def _alone(database: Database) -> Iterator[sa.Connection]:
    with writing(database.engine) as connection:
        database.keys.lock(connection)
        yield connection


def _drop(database: Database, ring: KeyRingFile, retired: frozenset[str]) -> frozenset[str]:
    with _alone(database) as connection:
        # Whoever still had the ring as it was may have put one into use again.
        gone = retired - database.keys.in_use(connection)
        ring.drop(gone)
    return gone
