"""Who is known beside the key file, in a database; see `serving.identity.store`.

A signing key lies wrapped by the key ring of the cases: who reads the database can sign nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from serving.adapters.encryption.key_ring import KeyRing, find_key
from serving.adapters.sql.audit import append
from serving.adapters.sql.engine import Repeats, alone, reading, refused, repeated, writing
from serving.adapters.sql.identity_tables import machine_clients, revoked_tokens, signing_keys
from serving.adapters.sql.people import SqlPeople
from serving.adapters.sql.retries import retried
from serving.adapters.sql.sessions import SqlSessions
from serving.adapters.sql.sign_in_attempts import SqlAttempts
from serving.cases.audit import AuditAction
from serving.cases.events import Actor, ActorKind
from serving.cases.store_errors import EncryptionKeyError
from serving.identity.changes import OPERATOR, change, granted_by
from serving.identity.errors import ClientCommandError
from serving.identity.machines import MachineClient
from serving.identity.names import is_usable_id
from serving.identity.people_store import AttemptStore, PeopleStore, SessionStore
from serving.identity.scopes import Scope
from serving.identity.signing import SigningKey, retired_by

_LOCK = 0x57484552_5349474E
"""Number of the advisory lock on PostgreSQL: the bytes of WHERSIGN."""
_SERVER = Actor(actor_id="wherefore", role="system", kind=ActorKind.SYSTEM)

log = structlog.stdlib.get_logger("wherefore.identity")


class SqlIdentityStore:
    """Programs, signing keys and revoked tokens in SQLite or PostgreSQL, and who signs in.

    Attributes:
        people: people who sign in.
        sessions: their sessions.
        attempts: sign-ins that failed.
    """

    def __init__(self, engine: sa.Engine, ring: KeyRing) -> None:
        """Takes the database of cases, upgraded, and its key ring."""
        self._engine, self._ring = engine, ring
        self.people: PeopleStore = SqlPeople(engine)
        self.sessions: SessionStore = SqlSessions(engine)
        self.attempts: AttemptStore = SqlAttempts(engine, ring)

    @retried
    def record(self, action: AuditAction) -> None:
        """Records in the audit log what was changed elsewhere."""
        with writing(self._engine) as connection:
            append(connection, [action])

    @retried
    def add_client(
        self, client: MachineClient, *, secret_sha256: str, by: Actor = OPERATOR
    ) -> None:
        """Enters a program."""
        row = {
            "client_id": client.client_id,
            "secret_sha256": secret_sha256,
            "role": client.role,
            "only": None if client.only is None else " ".join(sorted(client.only)),
            "created_at": client.created_at,
            "expires_at": client.expires_at,
            "token_series": client.token_series,
            "is_disabled": client.is_disabled,
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(machine_clients.insert(), row)
                granted = granted_by(client.role, only=client.only)
                append(connection, [_changed("client_entered", client.client_id, by, granted)])
        except sa.exc.IntegrityError as error:
            if repeated(error)[0] is Repeats.NOTHING:
                raise refused(error) from None
            raise ClientCommandError(
                "a client with this id is there already: expected a new id, choose another or give "
                "the one there a new secret with `wherefore clients renew`"
            ) from None

    def client(self, client_id: str) -> MachineClient | None:
        """Returns a program."""
        found = self.client_with_hash(client_id)
        return found[0] if found else None

    def client_with_hash(self, client_id: str) -> tuple[MachineClient, str] | None:
        """Returns a program with the SHA-256 of its secret."""
        if not is_usable_id(client_id):
            # Anybody may ask by any text, and PostgreSQL fails at some, such as U+0000.
            return None
        wanted = sa.select(machine_clients).where(machine_clients.c.client_id == client_id)
        with reading(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else (_client(row), str(row.secret_sha256))

    def clients(self) -> Sequence[MachineClient]:
        """Returns all programs, by id."""
        wanted = sa.select(machine_clients).order_by(machine_clients.c.client_id)
        with reading(self._engine) as connection:
            return tuple(map(_client, connection.execute(wanted)))

    def change_client(
        self,
        client_id: str,
        *,
        is_disabled: bool | None = None,
        secret_sha256: str | None = None,
        expires_at: datetime | None = None,
        by: Actor = OPERATOR,
    ) -> bool:
        """Changes what is given of a program."""
        given = {
            "is_disabled": is_disabled,
            "secret_sha256": secret_sha256,
            "expires_at": expires_at,
        }
        values = {name: value for name, value in given.items() if value is not None}
        words = [
            "client_disabled" if is_disabled else "client_enabled" if is_disabled is False else "",
            "client_secret_renewed" if secret_sha256 else "",
            "client_extended" if expires_at and not secret_sha256 else "",
        ]
        return self._update(client_id, values, [word for word in words if word], by)

    def withdraw_tokens(self, client_id: str, *, by: Actor = OPERATOR) -> bool:
        """Begins a new series of a program's tokens."""
        values = {"token_series": machine_clients.c.token_series + 1}
        return self._update(client_id, values, ["client_tokens_withdrawn"], by)

    def signing_keys(self) -> Sequence[SigningKey]:
        """Returns the keys that can be opened, the newest first."""
        with reading(self._engine) as connection:
            return tuple(self._opened(connection))

    def rotate_signing_key(
        self, new: SigningKey, *, now: datetime, rotation: timedelta, lifetime: timedelta
    ) -> Sequence[SigningKey]:
        """Keeps a new key unless one still signs, and drops those past their time."""
        kept = self._rotate(new, now=now, rotation=rotation, lifetime=lifetime)
        if new in kept:
            log.info("signing_key_made", key_id=new.key_id)
        return kept

    @retried
    def _rotate(
        self, new: SigningKey, *, now: datetime, rotation: timedelta, lifetime: timedelta
    ) -> Sequence[SigningKey]:
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            kept = list(self._opened(connection))
            if not any(key.signs_at(now, rotation=rotation) for key in kept):
                self._add_key(connection, new, now=now)
                kept.insert(0, new)
            # By its time alone: one that is closed to this server may be open to another, whose
            # key ring is newer.
            retired = retired_by(now, rotation=rotation, lifetime=lifetime)
            connection.execute(signing_keys.delete().where(signing_keys.c.created_at <= retired))
        return tuple(key for key in kept if key.created_at > retired)

    def _add_key(self, connection: sa.Connection, new: SigningKey, *, now: datetime) -> None:
        current = self._ring.keys()[0]
        row = {
            "key_id": new.key_id,
            "created_at": new.created_at,
            "ring_key_id": current.key_id,
            "wrapped": current.wrap(new.private_pem, case_id=_bound_to(new.key_id)),
        }
        connection.execute(signing_keys.insert(), row)
        made = change("signing_key_made", "signing_key", new.key_id, by=_SERVER, at=now)
        append(connection, [made])

    @retried
    def drop_signing_keys(self, *, by: Actor = OPERATOR) -> int:
        """Destroys all keys, so that every token is refused."""
        what = change("signing_keys_destroyed", "signing_key", "all", by=by, at=_now())
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            num_keys = connection.execute(signing_keys.delete()).rowcount
            append(connection, [what])
        return num_keys

    @retried
    def revoke_token(self, token_id: str, *, expires_at: datetime, now: datetime) -> None:
        """Notes that a token is not taken any more, and forgets those that have expired."""
        row = {"token_id": token_id, "expires_at": expires_at}
        expired = revoked_tokens.delete().where(revoked_tokens.c.expires_at < now)
        same = revoked_tokens.delete().where(revoked_tokens.c.token_id == token_id)
        try:
            with writing(self._engine) as connection:
                connection.execute(expired)
                connection.execute(same)
                connection.execute(revoked_tokens.insert(), row)
        except sa.exc.IntegrityError as error:
            if repeated(error)[0] is not Repeats.KEY:
                raise refused(error) from None
            # Somebody else revoked it at the same moment.

    def is_token_revoked(self, token_id: str) -> bool:
        """Returns whether a token is not taken any more."""
        wanted = sa.select(revoked_tokens.c.token_id).where(revoked_tokens.c.token_id == token_id)
        with reading(self._engine) as connection:
            return connection.scalar(wanted) is not None

    @retried
    def _update(
        self, client_id: str, values: Mapping[str, Any], words: Sequence[str], by: Actor
    ) -> bool:
        same = machine_clients.c.client_id == client_id
        with writing(self._engine) as connection:
            changed = connection.execute(machine_clients.update().where(same).values(**values))
            if changed.rowcount:
                append(connection, [_changed(word, client_id, by) for word in words])
        return changed.rowcount > 0

    def _opened(self, connection: sa.Connection) -> Iterator[SigningKey]:
        wanted = sa.select(signing_keys).order_by(signing_keys.c.created_at.desc())
        for row in connection.execute(wanted).all():
            try:
                key = find_key(self._ring, row.ring_key_id)
                pem = key.unwrap(row.wrapped, case_id=_bound_to(row.key_id))
            except EncryptionKeyError:
                # Its ring key was retired, or is not here yet: what it signed lives for minutes.
                log.warning("signing_key_not_opened", key_id=row.key_id)
                continue
            yield SigningKey(key_id=row.key_id, created_at=row.created_at, private_pem=pem)


def _now() -> datetime:
    return datetime.now(UTC)


def _changed(
    word: str, client_id: str, by: Actor, granted: Mapping[str, str] | None = None
) -> AuditAction:
    return change(word, "client", client_id, by=by, at=_now(), granted=granted)


def _bound_to(key_id: str) -> str:
    # No id of a case holds a space.
    return f"signing key {key_id}"


def _client(row: sa.Row[*tuple[Any, ...]]) -> MachineClient:
    return MachineClient(
        client_id=row.client_id,
        role=row.role,
        only=None if row.only is None else frozenset(map(Scope, row.only.split())),
        created_at=row.created_at,
        expires_at=row.expires_at,
        token_series=row.token_series,
        is_disabled=row.is_disabled,
    )
