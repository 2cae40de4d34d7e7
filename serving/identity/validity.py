"""How long a key or a secret is accepted."""

from datetime import UTC, datetime, timedelta

DEFAULT_DAYS = 365
"""Days, unless told otherwise."""

MOST_DAYS = 3650
"""The most that can be asked for, days."""

KEY_HOURS = 24
"""How long a one-time key can be used, unless told otherwise."""

MOST_KEY_HOURS = 7 * 24
"""The longest that can be asked for, hours."""


def in_days(days: int) -> datetime:
    """Returns when what is made now for so many days expires, UTC."""
    return datetime.now(UTC) + timedelta(days=days)
