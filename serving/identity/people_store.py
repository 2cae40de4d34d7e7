"""Where people, their sessions and their failed sign-ins are kept, as a service has it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from serving.cases.events import Actor
from serving.identity.accounts import Account, ExternalIdentity, Session
from serving.identity.scopes import Scope


class PeopleStore(Protocol):
    """Keeps people who sign in. Every call is whole or nothing.

    Changes are recorded in the audit log, in the same transaction; `by` is who makes them.
    """

    def add(self, account: Account, *, by: Actor) -> None:
        """Enters a person. Raises PersonCommandError where the id, or who it is, is taken."""

    def account(self, person_id: str) -> Account | None:
        """Returns a person; None where there is none with this id."""

    def account_with_hash(self, person_id: str) -> tuple[Account, str | None] | None:
        """Returns a person with the hash of the password; without one, None for the hash."""

    def account_of(self, external: ExternalIdentity) -> Account | None:
        """Returns who an issuer names; None where that one has never been here."""

    def accounts(self) -> Sequence[Account]:
        """Returns all people, by id."""

    def change_role(
        self, person_id: str, role: str, *, permissions: Collection[Scope], by: Actor, at: datetime
    ) -> bool:
        """Gives a person another role, and ends all sessions of that person.

        Returns False where there is none with this id.
        """

    def disable(self, person_id: str, is_disabled: bool, *, by: Actor, at: datetime) -> bool:
        """Lets nobody sign in as a person, and ends all sessions, or lets that person in again.

        Returns False where there is none with this id.
        """

    def link(self, person_id: str, external: ExternalIdentity, *, by: Actor, at: datetime) -> bool:
        """Says who a person is at an issuer. Raises PersonCommandError where that is another.

        Returns False where there is none with this id.
        """

    def give_one_time_key(
        self, person_id: str, *, key_sha256: str, expires_at: datetime, by: Actor, at: datetime
    ) -> bool:
        """Lets a person choose a password with a key, once; an earlier key is not taken any more.

        Returns False where there is none with this id.
        """

    def has_one_time_key(self, person_id: str, *, now: datetime) -> bool:
        """Returns whether a person still has a key to choose a password with."""

    def use_one_time_key(
        self, person_id: str, *, key_sha256: str, password_hash: str, at: datetime
    ) -> bool:
        """Sets a password for a one-time key, which is then gone, and ends all sessions.

        Returns False, and changes nothing, where there is no such key of this person.
        """

    def set_password(
        self, person_id: str, *, password_hash: str, instead_of: str, at: datetime
    ) -> bool:
        """Sets a password in place of the one checked, and ends all sessions.

        Returns False where it was changed meanwhile.
        """

    def rehash(self, person_id: str, *, password_hash: str, instead_of: str) -> None:
        """Keeps the same password under a newer hash, unless it was changed meanwhile."""

    def close_sessions(self, person_id: str, *, by: Actor, at: datetime) -> bool:
        """Ends all sessions of a person; returns False where there is none with this id."""


class SessionStore(Protocol):
    """Keeps sessions, and sign-ins under way at an issuer, by the hashes of their secrets."""

    def open(self, session_sha256: str, session: Session) -> None:
        """Keeps a session by the hash of its secret, and forgets those that have expired."""

    def find(self, session_sha256: str) -> tuple[Session, Account] | None:
        """Returns a session and whose it is; None where there is none."""

    def touch(self, session_sha256: str, *, at: datetime) -> None:
        """Notes that a session was used."""

    def close(self, session_sha256: str) -> bool:
        """Ends a session; returns whether there was one."""

    def open_flow(self, flow_sha256: str, *, expires_at: datetime, now: datetime) -> None:
        """Notes that a sign-in at the issuer has begun, and forgets those that have expired."""

    def close_flow(self, flow_sha256: str, *, now: datetime) -> bool:
        """Ends a sign-in at the issuer; returns whether it was open: each is ended once."""


class AttemptStore(Protocol):
    """Counts sign-ins that failed."""

    def begin(
        self, limits: Mapping[str, int], *, window: timedelta, now: datetime
    ) -> datetime | None:
        """Counts an attempt to sign in as failed, until `succeed` says that it was not.

        Counted before anything is checked, so that many at once get no further than one by one.

        Args:
            limits: how many may fail, by what they are counted for.
            window: how long each failure counts, and how long who has failed too often waits from
                the last one on.
            now: the moment, UTC.

        Returns:
            None where it may go on; else from when on it may be tried again, and nothing is
            counted.
        """

    def succeed(self, *, forget: str, undo: str) -> None:
        """Notes that an attempt succeeded: one count begins anew, another is one less.

        What was counted before keeps the time at which it failed.
        """
