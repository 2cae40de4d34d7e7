"""Programs that ask for access tokens (OAuth2 client credentials), and the tokens they get.

Source: RFC 6749, section 4.4; RFC 9068 (JWT profile for access tokens).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from serving.identity.names import ID_FORM, is_usable_id
from serving.identity.principal import Principal, PrincipalKind, Proof
from serving.identity.scopes import OF_MACHINES, Role, Scope, scopes_of_role

CLOCK_SKEW = timedelta(seconds=30)
"""How far the clocks of two servers may be apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineClient:
    """A program that may ask for tokens.

    Attributes:
        client_id: lower-case letters, digits, dots, dashes and underscores; what logs carry.
        role: what it acts as.
        only: what it may do at most; None means all that the role brings to a program.
        created_at: when it was made, UTC.
        expires_at: from when on it gets no tokens and its tokens are refused, UTC.
        is_disabled: whether it gets none until it is enabled again.
        token_series: which tokens are taken; those of an earlier series are refused. A number and
            no moment, so that no clock can let a token through.
    """

    client_id: str
    role: str
    created_at: datetime
    expires_at: datetime
    only: frozenset[Scope] | None = None
    is_disabled: bool = False
    token_series: int = 0

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it may do."""
        brought = scopes_of_role(self.role) & OF_MACHINES
        return brought if self.only is None else brought & self.only

    def is_open_at(self, now: datetime) -> bool:
        """Returns whether it gets tokens, and its tokens are taken."""
        return not self.is_disabled and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a token says.

    Attributes:
        token_id: its own id, by which it can be revoked.
        client_id: the program it was issued to.
        scopes: what it is for.
        series: the program's series when it was asked for.
        issued_at: when it was issued, UTC, whole seconds.
        expires_at: from when on it is refused, UTC, whole seconds.
    """

    token_id: str
    client_id: str
    scopes: frozenset[Scope]
    series: int
    issued_at: datetime
    expires_at: datetime

    def is_fresh_at(self, now: datetime, *, most: timedelta) -> bool:
        """Returns whether a moment lies within its time, give or take `CLOCK_SKEW`.

        Args:
            now: the moment, UTC.
            most: the longest time that a token is issued for; one with more is none of ours.
        """
        if not timedelta(0) < self.expires_at - self.issued_at <= most:
            return False
        return self.issued_at - CLOCK_SKEW <= now < self.expires_at + CLOCK_SKEW


def principal_of(token: AccessToken, client: MachineClient, *, now: datetime) -> Principal | None:
    """Returns who a genuine, fresh token speaks for; None where its program may not any more.

    What was taken from the program since is taken from the token too.
    """
    is_withdrawn = token.series != client.token_series
    if client.client_id != token.client_id or not client.is_open_at(now) or is_withdrawn:
        return None
    return Principal(
        principal_id=f"client:{client.client_id}",
        role=client.role,
        scopes=token.scopes & client.scopes,
        kind=PrincipalKind.MACHINE,
        proof=Proof.TOKEN,
    )


def unusable_client(client_id: str, role: str, only: Collection[Scope] | None) -> str | None:
    """Returns why no program can be entered like this, in a sentence; None where it can."""
    if not is_usable_id(client_id):
        return f"the client's id is not usable: expected {ID_FORM}; choose such an id"
    brought = scopes_of_role(role) & OF_MACHINES
    narrowed = brought if only is None else brought & frozenset(only)
    if not narrowed or (only is not None and not frozenset(only) <= brought):
        return (
            "the role does not bring that to a program: expected some of "
            f"{', '.join(sorted(OF_MACHINES))}, as the role {Role.BATCH} brings them"
        )
    return None
