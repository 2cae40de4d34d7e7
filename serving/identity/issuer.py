"""Whom an issuer of OpenID Connect says somebody is, and what that makes of the person here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from serving.errors import SettingsError
from serving.identity.accounts import ExternalIdentity
from serving.identity.errors import IssuerRefusedError
from serving.identity.names import is_usable_id
from serving.identity.scopes import OF_ROLES, Role

CALLBACK_PATH = "/api/v1/login/oidc/callback"
"""Where the issuer sends people back to; to be registered there, behind the public address."""

_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPerson:
    """Whom an issuer says somebody is.

    Attributes:
        external: who that is there; it never changes.
        person_id: the id to have here, where the person is new.
        role: what the person acts as.
    """

    external: ExternalIdentity
    person_id: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerRules:
    """An issuer, and what its claims mean here.

    Attributes:
        issuer: its address, exactly as its tokens name it.
        client_id: who this service is there.
        client_secret: with what it proves that; None for PKCE alone.
        redirect_uri: where people come back to.
        scope: what is asked for, spaces between.
        person_claim: the claim that gives a new person's id.
        roles_claim: the claim that lists groups or roles; a dot goes into an object.
        roles: the role that each of them brings; of several the first counts.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: SecretStr | None = None
    scope: str = "openid profile"
    person_claim: str = "preferred_username"
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)

    def person_of(self, claims: Mapping[str, Any]) -> ClaimedPerson:
        """Returns whom the claims of a token, found genuine, are about.

        Raises:
            IssuerRefusedError: they name nobody who can be here, or nobody with a role.
        """
        subject, person_id = claims.get("sub"), _at(claims, self.person_claim)
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise IssuerRefusedError(reason="subject")
        person_id = person_id.lower() if isinstance(person_id, str) else ""
        if not is_usable_id(person_id):
            raise IssuerRefusedError(reason=f"no usable id in the claim {self.person_claim}")
        return ClaimedPerson(
            external=ExternalIdentity(issuer=self.issuer, subject=subject),
            person_id=person_id,
            role=self._role_of(_at(claims, self.roles_claim)),
        )

    def _role_of(self, claimed: object) -> Role:
        listed = [claimed] if isinstance(claimed, str) else claimed
        groups = set(filter(_is_text, listed)) if isinstance(listed, list) else set()
        found = next((role for group, role in self.roles.items() if group in groups), None)
        if found is None:
            raise IssuerRefusedError(reason=f"no role in the claim {self.roles_claim}")
        return found


def roles_of_setting(text: str) -> dict[str, Role]:
    """Returns which role each group brings, in the order of the setting.

    Args:
        text: `GROUP=ROLE` pairs, separated by commas.

    Raises:
        SettingsError: a part is no such pair, or names no role.
    """
    found: dict[str, Role] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        group, _, role = (piece.strip() for piece in part.rpartition("="))
        if not group or role not in OF_ROLES:
            raise SettingsError(
                "the setting WHEREFORE_OIDC_ROLES is not valid: expected GROUP=ROLE pairs, "
                f"separated by commas, each with one of {', '.join(sorted(OF_ROLES))}"
            )
        found[group] = Role(role)
    return found


def is_safe_address(url: str) -> bool:
    """Returns whether nobody on the way can read or change what is sent to an address.

    That is TLS, or an address that does not leave the machine.
    """
    try:
        found = urlsplit(url)
        host = found.hostname
    except ValueError:
        return False
    if not host or found.username is not None or found.fragment:
        return False
    return found.scheme == "https" or (found.scheme == "http" and host in _LOOPBACK)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _at(claims: Mapping[str, Any], path: str) -> object:
    if path in claims:
        return claims[path]
    found: object = claims
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
