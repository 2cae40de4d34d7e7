"""People who sign in, in a database; see `serving.identity.people_store`.

What changes who may do what is recorded in the audit log, in the same transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from serving.adapters.sql.audit import append
from serving.adapters.sql.engine import Repeats, reading, refused, repeated, writing
from serving.adapters.sql.people_tables import one_time_keys, people, sessions
from serving.adapters.sql.retries import retried
from serving.cases.audit import AuditAction
from serving.cases.events import Actor
from serving.identity.accounts import Account, ExternalIdentity
from serving.identity.changes import change, granted_by
from serving.identity.errors import PersonCommandError
from serving.identity.names import is_usable_id
from serving.identity.scopes import Scope


class SqlPeople:
    """People who sign in, in SQLite or PostgreSQL."""

    def __init__(self, engine: sa.Engine) -> None:
        """Takes the database of cases, upgraded."""
        self._engine = engine

    @retried
    def add(self, account: Account, *, by: Actor) -> None:
        """Enters a person."""
        external = account.external
        row = {
            "person_id": account.person_id,
            "role": account.role,
            "permissions": _words(account.permissions),
            "created_at": account.created_at,
            "is_disabled": account.is_disabled,
            "session_series": account.session_series,
            "issuer": external and external.issuer,
            "subject": external and external.subject,
        }
        granted = granted_by(account.role, permissions=account.permissions)
        try:
            with writing(self._engine) as connection:
                connection.execute(people.insert(), row)
                what = _action("person_entered", account.person_id, by, account.created_at, granted)
                append(connection, [what])
        except sa.exc.IntegrityError as error:
            if repeated(error)[0] is Repeats.NOTHING:
                raise refused(error) from None
            raise PersonCommandError(
                "a person with this id is there already, or one whom the issuer names so: expected "
                "a new id; an id never changes its person, choose another, or see `wherefore users "
                "list`"
            ) from None

    def account(self, person_id: str) -> Account | None:
        """Returns a person."""
        found = self.account_with_hash(person_id)
        return found[0] if found else None

    def account_with_hash(self, person_id: str) -> tuple[Account, str | None] | None:
        """Returns a person with the hash of the password."""
        if not is_usable_id(person_id):
            # Anybody may ask by any text, and PostgreSQL fails at some, such as U+0000.
            return None
        row = self._one(people.c.person_id == person_id)
        return None if row is None else (account_of(row), row.password_hash)

    def account_of(self, external: ExternalIdentity) -> Account | None:
        """Returns who an issuer names."""
        same = (people.c.issuer == external.issuer) & (people.c.subject == external.subject)
        row = self._one(same)
        return None if row is None else account_of(row)

    def accounts(self) -> Sequence[Account]:
        """Returns all people, by id."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(people).order_by(people.c.person_id))
            return tuple(map(account_of, found))

    def change_role(
        self, person_id: str, role: str, *, permissions: Collection[Scope], by: Actor, at: datetime
    ) -> bool:
        """Gives a person another role, and ends all sessions of that person."""
        given = {"role": role, "permissions": _words(permissions)}
        what = _action("role_changed", person_id, by, at, granted_by(role, permissions=permissions))
        return self._change(person_id, _ended(given), what)

    def disable(self, person_id: str, is_disabled: bool, *, by: Actor, at: datetime) -> bool:
        """Lets nobody sign in as a person, and ends all sessions, or lets that person in again."""
        word = "person_disabled" if is_disabled else "person_enabled"
        what = _action(word, person_id, by, at)
        return self._change(person_id, _ended({"is_disabled": is_disabled}), what)

    def link(self, person_id: str, external: ExternalIdentity, *, by: Actor, at: datetime) -> bool:
        """Says who a person is at an issuer."""
        given = {"issuer": external.issuer, "subject": external.subject}
        try:
            what = _action("person_linked", person_id, by, at)
            return self._change(person_id, _ended(given), what)
        except sa.exc.IntegrityError as error:
            if repeated(error)[0] is Repeats.NOTHING:
                raise refused(error) from None
            raise PersonCommandError(
                "the issuer names somebody else so already: expected a subject of nobody else; see "
                "`wherefore users list`"
            ) from None

    def close_sessions(self, person_id: str, *, by: Actor, at: datetime) -> bool:
        """Ends all sessions of a person."""
        return self._change(person_id, _ended({}), _action("sessions_ended", person_id, by, at))

    @retried
    def give_one_time_key(
        self, person_id: str, *, key_sha256: str, expires_at: datetime, by: Actor, at: datetime
    ) -> bool:
        """Lets a person choose a password with a key, once."""
        row = {"person_id": person_id, "key_sha256": key_sha256, "expires_at": expires_at}
        is_there = sa.select(people.c.person_id).where(people.c.person_id == person_id)
        with writing(self._engine) as connection:
            if connection.scalar(is_there.with_for_update()) is None:
                return False
            connection.execute(one_time_keys.delete().where(_key_of(person_id)))
            connection.execute(one_time_keys.insert(), row)
            append(connection, [_action("one_time_key_given", person_id, by, at)])
        return True

    def has_one_time_key(self, person_id: str, *, now: datetime) -> bool:
        """Returns whether a person still has a key to choose a password with."""
        wanted = sa.select(one_time_keys.c.person_id).where(
            _key_of(person_id), one_time_keys.c.expires_at > now
        )
        with reading(self._engine) as connection:
            return connection.scalar(wanted) is not None

    @retried
    def use_one_time_key(
        self, person_id: str, *, key_sha256: str, password_hash: str, at: datetime
    ) -> bool:
        """Sets a password for a one-time key, which is then gone, and ends all sessions."""
        if not is_usable_id(person_id):
            return False
        enabled = sa.select(people.c.person_id).where(people.c.is_disabled.is_(False))
        # One statement whoever it is for, so that the time does not tell who is there; and of two
        # who use a key at once, one deletes it.
        used = one_time_keys.delete().where(
            _key_of(person_id),
            one_time_keys.c.key_sha256 == key_sha256,
            one_time_keys.c.expires_at > at,
            one_time_keys.c.person_id.in_(enabled),
        )
        with writing(self._engine) as connection:
            if connection.execute(used).rowcount != 1:
                return False
            return _set_password(connection, person_id, password_hash, sa.true(), at=at)

    @retried
    def set_password(
        self, person_id: str, *, password_hash: str, instead_of: str, at: datetime
    ) -> bool:
        """Sets a password in place of the one checked, and ends all sessions."""
        same = people.c.password_hash == instead_of
        with writing(self._engine) as connection:
            return _set_password(connection, person_id, password_hash, same, at=at)

    @retried
    def rehash(self, person_id: str, *, password_hash: str, instead_of: str) -> None:
        """Keeps the same password under a newer hash, unless it was changed meanwhile."""
        same = (people.c.person_id == person_id) & (people.c.password_hash == instead_of)
        with writing(self._engine) as connection:
            connection.execute(people.update().where(same).values(password_hash=password_hash))

    def _one(self, which: sa.ColumnElement[bool]) -> sa.Row[*tuple[Any, ...]] | None:
        with reading(self._engine) as connection:
            return connection.execute(sa.select(people).where(which)).one_or_none()

    @retried
    def _change(self, person_id: str, values: Mapping[str, Any], what: AuditAction) -> bool:
        same = people.c.person_id == person_id
        with writing(self._engine) as connection:
            changed = connection.execute(people.update().where(same).values(**values))
            if changed.rowcount:
                _end_sessions(connection, person_id)
                append(connection, [what])
        return changed.rowcount > 0


def account_of(row: sa.Row[*tuple[Any, ...]]) -> Account:
    """Returns the person of a row of the table."""
    has_external = row.issuer is not None and row.subject is not None
    return Account(
        person_id=row.person_id,
        role=row.role,
        created_at=row.created_at,
        permissions=frozenset(map(Scope, row.permissions.split())),
        is_disabled=row.is_disabled,
        has_password=row.password_hash is not None,
        session_series=row.session_series,
        external=ExternalIdentity(issuer=row.issuer, subject=row.subject) if has_external else None,
    )


def _set_password(
    connection: sa.Connection,
    person_id: str,
    password_hash: str,
    condition: sa.ColumnElement[bool],
    *,
    at: datetime,
) -> bool:
    found = people.update().where(people.c.person_id == person_id, condition)
    values = _ended({"password_hash": password_hash})
    if not connection.execute(found.values(**values)).rowcount:
        return False
    _end_sessions(connection, person_id)
    role = connection.scalar(sa.select(people.c.role).where(people.c.person_id == person_id))
    by = Actor(actor_id=person_id, role=str(role))
    append(connection, [_action("password_set", person_id, by, at)])
    return True


def _end_sessions(connection: sa.Connection, person_id: str) -> None:
    connection.execute(sessions.delete().where(sessions.c.person_id == person_id))


def _ended(values: Mapping[str, Any]) -> dict[str, Any]:
    """Adds a new series, so that a session that is being opened meanwhile is not taken either."""
    return {**values, "session_series": people.c.session_series + 1}


def _key_of(person_id: str) -> sa.ColumnElement[bool]:
    return one_time_keys.c.person_id == person_id


def _words(scopes: Collection[Scope]) -> str:
    return " ".join(sorted(scopes))


def _action(
    word: str, person_id: str, by: Actor, at: datetime, granted: Mapping[str, str] | None = None
) -> AuditAction:
    return change(word, "person", person_id, by=by, at=at, granted=granted)
