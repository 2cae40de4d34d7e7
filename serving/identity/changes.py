"""Changes of who may do what, as the audit log has them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from serving.cases.audit import AuditAction
from serving.cases.events import Actor
from serving.identity.scopes import Scope

OPERATOR = Actor(actor_id="operator", role="operator")
"""Who runs `wherefore` on the machine, unless told otherwise."""


def change(
    action: str,
    object_kind: str,
    object_id: str,
    *,
    by: Actor,
    at: datetime,
    granted: Mapping[str, str] | None = None,
) -> AuditAction:
    """Returns a change as the audit log has it.

    Args:
        action: what was done, a lower-case word.
        object_kind: what to: `person`, `client`, `api_key` or `signing_key`.
        object_id: its id.
        by: who did it.
        at: when, UTC.
        granted: what it may do since, as `granted_by` returns it; None where that did not change.
    """
    return AuditAction(
        at=at,
        actor_id=by.actor_id,
        role=by.role,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        versions=granted or {},
    )


def granted_by(
    role: str,
    *,
    permissions: Collection[Scope] = (),
    only: Collection[Scope] | None = None,
    owner: str | None = None,
) -> dict[str, str]:
    """Returns what the audit log says of what somebody may do; scopes are joined by slashes.

    Args:
        role: the role.
        permissions: what is given beside it.
        only: what it is narrowed to; None means all of it.
        owner: id of the person whose key it is; None where it is no key.
    """
    found = {"role": str(role)}
    if permissions:
        found["permissions"] = "/".join(sorted(permissions))
    if only is not None:
        found["only"] = "/".join(sorted(only))
    if owner is not None:
        found["person"] = owner
    return found
