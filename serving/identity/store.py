"""Where people, programs, signing keys and revoked tokens are kept, as a service has it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from serving.cases.audit import AuditAction
from serving.cases.events import Actor
from serving.identity.changes import OPERATOR
from serving.identity.machines import MachineClient
from serving.identity.people_store import AttemptStore, PeopleStore, SessionStore
from serving.identity.signing import SigningKey


class IdentityStore(Protocol):
    """Keeps who is known beside the key file. Every call is whole or nothing.

    Changes are recorded in the audit log, in the same transaction; `by` is who makes them.

    Attributes:
        people: people who sign in.
        sessions: their sessions.
        attempts: sign-ins that failed.
    """

    people: PeopleStore
    sessions: SessionStore
    attempts: AttemptStore

    def record(self, action: AuditAction) -> None:
        """Records in the audit log what was changed elsewhere, as in the file of API keys."""

    def add_client(
        self, client: MachineClient, *, secret_sha256: str, by: Actor = OPERATOR
    ) -> None:
        """Enters a program. Raises ClientCommandError where the id is taken."""

    def client(self, client_id: str) -> MachineClient | None:
        """Returns a program; None where there is none with this id."""

    def client_with_hash(self, client_id: str) -> tuple[MachineClient, str] | None:
        """Returns a program with the SHA-256 of its secret, hexadecimal."""

    def clients(self) -> Sequence[MachineClient]:
        """Returns all programs, by id."""

    def change_client(
        self,
        client_id: str,
        *,
        is_disabled: bool | None = None,
        secret_sha256: str | None = None,
        expires_at: datetime | None = None,
        by: Actor = OPERATOR,
    ) -> bool:
        """Changes what is given of a program; returns False where there is none with this id."""

    def withdraw_tokens(self, client_id: str, *, by: Actor = OPERATOR) -> bool:
        """Begins a new series of a program's tokens: those asked for before are refused.

        Returns False where there is none with this id.
        """

    def signing_keys(self) -> Sequence[SigningKey]:
        """Returns the keys that can be opened, the newest first."""

    def rotate_signing_key(
        self, new: SigningKey, *, now: datetime, rotation: timedelta, lifetime: timedelta
    ) -> Sequence[SigningKey]:
        """Keeps a new key unless one still signs, drops those past their time, returns the rest.

        Of several servers that do it at once one does.
        """

    def drop_signing_keys(self, *, by: Actor = OPERATOR) -> int:
        """Destroys all keys, so that every token is refused; returns how many there were."""

    def revoke_token(self, token_id: str, *, expires_at: datetime, now: datetime) -> None:
        """Notes that a token is not taken any more, and forgets those that have expired."""

    def is_token_revoked(self, token_id: str) -> bool:
        """Returns whether a token is not taken any more."""


class OpensIdentity(Protocol):
    """Opens the store, and closes it at the end of the block."""

    def __call__(self) -> AbstractContextManager[IdentityStore]:
        """Returns the store for the length of a block."""
