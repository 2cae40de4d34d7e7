"""Signing in: who is it, has it failed too often, and the session that begins."""

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from pydantic import SecretStr

from serving.cases.events import Actor, ActorKind
from serving.identity.accounts import Account, NewSession, Session, entered
from serving.identity.errors import (
    IssuerRefusedError,
    PasswordRefusedError,
    PersonCommandError,
    SignInRefusedError,
    TooManySignInsError,
)
from serving.identity.issuer import ClaimedPerson
from serving.identity.password_rules import unusable_password
from serving.identity.people_store import AttemptStore, PeopleStore, SessionStore
from serving.identity.secret import digest_of

_SEEN_EVERY = timedelta(minutes=1)
"""How often it is noted that a session is in use."""
_MOST_CHARACTERS = 128
_ISSUER = Actor(actor_id="issuer", role="system", kind=ActorKind.SYSTEM)

log = structlog.stdlib.get_logger("wherefore.identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """The rules of a deployment.

    Attributes:
        idle: how long a session lies unused before it ends.
        longest: how long a session lasts at most.
        failures: how many sign-ins of one person may fail within `window`.
        address_failures: how many from one address.
        window: how long a failure counts, and how long who has failed too often waits.
    """

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=10)
    failures: int = 5
    address_failures: int = 50
    window: timedelta = timedelta(minutes=15)


class Passwords(Protocol):
    """Hashes and checks passwords."""

    def hash(self, password: str) -> str:
        """Returns what is kept of a password."""

    def is_password(self, given: str, *, hashed: str | None) -> bool:
        """Returns whether a password is the one that was hashed; never where `hashed` is None.

        Takes the same time in either case.
        """

    def is_outdated(self, hashed: str) -> bool:
        """Returns whether a hash was made with other parameters than those of today."""


class SignIn:
    """Lets people in, and knows who is. Its methods block on the database and on hashing.

    Attributes:
        people: who may sign in.
        sessions: who has.
        rules: the rules of the deployment.
        now: gives the time, UTC.
    """

    def __init__(
        self,
        *,
        people: PeopleStore,
        sessions: SessionStore,
        attempts: AttemptStore,
        passwords: Passwords,
        rules: SignInRules | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Takes the stores, what checks passwords, the rules and the time."""
        self.people, self.sessions = people, sessions
        self._attempts, self._passwords = attempts, passwords
        self.rules, self.now = rules or SignInRules(), now

    def with_password(self, person_id: str, password: str, *, address: str) -> NewSession:
        """Begins a session of a person who gives the password.

        Args:
            person_id: who, as typed.
            password: the password, as typed.
            address: what attempts from where it is typed are counted for.

        Raises:
            SignInRefusedError: nobody can sign in like this.
            TooManySignInsError: too many have failed.
        """
        self._begin(person_id, address)
        account, hashed = self.people.account_with_hash(person_id) or (None, None)
        is_right = self._passwords.is_password(password, hashed=hashed)
        if account is None or hashed is None or not is_right or account.is_disabled:
            raise _refused(account)
        self._attempts.succeed(forget=_name(person_id), undo=address)
        if self._passwords.is_outdated(hashed):
            new = self._passwords.hash(password)
            self.people.rehash(person_id, password_hash=new, instead_of=hashed)
        return self.begin_session(account)

    def with_one_time_key(
        self, person_id: str, key: str, *, new_password: str, address: str
    ) -> NewSession:
        """Sets the password of a person who has a one-time key, and begins a session.

        Raises:
            PasswordRefusedError: the new password is not taken; the key can be used again.
            SignInRefusedError: nobody has this key, or not any more.
            TooManySignInsError: too many have failed.
        """
        _require_usable(new_password, person_id)
        self._begin(person_id, address)
        hashed = self._passwords.hash(new_password)
        if not self.people.use_one_time_key(
            person_id, key_sha256=digest_of(key), password_hash=hashed, at=self.now()
        ):
            raise _refused(None)
        self._attempts.succeed(forget=_name(person_id), undo=address)
        return self._begin_again(person_id)

    def change_password(
        self, person_id: str, password: str, *, new_password: str, address: str
    ) -> NewSession:
        """Sets another password, ends all sessions of the person and begins a new one.

        Raises:
            PasswordRefusedError: the new password is not taken.
            SignInRefusedError: the present password is not this one.
            TooManySignInsError: too many have failed.
        """
        _require_usable(new_password, person_id)
        self._begin(person_id, address)
        account, hashed = self.people.account_with_hash(person_id) or (None, None)
        if hashed is None or not self._passwords.is_password(password, hashed=hashed):
            raise _refused(account)
        self._attempts.succeed(forget=_name(person_id), undo=address)
        new = self._passwords.hash(new_password)
        if not self.people.set_password(
            person_id, password_hash=new, instead_of=hashed, at=self.now()
        ):
            raise _refused(account)
        return self._begin_again(person_id)

    def with_issuer(self, claimed: ClaimedPerson, *, is_taken: Callable[[str], bool]) -> NewSession:
        """Begins a session of who an issuer has said somebody is; a new person is entered.

        A person keeps the id of the first time and acts as what the issuer says now. Nobody becomes
        somebody who is there already and was not linked to that subject of the issuer.

        Args:
            claimed: whom the issuer says somebody is.
            is_taken: whether an id is of somebody who has an API key.

        Raises:
            IssuerRefusedError: that person may not sign in, or has the id of somebody else.
        """
        account = self.people.account_of(claimed.external) or self._entered(claimed, is_taken)
        if account.is_disabled:
            raise IssuerRefusedError(reason="disabled")
        if account.role != claimed.role:
            self.people.change_role(
                account.person_id, claimed.role, permissions=(), by=_ISSUER, at=self.now()
            )
        return self._begin_again(account.person_id)

    def _entered(self, claimed: ClaimedPerson, is_taken: Callable[[str], bool]) -> Account:
        if is_taken(claimed.person_id):
            raise IssuerRefusedError(reason="the id of somebody with a key")
        try:
            new = entered(claimed.person_id, role=claimed.role, permissions=(), now=self.now())
            self.people.add(replace(new, external=claimed.external), by=_ISSUER)
        except PersonCommandError:
            raise IssuerRefusedError(reason="the id of somebody else") from None
        return new

    def begin_session(self, account: Account) -> NewSession:
        """Begins a session of somebody who was found to be this person."""
        now = self.now()
        session = Session(
            person_id=account.person_id,
            series=account.session_series,
            created_at=now,
            seen_at=now,
            expires_at=now + self.rules.longest,
        )
        secret = SecretStr(secrets.token_urlsafe(32))
        self.sessions.open(digest_of(secret.get_secret_value()), session)
        log.info("signed_in", person_id=account.person_id, role=account.role)
        return NewSession(secret=secret, session=session, account=account)

    def session_of(self, secret: str) -> tuple[Session, Account] | None:
        """Returns the session of a secret and whose it is; None where it is not taken.

        That it is in use is noted once a minute.
        """
        if not secret or len(secret) > _MOST_CHARACTERS:
            return None
        name, now = digest_of(secret), self.now()
        found = self.sessions.find(name)
        if found is None:
            return None
        session, account = found
        if not session.is_open_at(now, idle=self.rules.idle) or not session.is_of(account):
            log.info("session_over", person_id=session.person_id)
            return None
        if now - session.seen_at >= _SEEN_EVERY:
            self.sessions.touch(name, at=now)
        return found

    def sign_out(self, secret: str) -> None:
        """Ends a session."""
        self.sessions.close(digest_of(secret))

    def _begin(self, person_id: str, address: str) -> None:
        limits = {
            _name(person_id): self.rules.failures,
            address: self.rules.address_failures,
        }
        now = self.now()
        until = self._attempts.begin(limits, window=self.rules.window, now=now)
        if until is not None:
            # An id that nobody has may be a password in the wrong field.
            known = self.people.account(person_id)
            log.warning("sign_in_locked", person_id=known.person_id if known else "unknown")
            seconds = math.ceil((until - now).total_seconds())
            raise TooManySignInsError(retry_after_seconds=max(1, seconds))

    def _begin_again(self, person_id: str) -> NewSession:
        account = self.people.account(person_id)
        if account is None or account.is_disabled:
            raise _refused(account)
        return self.begin_session(account)


def _require_usable(password: str, person_id: str) -> None:
    reason = unusable_password(password, person_id=person_id)
    if reason is not None:
        raise PasswordRefusedError(reason)


def _refused(account: Account | None) -> SignInRefusedError:
    log.warning("sign_in_refused", person_id=account.person_id if account else "unknown")
    return SignInRefusedError()


def _name(person_id: str) -> str:
    return f"person {person_id[:_MOST_CHARACTERS]}"
