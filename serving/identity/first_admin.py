"""The first person who signs in: at first start nobody can."""

from datetime import datetime, timedelta

from pydantic import SecretStr

from serving.cases.events import Actor, ActorKind
from serving.identity.accounts import Account, entered, new_one_time_key
from serving.identity.errors import PersonCommandError
from serving.identity.people_store import PeopleStore
from serving.identity.scopes import Role
from serving.identity.secret import digest_of
from serving.identity.validity import KEY_HOURS

FIRST_ADMIN_ID = "admin"
"""Who the one-time key of the first start is for."""

_SERVER = Actor(actor_id="wherefore", role="system", kind=ActorKind.SYSTEM)


def one_time_key_of_first_admin(store: PeopleStore, *, now: datetime) -> SecretStr | None:
    """Returns a one-time key for the admin, to be shown once; None where none is needed.

    It is needed while nobody with the role `admin` can sign in: the admin is entered at first
    start, and gets another key at a later one where the first was not used in its time.
    """
    admins = [found for found in store.accounts() if found.role == Role.ADMIN]
    waits = [found for found in admins if found.person_id == FIRST_ADMIN_ID]
    if admins != waits or any(found.is_disabled or _can_sign_in(found) for found in waits):
        return None
    if not waits and not _enter(store, now):
        return None
    if store.has_one_time_key(FIRST_ADMIN_ID, now=now):
        return None
    key = new_one_time_key()
    store.give_one_time_key(
        FIRST_ADMIN_ID,
        key_sha256=digest_of(key.get_secret_value()),
        expires_at=now + timedelta(hours=KEY_HOURS),
        by=_SERVER,
        at=now,
    )
    return key


def _can_sign_in(account: Account) -> bool:
    return account.has_password or account.external is not None


def _enter(store: PeopleStore, now: datetime) -> bool:
    """Enters the admin; False where somebody else has the id, or another server was quicker."""
    try:
        admin = entered(FIRST_ADMIN_ID, role=Role.ADMIN, permissions=(), now=now)
        store.add(admin, by=_SERVER)
    except PersonCommandError:
        return False
    return True
