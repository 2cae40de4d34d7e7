"""Changes of API keys in the audit log: the keys lie in a file, the log in the database.

What is changed in the file by hand is not recorded, nor what is changed where no database is yet,
as for a file that is carried elsewhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pydantic import SecretStr

from serving.adapters.sql.storage import has_database, open_identity
from serving.cases.audit import AuditAction
from serving.cases.events import Actor, ActorKind
from serving.identity.changes import change, granted_by
from serving.identity.person import Person
from serving.identity.secret import digest_of
from serving.key_file import key_id_of
from serving.keys import FIRST_PERSON_ID
from serving.settings import Settings

_SERVER = Actor(actor_id="wherefore", role="system", kind=ActorKind.SYSTEM)


def key_made(key: str, person: Person, *, by: Actor) -> AuditAction:
    """Returns that a key was made for a person, as the audit log has it."""
    granted = granted_by(
        person.role, permissions=person.permissions, only=person.only, owner=person.person_id
    )
    name = key_id_of(digest_of(key))
    return change("key_made", "api_key", name, by=by, at=datetime.now(UTC), granted=granted)


def first_key_made(key: SecretStr) -> AuditAction:
    """Returns that the server made the first key, as the audit log has it."""
    return key_made(key.get_secret_value(), Person(person_id=FIRST_PERSON_ID), by=_SERVER)


def key_revoked(key_id: str, person: Person, *, by: Actor) -> AuditAction:
    """Returns that a key was taken from a person, as the audit log has it."""
    granted = granted_by(person.role, owner=person.person_id)
    return change("key_revoked", "api_key", key_id, by=by, at=datetime.now(UTC), granted=granted)


@contextmanager
def recording(settings: Settings) -> Iterator[Callable[[AuditAction], None]]:
    """Opens the audit log for a block, and gives what records in it; nothing where there is none.

    Raises as `open_identity`.
    """
    if not has_database(settings):
        yield lambda _: None
        return
    with open_identity(settings) as store:
        yield store.record
