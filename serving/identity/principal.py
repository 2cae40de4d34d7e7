"""Who a request comes from, whatever proved it: a key, a token or a session."""

from dataclasses import dataclass
from enum import StrEnum

from serving.identity.scopes import OF_MACHINES, Scope


class PrincipalKind(StrEnum):
    """What a principal is."""

    PERSON = "person"
    MACHINE = "machine"


class Proof(StrEnum):
    """What proved who a request comes from."""

    API_KEY = "api_key"
    TOKEN = "token"  # noqa: S105  a name, no secret
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a request comes from.

    Attributes:
        principal_id: id that records and logs carry; of a person the same by whatever proof, so
            that nobody is two people.
        role: what the principal acts as.
        scopes: what it may do.
        kind: a person or a program.
        proof: what proved it.
    """

    principal_id: str
    role: str
    scopes: frozenset[Scope]
    kind: PrincipalKind = PrincipalKind.PERSON
    proof: Proof = Proof.API_KEY

    def may(self, scope: Scope) -> bool:
        """Returns whether this may be done; a program never may what needs a person."""
        if self.kind is PrincipalKind.MACHINE and scope not in OF_MACHINES:
            return False
        return scope in self.scopes

    def sees_case_of(self, assigned_to: str | None) -> bool:
        """Returns whether a case is there for this principal.

        Without `see_all_cases` it is the own queue, and what nobody works on: who opens a case has
        it in the own queue, so that is what was given back, or opened by somebody without a queue.

        Args:
            assigned_to: who works on the case; None while nobody does.
        """
        if not self.may(Scope.READ_CASES):
            return False
        return self.may(Scope.SEE_ALL_CASES) or assigned_to in {None, self.principal_id}
