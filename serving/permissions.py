"""What only some keys may do. Everything else is open to every key."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """Something that a key needs to be given, by its person's role or by itself."""

    EXPORT_CASES = "export_cases"
    """Take whole records out of the service, in clear."""
    ENTER_MONITORING = "enter_monitoring"
    """Enter race, sex and the like for monitoring; nobody can read them over HTTP."""


OF_ROLES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {"compliance": frozenset({Permission.EXPORT_CASES})}
)
"""What a role brings; entering monitoring data comes with none, so that who decides on credit is
given it, if ever, on purpose."""
