"""The one declaration of what can be allowed, and of what each role may do.

Which scope a route asks for stands in `serving.api.access`. A role brings its scopes; a credential
can be narrowed to some of them, and only `GRANTED_ALONE` can be added to what the role brings.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """Something that may be done. A credential without it is refused with 403."""

    SCORE = "score"
    """Have applications scored and explained; nothing of it is kept."""
    BACKLOGS = "backlogs"
    """Have files of applications scored, and fetch the results of the own ones."""
    READ_METRICS = "read_metrics"
    """Read the model's evaluation and the live counts; nothing in them is personal."""
    READ_CASES = "read_cases"
    """Read cases, decisions, notices and the worklist."""
    WRITE_CASES = "write_cases"
    """Open cases and record what happens to them, but for decisions and notices."""
    DECIDE = "decide"
    """Decide on a case, and take a decision back."""
    WRITE_NOTICES = "write_notices"
    """Draft, check and discard notices, and record that one was sent."""
    RELEASE_NOTICES = "release_notices"
    """Release a notice that somebody else drafted on somebody else's decision."""
    KEEP_RECORDS = "keep_records"
    """Put cases under a legal hold, retain and purge them."""
    SEE_ALL_CASES = "see_all_cases"
    """See every case; without it, only the own queue."""
    EXPORT_CASES = "export_cases"
    """Take whole records out of the service, in clear."""
    ENTER_MONITORING = "enter_monitoring"
    """Enter race, sex and the like for monitoring; nobody can read them over HTTP."""


class Role(StrEnum):
    """What somebody acts as."""

    UNDERWRITER = "underwriter"
    COMPLIANCE = "compliance"
    BATCH = "batch"
    AUDITOR = "auditor"
    ADMIN = "admin"


OF_ROLES: Mapping[str, frozenset[Scope]] = MappingProxyType(
    {
        Role.UNDERWRITER: frozenset(
            {
                Scope.SCORE,
                Scope.BACKLOGS,
                Scope.READ_METRICS,
                Scope.READ_CASES,
                Scope.WRITE_CASES,
                Scope.DECIDE,
                Scope.WRITE_NOTICES,
            }
        ),
        Role.COMPLIANCE: frozenset(
            {
                Scope.SCORE,
                Scope.BACKLOGS,
                Scope.READ_METRICS,
                Scope.READ_CASES,
                Scope.WRITE_CASES,
                Scope.WRITE_NOTICES,
                Scope.RELEASE_NOTICES,
                Scope.KEEP_RECORDS,
                Scope.SEE_ALL_CASES,
                Scope.EXPORT_CASES,
            }
        ),
        Role.BATCH: frozenset({Scope.SCORE, Scope.BACKLOGS, Scope.READ_METRICS}),
        Role.AUDITOR: frozenset(
            {Scope.READ_METRICS, Scope.READ_CASES, Scope.SEE_ALL_CASES, Scope.EXPORT_CASES}
        ),
        Role.ADMIN: frozenset({Scope.READ_METRICS}),
    }
)
"""What a role brings. Who decides does not release, and who looks after the service sees no case.
Entering monitoring data comes with no role, so that who decides on credit is given it, if ever, on
purpose."""

GRANTED_ALONE = frozenset({Scope.EXPORT_CASES, Scope.ENTER_MONITORING})
"""What can be given to a person beyond what the role brings."""

OF_MACHINES = frozenset({Scope.SCORE, Scope.BACKLOGS, Scope.READ_METRICS})
"""The most that a program may do, whatever its role: a person decides, and two release."""


def scopes_of_role(role: str) -> frozenset[Scope]:
    """Returns what a role brings: nothing where nobody knows the role."""
    return OF_ROLES.get(role, frozenset())
