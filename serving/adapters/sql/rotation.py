"""Rotating the key ring of a database: a new current key, data keys wrapped anew, old keys out.

Values stay as they are: only the data keys, 32 bytes per case, are wrapped again. A rotation that
is cut off goes on when it is run again.
"""

from dataclasses import dataclass

from serving.adapters.encryption.key_ring import KeyRingFile
from serving.adapters.sql.engine import forget_deleted, reading, writing
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
    if isinstance(ring, KeyRingFile) and not _is_unfinished(database):
        ring.add()
    total = 0
    while True:
        with writing(database.engine) as connection:
            number = database.keys.rewrap(connection)
        total += number
        if number == 0:
            return Rotation(key_id=ring.keys()[0].key_id, num_wrapped=total)


def retire(database: Database) -> tuple[str, ...]:
    """Destroys the keys of the ring but the current one, and returns their ids.

    The database forgets them first: from then on it refuses a data key that one of them wraps, so
    that a server with an outdated ring cannot lose a case.

    Raises:
        EncryptionKeyError: one of them still wraps data keys.
    """
    with writing(database.engine) as connection:
        retired = set(database.keys.retire(connection))
    if isinstance(database.ring, KeyRingFile):
        others = [key.key_id for key in database.ring.keys()[1:]]
        database.ring.drop(others)
        retired.update(others)
    forget_deleted(database.engine)
    return tuple(sorted(retired))


def _is_unfinished(database: Database) -> bool:
    with reading(database.engine) as connection:
        return database.keys.has_outdated(connection)
