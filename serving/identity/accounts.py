"""People who sign in: what is kept of each, and the sessions they have."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import SecretStr

from serving.identity.errors import PersonCommandError
from serving.identity.machines import CLOCK_SKEW
from serving.identity.person import Person, unusable
from serving.identity.principal import Principal, Proof
from serving.identity.scopes import Scope, scopes_of_role


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentity:
    """Who a person is at an issuer of OpenID Connect; the two together never change.

    Attributes:
        issuer: its address, as its tokens name it.
        subject: what it calls the person.
    """

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in.

    Attributes:
        person_id: lower-case letters, digits, dots, dashes and underscores; what logs and records
            carry. It is never given to anybody else, so an account is disabled and not removed.
        role: what the person acts as.
        created_at: when it was made, UTC.
        permissions: what the person may do beyond what the role brings.
        is_disabled: whether nobody can sign in as this person.
        has_password: whether a password was set.
        session_series: which sessions are taken; those of an earlier series are not.
        external: who the person is at the issuer of OpenID Connect; None for who signs in here.
    """

    person_id: str
    role: str
    created_at: datetime
    permissions: frozenset[Scope] = field(default_factory=frozenset)
    is_disabled: bool = False
    has_password: bool = False
    session_series: int = 0
    external: ExternalIdentity | None = None

    @property
    def principal(self) -> Principal:
        """Who a request of a session of this person comes from."""
        return Principal(
            principal_id=self.person_id,
            role=self.role,
            scopes=scopes_of_role(self.role) | self.permissions,
            proof=Proof.SESSION,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """That somebody has signed in.

    Attributes:
        person_id: who.
        series: the series of the account when the session began.
        created_at: when it began, UTC.
        seen_at: when it was last used, UTC, to the minute.
        expires_at: from when on it is not taken, however much it is used, UTC.
    """

    person_id: str
    series: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    def is_open_at(self, now: datetime, *, idle: timedelta) -> bool:
        """Returns whether it is taken.

        Args:
            now: the moment, UTC.
            idle: how long a session lies unused before it is not taken any more.
        """
        return self.created_at - CLOCK_SKEW <= now < min(self.expires_at, self.seen_at + idle)

    def is_of(self, account: Account) -> bool:
        """Returns whether it still speaks for an account."""
        same = (self.person_id, self.series) == (account.person_id, account.session_series)
        return same and not account.is_disabled


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session that has just begun.

    Attributes:
        secret: what the browser sends back; kept nowhere.
        session: the session.
        account: whose it is.
    """

    secret: SecretStr
    session: Session
    account: Account


def new_one_time_key() -> SecretStr:
    """Returns a new key to choose a password with, to be shown once."""
    return SecretStr(f"wfo_{secrets.token_urlsafe(32)}")


def cross_site_token_of(session_secret: str) -> str:
    """Returns what a page of ours sends along with a change, and a page of others cannot know.

    It is made of the session's secret, so nothing more is kept, and tells nothing of it.
    """
    key = session_secret.encode("utf-8", "surrogatepass")
    return hmac.new(key, b"wherefore cross-site token", hashlib.sha256).hexdigest()


def entered(person_id: str, *, role: str, permissions: Collection[Scope], now: datetime) -> Account:
    """Returns a person as it is entered now.

    Raises:
        PersonCommandError: id, role or permission is not usable.
    """
    wanted = frozenset(permissions)
    reason = unusable(Person(person_id=person_id, role=role, permissions=wanted))
    if reason is not None:
        raise PersonCommandError(reason)
    return Account(person_id=person_id, role=role, permissions=wanted, created_at=now)
