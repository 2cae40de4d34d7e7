"""Quotas: how much may be asked for in how long, for each class of routes."""

from dataclasses import dataclass
from enum import StrEnum

QUOTA_PATTERN = r"^(off|[1-9][0-9]{0,8}/(second|minute|hour|day))$"
"""What a quota is written like: `1200/minute`, or `off` for none."""

TOKENS_OF_UNIT = 512
"""Tokens of a text that count as one unit: as many as the model reads at a time."""

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class LimitClass(StrEnum):
    """Routes that share one quota."""

    PREDICT = "predict"
    BATCH = "batch"
    BACKLOGS = "backlogs"
    SIGN_IN = "sign_in"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A bucket of tokens: full at first, refilled evenly.

    Attributes:
        units: how much it holds, and how much flows in during `seconds`; at least 1.
        seconds: how long an empty one takes to fill, seconds; at least 1.
    """

    units: int
    seconds: int


def parse_quota(text: str) -> Quota | None:
    """Returns the quota that a setting of the form `QUOTA_PATTERN` names; None for `off`."""
    if text == "off":
        return None
    units, _, unit_of_time = text.partition("/")
    return Quota(units=int(units), seconds=_SECONDS[unit_of_time])


def units_of(num_tokens: int) -> int:
    """Returns what a text of some tokens costs: one for each 512 begun, at least one."""
    return max(1, -(-num_tokens // TOKENS_OF_UNIT))
