"""How long a key signs tokens, and how long what it signed is taken."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from serving.identity.machines import CLOCK_SKEW


def retired_by(now: datetime, *, rotation: timedelta, lifetime: timedelta) -> datetime:
    """Returns the moment such that no token is in force of a key made then, or before.

    Args:
        now: the moment, UTC.
        rotation: how long a key signs.
        lifetime: the longest time of a token.
    """
    return now - rotation - lifetime - 2 * CLOCK_SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that signs tokens.

    Attributes:
        key_id: its id, which tokens name; 32 hexadecimal digits.
        created_at: when it was made, UTC.
        private_pem: the key (P-256, PKCS 8); in no representation of it.
    """

    key_id: str
    created_at: datetime
    private_pem: bytes = field(repr=False)

    def signs_at(self, now: datetime, *, rotation: timedelta) -> bool:
        """Returns whether it signs new tokens."""
        return self.created_at - CLOCK_SKEW <= now < self.created_at + rotation

    def verifies_at(self, now: datetime, *, rotation: timedelta, lifetime: timedelta) -> bool:
        """Returns whether tokens that it signed can still be in force; see `retired_by`."""
        return self.created_at > retired_by(now, rotation=rotation, lifetime=lifetime)
