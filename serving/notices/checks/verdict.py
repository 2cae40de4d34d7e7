"""What a check answers, and how a rule becomes a check."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps

from serving.notices.notice import AdverseActionNotice
from serving.notices.record import DecisionRecord


class Severity(StrEnum):
    """B blocks the release, W needs a written cause."""

    BLOCKS = "B"
    WARNS = "W"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a rule found.

    Attributes:
        field: the field of the notice or of the record, as in the JSON file.
        found: what is wrong with it, never quoting personal data.
        advice: what to do.
    """

    field: str
    found: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of one check.

    Attributes:
        check_id: the rule, such as C3.
        clause: the provision it rests on.
        severity: what a failure means.
        passed: True also where the rule does not apply to the notice.
        message: "passed", or field, finding, clause and what to do, in one sentence.
        field: the field at fault; None when passed.
    """

    check_id: str
    clause: str
    severity: Severity
    passed: bool
    message: str
    field: str | None = None


Rule = Callable[[AdverseActionNotice, DecisionRecord], Fault | None]
Check = Callable[[AdverseActionNotice, DecisionRecord], Verdict]


def check(
    check_id: str, *, clause: str, severity: Severity = Severity.BLOCKS
) -> Callable[[Rule], Check]:
    """Makes a check of a rule that returns its first fault, or None."""

    def decorate(rule: Rule) -> Check:
        @wraps(rule)
        def judged(notice: AdverseActionNotice, record: DecisionRecord) -> Verdict:
            fault = rule(notice, record)
            message = "passed"
            if fault is not None:
                message = f"{fault.field}: {fault.found} ({clause}); {fault.advice}"
            return Verdict(
                check_id=check_id,
                clause=clause,
                severity=severity,
                passed=fault is None,
                message=message,
                field=fault.field if fault else None,
            )

        return judged

    return decorate
