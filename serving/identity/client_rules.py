"""How a program is entered."""

from collections.abc import Sequence
from datetime import UTC, datetime

from serving.identity.errors import ClientCommandError
from serving.identity.machines import MachineClient, unusable_client
from serving.identity.scopes import Scope
from serving.identity.validity import in_days


def entered(client_id: str, *, role: str, only: Sequence[Scope] | None, days: int) -> MachineClient:
    """Returns a program as it is entered now.

    Raises:
        ClientCommandError: the id is not usable, or the role does not bring that to a program.
    """
    reason = unusable_client(client_id, role, only or None)
    if reason is not None:
        raise ClientCommandError(reason)
    return MachineClient(
        client_id=client_id,
        role=role,
        only=frozenset(only) if only else None,
        created_at=datetime.now(UTC),
        expires_at=in_days(days),
    )
