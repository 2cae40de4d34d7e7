"""What the service acknowledged of cases, compared with what is in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any], str | None]
"""Says what an answer says wrongly, None where it is right."""


@dataclass(slots=True)
class CaseRecord:
    """What the service acknowledged of a case, and what it was asked for and did not.

    Attributes:
        owner: who opened it.
        steps: events answered with success, in order.
        refused: events for which the answer was 503, or that got no answer.
    """

    owner: str
    steps: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def holds(record: CaseRecord) -> Check:
    """Returns what looks for acknowledged steps in a case that was read."""

    def check(body: Any) -> str | None:
        gone = missing(record.steps, [each["event"] for each in body["timeline"]])
        return f"{gone[0]} is not in the case" if gone else None

    return check


def missing(expected: Sequence[str], found: Sequence[str]) -> list[str]:
    """Returns what is expected and not there, each as often as it is wanting."""
    left = list(found)
    gone = []
    for step in expected:
        if step in left:
            left.remove(step)
        else:
            gone.append(step)
    return gone


def compared(
    cases: Mapping[str, CaseRecord], found: Mapping[str, Sequence[str] | None]
) -> dict[str, Any]:
    """Compares what was acknowledged of cases with the events found in them.

    Args:
        cases: what was acknowledged, by case.
        found: the events in each case; empty where the case is not there, None where it could not
            be read.
    """
    lost, told_otherwise, unread = [], 0, []
    for case, record in sorted(cases.items()):
        events = found.get(case)
        if events is None:
            unread.append(case)
            continue
        lost += [f"{case} {step}" for step in missing(record.steps, events)]
        further = missing(events, record.steps)
        told_otherwise += len(record.refused) - len(missing(record.refused, further))
    return {
        "steps": sum(len(record.steps) for record in cases.values()),
        "lost_steps": lost,
        "told_otherwise": told_otherwise,
        "unread_cases": unread,
    }
