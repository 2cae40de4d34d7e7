"""A person as a credential names them, and what it may do."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from serving.identity.names import ID_FORM, is_usable_id
from serving.identity.principal import Principal, Proof
from serving.identity.scopes import GRANTED_ALONE, OF_ROLES, Role, Scope, scopes_of_role

DEFAULT_ROLE = Role.UNDERWRITER.value
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a key belongs to, and what the key may do.

    Attributes:
        person_id: lower-case letters, digits, dots, dashes and underscores; what logs and records
            carry. Two keys of one id are one person.
        role: what the person acts as. A role that nobody knows, as older files may have, brings
            nothing.
        name: for people who read the list of keys; None where none was given. Never logged.
        permissions: what this key may do beyond what the role brings.
        only: what this key may do at most; None means all that role and permissions bring.
        expires_at: from when on the key is not accepted, UTC; None means never, as in files made
            before keys expired.
    """

    person_id: str
    role: str = DEFAULT_ROLE
    name: str | None = None
    permissions: frozenset[Scope] = field(default_factory=frozenset)
    only: frozenset[Scope] | None = None
    expires_at: datetime | None = None

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the key may do."""
        brought = scopes_of_role(self.role) | self.permissions
        return brought if self.only is None else brought & self.only

    @property
    def principal(self) -> Principal:
        """Who a request with this key comes from."""
        return Principal(
            principal_id=self.person_id, role=self.role, scopes=self.scopes, proof=Proof.API_KEY
        )


def has_usable_names(person: Person) -> bool:
    """Returns whether id and role have the form that logs and records take."""
    return bool(is_usable_id(person.person_id) and _ROLE.fullmatch(person.role))


def unusable(person: Person) -> str | None:
    """Returns why nobody can be given a key as this person, in a sentence; None where one can.

    The sentence repeats nothing of what was given.
    """
    if not is_usable_id(person.person_id):
        return (
            f"the person's id is not usable: expected {ID_FORM}; choose such an id, and give the "
            "name with --name"
        )
    if person.role not in OF_ROLES:
        return (
            f"the role is not one of ours: expected one of {', '.join(sorted(OF_ROLES))}; choose "
            "one of them"
        )
    if not person.permissions <= GRANTED_ALONE:
        return (
            "a permission cannot be given beside the role: expected "
            f"{' or '.join(sorted(GRANTED_ALONE))}; choose a role that brings the others"
        )
    brought = scopes_of_role(person.role) | person.permissions
    if person.only is not None and not (person.only and person.only <= brought):
        return (
            "--only names what the role does not bring, or nothing: expected some of "
            f"{', '.join(sorted(brought))}; leave the others out, or choose another role"
        )
    if person.name is not None and len(person.name) > _MAX_NAME_LENGTH:
        return f"the name is too long: expected at most {_MAX_NAME_LENGTH} characters; shorten it"
    return None
